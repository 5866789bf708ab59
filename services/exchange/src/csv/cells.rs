//! The cells of one row under their column names, read as values; what is wrong is noted by column.

use std::borrow::Cow;
use std::str::FromStr;

use ::csv::StringRecord;
use jiff::civil::Date;
use onward_domain::codes::CodeSet;
use onward_domain::learner::holds_unseen;
use onward_domain::numbers::{EyUrn, Fault, Ukprn, Urn};
use onward_domain::transition::detail::Planned;

use super::refusal::CsvRefusal;
use super::template::Column;
use super::write::neutralise;
use crate::Note;
use crate::values;

/// Bytes of one cell.
const LONGEST_CELL: usize = 16 * 1024;

/// Columns that the rejects file adds: passed over in silence when it comes back.
const OWN_PREFIX: &str = "reject";

/// Where each known column stands in the file.
pub(super) struct Columns {
    places: Vec<(&'static str, usize)>,
    unknown: Vec<String>,
}

/// Headings are compared without case and without `_`, space and `-`.
fn fold(heading: &str) -> String {
    let kept = heading.chars().filter(|c| !matches!(c, '_' | '-') && !c.is_whitespace());
    kept.flat_map(char::to_lowercase).collect()
}

impl Columns {
    /// Finds the columns of a kind of file among its headings.
    pub(super) fn match_headings(
        known: &'static [Column],
        headings: &StringRecord,
    ) -> Result<Self, CsvRefusal> {
        let mut columns = Self { places: Vec::new(), unknown: Vec::new() };
        // Once: a first line of nothing but commas has a hundred thousand headings.
        let names: Vec<String> = known.iter().map(|column| fold(column.name)).collect();
        for (place, heading) in headings.iter().enumerate() {
            let folded = fold(unneutralise(heading.trim()));
            let place_of = names.iter().position(|name| *name == folded);
            match place_of.map(|at| &known[at]) {
                Some(column) if columns.place(column.name).is_some() => {
                    return Err(CsvRefusal::DoubledColumn { column: column.name });
                }
                Some(column) => columns.places.push((column.name, place)),
                None if folded.is_empty() || folded.starts_with(OWN_PREFIX) => {}
                None => columns.unknown.push(values::tidy(heading)),
            }
        }
        let required = known.iter().filter(|column| column.required);
        let missing: Vec<_> = required
            .filter(|column| columns.place(column.name).is_none())
            .map(|column| column.name)
            .collect();
        match missing.is_empty() {
            true => Ok(columns),
            false => Err(CsvRefusal::MissingColumns { columns: missing }),
        }
    }

    /// Headings that no column has.
    pub(super) fn unknown(&self) -> &[String] {
        &self.unknown
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.places.iter().find(|(known, _)| *known == name).map(|(_, place)| *place)
    }
}

/// The cells of one row. Reading a value notes what is wrong with it.
pub struct Cells<'a> {
    line: u64,
    columns: &'a Columns,
    record: &'a StringRecord,
    today: Option<Date>,
    reasons: Vec<Note>,
    warnings: Vec<Note>,
}

impl<'a> Cells<'a> {
    pub(super) fn new(
        line: u64,
        columns: &'a Columns,
        record: &'a StringRecord,
        today: Option<Date>,
    ) -> Self {
        Self { line, columns, record, today, reasons: Vec::new(), warnings: Vec::new() }
    }

    /// The day of reading, where the caller gave one.
    pub(super) fn today(&self) -> Option<Date> {
        self.today
    }

    pub(super) fn into_notes(self) -> (Vec<Note>, Vec<Note>) {
        (self.reasons, self.warnings)
    }

    /// Notes a reason not to use the row.
    pub(super) fn refuse(
        &mut self,
        column: &'static str,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) {
        self.reasons.push(Note::new(self.line, column, code, message));
    }

    /// Notes a doubt.
    pub(super) fn warn(
        &mut self,
        column: &'static str,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) {
        self.warnings.push(Note::new(self.line, column, code, message));
    }

    /// A cell too many means that a comma was not quoted, and that values stand in wrong columns.
    pub(super) fn check_shape(&mut self, width: usize) {
        if self.record.iter().skip(width).any(|cell| !cell.trim().is_empty()) {
            let message =
                "the row has more cells than there are columns: is a comma not in quotes?";
            self.refuse("", "too_many_cells", message);
        }
        if self.record.iter().any(|cell| cell.len() > LONGEST_CELL) {
            let message = format!("a cell holds more than {LONGEST_CELL} bytes");
            self.refuse("", "too_long", message);
        }
    }

    /// The text of a cell, with its line breaks; none where it is blank or the column is absent.
    pub(super) fn text(&self, column: &str) -> Option<String> {
        let raw = self.record.get(self.columns.place(column)?)?.trim();
        let kept =
            unneutralise(raw).chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t'));
        Some(kept.collect::<String>()).filter(|text| !text.is_empty())
    }

    /// The text of a cell on one line.
    pub(super) fn line_of(&self, column: &str) -> Option<String> {
        self.text(column).map(|text| values::tidy(&text)).filter(|text| !text.is_empty())
    }

    /// The same, where the row needs it.
    pub(super) fn needed(&mut self, column: &'static str) -> Option<String> {
        let text = self.line_of(column);
        if text.is_none() {
            self.refuse(column, "missing", "the cell is empty, and it is needed");
        }
        text
    }

    /// A name that the row needs: on one line, and nothing in it that cannot be seen.
    pub(super) fn name(&mut self, column: &'static str) -> Option<String> {
        let place = self.columns.place(column);
        let raw = place.and_then(|place| self.record.get(place)).unwrap_or_default();
        if holds_unseen(raw.trim()) {
            self.refuse(column, "name_unseen", values::UNSEEN);
            return None;
        }
        self.needed(column)
    }

