//! Flags of what proves the log: `verify`, `checkpoint`, `receipt`.

use std::path::PathBuf;

use clap::Args;

use super::written::position;
use super::{ServerArgs, StoreArgs};

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
