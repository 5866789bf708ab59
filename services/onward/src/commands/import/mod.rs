//! `onward import`: streams files to the server, as the token's organisation.
//!
//! Every kind of row goes the same way: read and checked as a file, judged beside the rows before it,
//! its learner placed (found, registered or amended), and then its move or referral recorded, changed
//! or known again. A dry run goes that way too and stops short of each write. `--all-or-nothing` is a
//! dry run over every file, and the writing only when it found nothing to refuse.

mod amend;
mod change;
mod check;
mod compare;
mod ctf;
mod detail;
mod files;
mod find;
mod in_file;
mod learner;
mod moves;
mod organisations;
mod own;
mod referrals;
mod rows;
mod tally;
mod transitions;

use std::process::ExitCode;

use anyhow::{anyhow, bail};
use onward_exchange::csv::{self, Row, RowOutcome};
use onward_exchange::ctf::PupilOutcome;

pub use onward_api::wire::date::wire as date;
pub use own::Own;
pub use tally::Tally;

use super::client::Server;
use crate::cli::{CsvKind, ImportArgs, ImportCommand, Output};
use files::{Replacing, Source};
use rows::{Entry, Next, each, today};

/// Rows that are under way at once.
pub const AT_ONCE: usize = 32;

/// How an import goes about it.
#[derive(Clone, Copy, Default)]
pub struct Manner {
    /// Say what would happen and change nothing.
    pub dry_run: bool,
    /// Refuse everything when one row is bad.
    pub all_or_nothing: bool,
}

impl Manner {
    /// The first refusal ends it: the check before found none.
    pub fn stops(self) -> bool {
        self.all_or_nothing && !self.dry_run
    }
}

/// Imports, and prints what became of each file. Exit code 1 when a row failed or a file was refused, 2
/// when the rejects would be written over an input.
pub async fn run(command: ImportCommand, output: Output) -> anyhow::Result<ExitCode> {
    let (args, files, kind) = match command {
        ImportCommand::Ctf(args) => (args.import, args.files, None),
        ImportCommand::Csv(args) => (args.import, vec![args.file], Some(args.kind)),
    };
    if let Some(path) = &args.rejects
        && files::is_one_of(path, &files)
    {
        crate::lifecycle::refused("the rejects file is one of the files to import; name another");
        return Ok(ExitCode::from(2));
    }
    let own = Own::of(Server::connect(&args.server).await?).await?;
    let sources = files.iter().map(|path| Source::open(path)).collect::<Vec<_>>();
    let manner = Manner { dry_run: args.dry_run, all_or_nothing: args.all_or_nothing };
    if manner.stops() {
        let check = Manner { dry_run: true, ..manner };
        let (checked, refusal) = all(&own, &sources, kind, check, &args).await?;
        nothing_to_refuse(checked, refusal, output)?;
    }
    let (mut total, refusal) = all(&own, &sources, kind, manner, &args).await?;
    total.print(output, manner.dry_run)?;
    match refusal {
        Some(refusal) => Err(refusal),
        None if total.failed() == 0 => Ok(ExitCode::SUCCESS),
        None => Ok(ExitCode::FAILURE),
    }
}

/// All or nothing: one refusal, and nothing is recorded.
fn nothing_to_refuse(
    mut checked: Tally,
    refusal: Option<anyhow::Error>,
    output: Output,
) -> anyhow::Result<()> {
    let failed = checked.failed();
    if refusal.is_some() || failed > 0 {
        checked.print(output, true)?;
    }
    match refusal {
        Some(refusal) => Err(refusal.context("it is all or nothing, and nothing was recorded")),
        None if failed > 0 => {
            bail!("{failed} cannot be recorded, and it is all or nothing: nothing was recorded")
        }
        None => Ok(()),
    }
}

/// Every file, one after the other. A file that is refused does not keep the others out, unless it is
/// all or nothing; the refusals come back as one.
async fn all(
    own: &Own,
    sources: &[anyhow::Result<Source>],
    kind: Option<CsvKind>,
    manner: Manner,
    args: &ImportArgs,
) -> anyhow::Result<(Tally, Option<anyhow::Error>)> {
    let rejects = args.rejects.as_deref().map(Replacing::begin).transpose()?;
    let mut total = Tally::new(rejects)?;
    let mut refusals: Vec<String> = Vec::new();
    for source in sources {
        let result = match source {
            Ok(source) => {
                total.begin(&source.name);
                let result = one(own, source, kind, manner, &mut total).await;
                total.end();
                result.map_err(|refusal| refusal.context(source.name.clone()))
            }
            Err(unread) => Err(anyhow!("{unread:#}")),
        };
        if let Err(refusal) = result {
            refusals.push(format!("{refusal:#}"));
            if manner.stops() {
                break;
            }
        }
    }
    let refusal = (!refusals.is_empty()).then(|| anyhow!(refusals.join("; ")));
    Ok((total, refusal))
}