    /// Reads a filled cell through a function; a failure is a reason.
    fn parse<T>(
        &mut self,
        column: &'static str,
        code: &'static str,
        message: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.line_of(column)?;
        let value = read(&text);
        if value.is_none() {
            self.refuse(column, code, message);
        }
        value
    }

    /// A date. The British way of writing it is accepted and pointed out.
    pub(super) fn date(&mut self, column: &'static str) -> Option<Date> {
        let message = "this is not a date: write year-month-day, 2026-09-01 for example";
        let read = self.parse(column, "date_invalid", message, values::date)?;
        self.point_out_british(column, read.british);
        Some(read.date)
    }

    fn point_out_british(&mut self, column: &'static str, british: bool) {
        if british {
            let message = "read as day/month/year; write year-month-day to be certain";
            self.warn(column, "date_british", message);
        }
    }

    /// A date that the row needs.
    pub(super) fn needed_date(&mut self, column: &'static str) -> Option<Date> {
        self.needed(column)?;
        self.date(column)
    }

    /// A day or a month that the row needs.
    pub(super) fn needed_planned(&mut self, column: &'static str) -> Option<Planned> {
        let text = self.needed(column)?;
        if let Some((year, month)) = values::month(&text) {
            return Some(Planned::Month { year, month });
        }
        self.date(column).map(Planned::Day)
    }

    /// Yes or no.
    pub(super) fn flag(&mut self, column: &'static str) -> Option<bool> {
        self.parse(column, "flag_invalid", "write yes or no", values::flag)
    }

    /// A whole number within bounds.
    pub(super) fn whole<T: FromStr + PartialOrd>(
        &mut self,
        column: &'static str,
        bounds: std::ops::RangeInclusive<T>,
    ) -> Option<T> {
        let message = "this is not a whole number, or not one that is possible here";
        let within = |text: &str| text.parse().ok().filter(|value| bounds.contains(value));
        self.parse(column, "number_invalid", message, within)
    }

    /// A code of a closed set, without regard to case; a space or hyphen counts as `_`.
    pub(super) fn code<T: CodeSet>(&mut self, column: &'static str) -> Option<T> {
        let message = "this is not one of the codes of this column; see the template";
        self.parse(column, "code_unknown", message, read_code)
    }

    /// A code that the row needs.
    pub(super) fn needed_code<T: CodeSet>(&mut self, column: &'static str) -> Option<T> {
        self.needed(column)?;
        self.code(column)
    }

    /// Several codes, separated by `;`.
    pub(super) fn codes<T: CodeSet>(&mut self, column: &'static str) -> Vec<T> {
        let text = self.line_of(column).unwrap_or_default();
        let parts = text.split(';').filter(|part| !part.trim().is_empty());
        let read: Vec<Option<T>> = parts.map(read_code).collect();
        if read.iter().any(Option::is_none) {
            let message = "one of these is not a code of this column; see the template";
            self.refuse(column, "code_unknown", message);
        }
        read.into_iter().flatten().collect()
    }

    /// Several dates, separated by `;`.
    pub(super) fn dates(&mut self, column: &'static str) -> Vec<Date> {
        let text = self.line_of(column).unwrap_or_default();
        let parts = text.split(';').filter(|part| !part.trim().is_empty());
        let read: Vec<_> = parts.map(values::date).collect();
        if read.iter().any(Option::is_none) {
            self.refuse(column, "date_invalid", "one of these is not a date: write 2026-09-01");
        }
        self.point_out_british(column, read.iter().flatten().any(|read| read.british));
        read.into_iter().flatten().map(|read| read.date).collect()
    }

    /// An official number that must be right where it is given.
    pub(super) fn number<T>(
        &mut self,
        column: &'static str,
        what: &str,
        parse: fn(&str) -> Result<T, Fault>,
    ) -> Option<T> {
        let text = self.line_of(column)?;
        match parse(&text) {
            Ok(number) => Some(number),
            Err(fault) => {
                self.refuse(column, "number_invalid", values::fault_message(what, fault));
                None
            }
        }
    }

    /// Number of a setting: a URN or an early-years URN, cleaned.
    pub(super) fn setting(&mut self, column: &'static str) -> Option<String> {
        let text = self.line_of(column)?;
        if let Ok(urn) = Urn::parse(&text) {
            return Some(urn.as_str().to_owned());
        }
        self.number(column, "URN or early-years URN", EyUrn::parse)
            .map(|urn| urn.as_str().to_owned())
    }

    /// Number of a provider.
    pub(super) fn provider(&mut self, column: &'static str) -> Option<String> {
        self.number(column, "UKPRN", Ukprn::parse).map(|ukprn| ukprn.as_str().to_owned())
    }

    /// Code of a local authority, current or retired.
    pub(super) fn authority(&mut self, column: &'static str) -> Option<String> {
        let message = "this is not the three-digit code of a local authority in England";
        self.parse(column, "la_unknown", message, values::authority)
    }
}

fn read_code<T: CodeSet>(text: &str) -> Option<T> {
    let same = |code: &str| fold(code) == fold(text);
    T::ALL.iter().copied().find(|member| same(member.code()))
}

/// Takes away the apostrophe that export puts before a cell that looks like a formula, and the blanks
/// behind it: whatever [`neutralise`] puts one before reads as it did.
fn unneutralise(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if matches!(neutralise(rest), Cow::Owned(_)) => rest.trim(),
        _ => cell,
    }
}
