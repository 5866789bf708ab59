//! Who does what only one process may do: the relay, a view's partition. A row with a time to live and
//! an epoch, which grows whenever the owner changes.

use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::error::LogError;
use crate::log::Log;
use crate::recorded::moment;

/// An ownership that one has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ownership {
    /// Grows whenever the owner changes: work of an earlier epoch is refused.
    pub epoch: u64,
    /// When it runs out unless it is taken again.
    pub until: Timestamp,
}

impl Log {
    /// Takes `name` for `owner`, or keeps it, for this long from now on; `None` while somebody else has it.
    ///
    /// # Errors
    /// When the log cannot be written. What one had is then kept until it runs out.
    pub async fn own(
        &self,
        name: &str,
        owner: Uuid,
        time_to_live: Duration,
    ) -> Result<Option<Ownership>, LogError> {
        let micros = i64::try_from(time_to_live.as_micros()).unwrap_or(i64::MAX);
        let store = std::sync::Arc::clone(&self.0.store);
        let (name, clock) = (name.to_owned(), std::sync::Arc::clone(&self.0.clock));
        let task = self.tasks().spawn(async move { store.own(&name, owner, micros, &clock).await });
        let row = task.await.map_err(|_| LogError::Unavailable(crate::error::Cause::Fault))??;
        let ownership = |(epoch, until): (i64, i64)| Ownership {
            epoch: epoch.cast_unsigned(),
            until: moment(until),
        };
        Ok(row.map(ownership))
    }

    /// Gives `name` up, where `owner` has it.
    ///
    /// # Errors
    /// When the log cannot be written; it then runs out by itself.
    pub async fn disown(&self, name: &str, owner: Uuid) -> Result<(), LogError> {
        let store = std::sync::Arc::clone(&self.0.store);
        let name = name.to_owned();
        let task = self.tasks().spawn(async move { store.disown(&name, owner).await });
        task.await.map_err(|_| LogError::Unavailable(crate::error::Cause::Fault))?
    }

    /// Who owns `name` now or did last: owner, epoch, until when.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn owner(&self, name: &str) -> Result<Option<(Uuid, Ownership)>, LogError> {
        let row = self.store().owner(name).await.map_err(|error| crate::sql::log_fault(&error))?;
        Ok(row.map(|(owner, epoch, until)| {
            (owner, Ownership { epoch: epoch.cast_unsigned(), until: moment(until) })
        }))
    }
}