async fn one(
    own: &Own,
    source: &Source,
    kind: Option<CsvKind>,
    manner: Manner,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    match kind {
        None => pupils(own, source, manner, tally).await,
        Some(CsvKind::Organisations) => {
            let kind = organisations::Organisations(own);
            rows_of(&kind, source, manner, tally, kind.allowed()).await
        }
        Some(CsvKind::Transitions) => {
            let kind = transitions::Transitions(own);
            rows_of(&kind, source, manner, tally, kind.allowed()).await
        }
        Some(CsvKind::Referrals) => {
            let kind = referrals::Referrals(own);
            rows_of(&kind, source, manner, tally, kind.allowed()).await
        }
    }
}

/// A transfer file: checked whole, then pupil by pupil.
async fn pupils(
    own: &Own,
    source: &Source,
    manner: Manner,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    use onward_exchange::ctf as format;
    let options = format::Options { today: Some(today()), ..format::Options::default() };
    let (checked, mut reader) =
        format::open(source.reader()?, options).map_err(|refusal| anyhow!("{refusal}"))?;
    tally.expect(checked.read + checked.faults, &[])?;
    tally.warn(&checked.warnings);
    let kind = ctf::Pupils::of(own, reader.header().clone()).await?;
    let next = |outcome| match outcome {
        PupilOutcome::Read(read) => {
            let (line, warnings) = (read.line, read.warnings);
            Next::Entry(Entry { line, item: read.pupil, warnings, cells: Vec::new() })
        }
        PupilOutcome::Fault(fault) => Next::Fault(fault.line, fault.reasons, Vec::new()),
    };
    let pupils = reader.by_ref().map(|outcome| match outcome {
        Ok(outcome) => Ok(next(outcome)),
        Err(refusal) => Err(anyhow!("{refusal}")),
    });
    each(&kind, pupils, manner, tally).await
}

/// A CSV file: checked whole, then row by row.
async fn rows_of<T: Row, K: rows::Kind<Item = T>>(
    kind: &K,
    source: &Source,
    manner: Manner,
    tally: &mut Tally,
    allowed: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<()> {
    let options = csv::Options { today: Some(today()), ..csv::Options::default() };
    let opened = csv::open::<T, _>(source.reader()?, options);
    let (checked, mut reader) = opened.map_err(|refusal| anyhow!("{refusal}"))?;
    tally.expect(checked.read + checked.faults, reader.headings())?;
    tally.warn(&checked.warnings);
    allowed.await?;
    let rows = reader.by_ref().map(|outcome| match outcome {
        Ok(RowOutcome::Read(row)) => {
            let (line, warnings, cells) = (row.line, row.warnings, row.cells);
            Ok(Next::Entry(Entry { line, item: row.row, warnings, cells }))
        }
        Ok(RowOutcome::Fault(fault)) => Ok(Next::Fault(fault.line, fault.reasons, fault.cells)),
        Err(refusal) => Err(anyhow!("{refusal}")),
    });
    each(kind, rows, manner, tally).await
}

/// Imports a transfer file from memory: what the demo does with its samples.
pub async fn ctf_bytes(own: &Own, bytes: &'static [u8]) -> anyhow::Result<Tally> {
    in_memory(own, None, bytes).await
}

/// Imports a CSV file from memory: what the demo does with its samples.
pub async fn csv_bytes(own: &Own, kind: CsvKind, bytes: &'static [u8]) -> anyhow::Result<Tally> {
    in_memory(own, Some(kind), bytes).await
}

async fn in_memory(own: &Own, kind: Option<CsvKind>, bytes: &[u8]) -> anyhow::Result<Tally> {
    let mut tally = Tally::new(None)?;
    let source = Source::of_bytes("sample", bytes)?;
    tally.begin(&source.name);
    let result = one(own, &source, kind, Manner::default(), &mut tally).await;
    tally.end();
    result.map(|()| tally)
}
