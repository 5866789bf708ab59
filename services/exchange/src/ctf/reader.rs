//! Walks a transfer file: header, then pupil after pupil, then the end.

use std::io::{BufRead, Seek};

use jiff::civil::Date;

use super::header::CtfHeader;
use super::pupil::{self, PupilOutcome};
use super::refusal::CtfRefusal;
use super::tree::{Builder, UnknownElements};
use super::xml::{Token, Xml};
use crate::Note;
use crate::source::{Declaration, Limits, Source, SourceFault};

/// What is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Most bytes of a file; counted while reading.
    pub most_bytes: u64,
    /// First and last version read without a warning.
    pub versions: (u16, u16),
    /// The day of reading: stands in where the file gives no date of its own.
    pub today: Option<Date>,
}

impl Default for Options {
    /// 64 MiB; versions 24 (from September 2024) to 26; no day.
    fn default() -> Self {
        Self { most_bytes: 64 * 1024 * 1024, versions: (24, 26), today: None }
    }
}

/// One tag, or one run of text between tags.
const LONGEST_PIECE: u64 = 1024 * 1024;

/// Hands out the pupils of a file, one at a time.
pub struct CtfReader<R> {
    xml: Xml<R>,
    header: CtfHeader,
    warnings: Vec<Note>,
    unknown: UnknownElements,
    last_day: Option<Date>,
    pupils: u64,
    done: bool,
}

/// What a first reading of a whole file found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Pupils that can be read.
    pub read: u64,
    /// Pupils that cannot.
    pub faults: u64,
    /// Elements that were passed over because nobody knows them.
    pub unknown: UnknownElements,
    /// About the file as a whole.
    pub warnings: Vec<Note>,
}

/// Checks the whole file, goes back to its beginning, and stands before the first pupil.
///
/// # Errors
/// [`CtfRefusal`]: the file is not to be used at all.
pub fn open<R: BufRead + Seek>(
    mut input: R,
    options: Options,
) -> Result<(Checked, CtfReader<R>), CtfRefusal> {
    let checked = check(&mut input, options)?;
    input.rewind().map_err(|error| CtfRefusal::Source(SourceFault::Io(error)))?;
    Ok((checked, CtfReader::new(input, options)?))
}

/// Reads a whole file and keeps nothing but counts.
///
/// # Errors
/// [`CtfRefusal`]: the file is not to be used at all.
pub fn check<R: BufRead>(input: R, options: Options) -> Result<Checked, CtfRefusal> {
    let mut reader = CtfReader::new(input, options)?;
    let (mut read, mut faults) = (0, 0);
    for outcome in reader.by_ref() {
        match outcome? {
            PupilOutcome::Read(_) => read += 1,
            PupilOutcome::Fault(_) => faults += 1,
        }
    }
    Ok(Checked { read, faults, unknown: reader.unknown.clone(), warnings: reader.warnings() })
}

impl<R: BufRead> CtfReader<R> {
    /// Reads up to the first pupil. A caller that cannot go back to the beginning of its input must
    /// be ready to undo what it recorded when a refusal comes after some pupils; else use [`open`].
    ///
    /// # Errors
    /// [`CtfRefusal`]: the file is not to be used at all.
    pub fn new(input: R, options: Options) -> Result<Self, CtfRefusal> {
        let limits = Limits { file: options.most_bytes, piece: LONGEST_PIECE };
        let mut xml = Xml::new(Source::new(input, Declaration::Xml, limits));
        match xml.next()? {
            Token::Open(name, _) if name == "CTfile" => {}
            Token::Open(_, line) => return Err(CtfRefusal::WrongRoot { line }),
            _ => return Err(CtfRefusal::WrongRoot { line: 1 }),
        }
        let (mut warnings, mut unknown) = (Vec::new(), UnknownElements::default());
        let header = prologue(&mut xml, options, &mut warnings, &mut unknown)?;
        let last_day = header.date().or(options.today);
        Ok(Self { xml, header, warnings, unknown, last_day, pupils: 0, done: false })
    }

    /// Who sent the file, to whom, when.
    pub fn header(&self) -> &CtfHeader {
        &self.header
    }

    /// Elements passed over so far because nobody knows them.
    pub fn unknown(&self) -> &UnknownElements {
        &self.unknown
    }

