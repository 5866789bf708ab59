//! Streams both ways: many requests, a result for each, in the order of the requests. A refused one
//! does not end the stream. Requests about different learners are under way side by side.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use futures::StreamExt;
use jiff::Timestamp;
use onward_contract::referral::v1::SubmitReferralsRequest;
use onward_contract::transition::v1::RecordTransitionsRequest;
use onward_domain::decider::Refusal;
use onward_log::{Cause, ExecuteError};
use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::MetadataMap;
use tonic::{Status, Streaming};

use crate::Doors;
use crate::guard::{Caller, now};
use crate::status::{Failure, of_transport};

/// Requests of one stream that are under way at once. More only lengthens the queue before the log.
const UNDER_WAY: usize = 256;

/// How often the caller of a stream is admitted again.
const CHECK: Duration = Duration::from_secs(10);

/// One request of many.
pub(crate) trait Named {
    /// The record that it is about; empty where it names none.
    fn learner(&self) -> &str;
}

impl Named for RecordTransitionsRequest {
    fn learner(&self) -> &str {
        self.transition.as_ref().map(|one| one.learner_id.as_str()).unwrap_or_default()
    }
}

impl Named for SubmitReferralsRequest {
    fn learner(&self) -> &str {
        self.referral.as_ref().map(|one| one.learner_id.as_str()).unwrap_or_default()
    }
}

impl Doors {
    /// Answers each request with what `one` makes of it. The caller is admitted again every ten
    /// seconds; the stream ends when access is lost, the token expires or the process stops (what is
    /// under way then is still answered).
    pub(crate) fn each<Q, A, F, R>(
        &self,
        caller: Caller,
        metadata: MetadataMap,
        requests: Streaming<Q>,
        one: F,
    ) -> ReceiverStream<Result<A, Status>>
    where
        Q: Named + Send + 'static,
        A: Send + 'static,
        F: Fn(Doors, Caller, Q) -> R + Send + Sync + 'static,
        R: Future<Output = A> + Send + 'static,
    {
        let (sender, receiver) = mpsc::channel(UNDER_WAY);
        let serving = Serving { doors: self.clone(), caller: Shared::new(caller), metadata };
        tokio::spawn(serving.run(requests, one, sender));
        ReceiverStream::new(receiver)
    }
}

/// The caller as it was admitted last.
#[derive(Clone)]
struct Shared(Arc<RwLock<Caller>>);

impl Shared {
    fn new(caller: Caller) -> Self {
        Self(Arc::new(RwLock::new(caller)))
    }

    /// The caller, at this moment.
    fn at_present(&self) -> Caller {
        let caller = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        Caller { now: now(Timestamp::now()), ..caller }
    }

    fn method(&self) -> &'static str {
        self.0.read().unwrap_or_else(PoisonError::into_inner).method
    }

    fn set(&self, caller: Caller) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = caller;
    }
}

/// The turns of requests about one record: each waits for the one before, so that what is said of a
/// learner is recorded in the order in which it was sent, and a repeat finds what it repeats.
#[derive(Default)]
struct Turns(HashMap<String, oneshot::Receiver<()>>);

/// One request's turn.
struct Turn {
    before: Option<oneshot::Receiver<()>>,
    done: oneshot::Sender<()>,
}

impl Turns {
    fn after(&mut self, learner: &str) -> Turn {
        if self.0.len() >= 4 * UNDER_WAY {
            // A turn that is over has let its end of the channel go.
            let waits = Err(oneshot::error::TryRecvError::Empty);
            self.0.retain(|_, before| before.try_recv() == waits);
        }
        let (done, next) = oneshot::channel();
        Turn { before: self.0.insert(learner.to_owned(), next), done }
    }
}

impl Turn {
    async fn take<A>(self, work: impl Future<Output = A>) -> A {
        if let Some(before) = self.before {
            // Over, however it ended.
            let _ = before.await;
        }
        let answer = work.await;
        drop(self.done);
        answer
    }
}

struct Serving {
    doors: Doors,
    caller: Shared,
    metadata: MetadataMap,
}

impl Serving {
    async fn run<Q, A, F, R>(
        self,
        requests: Streaming<Q>,
        one: F,
        sender: mpsc::Sender<Result<A, Status>>,
    ) where
        Q: Named + Send + 'static,
        A: Send + 'static,
        F: Fn(Doors, Caller, Q) -> R + Send + Sync + 'static,
        R: Future<Output = A> + Send + 'static,
    {
        let (doors, caller) = (self.doors.clone(), self.caller.clone());
        let mut turns = Turns::default();
        let answers = requests
            .take_until(self.doors.stop().clone().cancelled_owned())
            .map(|request| {
                // A task each: what is under way is spread over the processors, and is finished even
                // when the caller goes away.
                let request = request.map_err(|status| of_transport(&status));
                let work = request.map(|request| {
                    let turn = turns.after(request.learner());
                    let answer = one(doors.clone(), caller.at_present(), request);
                    tokio::spawn(turn.take(answer))
                });
                async move {
                    let cut_short = ExecuteError::Unavailable(Cause::Fault);
                    work?.await.map_err(|_| Failure::from(cut_short).into())
                }
            })
            .buffered(UNDER_WAY);
        tokio::pin!(answers);
        let mut check = tokio::time::interval(CHECK);
        check.tick().await;
        loop {
            let answer = tokio::select! {
                biased;
                _ = check.tick() => match self.admit_again().await {
                    Ok(()) => continue,
                    Err(failure) => Err(failure.into()),
                },
                answer = answers.next() => match answer {
                    Some(answer) => answer,
                    None => break,
                },
            };
            let over = answer.is_err();
            if sender.send(answer).await.is_err() || over {
                return;
            }
        }
        if self.doors.stop().is_cancelled() {
            // Nobody is there to read it when the channel is closed.
            let _ = sender.send(Err(Failure::Stopping.into())).await;
        }
    }

    async fn admit_again(&self) -> Result<(), Failure> {
        match self.doors.admit(self.caller.method(), &self.metadata).await {
            Ok(caller) => {
                self.caller.set(caller);
                Ok(())
            }
            Err(Failure::Denied(_) | Failure::Refused(Refusal::NotFound)) => {
                Err(Failure::AccessLost)
            }
            Err(failure) => Err(failure),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_repeat_waits_for_the_one_before() {
        let mut turns = Turns::default();
        let (first, second, other) = (turns.after("a"), turns.after("a"), turns.after("b"));
        let order = std::sync::Mutex::new(Vec::new());
        let note = |name: &'static str| {
            let order = &order;
            async move { order.lock().unwrap_or_else(PoisonError::into_inner).push(name) }
        };
        // The later one is asked first, and lets the earlier one go before it.
        let (later, earlier) = (second.take(note("second")), first.take(note("first")));
        tokio::join!(later, earlier, other.take(note("other")));
        let order = order.into_inner().unwrap_or_else(PoisonError::into_inner);
        let place = |name| order.iter().position(|noted| *noted == name);
        assert!(place("first") < place("second"), "{order:?}");
        assert_eq!(order.len(), 3);
    }

    #[test]
    fn turns_that_are_over_are_forgotten() {
        let mut turns = Turns::default();
        for number in 0..10 * UNDER_WAY {
            drop(turns.after(&number.to_string()));
        }
        assert!(turns.0.len() <= 4 * UNDER_WAY);
    }
}
