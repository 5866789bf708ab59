//! A log, or a key store, that was restored from a backup does not know what was erased since: the list of
//! erasures tells it, before anybody is served. And other processes' erasures, as long as this one runs.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use onward_domain::event::{Event, LearnerFact, Provenance};
use onward_domain::ids::LearnerId;
use onward_domain::learner::LearnerErased;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::keeper;
use crate::error::{Cause, ExecuteError, LogError, OpenError};
use crate::execute::{Attempt, Call};
use crate::keys::Keys;
use crate::log::Log;
use crate::position::Position;
use crate::sql::{Store, log_fault};
use crate::unit::Unit;

/// How often the log is asked for erasures at most.
const EVERY: Duration = Duration::from_millis(50);

impl Log {
    /// Makes log, key store and list of erasures agree, and finishes what was begun.
    pub(crate) async fn replay_erasures(&self) -> Result<(), OpenError> {
        let listed = self.0.erasures.read()?;
        self.agree(listed).await.map_err(OpenError::Erasing)
    }

    async fn agree(&self, listed: Vec<Uuid>) -> Result<(), LogError> {
        let recorded = self.store().erased_after(Position::START).await;
        let recorded = recorded.map_err(|error| log_fault(&error))?;
        let recorded: HashSet<Uuid> = recorded.into_iter().map(|(learner, _)| learner).collect();
        let missing: Vec<Uuid> =
            listed.iter().copied().filter(|learner| !recorded.contains(learner)).collect();
        if !missing.is_empty() {
            tracing::warn!(records = missing.len(), "this log is older than the list of erasures");
        }
        for learner in &missing {
            self.say_erased(*learner).await?;
        }
        let all: HashSet<Uuid> = listed.into_iter().chain(recorded).collect();
        let all: Vec<Uuid> = all.into_iter().collect();
        self.0.erasures.add(&all)?;
        // From here on nothing opens in this process, whatever the key store still holds.
        self.keys().forget(all.iter().copied());
        let left = self.keys().not_destroyed(&all).await?;
        if !left.is_empty() {
            tracing::warn!(records = left.len(), "keys that were destroyed are destroyed again");
        }
        for learner in left {
            let owed = self.store().owe_erasure(learner).await;
            owed.map_err(|fault| LogError::Unavailable(fault.cause()))?;
        }
        match self.finish_erasures().await {
            // Somebody's long transaction holds it up: it is gone on with while this process serves.
            Err(LogError::Unavailable(Cause::Busy)) => Ok(()),
            done => done,
        }
    }

    /// Records that a learner was erased, where the log knows the learner and does not say so.
    async fn say_erased(&self, learner: Uuid) -> Result<(), LogError> {
        let first = self.stream(learner).await?.into_iter().next();
        let learner = LearnerId::new(learner);
        let first = first.filter(|first| first.learner == Some(learner));
        let Some(keeper) = first.as_ref().and_then(keeper) else { return Ok(()) };
        let attempt: Attempt = Arc::new(move |unit: &mut Unit| {
            Box::pin(async move {
                let events = unit.log().stream(learner.uuid()).await?;
                let version = events.last().map_or(0, |last| last.version);
                let fact = LearnerFact::Erased(LearnerErased { learner, keeper });
                unit.record(learner.uuid(), version, Event::Learner(fact));
                Ok(())
            })
        });
        let provenance = Provenance {
            organisation: keeper,
            member: None,
            actor: None,
            occurred: None,
            external_ref: None,
        };
        match self.execute(Call { request: None, provenance }, attempt).await {
            // Another process was quicker.
            Ok(_) | Err(ExecuteError::Erased) => Ok(()),
            Err(ExecuteError::Unavailable(cause)) => Err(LogError::Unavailable(cause)),
            Err(_) => Err(LogError::Unavailable(Cause::Fault)),
        }
    }
}

/// Forgets the keys of learners whom another process erased, as long as this one runs.
pub(crate) async fn follow(
    store: Arc<Store>,
    keys: Keys,
    mut head: watch::Receiver<Position>,
    stop: CancellationToken,
) {
    let mut seen = Position::START;
    loop {
        if let Ok(erased) = store.erased_after(seen).await {
            seen = erased.last().map_or(seen, |(_, position)| Position::from_sql(*position));
            keys.forget(erased.into_iter().map(|(learner, _)| learner));
        }
        tokio::select! {
            () = stop.cancelled() => return,
            changed = head.changed() => if changed.is_err() { return },
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}
