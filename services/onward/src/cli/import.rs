//! Flags of `import`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::ServerArgs;

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
