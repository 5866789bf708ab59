//! CSV files of the three kinds. What was read is written as a rejects file, and read from there it is
//! the same. Input: the kind on a line, then the file.

use std::io::Cursor;

use onward_exchange::csv::{
    self, CsvReader, Options, OrganisationRow, ReferralRow, Rejects, Row, RowOutcome, TransitionRow,
};
use onward_exchange::note::Note;

use super::{Target, fixtures, headed};
use crate::marker::{MARKER, MARKER_DIGITS, clean, said};

pub(super) const TARGET: Target = Target {
    name: "csv",
    run,
    seeds,
    words: &[
        b"organisations\n",
        b"referrals\n",
        b"\"",
        b"\"\"",
        b",",
        b",,,,,,,,",
        b"\r\n",
        b"'=1+1",
        b" =1",
        b"-",
        b"\t@x",
        b"2026-09-01",
        b"29/02/2025",
        b"\xef\xbb\xbf",
        b"\xa0",
        b"\xe9",
        b";",
        MARKER.as_bytes(),
        MARKER_DIGITS.as_bytes(),
    ],
};

fn seeds() -> Vec<Vec<u8>> {
    let files = fixtures("csv");
    let kinds = ["organisations", "transitions", "referrals"];
    let all = kinds.iter().flat_map(|kind| {
        files.iter().map(move |file| [kind.as_bytes(), b"\n".as_slice(), file].concat())
    });
    all.collect()
}

fn run(bytes: &[u8]) {
    let (kind, file) = headed(bytes);
    match kind {
        "organisations" => rows::<OrganisationRow>(file),
        "referrals" => rows::<ReferralRow>(file),
        _ => rows::<TransitionRow>(file),
    }
}

/// What a row came to.
#[derive(PartialEq)]
enum Outcome<T> {
    Row(T),
    Refused,
    /// Refused, since the file ends within a quote of it.
    Unclosed,
}

/// A file as it was read.
struct Read<T> {
    headings: Vec<String>,
    /// What each row came to, and the cells as they came.
    rows: Vec<(Outcome<T>, Vec<String>)>,
}

fn rows<T: Row + PartialEq>(file: &[u8]) {
    let Some(first) = read::<T>(file, true) else { return };
    let mut written = Vec::new();
    let mut rejects = Rejects::new(&mut written, &first.headings).expect("a vector takes it");
    for (number, (_, cells)) in first.rows.iter().enumerate() {
        rejects.row(number as u64 + 2, &[], cells).expect("a vector takes it");
    }
    rejects.flush().expect("a vector takes it");
    drop(rejects);
    let again = read::<T>(&written, false).expect("a rejects file can be sent again as it is");
    assert_eq!(again.rows.len(), first.rows.len(), "each row comes back");
    for (before, after) in first.rows.iter().zip(&again.rows) {
        // Writing closes a quote that was never closed: what it holds may make a row then.
        let closed = matches!(before.0, Outcome::Unclosed);
        assert!(closed || before.0 == after.0, "a row that was written and read again differs");
    }
}

fn read<T: Row>(file: &[u8], once: bool) -> Option<Read<T>> {
    let today = Some(jiff::civil::date(2026, 9, 1));
    let options = Options { today, most_rows: 2_000, ..Options::default() };
    let (checked, mut reader) = match csv::open::<T, _>(Cursor::new(file), options) {
        Ok(opened) => opened,
        Err(refusal) => {
            said("a refusal", &refusal);
            assert!(once, "what was written by us is refused: {refusal}");
            return None;
        }
    };
    let (rows, found) = outcomes(&mut reader);
    // Headings are named where nobody knows them; they are no child's.
    let known = |note: &&Note| note.code != "unknown_columns";
    notes(checked.warnings.iter().filter(known));
    assert_eq!(found, (checked.read, checked.faults), "two readings agree");
    Some(Read { headings: reader.headings().to_vec(), rows })
}

type Outcomes<T> = (Vec<(Outcome<T>, Vec<String>)>, (u64, u64));

fn outcomes<T: Row>(reader: &mut CsvReader<Cursor<&[u8]>, T>) -> Outcomes<T> {
    let (mut rows, mut read, mut faults) = (Vec::new(), 0, 0);
    for outcome in reader {
        match outcome.expect("what was whole when it was checked is whole when it is read") {
            RowOutcome::Read(row) => {
                read += 1;
                notes(row.warnings.iter());
                assert!(!row.row.row_key().is_empty(), "a row has a key");
                assert!(row.repeats.is_none_or(|line| line < row.line), "repeats an earlier one");
                rows.push((Outcome::Row(row.row), row.cells));
            }
            RowOutcome::Fault(fault) => {
                faults += 1;
                assert!(!fault.reasons.is_empty(), "a fault has a reason");
                notes(fault.reasons.iter());
                let unclosed = fault.reasons.iter().any(|one| one.code == "quote_not_closed");
                let outcome = if unclosed { Outcome::Unclosed } else { Outcome::Refused };
                rows.push((outcome, fault.cells));
            }
        }
    }
    (rows, (read, faults))
}

fn notes<'a>(notes: impl Iterator<Item = &'a Note>) {
    for note in notes {
        clean("a note", &format!("{note} {note:?}"));
    }
}