    /// Warnings about the file as a whole; complete once the last pupil is out.
    pub fn warnings(&self) -> Vec<Note> {
        let mut warnings = self.warnings.clone();
        if let Some(line) = self.xml.misread() {
            let message = "the file is not in the encoding it declares from this line on; the \
                           characters in question were read as windows-1252, check the names";
            warnings.push(Note::new(line, "", "encoding", message));
        }
        if self.unknown.count() > 0 {
            let message = format!("{} unknown elements were passed over", self.unknown.count());
            warnings.push(Note::new(1, "", "unknown_elements", message));
        }
        warnings
    }

    fn advance(&mut self) -> Result<Option<PupilOutcome>, CtfRefusal> {
        loop {
            match self.xml.next()? {
                Token::Open(name, line) if name == "Pupil" => {
                    self.pupils += 1;
                    let mut builder = Builder::new(&mut self.unknown);
                    let node = builder.build(&mut self.xml, name, line)?;
                    let overfull = builder.overfull;
                    return Ok(Some(pupil::read(&node, overfull, self.last_day)));
                }
                Token::Open(name, _) => {
                    self.unknown.note(&name);
                    pass_over(&mut self.xml)?;
                }
                Token::Text(_) => {}
                Token::Close | Token::End => return self.finish().map(|()| None),
            }
        }
    }

    /// `CTFpupilData` has ended: the rest of the file must be sound too.
    fn finish(&mut self) -> Result<(), CtfRefusal> {
        let line = self.xml.line();
        loop {
            match self.xml.next()? {
                Token::Open(name, line) => {
                    match name.as_str() {
                        "CTFpupilData" => return Err(CtfRefusal::SecondContainer { line }),
                        "Pupil" => return Err(CtfRefusal::PupilElsewhere { line }),
                        _ => self.unknown.note(&name),
                    }
                    pass_over(&mut self.xml)?;
                }
                Token::Text(_) | Token::Close => {}
                Token::End if self.pupils == 0 => return Err(CtfRefusal::NoPupils { line }),
                Token::End => return Ok(()),
            }
        }
    }
}

impl<R: BufRead> Iterator for CtfReader<R> {
    type Item = Result<PupilOutcome, CtfRefusal>;

    /// The next pupil. After a refusal, and after the last pupil, there is nothing more.
    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let next = self.advance();
        self.done = !matches!(next, Ok(Some(_)));
        next.transpose()
    }
}

/// Everything before the first pupil.
fn prologue<R: BufRead>(
    xml: &mut Xml<R>,
    options: Options,
    warnings: &mut Vec<Note>,
    unknown: &mut UnknownElements,
) -> Result<CtfHeader, CtfRefusal> {
    let (mut header, mut outside) = (None, None);
    loop {
        match xml.next()? {
            Token::Open(name, line) if name == "Header" => {
                let node = Builder::new(unknown).build(xml, name, line)?;
                header = Some(CtfHeader::read(&node, options.versions, warnings));
            }
            Token::Open(name, line) if name == "CTFpupilData" => {
                if let Some(line) = outside {
                    return Err(CtfRefusal::PupilElsewhere { line });
                }
                return header.ok_or(CtfRefusal::NoHeader { line });
            }
            Token::Open(name, line) if name == "Pupil" => {
                outside.get_or_insert(line);
                xml.skip()?;
            }
            // With no container at all the file is refused for that, below.
            Token::Open(name, _) => {
                unknown.note(&name);
                if let Some(line) = pass_over_to_pupil(xml)? {
                    outside.get_or_insert(line);
                }
            }
            Token::Text(_) => {}
            Token::Close | Token::End => {
                // What follows the last element may still be worse than a missing container.
                while xml.next()? != Token::End {}
                return Err(CtfRefusal::NoPupilData { line: xml.line() });
            }
        }
    }
}

/// Passes over an element, unless a pupil is in it: a pupil that is not read must not go unnoticed.
fn pass_over<R: BufRead>(xml: &mut Xml<R>) -> Result<(), CtfRefusal> {
    match pass_over_to_pupil(xml)? {
        Some(line) => Err(CtfRefusal::PupilElsewhere { line }),
        None => Ok(()),
    }
}

/// Passes over the element that was just opened; says on which line the first pupil in it begins.
fn pass_over_to_pupil<R: BufRead>(xml: &mut Xml<R>) -> Result<Option<u64>, CtfRefusal> {
    let (mut pupil, mut open) = (None, 1_u64);
    while open > 0 {
        match xml.next()? {
            Token::Open(name, line) => {
                open += 1;
                if name == "Pupil" {
                    pupil.get_or_insert(line);
                }
            }
            Token::Close => open -= 1,
            Token::Text(_) => {}
            Token::End => break,
        }
    }
    Ok(pupil)
}
