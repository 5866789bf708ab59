//! What a bench stands on: a log of its own, empty at the start.

use anyhow::ensure;
use onward_log::{Database, Log, Options, Position};
use tempfile::TempDir;

use crate::cli::BenchArgs;

/// A log that nobody else uses, and the folder that goes away with it.
pub struct Ground {
    /// The log.
    pub log: Log,
    /// `sqlite` or `postgres`.
    pub backend: &'static str,
    /// Keys, and the database file where it is SQLite.
    pub folder: TempDir,
}

/// The schema that a bench makes for itself.
const SCHEMA: &str = "onward_bench";

impl Ground {
    /// Opens a log for a bench.
    ///
    /// # Errors
    /// The log has events in it, or cannot be opened.
    pub async fn prepare(args: &BenchArgs) -> anyhow::Result<Self> {
        let mut builder = tempfile::Builder::new();
        let builder = builder.prefix("onward-bench-");
        let folder = match &args.folder {
            Some(parent) => builder.tempdir_in(parent)?,
            None => builder.tempdir()?,
        };
        let (options, backend) = match &args.postgres {
            Some(url) => {
                let mut options = Options::postgres(url, folder.path().join("keys"));
                if let Database::Postgres { schema, .. } = &mut options.database {
                    *schema = Some(SCHEMA.to_owned());
                }
                (options, "postgres")
            }
            None => (Options::sqlite(folder.path()), "sqlite"),
        };
        let log = Log::open(options).await?;
        ensure!(
            log.head().await? == Position::START,
            "this log has events in it: a bench writes only to an empty one (drop the schema {SCHEMA})"
        );
        Ok(Self { log, backend, folder })
    }
}
