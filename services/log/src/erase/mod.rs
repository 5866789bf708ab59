//! Erasing learners: what follows once the log has recorded it, finished whatever happens in between.
//!
//! | step | and a crash after it |
//! |---|---|
//! | 1. `LearnerErased`, `log_erased` and `log_erasing` in one append: nothing more is written about them | the next start, or the same request again, goes on from here |
//! | 2. the list of erasures, outside the backups (`list.rs`) | from here on no restored backup brings them back |
//! | 3. the key is destroyed (`keys/destroy.rs`), here and in every process that remembers it | nothing can be read |
//! | 4. look-up keys are released; views drop their rows when they meet `LearnerErased` | nothing is found |
//! | 5. the row of `log_erasing` goes | |
//!
//! Recorded comes first: what a rule refuses, or what somebody else decided meanwhile, must not have been
//! destroyed. From step 1 on there is no way back and nobody has to ask again: every step can be repeated.

mod list;
mod replay;

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;
use onward_domain::ids::{LearnerId, OrganisationId};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) use list::ErasureList;
pub(crate) use replay::follow;

use crate::claim_key::{Key, KeyId, Relation};
use crate::codec;
use crate::error::{Cause, LogError};
use crate::log::Log;
use crate::position::Position;
use crate::proposal::{Proposal, Work};
use crate::recorded::Recorded;
use crate::sql::log_fault;

/// Look-up keys released in one append.
const TOGETHER: usize = 200;
/// How often it is looked whether an erasure waits; with each try that fails the pause doubles.
const LOOK: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_secs(60);
/// How often keys are looked for again: those that were claimed just before the erasure was recorded.
const ROUNDS: usize = 10;

/// A record that was erased, and where the log says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErasedRecord {
    /// The record.
    pub learner: LearnerId,
    /// The position of `LearnerErased`.
    pub position: Position,
}

impl Log {
    /// Carries through every erasure that is recorded and not finished yet. When this returns, the keys are
    /// gone, the list of erasures has the learners, and no look-up finds them.
    ///
    /// # Errors
    /// Something could not be done now. Call it again, or start the process again: it goes on.
    pub async fn finish_erasures(&self) -> Result<(), LogError> {
        let log = self.clone();
        // A task of its own: a caller that goes away stops nothing half way.
        let task = self.tasks().spawn(async move {
            let _alone = log.0.erasures.alone().await;
            let unfinished = log.store().unfinished_erasures().await;
            let learners = unfinished.map_err(|error| log_fault(&error))?;
            if learners.is_empty() { Ok(()) } else { log.carry_through(&learners).await }
        });
        task.await.unwrap_or(Err(LogError::Unavailable(Cause::Fault)))
    }

    /// Carries through, as long as it runs, what [`Log::finish_erasures`] could not: whoever confirmed it need
    /// not ask again, and nobody need notice that a long transaction, a full disk or a key store that was
    /// away has let a key live on. It is told once, and tried again and again.
    pub async fn keep_erasing(&self, stop: CancellationToken) {
        let mut pause = LOOK;
        let mut told = false;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            match self.finish_erasures().await {
                Ok(()) => (pause, told) = (LOOK, false),
                Err(error) => {
                    if !told {
                        tracing::error!(%error, "an erasure is recorded and its key is still there");
                    }
                    (pause, told) = ((pause * 2).min(LONGEST), true);
                }
            }
        }
    }

    /// Erasures that are recorded and not carried through yet: their keys may still be there, though nothing
    /// opens with them any more.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn unfinished_erasures(&self) -> Result<u64, LogError> {
        let unfinished = self.store().unfinished_erasures().await;
        Ok(unfinished.map_err(|error| log_fault(&error))?.len() as u64)
    }

    /// When the last of these learners' keys was destroyed; none where none was yet.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn destroyed_at(
        &self,
        learners: &[LearnerId],
    ) -> Result<Option<Timestamp>, LogError> {
        let mut last = None;
        for learner in learners {
            let at = self.store().destroyed_at(learner.uuid()).await;
            last = last.max(at.map_err(|error| log_fault(&error))?);
        }
        Ok(last.and_then(|at| Timestamp::from_microsecond(at).ok()))
    }

    /// Whose record this is; none where there is no such record. Told by what is public, so that it can be
    /// said of an erased one too.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn keeper_of(&self, learner: LearnerId) -> Result<Option<OrganisationId>, LogError> {
        let events = self.stream(learner.uuid()).await?;
        Ok(events.first().filter(|first| first.learner == Some(learner)).and_then(keeper))
    }

    /// Tells a person from others and nothing about them: a keyed hash of their identity, as hexadecimal
    /// digits.
    pub fn person(&self, issuer: &str, subject: &str) -> String {
        hex::encode(self.lookup().person(issuer, subject))
    }

    async fn carry_through(&self, learners: &[Uuid]) -> Result<(), LogError> {
        self.0.erasures.add(learners)?;
        self.keys().destroy(learners).await?;
        self.release_keys(learners).await?;
        let folded = self.store().fold_away().await;
        folded.map_err(|fault| LogError::Unavailable(fault.cause()))?;
        let now = self.now().as_microsecond();
        for learner in learners {
            let done = self.store().erasure_finished(*learner, now).await;
            done.map_err(|fault| LogError::Unavailable(fault.cause()))?;
        }
        tracing::info!(records = learners.len(), "erasures were carried through");
        Ok(())
    }

    /// Releases whatever look-up keys the streams about these learners hold.
    async fn release_keys(&self, learners: &[Uuid]) -> Result<(), LogError> {
        let (mut first, mut kept) = (None::<Position>, HashSet::new());
        for learner in learners {
            let Some(begun) = self.stream(*learner).await?.into_iter().next() else { continue };
            first = Some(first.map_or(begun.position, |known| known.min(begun.position)));
            kept.extend(keeper(&begun).map(|keeper| self.owner_key(*learner, keeper)));
        }
        let Some(first) = first else { return Ok(()) };
        let streams = self.store().streams_about(learners, first).await;
        let streams = streams.map_err(|error| log_fault(&error))?;
        for _ in 0..ROUNDS {
            let held = self.store().held_by(&streams).await.map_err(|error| log_fault(&error))?;
            let held: Vec<_> = held.into_iter().filter(|(key, _)| !kept.contains(key)).collect();
            if held.is_empty() {
                return Ok(());
            }
            for part in held.chunks(TOGETHER) {
                let proposal = Proposal { releases: part.to_vec(), ..Proposal::default() };
                let work = Work::Append(Box::new(proposal));
                self.batcher().submit(work).await.map_err(LogError::from)?;
            }
        }
        Err(LogError::Unavailable(Cause::Busy))
    }

    /// The one look-up that stays: whose record it was, so that its keeper is told that it was erased. It is
    /// made of ids alone.
    fn owner_key(&self, learner: Uuid, keeper: OrganisationId) -> KeyId {
        let key = Key::party(learner, keeper, Relation::Owner);
        (key.scope().number(), self.lookup().key(&key), key.slot(learner))
    }
}

/// The organisation that recorded an event.
fn keeper(recorded: &Recorded) -> Option<OrganisationId> {
    codec::public_id(&recorded.event_type, &recorded.public, "organisation_id")
        .map(OrganisationId::new)
}
