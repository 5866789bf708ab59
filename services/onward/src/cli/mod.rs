//! The command tree: names, flags and defaults as the contract fixes them. A file a group of commands.

mod bench;
mod import;
mod keep;
mod place;
mod proof;
mod read;
mod serve;
mod views;
mod written;

use clap::{Parser, Subcommand, ValueEnum};

pub use bench::{
    AppendArgs, BenchArgs, BenchCommand, ClaimArgs, EndToEndArgs, PeersArgs, PrefillArgs,
    RebuildBenchArgs, RestartArgs, VerifyBenchArgs,
};
pub use import::{CsvKind, ImportArgs, ImportCommand};
pub use keep::{KeysBackupArgs, KeysCommand, KeysRotateArgs, LogCommand};
pub use place::{ServerArgs, StoreArgs};
pub use proof::{CheckpointArgs, ReceiptArgs, VerifyArgs};
pub use read::{CheckIdArgs, InboxArgs, QueueArgs, TailArgs, TimelineArgs};
pub use serve::{BootstrapArgs, ConfigCommand, DemoArgs, ServeArgs, TokenArgs};
pub use views::{AbandonArgs, RebuildArgs, RetryArgs, SwitchArgs, ViewArgs, ViewsCommand};

/// Carries what is known about a learner with special educational needs from one setting to the next.
#[derive(Parser)]
#[command(name = "onward", version, about, propagate_version = true, max_term_width = 100)]
pub struct Cli {
    /// How data is printed.
    #[arg(long, global = true, value_enum, default_value_t = Output::Table)]
    pub output: Output,
    /// More of the program log on stderr (-v, -vv).
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// How data is printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// Columns for people.
    Table,
    /// One JSON document.
    Json,
    /// Comma-separated values; cells that a spreadsheet would compute are neutralised.
    Csv,
}

/// What to do.
#[derive(Subcommand)]
pub enum Command {
    /// Run the server.
    Serve(ServeArgs),
    /// Make the first operator; needs the database itself.
    Bootstrap(BootstrapArgs),
    /// The main job on sample files in one go, in a temporary folder.
    Demo(DemoArgs),
    /// Stream a file to the server, as the token's organisation.
    #[command(subcommand)]
    Import(ImportCommand),
    /// A signed development token, where the server runs with its development key.
    Token(TokenArgs),
    /// A learner's timeline, as the token's organisation sees it.
    Timeline(TimelineArgs),
    /// Handovers that the token's organisation received.
    Inbox(InboxArgs),
    /// A pathfinder's queue.
    Queue(QueueArgs),
    /// The log, live: public parts only.
    Tail(TailArgs),
    /// Clean and check identifiers.
    CheckId(CheckIdArgs),
    /// Measure.
    #[command(subcommand)]
    Bench(BenchCommand),
    /// The effective configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// The views.
    #[command(subcommand)]
    Views(ViewsCommand),
    /// Check everything that a log says of itself, or a receipt; exit code 1 when something is wrong.
    Verify(VerifyArgs),
    /// A signed checkpoint of the log, to keep elsewhere.
    Checkpoint(CheckpointArgs),
    /// A receipt: proof that an event is in the log.
    Receipt(ReceiptArgs),
    /// The learners' keys: change the key that wraps them, back them up.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// The log itself; needs the database.
    #[command(subcommand)]
    Log(LogCommand),
}
