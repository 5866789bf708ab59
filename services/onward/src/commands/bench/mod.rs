//! `onward bench`: measures on a log that it made itself, and says the conditions with every figure.

mod append;
mod child;
mod end_to_end;
mod faults;
mod figures;
mod ground;
mod streams;

use std::process::ExitCode;

use crate::cli::BenchCommand;

/// Runs one bench; a JSON line a cell on standard output.
pub async fn run(command: BenchCommand) -> anyhow::Result<ExitCode> {
    match command {
        BenchCommand::Append(args) => append::run(args).await?,
        BenchCommand::EndToEnd(args) => end_to_end::run(args).await?,
        BenchCommand::Faults(args) => faults::run(args).await?,
    }
    Ok(ExitCode::SUCCESS)
}
