//! Flags of what only reads: `timeline`, `inbox`, `queue`, `tail`, `check-id`.

use std::path::PathBuf;

use clap::Args;

use super::ServerArgs;
use super::written::position;

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
