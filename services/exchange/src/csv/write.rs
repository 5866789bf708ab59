//! CSV on the way out: quoting, and cells that no spreadsheet will run.

use std::borrow::Cow;
use std::io::{self, Write};

/// Puts an apostrophe before a cell that a spreadsheet would take for a formula: one that begins with
/// `=`, `+`, `-` or `@`, also behind white space, tab or line break. A blank cell is none.
pub fn neutralise(cell: &str) -> Cow<'_, str> {
    let Some(first) = cell.trim_start().chars().next() else { return Cow::Borrowed(cell) };
    let spaced = cell.starts_with(['\t', '\r', '\n']);
    if spaced || matches!(first, '=' | '+' | '-' | '@') {
        return Cow::Owned(format!("'{cell}"));
    }
    Cow::Borrowed(cell)
}

/// Writes rows of neutralised cells, with LF line ends and quotes where a cell needs them.
pub struct Writer<W: Write> {
    inner: ::csv::Writer<W>,
}

impl<W: Write> Writer<W> {
    /// Writes to `output`, through a buffer of its own.
    pub fn new(output: W) -> Self {
        Self { inner: ::csv::WriterBuilder::new().flexible(true).from_writer(output) }
    }

    /// Writes a row.
    ///
    /// # Errors
    /// The output cannot be written to.
    pub fn row<I>(&mut self, cells: I) -> io::Result<()>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        for cell in cells {
            self.inner.write_field(neutralise(cell.as_ref()).as_bytes()).map_err(io_error)?;
        }
        self.inner.write_record(None::<&[u8]>).map_err(io_error)
    }

    /// Sends on what is still in the buffer.
    ///
    /// # Errors
    /// The output cannot be written to.
    pub fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

fn io_error(error: ::csv::Error) -> io::Error {
    match error.into_kind() {
        ::csv::ErrorKind::Io(error) => error,
        _ => io::Error::other("the row could not be written"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_made_harmless_and_the_rest_is_left() {
        for risky in ["=1+1", "+44 7700", "-2", "@SUM(A1)", " =1", "\t=1", "\r1", "\u{a0}=1"] {
            assert_eq!(neutralise(risky), format!("'{risky}"), "{risky:?}");
        }
        for fine in ["", " ", "\n", "Zoë", "O'Neill", "2026-09-01", "a=b", "'quoted'"] {
            assert_eq!(neutralise(fine), fine);
        }
    }

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out);
        writer.row(["a,b", "say \"x\"", "two\nlines", "=cmd()"]).expect("a vector takes it");
        writer.row(["1"]).expect("a vector takes it");
        writer.flush().expect("a vector takes it");
        drop(writer);
        let text = String::from_utf8(out).expect("UTF-8");
        assert_eq!(text, "\"a,b\",\"say \"\"x\"\"\",\"two\nlines\",'=cmd()\n1\n");
    }
}
