//! Flags of `bench`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `onward bench`.
#[derive(Subcommand)]
pub enum BenchCommand {
    /// Durable appends at the log.
    Append(AppendArgs),
    /// From a call to the entry in the timeline.
    EndToEnd(EndToEndArgs),
    /// The relay alone, onto a nats-server: a log that was filled for so many seconds is copied, then audited.
    Relay(BenchArgs),
    /// Claims of waiting referrals, with their events and leases.
    Claim(ClaimArgs),
    /// A view built anew from a log of so many events.
    Rebuild(RebuildBenchArgs),
    /// The log, and calls through gRPC, beside what a user would pick instead, on the same servers.
    Peers(PeersArgs),
    /// How soon a server answers after `kill -9` on a long log.
    Restart(RestartArgs),
    /// The whole of `onward verify` on a log of so many events.
    Verify(VerifyBenchArgs),
    /// How long a fault is felt: `kill -9`, SIGTERM, ten times too much.
    Faults(BenchArgs),
}

/// How much is in the log before a bench begins.
#[derive(Args, Clone, Copy, Default)]
pub struct PrefillArgs {
    /// Fill the log with so many events first: size matters to what is measured.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=50_000_000))]
    pub prefill: u64,
}

/// `onward bench append`.
#[derive(Args, Clone)]
pub struct AppendArgs {
    /// As for every bench.
    #[command(flatten)]
    pub bench: BenchArgs,
    /// What is there before.
    #[command(flatten)]
    pub prefill: PrefillArgs,
}

/// `onward bench end-to-end`.
#[derive(Args)]
pub struct EndToEndArgs {
    /// As for every bench.
    #[command(flatten)]
    pub bench: BenchArgs,
    /// Record over so many streams both ways (RecordTransitions), as fast as they go, instead of by calls.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=64))]
    pub streams: u32,
    /// Learners among whom the moves are spread; they are registered first.
    #[arg(long, value_name = "N", default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub learners: u32,
    /// Only the calls: no watch; with PostgreSQL the views are another process's work, too.
    #[arg(long)]
    pub calls_only: bool,
    /// What is there before.
    #[command(flatten)]
    pub prefill: PrefillArgs,
}

/// `onward bench claim`. `--clients` are the workers.
#[derive(Args)]
pub struct ClaimArgs {
    /// As for every bench.
    #[command(flatten)]
    pub bench: BenchArgs,
    /// Referrals a claim.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub batch: u32,
    /// What is there before.
    #[command(flatten)]
    pub prefill: PrefillArgs,
}

/// `onward bench peers`.
#[derive(Args)]
pub struct PeersArgs {
    /// As for every bench.
    #[command(flatten)]
    pub bench: BenchArgs,
    /// Folder `database` of the npm package @eventide/message-db, whose SQL is not shipped here.
    #[arg(long, value_name = "DIR")]
    pub message_db: Option<PathBuf>,
    /// The server of UmaDB (`cargo install umadb`), where it is not on the PATH.
    #[arg(long, value_name = "FILE")]
    pub umadb: Option<PathBuf>,
    /// Learners among whom the calls through gRPC are spread; they are registered first.
    #[arg(long, value_name = "N", default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub learners: u32,
}

/// `onward bench rebuild`.
#[derive(Args)]
pub struct RebuildBenchArgs {
    /// As for every bench.
    #[command(flatten)]
    pub bench: BenchArgs,
    /// Events to rebuild from.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..=50_000_000))]
    pub events: u64,
}

/// `onward bench restart`.
#[derive(Args)]
pub struct RestartArgs {
    /// As for every bench.
    #[command(flatten)]
    pub bench: BenchArgs,
    /// Events in the log before the kill.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..=50_000_000))]
    pub events: u64,
    /// Kill once more when the views show everything: a second cell. They take a while.
    #[arg(long)]
    pub views: bool,
}

/// `onward bench verify`.
#[derive(Args)]
pub struct VerifyBenchArgs {
    /// As for every bench.
    #[command(flatten)]
    pub bench: BenchArgs,
    /// Events to verify.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..=50_000_000))]
    pub events: u64,
    /// Leave the views out: they are built first, and folded again to be compared.
    #[arg(long)]
    pub no_views: bool,
}

/// What every bench takes. It writes only to a database, folder or stream that it made.
#[derive(Args, Clone)]
pub struct BenchArgs {
    /// Measure on this PostgreSQL, in a database made for it, instead of SQLite in a temporary folder.
    #[arg(long, value_name = "URL")]
    pub postgres: Option<String>,
    /// Follow the log through this nats-server.
    #[arg(long, value_name = "URL")]
    pub nats: Option<String>,
    /// Callers at once.
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub clients: u32,
    /// How long, in seconds.
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub seconds: u32,
    /// Calls a second, for append (as many as go, where it is not given) and end-to-end (1000); 0 is as
    /// many as go.
    #[arg(long, value_name = "R")]
    pub rate: Option<u32>,
    /// Folder for SQLite; by default a temporary one.
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
}
