//! The command tree: names, flags and defaults as the contract fixes them.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::role::Role;

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

/// Where data is kept. Flags override the environment, which overrides the configuration file.
#[derive(Args, Clone, Default)]
pub struct StoreArgs {
    /// Configuration file (TOML).
    #[arg(long, value_name = "FILE", env = "ONWARD_CONFIG")]
    pub config: Option<PathBuf>,
    /// Data folder: the embedded database, the learners' keys, the development key.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Keep the log in PostgreSQL instead of the data folder.
    #[arg(long, value_name = "URL")]
    pub postgres: Option<String>,
}

/// `onward serve`.
#[derive(Args, Clone, Default)]
pub struct ServeArgs {
    /// Where data is kept.
    #[command(flatten)]
    pub store: StoreArgs,
    /// Address to listen on; port 0 picks one.
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
    /// Copy the log onto this nats-server (2.12 or newer).
    #[arg(long, value_name = "URL")]
    pub nats: Option<String>,
    /// Shares of the work, with commas between; all by default.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub role: Vec<Role>,
}

/// `onward bootstrap`.
#[derive(Args)]
pub struct BootstrapArgs {
    /// Where data is kept.
    #[command(flatten)]
    pub store: StoreArgs,
    /// Name of the operator's organisation.
    #[arg(long, value_name = "NAME")]
    pub org: String,
    /// `sub` of the first operator's tokens.
    #[arg(long, value_name = "S")]
    pub subject: String,
    /// `iss` of the first operator's tokens.
    #[arg(long, value_name = "I")]
    pub issuer: String,
}

/// `onward demo`.
#[derive(Args)]
pub struct DemoArgs {
    /// End when everything has been shown instead of serving on.
    #[arg(long)]
    pub exit: bool,
}

/// `onward import`.
#[derive(Subcommand)]
pub enum ImportCommand {
    /// Common Transfer Files.
    Ctf(ImportCtfArgs),
    /// A CSV file of one kind.
    Csv(ImportCsvArgs),
}

/// What every import takes.
#[derive(Args, Clone)]
pub struct ImportArgs {
    /// The server.
    #[command(flatten)]
    pub server: ServerArgs,
    /// Say what would happen and change nothing: every check and look-up of the import itself.
    #[arg(long)]
    pub dry_run: bool,
    /// Refuse everything when one row of any file is bad. Every file is checked as in a dry run before
    /// anything is sent. What another caller changes between that check and the sending can still be
    /// refused: it is reported, and nothing is sent after it.
    #[arg(long)]
    pub all_or_nothing: bool,
    /// Write rejected rows here, with line and reason. The file appears at the end, readable by its
    /// owner only.
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
}

/// `onward import ctf`.
#[derive(Args)]
pub struct ImportCtfArgs {
    /// What every import takes.
    #[command(flatten)]
    pub import: ImportArgs,
    /// The files.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// `onward import csv`.
#[derive(Args)]
pub struct ImportCsvArgs {
    /// What every import takes.
    #[command(flatten)]
    pub import: ImportArgs,
    /// What a row is.
    #[arg(long, value_enum)]
    pub kind: CsvKind,
    /// The file; `-` is standard input.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// What a row of a CSV file is.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CsvKind {
    /// An organisation.
    Organisations,
    /// A transition.
    Transitions,
    /// A referral.
    Referrals,
}

/// Which server, and as whom.
#[derive(Args, Clone)]
pub struct ServerArgs {
    /// The server's address.
    #[arg(
        long,
        value_name = "URL",
        env = "ONWARD_SERVER",
        default_value = "http://127.0.0.1:7700"
    )]
    pub server: String,
    /// A file with the certificates (PEM) of the authority that signed the server's; else the system's count.
    #[arg(long, value_name = "FILE", env = "ONWARD_CA")]
    pub ca: Option<PathBuf>,
    /// A bearer token.
    #[arg(long, value_name = "T", env = "ONWARD_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
}

/// `onward token`.
#[derive(Args)]
pub struct TokenArgs {
    /// Where the server keeps its development key.
    #[command(flatten)]
    pub store: StoreArgs,
    /// The organisation (UUID).
    #[arg(long, value_name = "ID")]
    pub org: String,
    /// The role that the member has to have.
    #[arg(long, value_name = "ROLE")]
    pub role: String,
    /// `sub` of the token; by default the role's development member.
    #[arg(long, value_name = "S")]
    pub subject: Option<String>,
    /// How long it is good for, `90s`, `15m` or `1h`; a day at most.
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = duration)]
    pub ttl: std::time::Duration,
}

