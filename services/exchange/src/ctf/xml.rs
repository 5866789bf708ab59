//! The few XML tokens that transfer files are made of, with everything dangerous refused.
//!
//! Namespaces are dropped, comments and processing instructions skipped, `<x/>` is an opening and a
//! closing. Entities beyond the five of XML cannot occur without a DTD, and a DTD is refused.

use std::io::BufRead;

use quick_xml::Reader;
use quick_xml::errors::{Error, IllFormedError, SyntaxError};
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, Event};

use super::refusal::CtfRefusal;
use crate::source::Source;

/// Elements open at once. The standard's own nesting stays below ten.
const DEEPEST: usize = 32;

/// One token.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// An element begins; its name without a namespace prefix, and its line.
    Open(String, u64),
    /// Text, with references resolved. Comes in pieces.
    Text(String),
    /// The innermost element ends.
    Close,
    /// The outermost element has ended, and so has the file.
    End,
}

/// Reads tokens from a source.
pub(super) struct Xml<R> {
    reader: Reader<Source<R>>,
    buffer: Vec<u8>,
    depth: usize,
    rooted: bool,
}

impl<R: BufRead> Xml<R> {
    /// Stands before the first token.
    pub(super) fn new(source: Source<R>) -> Self {
        let mut reader = Reader::from_reader(source);
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        Self { reader, buffer: Vec::new(), depth: 0, rooted: false }
    }

    /// Line of the next token.
    pub(super) fn line(&self) -> u64 {
        self.reader.get_ref().line()
    }

    /// First line whose bytes were not of the declared encoding.
    pub(super) fn misread(&self) -> Option<u64> {
        self.reader.get_ref().misread()
    }

    /// The next token.
    pub(super) fn next(&mut self) -> Result<Token, CtfRefusal> {
        loop {
            self.buffer.clear();
            self.reader.get_mut().renew();
            let line = self.line();
            let token = match self.reader.read_event_into(&mut self.buffer) {
                Ok(Event::Start(start)) => {
                    Token::Open(start.local_name().as_ref().to_owned(), line)
                }
                Ok(Event::End(_)) => Token::Close,
                Ok(Event::Text(text)) => Token::Text(text.to_string()),
                Ok(Event::CData(text)) => Token::Text(text.to_string()),
                // A reference says what it says, even white space.
                Ok(Event::GeneralRef(reference)) if self.depth > 0 => {
                    return Ok(Token::Text(resolve(&reference, line)?));
                }
                Ok(Event::GeneralRef(reference)) => Token::Text(resolve(&reference, line)?),
                Ok(Event::DocType(_)) => return Err(CtfRefusal::Dtd { line }),
                Ok(Event::Eof) => return self.end(line),
                Ok(_) => continue,
                Err(error) => return Err(self.refuse(&error, line)),
            };
            if self.admit(&token, line)? {
                return Ok(token);
            }
        }
    }

    /// Passes over everything up to the end of the element that was just opened.
    pub(super) fn skip(&mut self) -> Result<(), CtfRefusal> {
        let outside = self.depth - 1;
        while self.depth > outside {
            self.next()?;
        }
        Ok(())
    }

    /// Keeps count of depth; says whether the token is to be handed out.
    fn admit(&mut self, token: &Token, line: u64) -> Result<bool, CtfRefusal> {
        match token {
            Token::Open(..) if self.depth == DEEPEST => return Err(CtfRefusal::TooDeep { line }),
            Token::Open(..) if self.depth == 0 && self.rooted => {
                return Err(malformed(line, "something follows the outermost element"));
            }
            Token::Open(..) => {
                self.depth += 1;
                self.rooted = true;
            }
            Token::Close => self.depth -= 1,
            Token::Text(text) if text.trim().is_empty() => return Ok(false),
            Token::Text(_) if self.depth == 0 => {
                return Err(malformed(line, "there is text outside the outermost element"));
            }
            Token::Text(_) | Token::End => {}
        }
        Ok(true)
    }

    fn end(&self, line: u64) -> Result<Token, CtfRefusal> {
        match (self.rooted, self.depth) {
            (true, 0) => Ok(Token::End),
            (true, _) => Err(CtfRefusal::Truncated { line }),
            (false, _) => Err(malformed(line, "there is no element in it")),
        }
    }

    /// The parser's texts quote the file, so they are replaced by our own.
    fn refuse(&mut self, error: &Error, line: u64) -> CtfRefusal {
        let here = self.line();
        if let Some(fault) = self.reader.get_mut().take_fault() {
            return CtfRefusal::Source(fault);
        }
        match error {
            Error::Syntax(SyntaxError::UnclosedDoctype) => CtfRefusal::Dtd { line },
            Error::Syntax(SyntaxError::InvalidBangMarkup) => {
                malformed(line, "a tag begins with <!")
            }
            Error::Syntax(_) => CtfRefusal::Truncated { line: here },
            Error::IllFormed(IllFormedError::MissingDoctypeName) => CtfRefusal::Dtd { line },
            Error::IllFormed(IllFormedError::UnclosedReference) => {
                malformed(line, "an & must be written &amp;")
            }
            Error::IllFormed(
                IllFormedError::MismatchedEndTag { .. } | IllFormedError::UnmatchedEndTag(_),
            ) => malformed(line, "a closing tag does not match the tag that is open"),
            _ => malformed(line, "it cannot be parsed here"),
        }
    }
}

fn malformed(line: u64, what: &'static str) -> CtfRefusal {
    CtfRefusal::Malformed { line, what }
}

/// A character reference, or one of the five entities that XML itself defines.
fn resolve(reference: &BytesRef<'_>, line: u64) -> Result<String, CtfRefusal> {
    match reference.resolve_char_ref() {
        Ok(Some(character)) => Ok(character.to_string()),
        Ok(None) => match resolve_xml_entity(reference) {
            Some(text) => Ok(text.to_owned()),
            None => Err(CtfRefusal::Entity { line }),
        },
        Err(_) => Err(malformed(line, "a character reference is not a character")),
    }
}
