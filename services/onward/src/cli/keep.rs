//! Flags of what keeps a log and its keys in order: `keys`, `log`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::StoreArgs;

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