/// `onward timeline`.
#[derive(Args)]
pub struct TimelineArgs {
    /// The server.
    #[command(flatten)]
    pub server: ServerArgs,
    /// The learner's record (UUID), a UPN or a ULN.
    #[arg(value_name = "LEARNER")]
    pub learner: String,
    /// As the organisation knew it at this moment (RFC 3339).
    #[arg(long, value_name = "T")]
    pub as_known_at: Option<String>,
}

/// `onward inbox`.
#[derive(Args)]
pub struct InboxArgs {
    /// The server.
    #[command(flatten)]
    pub server: ServerArgs,
    /// Only handovers in this state, `RELEASED` for example.
    #[arg(long, value_name = "STATE")]
    pub state: Option<String>,
}

/// `onward queue`.
#[derive(Args)]
pub struct QueueArgs {
    /// The server.
    #[command(flatten)]
    pub server: ServerArgs,
    /// The pathfinder: its id (UUID) or its key, `elsec-london` for example.
    #[arg(value_name = "PATHFINDER")]
    pub pathfinder: String,
    /// Only referrals in this state, `ACCEPTED` for example.
    #[arg(long, value_name = "STATE")]
    pub state: Option<String>,
}

/// A position as the contract writes it, of one that a person writes: `5` is the same as
/// `00000000000000000005`.
fn position(text: &str) -> Result<String, String> {
    let number: u64 = text.parse().map_err(|_| "a position is a whole number".to_owned())?;
    Ok(format!("{number:020}"))
}

/// `onward tail`.
#[derive(Args)]
pub struct TailArgs {
    /// The server.
    #[command(flatten)]
    pub server: ServerArgs,
    /// Start after this position; by default at the beginning of the log.
    #[arg(long, value_name = "POSITION", value_parser = position)]
    pub from: Option<String>,
    /// End after this many events.
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,
}

/// `onward verify`.
#[derive(Args)]
pub struct VerifyArgs {
    /// Where data is kept. A server may be running on it.
    #[command(flatten)]
    pub store: StoreArgs,
    /// A file with one checkpoint or many that were kept outside of the database. May be given again.
    /// By default the newest that the server has written, `checkpoints/newest.checkpoint` in the data
    /// folder, which is only as safe as that folder.
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Vec<PathBuf>,
    /// Compare the copy on this nats-server, too.
    #[arg(long, value_name = "URL")]
    pub nats: Option<String>,
    /// Leave the views out: to compare them, the whole log is folded again.
    #[arg(long)]
    pub no_views: bool,
    /// Check this receipt instead of a log.
    #[arg(long, value_name = "FILE", conflicts_with = "checkpoint")]
    pub receipt: Option<PathBuf>,
    /// The log's verifier key, or a file with one a line; by default that of the data folder's own key.
    #[arg(long, value_name = "KEY")]
    pub key: Vec<String>,
}

