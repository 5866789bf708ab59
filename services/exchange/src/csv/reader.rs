//! Walks a CSV file: headings, then row after row as values of their kind.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead, Seek};
use std::marker::PhantomData;

use ::csv::{ReaderBuilder, StringRecord};
use jiff::civil::Date;

use super::cells::{Cells, Columns};
use super::refusal::CsvRefusal;
use super::template::Kind;
use crate::Note;
use crate::source::{Declaration, Limits, Source, SourceFault};

/// What is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Most rows of a file.
    pub most_rows: u64,
    /// Most bytes of a file; counted while reading.
    pub most_bytes: u64,
    /// The day of reading, as the caller knows it: no date of birth may lie after it.
    pub today: Option<Date>,
}

impl Default for Options {
    /// 100,000 rows, 256 MiB, no day.
    fn default() -> Self {
        Self { most_rows: 100_000, most_bytes: 256 * 1024 * 1024, today: None }
    }
}

/// One row, quoted line breaks included.
const LONGEST_ROW: u64 = 256 * 1024;

/// A kind of row.
pub trait Row: Sized {
    /// Which file it is a row of, and with that its columns.
    const KIND: Kind;

    /// Reads the row; none, and at least one reason noted in the cells, where it cannot be used.
    #[doc(hidden)]
    fn read(cells: &mut Cells<'_>) -> Option<Self>;

    /// The same for the same row, within a file and from one sending to the next; a corrected row keeps
    /// it. Personal: for comparing and deriving ids, never for showing.
    fn row_key(&self) -> String;
}

/// A row, or why there is none.
pub enum RowOutcome<T> {
    /// The row can be recorded.
    Read(Box<RowRead<T>>),
    /// The row cannot.
    Fault(RowFault),
}

/// A row that can be recorded. No `Debug`: it is about a child.
pub struct RowRead<T> {
    /// Line on which the row begins.
    pub line: u64,
    /// The row.
    pub row: T,
    /// What was doubtful.
    pub warnings: Vec<Note>,
    /// Line of an earlier row of the file with the same [`Row::row_key`].
    pub repeats: Option<u64>,
    /// The cells as they came, in the order of the file, for the rejects file.
    pub cells: Vec<String>,
}

/// A row that cannot be recorded. No `Debug`: its cells are about a child.
pub struct RowFault {
    /// Line on which the row begins.
    pub line: u64,
    /// Every reason found; at least one.
    pub reasons: Vec<Note>,
    /// The cells as they came, in the order of the file, for the rejects file.
    pub cells: Vec<String>,
}

/// What a first reading of a whole file found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Rows that can be read.
    pub read: u64,
    /// Rows that cannot.
    pub faults: u64,
    /// Rows that repeat an earlier one.
    pub repeats: u64,
    /// About the file as a whole.
    pub warnings: Vec<Note>,
}

/// Hands out the rows of a file, one at a time. Memory: one row, and a number for each row before.
pub struct CsvReader<R, T> {
    inner: ::csv::Reader<Source<R>>,
    columns: Columns,
    headings: Vec<String>,
    options: Options,
    record: StringRecord,
    rows: u64,
    seen: HashMap<u64, u64>,
    done: bool,
    kind: PhantomData<T>,
}

/// Checks the whole file, goes back to its beginning, and stands before the first row.
///
/// # Errors
/// [`CsvRefusal`]: the file is not to be used at all.
pub fn open<T: Row, R: BufRead + Seek>(
    mut input: R,
    options: Options,
) -> Result<(Checked, CsvReader<R, T>), CsvRefusal> {
    let checked = check::<T, _>(&mut input, options)?;
    input.rewind().map_err(|error| CsvRefusal::Source(SourceFault::Io(error)))?;
    Ok((checked, CsvReader::new(input, options)?))
}

/// Reads a whole file and keeps nothing but counts.
///
/// # Errors
/// [`CsvRefusal`]: the file is not to be used at all.
pub fn check<T: Row, R: BufRead>(input: R, options: Options) -> Result<Checked, CsvRefusal> {
    let mut reader = CsvReader::<R, T>::new(input, options)?;
    let (mut read, mut faults, mut repeats) = (0, 0, 0);
    for outcome in reader.by_ref() {
        match outcome? {
            RowOutcome::Read(row) => {
                read += 1;
                repeats += u64::from(row.repeats.is_some());
            }
            RowOutcome::Fault(_) => faults += 1,
        }
    }
    Ok(Checked { read, faults, repeats, warnings: reader.warnings() })
}

impl<R: BufRead, T: Row> CsvReader<R, T> {
    /// Reads the headings.
    ///
    /// # Errors
    /// [`CsvRefusal`]: the file is not to be used at all.
    pub fn new(input: R, options: Options) -> Result<Self, CsvRefusal> {
        let limits = Limits { file: options.most_bytes, piece: LONGEST_ROW };
        let source = Source::new(input, Declaration::None, limits);
        let mut inner = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(source);
        let mut record = StringRecord::new();
        if !pull(&mut inner, &mut record)? {
            return Err(CsvRefusal::Empty);
        }
        let columns = Columns::match_headings(T::KIND.columns(), &record)?;
        let headings = record.iter().map(str::to_owned).collect();
        Ok(Self {
            inner,
            columns,
            headings,
            options,
            record,
            rows: 0,
            seen: HashMap::new(),
            done: false,
            kind: PhantomData,
        })
    }

