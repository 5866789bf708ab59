//! The one write path: load, fold, decide, seal, append, keep the answer.
//!
//! The attempt is a function of the caller's: it is run again, from the load on, when somebody else
//! was first, up to five times in all, unless the caller said which version it saw.

use std::sync::Arc;

use futures::future::BoxFuture;
use onward_domain::event::Provenance;

use crate::append::RETRY_AFTER;
use crate::error::{Cause, ExecuteError, LogError, Stop};
use crate::log::Log;
use crate::proposal::{Rejection, Work};
use crate::recorded::Receipt;
use crate::request::{Answer, Request, RequestRow};
use crate::unit::Unit;

/// How often a decision is tried when others are first.
const TRIES: usize = 5;

/// A call that may write.
#[derive(Clone)]
pub struct Call {
    /// The caller's name for it; absent only where a repeat does no harm.
    pub request: Option<Request>,
    /// Who says so, and when it happened.
    pub provenance: Provenance,
}

/// What a call wants: loads what it needs, decides, claims keys. Run again on a lost race, so that it
/// changes nothing outside the unit.
pub type Attempt =
    Arc<dyn for<'a> Fn(&'a mut Unit) -> BoxFuture<'a, Result<(), Stop>> + Send + Sync>;

/// What a call came to: durable, and the same at every retry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Executed {
    /// Where it is in the log.
    pub receipt: Receipt,
    /// Ids that were minted for it, by name.
    pub issued: Vec<(String, String)>,
    /// The answer was kept from an earlier time.
    pub replayed: bool,
}

impl Executed {
    /// An id that was minted for the call.
    pub fn issued(&self, name: &str) -> Option<&str> {
        self.issued.iter().find(|(known, _)| known == name).map(|(_, id)| id.as_str())
    }
}

impl Log {
    /// Does what the attempt decides, once, and keeps the answer under the request's id. When this
    /// returns `Ok`, it is durable. Dropping the future stops nothing half way: the work is a task of
    /// its own.
    ///
    /// # Errors
    /// Why it was not done; see [`ExecuteError`].
    pub async fn execute(&self, call: Call, attempt: Attempt) -> Result<Executed, ExecuteError> {
        let log = self.clone();
        let task = self.tasks().spawn(async move { log.try_often(&call, &attempt).await });
        task.await.unwrap_or_else(|fault| {
            tracing::error!(panicked = fault.is_panic(), "an attempt at a write did not end");
            Err(ExecuteError::Unavailable(Cause::Fault))
        })
    }

    async fn try_often(&self, call: &Call, attempt: &Attempt) -> Result<Executed, ExecuteError> {
        let request = call.request.as_ref().map(|request| self.request_row(request));
        let mut tried = 1;
        loop {
            let mut unit = Unit::new(self.clone(), call.provenance.clone());
            let stopped = match attempt(&mut unit).await {
                Ok(()) => match self.offer(unit, request.clone()).await {
                    Ok(executed) => return Ok(executed),
                    Err(lost) => lost,
                },
                Err(stop) => Lost::Finally(stop.into()),
            };
            match stopped {
                Lost::Race { current } if tried == TRIES => {
                    return Err(ExecuteError::Conflict { current });
                }
                Lost::Race { .. } => tried += 1,
                Lost::Finally(error) => return self.unless_done(request, error).await,
            }
        }
    }

    async fn offer(&self, unit: Unit, request: Option<RequestRow>) -> Result<Executed, Lost> {
        let expected = unit.expected_streams();
        let proposal = unit.propose(request).await.map_err(Lost::Finally)?;
        let verdict = self.batcher().submit(Work::Append(Box::new(proposal))).await;
        verdict.map(executed).map_err(|rejection| match rejection {
            Rejection::Conflict { stream, current } if !expected.contains(&stream) => {
                Lost::Race { current }
            }
            other => Lost::Finally(other.into()),
        })
    }

    /// A refusal may only mean that the same request was done before: then its answer is given again.
    async fn unless_done(
        &self,
        request: Option<RequestRow>,
        error: ExecuteError,
    ) -> Result<Executed, ExecuteError> {
        let Some(request) = request else { return Err(error) };
        if !error.is_a_judgement() {
            return Err(error);
        }
        match self.kept(&request).await? {
            None => Err(error),
            Some(kept) if kept.body_hash == request.body_hash => Ok(executed(kept.answer)),
            Some(_) => Err(ExecuteError::RequestIdReused),
        }
    }

    /// The request as it is kept: its body as a keyed hash only.
    pub(crate) fn request_row(&self, request: &Request) -> RequestRow {
        RequestRow {
            organisation: request.organisation.uuid(),
            id: request.id.uuid(),
            method: request.method,
            body_hash: self.lookup().request(request.method, &request.body),
        }
    }

    /// Hands work to the batcher.
    pub(crate) async fn submit(&self, work: Work) -> Result<Answer, ExecuteError> {
        self.batcher().submit(work).await.map_err(ExecuteError::from)
    }
}

/// Why an attempt did not get through.
enum Lost {
    /// Somebody else was first: again.
    Race {
        current: u64,
    },
    Finally(ExecuteError),
}

fn executed(answer: Answer) -> Executed {
    Executed { receipt: answer.receipt, issued: answer.issued, replayed: answer.replayed }
}

impl ExecuteError {
    /// True where the state of things was judged: a request that is already done may look like this.
    fn is_a_judgement(&self) -> bool {
        match self {
            Self::Refused(_) | Self::Conflict { .. } | Self::KeyTaken { .. } => true,
            Self::LeaseLost | Self::Erased | Self::TooLarge => true,
            Self::RequestIdReused | Self::Overloaded { .. } => false,
            Self::Unavailable(_) | Self::Unreadable(_) => false,
        }
    }
}

impl From<Stop> for ExecuteError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Refused(refusal) => Self::Refused(refusal),
            Stop::Log(error) => error.into(),
            Stop::Conflict { current } => Self::Conflict { current },
        }
    }
}

impl From<Rejection> for ExecuteError {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Conflict { current, .. } => Self::Conflict { current },
            Rejection::RequestIdReused => Self::RequestIdReused,
            Rejection::KeyTaken { scope, existing } => Self::KeyTaken { scope, existing },
            Rejection::LeaseLost => Self::LeaseLost,
            Rejection::Erased => Self::Erased,
            Rejection::Overloaded => Self::Overloaded { retry_after: RETRY_AFTER },
            Rejection::Unavailable(cause) => Self::Unavailable(cause),
        }
    }
}

impl From<Rejection> for LogError {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Overloaded => Self::Overloaded { retry_after: RETRY_AFTER },
            Rejection::Unavailable(cause) => Self::Unavailable(cause),
            _ => Self::Unavailable(Cause::Fault),
        }
    }
}
