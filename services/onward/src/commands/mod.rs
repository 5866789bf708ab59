//! One file a command; this one only finds it.

mod bench;
mod bootstrap;
mod check_id;
mod client;
mod config;
mod demo;
mod import;
mod inbox;
mod keys;
mod log;
mod proof;
mod queue;
mod serve;
mod tail;
mod text;
mod timeline;
mod token;
mod verify;
mod views;

use std::process::ExitCode;

use crate::cli::{Cli, Command};

/// Runs the command. `Ok` carries its exit code; an error is one line and exit code 1.
///
/// # Errors
/// Why it was refused or failed.
pub async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let output = cli.output;
    match cli.command {
        Command::Serve(args) => serve::run(args).await,
        Command::Bootstrap(args) => bootstrap::run(args, output).await,
        Command::Demo(args) => demo::run(args, output).await,
        Command::Import(command) => import::run(command, output).await,
        Command::Token(args) => token::run(args, output),
        Command::Timeline(args) => timeline::run(args, output).await,
        Command::Inbox(args) => inbox::run(args, output).await,
        Command::Queue(args) => queue::run(args, output).await,
        Command::Tail(args) => tail::run(args, output).await,
        Command::CheckId(args) => check_id::run(args, output),
        Command::Bench(command) => bench::run(command).await,
        Command::Config(command) => config::run(command, output),
        Command::Views(command) => views::run(command, output).await,
        Command::Keys(command) => keys::run(command, output).await,
        Command::Log(command) => log::run(command, output).await,
        Command::Verify(args) => verify::run(args, output).await,
        Command::Checkpoint(args) => proof::checkpoint(args, output).await,
        Command::Receipt(args) => proof::receipt(args, output).await,
    }
}
