//! The rejects file: rows that were not recorded, why, and their cells, to be mended and sent again.

use std::io::{self, Write};

use super::write::Writer;
use crate::Note;

/// Writes rejected rows: four columns of our own, then the file's own columns. The reader passes over
/// our four, so that a mended rejects file can be imported as it is.
///
/// The file holds what the sender sent: personal data. It belongs where the sender's file belongs.
pub struct Rejects<W: Write> {
    writer: Writer<W>,
    count: u64,
}

impl<W: Write> Rejects<W> {
    /// Writes the headings; `headings` are those of the file (none for a transfer file).
    ///
    /// # Errors
    /// The output cannot be written to.
    pub fn new(output: W, headings: &[String]) -> io::Result<Self> {
        let mut writer = Writer::new(output);
        let own = ["reject_line", "reject_column", "reject_code", "reject_message"];
        writer.row(own.into_iter().chain(headings.iter().map(String::as_str)))?;
        Ok(Self { writer, count: 0 })
    }

    /// Writes a row with its reasons, as the reader found them.
    ///
    /// # Errors
    /// The output cannot be written to.
    pub fn row(&mut self, line: u64, reasons: &[Note], cells: &[String]) -> io::Result<()> {
        let join =
            |part: fn(&Note) -> &str| reasons.iter().map(part).collect::<Vec<_>>().join("; ");
        let column = join(|note| note.field);
        let code = join(|note| note.code);
        let message = join(|note| &note.message);
        self.said(line, &column, &code, &message, cells)
    }

    /// Writes a row with a reason from elsewhere, the server's answer for example.
    ///
    /// # Errors
    /// The output cannot be written to.
    pub fn said(
        &mut self,
        line: u64,
        column: &str,
        code: &str,
        message: &str,
        cells: &[String],
    ) -> io::Result<()> {
        self.count += 1;
        let line = line.to_string();
        let own = [line.as_str(), column, code, message];
        self.writer.row(own.into_iter().chain(cells.iter().map(String::as_str)))
    }

    /// Rows written so far.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Sends on what is still in the buffer.
    ///
    /// # Errors
    /// The output cannot be written to.
    pub fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
