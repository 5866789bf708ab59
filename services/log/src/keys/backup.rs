//! Backups of the key store: apart from those of the log, and dead after 35 days, since a backup of a
//! destroyed key would bring it back.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::KeyStore;
use super::files::{secure_folder, sync_folder};
use super::store::Store;
use crate::error::{Cause, LogError, OpenError};
use crate::folder::private_file;
use crate::sql::{key_store, key_store_fault};

/// What the name of a backup begins with; the moment follows, as `20260301T080000Z`.
const NAME: &str = "learner-keys-";
const ENDING: &str = ".db";

/// A backup that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackedUp {
    /// The file.
    pub file: PathBuf,
    /// Older ones that were removed, since their days were over.
    pub removed: usize,
    /// The day on which this one has to be gone, here and wherever it was copied.
    pub dies_on: Date,
}

impl KeyStore {
    /// Copies the store into a new file of the folder, while others use it, and removes the copies there that
    /// are older than `days`.
    ///
    /// # Errors
    /// The store is in PostgreSQL (`pg_dump` copies that), or the file cannot be made.
    pub async fn backup(
        &self,
        folder: &Path,
        now: Timestamp,
        days: u16,
    ) -> Result<BackedUp, LogError> {
        let Store::Sqlite { pool, .. } = &self.0.0.store else {
            tracing::error!("a key store in PostgreSQL is backed up with pg_dump");
            return Err(LogError::Unavailable(Cause::Keys));
        };
        secure_folder(folder, true).map_err(failed)?;
        let file = folder.join(format!("{NAME}{}{ENDING}", now.strftime("%Y%m%dT%H%M%SZ")));
        // Made beforehand, for its owner only: the copy goes into an empty file.
        private_file(&file).map_err(failed)?;
        let text = file.to_string_lossy().into_owned();
        let copied = sqlx::query(key_store::COPY_SQLITE).bind(text).execute(pool).await;
        copied.map_err(|error| key_store_fault(&error))?;
        let synced = fs::File::open(&file).and_then(|file| file.sync_all());
        synced.map_err(|error| failed(OpenError::Io { path: file.clone(), kind: error.kind() }))?;
        sync_folder(&file).map_err(failed)?;
        let today = jiff::tz::Offset::UTC.to_datetime(now).date();
        let first = today.saturating_sub(i32::from(days).days());
        let removed = remove_before(folder, first).map_err(|error| {
            failed(OpenError::Io { path: folder.to_owned(), kind: error.kind() })
        })?;
        Ok(BackedUp { file, removed, dies_on: today.saturating_add(i32::from(days).days()) })
    }
}

/// Removes the backups that were made on this day or before.
fn remove_before(folder: &Path, first: Date) -> std::io::Result<usize> {
    let mut removed = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if day_of(name).is_some_and(|made| made <= first) {
            fs::remove_file(&path)?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// The day in the name of a backup; none where it is the name of something else.
fn day_of(name: &str) -> Option<Date> {
    let moment = name.strip_prefix(NAME)?.strip_suffix(ENDING)?;
    Date::strptime("%Y%m%d", moment.split_once('T')?.0).ok()
}

fn failed(error: OpenError) -> LogError {
    tracing::error!(%error, "the key store cannot be backed up");
    LogError::Unavailable(Cause::Keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_backups_are_told_by_their_names() {
        let day = jiff::civil::date(2026, 3, 1);
        assert_eq!(day_of("learner-keys-20260301T080000Z.db"), Some(day));
        for other in ["learner-keys.db", "kek", "learner-keys-x.db", "learner-keys-20260301T0.txt"]
        {
            assert_eq!(day_of(other), None, "{other}");
        }
    }
}
