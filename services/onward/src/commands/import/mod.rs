//! `onward import`: streams a file to the server, as the token's organisation.
//!
//! Every row has a request id that follows from what it says, so that running the file again changes
//! nothing, and a corrected row is a new request.

mod ctf;
mod detail;
mod learner;
mod organisations;
mod own;
mod referrals;
mod rows;
mod tally;
mod transitions;

use std::fs::File;
use std::io::{BufReader, Cursor, Read};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;

pub use learner::date;
pub use own::Own;
pub use tally::Tally;

use super::client::Server;
use crate::cli::{CsvKind, ImportArgs, ImportCommand, Output};

/// Rows that are under way at once.
pub const AT_ONCE: usize = 32;

/// A file in memory or on disk: both can be read twice, once to check and once to send.
pub trait Input: std::io::BufRead + std::io::Seek {}
impl<T: std::io::BufRead + std::io::Seek> Input for T {}

/// How an import goes about it.
#[derive(Clone, Copy)]
pub struct Manner {
    /// Say what would happen and change nothing.
    pub dry_run: bool,
    /// Refuse everything when one row is bad.
    pub all_or_nothing: bool,
}

/// Imports, and prints what became of each file. Exit code 1 when a row failed.
pub async fn run(command: ImportCommand, output: Output) -> anyhow::Result<ExitCode> {
    let (args, files, kind) = match command {
        ImportCommand::Ctf(args) => (args.import, args.files, None),
        ImportCommand::Csv(args) => (args.import, vec![args.file], Some(args.kind)),
    };
    let own = Own::of(Server::connect(&args.server).await?).await?;
    let manner = Manner { dry_run: args.dry_run, all_or_nothing: args.all_or_nothing };
    let mut total = Tally::new(rejects(&args)?);
    for path in &files {
        let name = path.display().to_string();
        let input = open(path)?;
        total.begin(&name);
        let result = match kind {
            None => ctf::import(&own, input, manner, &mut total).await,
            Some(CsvKind::Organisations) => {
                organisations::import(&own, input, manner, &mut total).await
            }
            Some(CsvKind::Transitions) => {
                transitions::import(&own, input, manner, &mut total).await
            }
            Some(CsvKind::Referrals) => referrals::import(&own, input, manner, &mut total).await,
        };
        total.end();
        result.with_context(|| name)?;
    }
    total.print(output, manner.dry_run)?;
    Ok(if total.failed() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Imports a transfer file from memory: what the demo does with its samples.
pub async fn ctf_bytes(own: &Own, bytes: &'static [u8]) -> anyhow::Result<Tally> {
    let mut tally = Tally::new(None);
    let manner = Manner { dry_run: false, all_or_nothing: false };
    ctf::import(own, Box::new(Cursor::new(bytes)), manner, &mut tally).await?;
    Ok(tally)
}

/// Imports a CSV file from memory: what the demo does with its samples.
pub async fn csv_bytes(own: &Own, kind: CsvKind, bytes: &'static [u8]) -> anyhow::Result<Tally> {
    let mut tally = Tally::new(None);
    let manner = Manner { dry_run: false, all_or_nothing: false };
    let input = Box::new(Cursor::new(bytes));
    match kind {
        CsvKind::Organisations => organisations::import(own, input, manner, &mut tally).await?,
        CsvKind::Transitions => transitions::import(own, input, manner, &mut tally).await?,
        CsvKind::Referrals => referrals::import(own, input, manner, &mut tally).await?,
    }
    Ok(tally)
}

fn open(path: &Path) -> anyhow::Result<Box<dyn Input>> {
    if path == Path::new("-") {
        // Standard input cannot be read twice, so it is kept; the readers' limits bound the memory.
        let mut bytes = Vec::new();
        std::io::stdin().lock().take(256 * 1024 * 1024 + 1).read_to_end(&mut bytes)?;
        return Ok(Box::new(Cursor::new(bytes)));
    }
    let file = File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(Box::new(BufReader::new(file)))
}

fn rejects(args: &ImportArgs) -> anyhow::Result<Option<File>> {
    let Some(path) = &args.rejects else { return Ok(None) };
    // The rejected rows are what the sender sent: for the sender's eyes only.
    use std::os::unix::fs::OpenOptionsExt;
    let file = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(Some(file))
}
