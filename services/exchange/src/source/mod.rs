//! Turns the bytes of a file into UTF-8 text, counting bytes and lines as it goes.
//!
//! School systems write UTF-8 with and without a byte order mark, UTF-16 and windows-1252, and now and
//! then windows-1252 under a declaration that says UTF-8. Line ends of every kind come out as LF. Sizes
//! are counted while reading: what a file system or a sender says about length is not trusted.

use std::io::{self, BufRead, Read};

use encoding_rs::{Decoder, UTF_8};

use encoding::{decode_other, decode_utf8, detect, unify_line_ends};

mod encoding;
#[cfg(test)]
mod tests;

/// Bytes looked at for a byte order mark and an XML declaration.
const HEAD: usize = 1024;

/// Bytes taken from the file at a time.
const CHUNK: usize = 16 * 1024;

/// Where the encoding may be declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Declaration {
    /// In the XML declaration.
    Xml,
    /// Nowhere: a byte order mark, or else UTF-8. A last line without an end gets one.
    None,
}

/// How much a file may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole file.
    pub file: u64,
    /// Bytes of one piece: a tag, a text, a row. Keeps a lost quote from swallowing the file.
    pub piece: u64,
}

/// Why reading stopped.
#[derive(Debug, thiserror::Error)]
pub enum SourceFault {
    /// The file goes on beyond the limit.
    #[error("the file is larger than {} MiB", limit / (1024 * 1024))]
    TooLarge {
        /// Bytes allowed.
        limit: u64,
    },
    /// One tag, text or row goes on beyond the limit.
    #[error("a single element or row that begins before line {line} does not end")]
    Endless {
        /// Line reached when reading stopped.
        line: u64,
    },
    /// The declaration names an encoding that is not known.
    #[error("line 1: the file declares a character encoding that is not known; save it as UTF-8")]
    UnknownEncoding,
    /// A workbook or an archive.
    #[error("the file is a workbook or an archive, not text; save it as CSV or unpack it first")]
    NotText,
    /// The file could not be read.
    #[error("the file could not be read: {0}")]
    Io(io::Error),
}

/// A reader of UTF-8 text over a reader of bytes in any encoding.
pub struct Source<R> {
    inner: R,
    limits: Limits,
    declaration: Declaration,
    text: Option<Text>,
    ended: bool,
    taken: u64,
    raw: Vec<u8>,
    out: Vec<u8>,
    pos: usize,
    lines: u64,
    decoded_lines: u64,
    spent: u64,
    misread: Option<u64>,
    last: Option<u8>,
    fault: Option<SourceFault>,
    exhausted: bool,
}

/// How bytes become text.
enum Text {
    /// UTF-8, with single bytes that are not UTF-8 read as windows-1252.
    Utf8,
    /// Any other encoding.
    Other(Box<Decoder>),
}

impl<R> Source<R> {
    /// Wraps a reader that stands at the beginning of the file.
    pub fn new(inner: R, declaration: Declaration, limits: Limits) -> Self {
        Self {
            inner,
            limits,
            declaration,
            text: None,
            ended: false,
            taken: 0,
            raw: Vec::new(),
            out: Vec::new(),
            pos: 0,
            lines: 1,
            decoded_lines: 1,
            spent: 0,
            misread: None,
            last: None,
            fault: None,
            exhausted: false,
        }
    }

    /// Line of the next byte, counted from 1.
    pub fn line(&self) -> u64 {
        self.lines
    }

    /// First line with bytes that are not of the file's encoding; they were read as windows-1252.
    pub fn misread(&self) -> Option<u64> {
        self.misread
    }

    /// Begins the next piece: the limit of a piece counts from here.
    pub fn renew(&mut self) {
        self.spent = 0;
    }

    /// Somebody asked for more after the last byte.
    pub fn exhausted(&self) -> bool {
        self.exhausted
    }

    /// Why reading stopped, once, after an error.
    pub fn take_fault(&mut self) -> Option<SourceFault> {
        self.fault.take()
    }

    fn stop(&mut self, fault: SourceFault) -> io::Error {
        let error = io::Error::other(fault.to_string());
        self.fault = Some(fault);
        error
    }
}

impl<R: BufRead> Source<R> {
    /// Takes up to one chunk of bytes from the file.
    fn take(&mut self) -> io::Result<()> {
        let taken = loop {
            match self.inner.fill_buf() {
                Ok(bytes) => {
                    let bytes = &bytes[..bytes.len().min(CHUNK)];
                    self.raw.extend_from_slice(bytes);
                    break bytes.len();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.stop(SourceFault::Io(error))),
            }
        };
        self.inner.consume(taken);
        self.ended = taken == 0;
        self.taken += taken as u64;
        match self.taken > self.limits.file {
            true => Err(self.stop(SourceFault::TooLarge { limit: self.limits.file })),
            false => Ok(()),
        }
    }

    /// Reads the first bytes and settles how the rest becomes text.
    fn begin(&mut self) -> io::Result<()> {
        while self.raw.len() < HEAD && !self.ended {
            self.take()?;
        }
        if self.raw.starts_with(b"PK\x03\x04") {
            return Err(self.stop(SourceFault::NotText));
        }
        match detect(&self.raw, self.declaration) {
            Some((encoding, mark)) => {
                self.raw.drain(..mark);
                self.text = Some(match encoding == UTF_8 {
                    true => Text::Utf8,
                    false => Text::Other(Box::new(encoding.new_decoder_without_bom_handling())),
                });
                Ok(())
            }
            None => Err(self.stop(SourceFault::UnknownEncoding)),
        }
    }

    /// Decodes what was taken; leaves the beginning of an unfinished character for the next time.
    fn decode(&mut self) {
        self.out.clear();
        self.pos = 0;
        let misread = match &mut self.text {
            Some(Text::Other(decoder)) => {
                decode_other(decoder, &mut self.raw, &mut self.out, self.ended)
            }
            _ => decode_utf8(&mut self.raw, &mut self.out, self.ended),
        };
        if let (Some(at), None) = (misread, self.misread) {
            self.misread = Some(self.decoded_lines + newlines(&self.out[..at]));
        }
        let after_return = self.last == Some(b'\r');
        self.last = self.out.last().copied().or(self.last);
        unify_line_ends(&mut self.out, after_return);
        if self.ended
            && self.declaration == Declaration::None
            && !matches!(self.last, None | Some(b'\n' | b'\r'))
        {
            self.out.push(b'\n');
            self.last = Some(b'\n');
        }
        self.decoded_lines += newlines(&self.out);
    }
}

impl<R: BufRead> BufRead for Source<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.spent > self.limits.piece {
            let line = self.lines;
            return Err(self.stop(SourceFault::Endless { line }));
        }
        if self.text.is_none() {
            self.begin()?;
            self.decode();
        }
        while self.pos == self.out.len() && !self.ended {
            self.take()?;
            self.decode();
        }
        self.exhausted = self.pos == self.out.len();
        Ok(&self.out[self.pos..])
    }

    fn consume(&mut self, amount: usize) {
        let end = (self.pos + amount).min(self.out.len());
        self.lines += newlines(&self.out[self.pos..end]);
        self.spent += (end - self.pos) as u64;
        self.pos = end;
    }
}

impl<R: BufRead> Read for Source<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let amount = available.len().min(buf.len());
        buf[..amount].copy_from_slice(&available[..amount]);
        self.consume(amount);
        Ok(amount)
    }
}

fn newlines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}
