//! What callers asked for under faults, and what they were told: the one side of every fault test. The
//! other is what the log turns out to hold.

mod judge;
mod stored;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use onward_contract::learner::v1 as learner;
use onward_contract::reason;
use onward_contract::receipt::v1::Receipt;
use onward_contract::transition::v1 as transition;
use tonic::metadata::MetadataMap;
use tonic::{Code, Response, Status};
use tonic_types::StatusExt;

use crate::actors::Member;
use crate::expect::reason_of;

pub use judge::{Verdict, answers_stand, copies_stand, judge};

/// A caller's patience: far above what anything takes, so that a hang ends as an unknown outcome.
const PATIENCE: Duration = Duration::from_secs(90);
/// Set in the answer of a write that had been answered before.
const REPLAYED: &str = "onward-replayed";

/// A write that can be asked for again, word for word.
#[allow(clippy::large_enum_variant, reason = "a few hundred of them, in tests")]
#[derive(Clone)]
pub enum Asked {
    /// A move on a stream of its own.
    Record(transition::RecordTransitionRequest),
    /// The second event on such a stream.
    Cancel(transition::CancelTransitionRequest),
    /// A change of a record that others change at the same time.
    Amend(learner::AmendLearnerRequest),
}

/// What a caller was told.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// It is done.
    Done {
        /// Where it is in the log.
        receipt: Receipt,
        /// It had been done before.
        replayed: bool,
        /// The move that was made; empty where none was.
        transition_id: String,
    },
    /// It was not done, for this reason.
    Refused(String),
    /// Nobody said.
    Unknown,
}

/// A request and what was last told of it.
#[derive(Clone)]
pub struct Entry {
    /// The request.
    pub asked: Asked,
    /// What became of it, as far as the caller knows.
    pub told: Told,
}

/// All of it, by request id.
#[derive(Default)]
pub struct Ledger {
    entries: Mutex<BTreeMap<String, Entry>>,
    done: AtomicUsize,
    replayed: AtomicUsize,
    turned_away: AtomicUsize,
}

// === impl Asked

impl Asked {
    /// The request id.
    pub fn id(&self) -> &str {
        match self {
            Self::Record(request) => &request.request_id,
            Self::Cancel(request) => &request.request_id,
            Self::Amend(request) => &request.request_id,
        }
    }

    /// Asks, once.
    pub async fn send(&self, who: &Member) -> Told {
        let answer = tokio::time::timeout(PATIENCE, self.call(who)).await;
        answer.unwrap_or_else(|_| Err(Status::new(Code::Unknown, "no answer"))).map_or_else(
            |status| refused(&status),
            |(receipt, transition_id, metadata)| Told::Done {
                receipt,
                replayed: metadata.contains_key(REPLAYED),
                transition_id,
            },
        )
    }

    async fn call(&self, who: &Member) -> Result<(Receipt, String, MetadataMap), Status> {
        let none = String::new();
        Ok(match self {
            Self::Record(request) => {
                let answer = who.transitions().record_transition(request.clone()).await?;
                let id = answer.get_ref().transition_id.clone();
                told(answer, id, |reply| reply.receipt)
            }
            Self::Cancel(request) => {
                let answer = who.transitions().cancel_transition(request.clone()).await?;
                told(answer, none, |reply| reply.receipt)
            }
            Self::Amend(request) => {
                let answer = who.learners().amend_learner(request.clone()).await?;
                told(answer, none, |reply| reply.receipt)
            }
        })
    }
}

fn told<T>(
    answer: Response<T>,
    transition_id: String,
    receipt: impl Fn(T) -> Option<Receipt>,
) -> (Receipt, String, MetadataMap) {
    let (metadata, reply, _) = answer.into_parts();
    (receipt(reply).expect("every write answers a receipt"), transition_id, metadata)
}

/// What a refusal means to whoever must decide whether to ask again.
fn refused(status: &Status) -> Told {
    let reason = reason_of(status);
    let outcome = status.get_error_details().error_info().and_then(|info| {
        let outcome = info.metadata.get("outcome");
        outcome.cloned()
    });
    match reason.as_str() {
        // Without a reason it was the transport, not Onward, that answered.
        "" | reason::TIMED_OUT | reason::INTERNAL => Told::Unknown,
        reason::LOG_UNAVAILABLE if outcome.as_deref() != Some("nothing_done") => Told::Unknown,
        _ => Told::Refused(reason),
    }
}

// === impl Ledger

impl Ledger {
    /// Writes down what was told; what is known already is never made unknown again.
    ///
    /// # Panics
    /// A retry was told something else than the first answer.
    pub fn note(&self, asked: &Asked, told: Told) {
        if !matches!(told, Told::Done { .. }) {
            self.turned_away.fetch_add(1, Ordering::Relaxed);
        }
        if let Told::Done { replayed, .. } = &told {
            self.done.fetch_add(1, Ordering::Relaxed);
            self.replayed.fetch_add(usize::from(*replayed), Ordering::Relaxed);
        }
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(entry) = entries.get_mut(asked.id()) else {
            let entry = Entry { asked: asked.clone(), told };
            entries.insert(asked.id().to_owned(), entry);
            return;
        };
        if let (Told::Done { receipt: first, .. }, Told::Done { receipt: again, .. }) =
            (&entry.told, &told)
        {
            assert_eq!(first, again, "the same request, another answer");
        }
        // A refusal, or silence, says nothing about an earlier attempt.
        if matches!(told, Told::Done { .. }) || matches!(entry.told, Told::Refused(_)) {
            entry.told = told;
        }
    }

    /// Everything so far.
    pub fn entries(&self) -> Vec<Entry> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.values().cloned().collect()
    }

    /// How often somebody was told that it is done.
    pub fn done(&self) -> usize {
        self.done.load(Ordering::Relaxed)
    }

    /// How often an answer had been given before, to somebody who did not hear it.
    pub fn replayed(&self) -> usize {
        self.replayed.load(Ordering::Relaxed)
    }

    /// How often somebody was refused, or heard nothing.
    pub fn turned_away(&self) -> usize {
        self.turned_away.load(Ordering::Relaxed)
    }

    /// How many were done, refused, and left unknown.
    pub fn counts(&self) -> (usize, usize, usize) {
        let entries = self.entries();
        let done = entries.iter().filter(|one| matches!(one.told, Told::Done { .. })).count();
        let unknown = entries.iter().filter(|one| one.told == Told::Unknown).count();
        (done, entries.len() - done - unknown, unknown)
    }
}
