//! Drives a file through its kind: a page of rows at a time, rows about one child in their order.

use futures::StreamExt;
use jiff::civil::Date;
use onward_exchange::Note;
use tonic::Status;

use super::in_file::{About, InFile, Turn};
use super::tally::{Outcome, Tally};
use super::{AT_ONCE, Manner};

/// What a row came to, and what else is to be said about it.
pub struct Done {
    /// What became of it.
    pub outcome: Outcome,
    /// The learner's record is there, or would be.
    pub placed: bool,
    /// Remarks: code and sentence.
    pub remarks: Vec<(String, String)>,
}

impl From<Outcome> for Done {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, placed: false, remarks: Vec::new() }
    }
}

/// A pupil or row that was read.
pub struct Entry<T> {
    /// Line on which it begins.
    pub line: u64,
    /// What it says.
    pub item: T,
    /// What was doubtful.
    pub warnings: Vec<Note>,
    /// Its cells as they came; none for a pupil.
    pub cells: Vec<String>,
}

/// What a reader hands out.
pub enum Next<T> {
    /// To be recorded.
    Entry(Entry<T>),
    /// Not even readable: line, reasons, cells.
    Fault(u64, Vec<Note>, Vec<String>),
}

/// How one kind of row is recorded.
pub trait Kind {
    /// A row.
    type Item;

    /// Whom or what it is about.
    fn about(&self, item: &Self::Item) -> About;

    /// Records it, or says what would become of it. `again`: an earlier row of the file was about the
    /// same child, so that what this one says of the child changes nothing any more.
    async fn record(
        &self,
        item: &Self::Item,
        again: bool,
        dry_run: bool,
    ) -> Result<Done, Box<Status>>;
}

/// Sends every row through its kind and counts what becomes of it.
///
/// # Errors
/// The file is not to be used any further; or the manner stops at the first refusal, and there was one.
pub async fn each<K: Kind>(
    kind: &K,
    mut rows: impl Iterator<Item = anyhow::Result<Next<K::Item>>>,
    manner: Manner,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let mut file = InFile::default();
    loop {
        let page = rows.by_ref().take(AT_ONCE).collect::<anyhow::Result<Vec<_>>>()?;
        if page.is_empty() {
            return Ok(());
        }
        let mut turns = turns(kind, &page, &mut file);
        recorded(kind, &page, &mut turns, &file, manner).await;
        let failed_before = tally.failed();
        for (next, turn) in page.into_iter().zip(turns) {
            count(next, turn, &mut file, tally)?;
        }
        if manner.stops() && tally.failed() > failed_before {
            anyhow::bail!("the server refused a row after the check; nothing was sent after it");
        }
    }
}

/// A row's turn, and what it came to.
struct Taken {
    turn: Option<Turn>,
    done: Option<Done>,
}

fn turns<K: Kind>(kind: &K, page: &[Next<K::Item>], file: &mut InFile) -> Vec<Taken> {
    let turn = |next: &Next<K::Item>| match next {
        Next::Entry(entry) => Some(file.admit(entry.line, &kind.about(&entry.item))),
        Next::Fault(..) => None,
    };
    page.iter().map(turn).map(|turn| Taken { turn, done: None }).collect()
}

/// Records what is to be recorded: subjects side by side, the rows of one subject one after the other.
async fn recorded<K: Kind>(
    kind: &K,
    page: &[Next<K::Item>],
    turns: &mut [Taken],
    file: &InFile,
    manner: Manner,
) {
    let mut subjects: Vec<(u32, Vec<usize>)> = Vec::new();
    for (at, taken) in turns.iter().enumerate() {
        let Some(Turn::Go(subject)) = taken.turn else { continue };
        match subjects.iter_mut().find(|(known, _)| *known == subject) {
            Some((_, rows)) => rows.push(at),
            None => subjects.push((subject, vec![at])),
        }
    }
    // Where the first refusal ends it all, nothing may be under way beside it.
    let at_once = if manner.stops() { 1 } else { AT_ONCE };
    let work = futures::stream::iter(subjects.into_iter().map(move |(subject, rows)| async move {
        let mut again = file.is_placed(subject);
        let mut all = Vec::with_capacity(rows.len());
        for at in rows {
            let Some(Next::Entry(entry)) = page.get(at) else { continue };
            let done = kind.record(&entry.item, again, manner.dry_run).await;
            let done = done.unwrap_or_else(|status| Outcome::refused(&status).into());
            again |= done.placed;
            all.push((at, done));
        }
        all
    }));
    let mut work = std::pin::pin!(work.buffered(at_once));
    while let Some(all) = work.next().await {
        let mut refused = false;
        for (at, done) in all {
            refused |= matches!(done.outcome, Outcome::Failed { .. });
            if let Some(taken) = turns.get_mut(at) {
                taken.done = Some(done);
            }
        }
        if refused && manner.stops() {
            return;
        }
    }
}

fn count<T>(
    next: Next<T>,
    taken: Taken,
    file: &mut InFile,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let entry = match next {
        Next::Entry(entry) => entry,
        Next::Fault(line, reasons, cells) => return tally.fault(line, &reasons, &cells),
    };
    let line = entry.line;
    let (done, subject) = match (taken.turn, taken.done) {
        (Some(Turn::Repeat(first)), _) => (file.repeat_of(first).into(), None),
        (Some(Turn::Clash(outcome)), _) => (Done::from(outcome), None),
        (Some(Turn::Go(subject)), Some(done)) => (done, Some(subject)),
        // Not begun, because the first refusal ended it all.
        _ => return Ok(()),
    };
    file.became(line, subject, done.placed, &done.outcome);
    tally.warn(entry.warnings.get(..20).unwrap_or(&entry.warnings));
    for (code, message) in &done.remarks {
        tally.warn_line(line, code, message);
    }
    tally.count(line, &entry.cells, done.outcome)
}

/// Today in England.
pub fn today() -> Date {
    onward_domain::calendar::day_in_england(jiff::Timestamp::now())
}
