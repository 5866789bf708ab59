//! Drives a CSV file through the server: checked whole first, then a page of rows at a time, in order.

use std::future::Future;

use anyhow::{anyhow, bail};
use futures::StreamExt;
use jiff::civil::Date;
use onward_exchange::Note;
use onward_exchange::csv::{self, Row, RowOutcome, RowRead};

use super::tally::{Outcome, Tally};
use super::{AT_ONCE, Input, Manner};

/// What a row came to, and what else is to be said about it.
pub struct Done {
    /// What became of it.
    pub outcome: Outcome,
    /// Warnings of the server.
    pub warnings: Vec<(String, String)>,
}

impl From<Outcome> for Done {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, warnings: Vec::new() }
    }
}

/// Sends every row through `record` and counts what becomes of it.
///
/// # Errors
/// The file is not to be used at all, or it is all or nothing and a row is bad.
pub async fn each<T, F, R>(
    input: Box<dyn Input>,
    manner: Manner,
    tally: &mut Tally,
    record: F,
) -> anyhow::Result<()>
where
    T: Row,
    F: Fn(RowRead<T>) -> R,
    R: Future<Output = (RowRead<T>, Done)>,
{
    let options = csv::Options { today: Some(today()), ..csv::Options::default() };
    let (checked, mut reader) =
        csv::open::<T, _>(input, options).map_err(|refusal| anyhow!("{refusal}"))?;
    tally.expect(checked.read + checked.faults, reader.headings())?;
    tally.warn(&checked.warnings);
    if manner.all_or_nothing && checked.faults > 0 {
        bail!("{} rows cannot be recorded, and it is all or nothing", checked.faults);
    }
    loop {
        let mut read = Vec::new();
        let mut any = false;
        for outcome in reader.by_ref().take(AT_ONCE) {
            any = true;
            match outcome.map_err(|refusal| anyhow!("{refusal}"))? {
                RowOutcome::Read(row) => read.push(*row),
                RowOutcome::Fault(fault) => {
                    tally.fault(fault.line, &fault.reasons, &fault.cells)?;
                }
            }
        }
        if !any {
            return Ok(());
        }
        let mut done = futures::stream::iter(read.into_iter().map(&record)).buffered(AT_ONCE);
        while let Some((row, done)) = done.next().await {
            let mut notes: Vec<Note> = row.warnings.clone();
            notes.truncate(20);
            tally.warn(&notes);
            for (code, message) in &done.warnings {
                tally.warn_line(row.line, code, message);
            }
            tally.count(row.line, &row.cells, done.outcome)?;
        }
    }
}

/// Today in England.
pub fn today() -> Date {
    onward_domain::calendar::day_in_england(jiff::Timestamp::now())
}