/// `onward checkpoint`.
#[derive(Args)]
pub struct CheckpointArgs {
    /// The server.
    #[command(flatten)]
    pub server: ServerArgs,
    /// One that covers everything up to now, instead of the newest.
    #[arg(long)]
    pub now: bool,
    /// Write it to this file.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// `onward receipt`.
#[derive(Args)]
pub struct ReceiptArgs {
    /// The server.
    #[command(flatten)]
    pub server: ServerArgs,
    /// Position of the event: a receipt's position.
    #[arg(value_name = "POSITION", value_parser = position)]
    pub position: String,
    /// Another event (UUID) that was recorded with it.
    #[arg(long, value_name = "ID")]
    pub event: Option<String>,
    /// Prove it by the checkpoint of exactly so many events.
    #[arg(long, value_name = "N")]
    pub size: Option<u64>,
    /// Write it to this file.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// `onward check-id`.
#[derive(Args)]
pub struct CheckIdArgs {
    /// Which identifier: upn, uln, nhs, urn, ey_urn, laestab, ukprn, sid, husid or ods.
    #[arg(value_name = "KIND")]
    pub kind: String,
    /// The values.
    #[arg(value_name = "VALUE", required_unless_present = "file")]
    pub values: Vec<String>,
    /// A file with a value a line; `-` is standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "values")]
    pub file: Option<PathBuf>,
}

/// `onward bench`.
#[derive(Subcommand)]
pub enum BenchCommand {
    /// Durable appends at the log.
    Append(BenchArgs),
    /// From a call to the entry in the timeline.
    EndToEnd(EndToEndArgs),
    /// The relay alone, onto a nats-server: a log that was filled for so many seconds is copied, then audited.
    Relay(BenchArgs),
    /// Claims of waiting referrals, with their events and leases.
    Claim(ClaimArgs),
    /// A view built anew from a log of so many events.
    Rebuild(RebuildBenchArgs),
    /// The log beside what a user would pick instead, on the same servers.
    Peers(PeersArgs),
    /// How soon a server answers after `kill -9` on a long log.
    Restart(RestartArgs),
    /// How long a fault is felt: `kill -9`, SIGTERM, ten times too much.
    Faults(BenchArgs),
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
    /// Only the calls: views and watch are another process's work. With PostgreSQL.
    #[arg(long)]
    pub calls_only: bool,
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
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    pub events: u64,
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
    /// Calls a second, for end-to-end; 0 is as many as go.
    #[arg(long, value_name = "R", default_value_t = 1000)]
    pub rate: u32,
    /// Folder for SQLite; by default a temporary one.
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

/// `onward config`.
#[derive(Subcommand)]
pub enum ConfigCommand {
    /// Read everything and say what is wrong.
    Check(ServeArgs),
    /// Print it, secrets hidden.
    Print(ServeArgs),
}

/// `onward views`.
#[derive(Subcommand)]
pub enum ViewsCommand {
    /// How far each view is.
    List(ServerArgs),
    /// What could not be applied, and why.
    Parked(ServerArgs),
    /// Try again what could not be applied.
    Retry(RetryArgs),
    /// Build a view anew beside the one that answers, and compare them.
    Rebuild(RebuildArgs),
    /// Compare again what was built.
    Compare(ViewArgs),
    /// Let what was built answer from now on, or go back.
    Switch(SwitchArgs),
    /// Give up a build that nobody reads.
    Abandon(AbandonArgs),
}

/// A view by its name.
#[derive(Args)]
pub struct ViewArgs {
    /// The server.
    #[command(flatten)]
    pub server: ServerArgs,
    /// The view: timeline, inbox, queue or directory.
    #[arg(value_name = "VIEW")]
    pub view: String,
}

/// `onward views retry`.
#[derive(Args)]
pub struct RetryArgs {
    /// The server.
    #[command(flatten)]
    pub server: ServerArgs,
    /// Only in this view.
    #[arg(long, value_name = "VIEW")]
    pub view: Option<String>,
    /// Only of this record (UUID) of a learner.
    #[arg(long, value_name = "ID")]
    pub learner: Option<String>,
}

/// `onward views rebuild`.
#[derive(Args)]
pub struct RebuildArgs {
    /// The view.
    #[command(flatten)]
    pub view: ViewArgs,
    /// Only begin it; `onward views list` tells how far it is.
    #[arg(long)]
    pub detach: bool,
}

/// `onward views switch`.
#[derive(Args)]
pub struct SwitchArgs {
    /// The view.
    #[command(flatten)]
    pub view: ViewArgs,
    /// To the build that answered before the last switch.
    #[arg(long)]
    pub back: bool,
    /// Although the comparison found differences: where the rebuild is to mend rows.
    #[arg(long)]
    pub accept_differences: bool,
}

/// `onward views abandon`.
#[derive(Args)]
pub struct AbandonArgs {
    /// The view.
    #[command(flatten)]
    pub view: ViewArgs,
    /// Number of the generation; by default the one that is built, or waits, beside the live one.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub generation: u64,
}

/// `onward keys`.
#[derive(Subcommand)]
pub enum KeysCommand {
    /// Change the key-encryption key: every wrapped key is wrapped anew, while servers run. Killed, it is run
    /// again.
    Rotate(KeysRotateArgs),
    /// Copy the key store into a folder, while servers run, and remove the copies there that are too old.
    Backup(KeysBackupArgs),
}

/// `onward keys rotate`.
#[derive(Args)]
pub struct KeysRotateArgs {
    /// Where the keys are kept.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// `onward keys backup`.
#[derive(Args)]
pub struct KeysBackupArgs {
    /// Where the keys are kept.
    #[command(flatten)]
    pub store: StoreArgs,
    /// The folder; never one that the log's backups are in.
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
}

/// `onward log`.
#[derive(Subcommand)]
pub enum LogCommand {
    /// Accept the log as it is, after it was restored from an older copy: begins its next epoch, and lets
    /// copying onto the bus go on where it was halted. What the copy holds and the log lost stays in a
    /// retired stream.
    AcceptRestore(StoreArgs),
}

/// Reads `90s`, `15m`, `1h`.
fn duration(text: &str) -> Result<std::time::Duration, String> {
    let split = text.len().saturating_sub(1);
    let (number, unit) = text.split_at_checked(split).ok_or("not a time such as 15m")?;
    let number: u64 = number.parse().map_err(|_| "not a time such as 90s, 15m or 1h")?;
    let seconds = match unit {
        "s" => Some(number),
        "m" => number.checked_mul(60),
        "h" => number.checked_mul(3600),
        _ => None,
    };
    seconds
        .filter(|seconds| *seconds > 0)
        .map(std::time::Duration::from_secs)
        .ok_or_else(|| "not a time such as 90s, 15m or 1h".to_owned())
}
