//! Keeps the tree up to date and signs a checkpoint every so often. One process does it for all.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::error::LogError;
use crate::log::Log;
use crate::sql::Store;

/// Longest time between two looks at the log.
const LOOK: Duration = Duration::from_secs(5);
/// Name of the ownership.
const NAME: &str = "proof";

impl Log {
    /// Keeps the tree and signs checkpoints until it is stopped, a last one then. With several processes on
    /// one database, whoever owns the task does it.
    pub async fn keep_proof(&self, stop: CancellationToken) {
        let every = self.0.proof.every;
        let look = every.min(LOOK);
        let mut ticks = tokio::time::interval(look);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let owner = Uuid::now_v7();
        let (mut due, mut said) = (Instant::now(), None);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = ticks.tick() => {}
            }
            let sign = Instant::now() >= due;
            let told = match self.proof_turn(owner, 3 * look, sign).await {
                Ok(true) if sign => {
                    due = Instant::now() + every;
                    None
                }
                Ok(_) => None,
                Err(told) => Some(told),
            };
            // Said once, not every few seconds.
            if let Some(told) = told.as_ref().filter(|told| said.as_ref() != Some(*told)) {
                tracing::error!(reason = %told, "no checkpoint is signed");
            }
            said = told;
        }
        // What was written since the last minute is signed for too.
        if let Err(fault) = self.proof_turn(owner, look, true).await {
            tracing::warn!(reason = %fault, "no last checkpoint was signed");
        }
        if !self.proof_alone() {
            let _ = self.disown(NAME, owner).await;
        }
    }

    /// Whether it is this process's turn; then the tree is grown and, where it is time, a checkpoint is
    /// signed.
    async fn proof_turn(&self, owner: Uuid, ttl: Duration, sign: bool) -> Result<bool, String> {
        let told = |fault: LogError| fault.to_string();
        if !self.proof_alone() && self.own(NAME, owner, ttl).await.map_err(told)?.is_none() {
            return Ok(false);
        }
        if sign {
            self.sign_checkpoint().await.map_err(|fault| fault.to_string())?;
        } else {
            let head = self.head_watch().borrow().get();
            self.store().grow_tree(head).await.map_err(told)?;
        }
        Ok(true)
    }

    /// On SQLite the folder's lock keeps everybody else away.
    fn proof_alone(&self) -> bool {
        matches!(self.store(), Store::Sqlite(_))
    }
}
