//! Reads the comma-separated tables of facts: a header line, quoted cells where a comma needs them.
//!
//! Cells are slices of the text, so an embedded table costs no copies. Doubled quotes and line
//! breaks inside a cell are not supported: the tables are the project's own and have none.

use jiff::civil::Date;

/// A parsed table.
pub(crate) struct Table<'a> {
    header: Vec<&'a str>,
    rows: Vec<Vec<&'a str>>,
}

/// One line of a [`Table`].
#[derive(Clone, Copy)]
pub(crate) struct Row<'t, 'a> {
    header: &'t [&'a str],
    cells: &'t [&'a str],
}

impl<'a> Table<'a> {
    /// Reads the whole text; blank lines are skipped.
    pub(crate) fn read(text: &'a str) -> Self {
        let mut lines = text.lines().filter(|line| !line.trim().is_empty()).map(cells);
        let header = lines.next().unwrap_or_default();
        Self { header, rows: lines.collect() }
    }

    /// The lines after the header.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_, 'a>> {
        self.rows.iter().map(|cells| Row { header: &self.header, cells })
    }

    /// Lines whose number of cells differs from the header's, counted from 0: always a slip.
    #[cfg(test)]
    pub(crate) fn ragged(&self) -> Vec<usize> {
        let width = self.header.len();
        let lines = self.rows.iter().enumerate();
        lines.filter(|(_, cells)| cells.len() != width).map(|(line, _)| line).collect()
    }
}

impl<'a> Row<'_, 'a> {
    /// The cell under a heading; empty where the line or the header lacks it.
    pub(crate) fn text(&self, heading: &str) -> &'a str {
        let place = self.header.iter().position(|name| *name == heading);
        place.and_then(|at| self.cells.get(at)).copied().unwrap_or("")
    }

    /// The values of a cell that lists several, separated by `;`.
    pub(crate) fn list(&self, heading: &str) -> Vec<&'a str> {
        self.text(heading).split(';').map(str::trim).filter(|part| !part.is_empty()).collect()
    }

    /// The date in a cell, ISO 8601; none for an empty cell or one that is no date.
    pub(crate) fn date(&self, heading: &str) -> Option<Date> {
        self.text(heading).parse().ok()
    }
}

/// Whether a day lies within two dates, both inclusive; an absent one leaves that end open.
pub(crate) fn in_force(from: Option<Date>, to: Option<Date>, on: Date) -> bool {
    from.is_none_or(|first| first <= on) && to.is_none_or(|last| on <= last)
}

fn cells(line: &str) -> Vec<&str> {
    let mut cells = Vec::new();
    let mut rest = Some(line);
    while let Some(text) = rest {
        let (cell, after) = next_cell(text);
        cells.push(cell);
        rest = after;
    }
    cells
}

/// The first cell, and what follows its comma.
fn next_cell(text: &str) -> (&str, Option<&str>) {
    let quoted = text.strip_prefix('"').and_then(|inner| inner.split_once('"'));
    if let Some((cell, after)) = quoted {
        return (cell, after.strip_prefix(','));
    }
    match text.split_once(',') {
        Some((cell, after)) => (cell.trim(), Some(after)),
        None => (text.trim(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn quoted_commas_and_empty_cells_keep_their_places() {
        let table = Table::read("a,b,c,d\r\n1,\"two, or more\",,2026-04-01\n\n5,6;7,x,\n");
        let rows: Vec<_> = table.rows().collect();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].text("b"), "two, or more");
        assert_eq!(rows[0].text("c"), "");
        assert_eq!(rows[0].date("d"), Some(date(2026, 4, 1)));
        assert_eq!(rows[1].list("b"), ["6", "7"]);
        assert_eq!(rows[1].date("d"), None);
        assert_eq!(rows[1].text("no such heading"), "");
        assert_eq!(table.ragged(), Vec::<usize>::new());
    }

    #[test]
    fn a_line_with_a_cell_too_few_is_seen() {
        assert_eq!(Table::read("a,b\n1,2\n3\n").ragged(), [1]);
    }

    #[test]
    fn both_ends_count() {
        let (from, to) = (date(2026, 4, 1), date(2026, 4, 30));
        assert!(in_force(Some(from), Some(to), from) && in_force(Some(from), Some(to), to));
        assert!(!in_force(Some(from), None, date(2026, 3, 31)));
        assert!(!in_force(None, Some(to), date(2026, 5, 1)));
    }
}
