//! `onward bench`: measures on a log that it made itself, and says the conditions with every figure.

mod append;
mod child;
mod claim;
mod end_to_end;
mod faults;
mod figures;
mod filling;
mod ground;
mod house;
mod lives;
mod load;
mod over_streams;
mod pace;
mod peers;
mod rebuild;
mod relay;
mod restart;
mod room;
mod streams;
mod verify;
mod watching;

use std::process::ExitCode;

use crate::cli::{BenchArgs, BenchCommand};

/// Runs one bench; a JSON line a cell on standard output.
pub async fn run(command: BenchCommand) -> anyhow::Result<ExitCode> {
    match command {
        BenchCommand::Append(args) => append::run(args).await?,
        BenchCommand::EndToEnd(args) => end_to_end::run(args).await?,
        BenchCommand::Faults(args) => faults::run(args).await?,
        BenchCommand::Claim(args) => claim::run(args).await?,
        BenchCommand::Rebuild(args) => rebuild::run(args).await?,
        BenchCommand::Peers(args) => peers::run(args).await?,
        BenchCommand::Restart(args) => restart::run(args).await?,
        BenchCommand::Verify(args) => verify::run(args).await?,
        BenchCommand::Relay(args) => relay::run(args).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// `sqlite` or `postgres`.
fn backend(args: &BenchArgs) -> &'static str {
    if args.postgres.is_some() { "postgres" } else { "sqlite" }
}