    /// The headings as they came, for the rejects file.
    pub fn headings(&self) -> &[String] {
        &self.headings
    }

    /// Warnings about the file as a whole; complete once the last row is out.
    pub fn warnings(&self) -> Vec<Note> {
        let mut warnings = Vec::new();
        if !self.columns.unknown().is_empty() {
            let message = format!(
                "columns that are not known were passed over: {}",
                self.columns.unknown().join(", ")
            );
            warnings.push(Note::new(1, "", "unknown_columns", message));
        }
        if let Some(line) = self.inner.get_ref().misread() {
            let message = "the file is not UTF-8 from this line on; the characters in question were \
                           read as windows-1252, check the names (a spreadsheet saves UTF-8 as \
                           \"CSV UTF-8\")";
            warnings.push(Note::new(line, "", "encoding", message));
        }
        warnings
    }

    fn advance(&mut self) -> Result<Option<RowOutcome<T>>, CsvRefusal> {
        loop {
            if !pull(&mut self.inner, &mut self.record)? {
                return if self.rows == 0 { Err(CsvRefusal::NoRows) } else { Ok(None) };
            }
            if self.record.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            self.rows += 1;
            if self.rows > self.options.most_rows {
                return Err(CsvRefusal::TooManyRows { limit: self.options.most_rows });
            }
            return Ok(Some(self.outcome()));
        }
    }

    fn outcome(&mut self) -> RowOutcome<T> {
        let line = self.line();
        let mut cells = Cells::new(line, &self.columns, &self.record, self.options.today);
        cells.check_shape(self.headings.len());
        let row = T::read(&mut cells);
        if let Some(open) = self.open_quote(line) {
            let message = format!("a quote is opened on line {open} and never closed");
            let reason = Note::new(open, "", "quote_not_closed", message);
            let cells = self.record.iter().map(str::to_owned).collect();
            return RowOutcome::Fault(RowFault { line, reasons: vec![reason], cells });
        }
        let (reasons, warnings) = cells.into_notes();
        let cells = self.record.iter().map(str::to_owned).collect();
        match row {
            Some(row) if reasons.is_empty() => {
                let repeats = self.remember(&row, line);
                RowOutcome::Read(Box::new(RowRead { line, row, warnings, repeats, cells }))
            }
            _ => RowOutcome::Fault(RowFault { line, reasons, cells }),
        }
    }

    /// Where the quote was opened that runs on to the end of the file. Every file's last line has an
    /// end, so a row that only the end of the file ended stands within quotes: in its last cell.
    fn open_quote(&self, line: u64) -> Option<u64> {
        if !self.inner.get_ref().exhausted() || self.inner.is_done() {
            return None;
        }
        let breaks = |cell: &str| cell.bytes().filter(|byte| *byte == b'\n').count() as u64;
        let last = self.record.iter().next_back().filter(|cell| cell.ends_with('\n'))?;
        let all: u64 = self.record.iter().map(breaks).sum();
        Some(line + all - breaks(last))
    }

    /// Line on which the row begins. The parser's own count stands before the blank lines it skipped.
    fn line(&self) -> u64 {
        let before = self.record.position().map_or(1, ::csv::Position::line);
        let inside = self.record.as_slice().bytes().filter(|byte| *byte == b'\n').count() as u64;
        let after = self.inner.position().line();
        before.max(after.saturating_sub(inside + 1))
    }

    /// A hash of each key is kept, not the key: a hundred thousand rows stay within a few megabytes.
    fn remember(&mut self, row: &T, line: u64) -> Option<u64> {
        let mut hasher = DefaultHasher::new();
        row.row_key().hash(&mut hasher);
        let first = *self.seen.entry(hasher.finish()).or_insert(line);
        (first != line).then_some(first)
    }
}

impl<R: BufRead, T: Row> Iterator for CsvReader<R, T> {
    type Item = Result<RowOutcome<T>, CsvRefusal>;

    /// The next row. After a refusal, and after the last row, there is nothing more.
    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let next = self.advance();
        self.done = !matches!(next, Ok(Some(_)));
        next.transpose()
    }
}

/// The next record; false at the end.
fn pull<R: BufRead>(
    inner: &mut ::csv::Reader<Source<R>>,
    record: &mut StringRecord,
) -> Result<bool, CsvRefusal> {
    inner.get_mut().renew();
    match inner.read_record(record) {
        Ok(more) => Ok(more),
        Err(error) => Err(CsvRefusal::Source(match inner.get_mut().take_fault() {
            Some(fault) => fault,
            // The parser's own texts may quote the file.
            None => SourceFault::Io(io::Error::new(io::ErrorKind::InvalidData, kind_of(&error))),
        })),
    }
}

fn kind_of(error: &::csv::Error) -> &'static str {
    match error.kind() {
        ::csv::ErrorKind::Io(_) => "it stopped being readable",
        _ => "it is not a CSV file",
    }
}
