//! What every server stream shares: it checks again before it gives messages and every ten seconds, ends
//! when the token expires, access is lost or the process drains, marks where it has caught up, and
//! says now and then that it is alive.
//!
//! A stream is a task that feeds a bounded channel: a slow reader holds up nothing but itself, and one
//! that goes away ends the task.

use std::time::Duration;

use jiff::Timestamp;
use onward_contract::timeline::v1 as marker;
use onward_domain::decider::Refusal;
use onward_domain::ids::LearnerId;
use onward_log::Position;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::MetadataMap;
use tonic::{Response, Status};

use crate::Doors;
use crate::call::{Entered, moment};
use crate::guard::Caller;
use crate::status::Failure;

/// How often a silent stream checks that its caller may still see it.
const CHECK: Duration = Duration::from_secs(10);

/// Longest silence: the contract promises a sign of life at least every 15 seconds.
const HEARTBEAT: Duration = Duration::from_secs(14);

/// Messages that may wait for a slow reader.
const WAITING: usize = 64;

/// Entries that are read at once.
pub(crate) const ROUND: u16 = 100;

/// The stream of a response.
pub(crate) type Stream<M> = ReceiverStream<Result<M, Status>>;

/// One message, and whom it names.
pub(crate) struct Item<M> {
    /// Records of learners that it names: written down before it is given.
    pub(crate) learners: Vec<LearnerId>,
    /// The message.
    pub(crate) message: M,
}

/// What was found behind a position.
pub(crate) struct Round<M> {
    /// Messages, in order.
    pub(crate) items: Vec<Item<M>>,
    /// Where to go on.
    pub(crate) reached: Position,
    /// There may be more: ask again at once.
    pub(crate) more: bool,
}

/// What a stream is of.
#[tonic::async_trait]
pub(crate) trait Source: Send + Sync + 'static {
    /// One message of the response.
    type Message: Send + 'static;

    /// Refuses a caller who may no longer see it.
    async fn related(&self, caller: &Caller) -> Result<(), Failure>;

    /// What lies behind a position.
    async fn after(
        &self,
        caller: &Caller,
        after: Position,
    ) -> Result<Round<Self::Message>, Failure>;

    /// The mark that everything there was has been given.
    fn caught_up(mark: marker::CaughtUp) -> Self::Message;

    /// A sign of life.
    fn heartbeat(beat: marker::Heartbeat) -> Self::Message;

    /// Called when a message is about to be given, after it was written down. Answers whether that took
    /// its time: then the caller is checked again before the next message.
    async fn showing(&self, _caller: &Caller, _message: &Self::Message) -> bool {
        false
    }

    /// The stream ends once it has caught up.
    fn ends_at_head(&self) -> bool {
        false
    }
}

impl Doors {
    /// The position that a stream begins after: as it was given earlier, or the beginning.
    ///
    /// # Errors
    /// Not a position that this log gave; the log cannot be read.
    pub(crate) async fn begins_after(&self, position: &str) -> Result<Position, Failure> {
        if position.is_empty() {
            return Ok(Position::START);
        }
        let unknown = "must be a position that was given earlier, or empty";
        let from = position.parse().map_err(|_| Refusal::field("from_position", unknown))?;
        // Above the log's end there is nothing to wait for: it would be silent until the log came there, and
        // then leave out what lies between.
        if from > self.head_from("").await? {
            return Err(Refusal::field("from_position", unknown).into());
        }
        Ok(from)
    }

    /// Begins a stream for a caller who was let in.
    pub(crate) fn stream<S: Source, T>(
        &self,
        entered: Entered<T>,
        source: S,
        from: Position,
        woken: watch::Receiver<Position>,
    ) -> Response<Stream<S::Message>> {
        let (sender, receiver) = mpsc::channel(WAITING);
        let Entered { caller, metadata, .. } = entered;
        let watching = Watching {
            doors: self.clone(),
            caller,
            metadata,
            source,
            position: from,
            woken,
            sender,
            caught_up: false,
            checked: Instant::now(),
            said: Instant::now(),
        };
        tokio::spawn(watching.run());
        Response::new(ReceiverStream::new(receiver))
    }
}

struct Watching<S: Source> {
    doors: Doors,
    caller: Caller,
    metadata: MetadataMap,
    source: S,
    position: Position,
    woken: watch::Receiver<Position>,
    sender: mpsc::Sender<Result<S::Message, Status>>,
    caught_up: bool,
    /// When it was last checked that the caller may see it.
    checked: Instant,
    /// When the last message was given.
    said: Instant,
}

/// Why a stream ends without a fault.
enum Ended {
    /// The reader went away, the process drains, or everything asked for was given.
    Quietly,
    /// For a reason that the reader is told.
    With(Failure),
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        Self::With(failure)
    }
}

impl<S: Source> Watching<S> {
    async fn run(mut self) {
        if let Err(Ended::With(failure)) = self.follow().await {
            // Nobody is there to read it when the channel is closed.
            let _ = self.sender.send(Err(failure.into())).await;
        }
    }

    async fn follow(&mut self) -> Result<(), Ended> {
        // A view may be behind the log: what was written before the stream began comes before the mark.
        let begun = self.doors.log().head().await.map_err(Failure::from)?;
        loop {
            // Seen before the read, so that whatever comes during it wakes the wait below.
            self.woken.borrow_and_update();
            let round = self.source.after(&self.caller, self.position).await?;
            let more = round.more;
            self.give(round).await?;
            if more {
                continue;
            }
            if self.position >= begun {
                self.mark_caught_up().await?;
            }
            self.wait().await?;
        }
    }

    async fn give(&mut self, round: Round<S::Message>) -> Result<(), Ended> {
        let mut items = round.items.into_iter().peekable();
        while items.peek().is_some() {
            // One durable line for as many as may wait for the reader: a commit for each would hold the
            // stream to the disk's pace.
            let now: Vec<Item<S::Message>> = items.by_ref().take(WAITING).collect();
            self.check().await?;
            let learners = now.iter().flat_map(|item| item.learners.iter().copied());
            self.doors.write_down(&self.caller, learners.collect::<Vec<_>>()).await?;
            // Seen to be allowed, and given at once, as many as there is room for. Whatever has to wait
            // first is checked again.
            let mut waited = true;
            for item in now {
                if waited || self.sender.capacity() == 0 {
                    self.room().await?;
                    self.check().await?;
                }
                waited = self.source.showing(&self.caller, &item.message).await;
                self.send(item.message).await?;
            }
        }
        self.position = self.position.max(round.reached);
        Ok(())
    }

    /// Waits until the reader has taken what lies ready for it, as far as there is no room for more.
    async fn room(&self) -> Result<(), Ended> {
        tokio::select! {
            () = self.doors.stop().cancelled() => Err(Ended::Quietly),
            room = self.sender.reserve() => room.map(drop).map_err(|_| Ended::Quietly),
        }
    }

    /// Token, membership, rule and relation as they are now.
    async fn check(&mut self) -> Result<(), Ended> {
        self.checked = Instant::now();
        let admitted = self.doors.admit(self.caller.method, &self.metadata).await;
        self.caller = admitted.map_err(lost)?;
        self.source.related(&self.caller).await.map_err(|failure| Ended::With(lost(failure)))
    }

    async fn mark_caught_up(&mut self) -> Result<(), Ended> {
        if self.caught_up {
            return Ok(());
        }
        self.caught_up = true;
        let position = self.position.to_string();
        self.send(S::caught_up(marker::CaughtUp { position })).await?;
        if self.source.ends_at_head() { Err(Ended::Quietly) } else { Ok(()) }
    }

    /// Waits until there may be something new, with checks and signs of life meanwhile.
    async fn wait(&mut self) -> Result<(), Ended> {
        loop {
            tokio::select! {
                biased;
                () = self.doors.stop().cancelled() => return Err(Ended::Quietly),
                () = self.sender.closed() => return Err(Ended::Quietly),
                () = tokio::time::sleep_until(self.checked + CHECK) => self.check().await?,
                () = tokio::time::sleep_until(self.said + HEARTBEAT) => self.beat().await?,
                woken = self.woken.changed() => return woken.map_err(|_| Ended::Quietly),
            }
        }
    }

    async fn beat(&mut self) -> Result<(), Ended> {
        let position = self.position.to_string();
        let sent_at = Some(moment(Timestamp::now()));
        self.send(S::heartbeat(marker::Heartbeat { position, sent_at })).await
    }

    async fn send(&mut self, message: S::Message) -> Result<(), Ended> {
        self.said = Instant::now();
        tokio::select! {
            () = self.doors.stop().cancelled() => Err(Ended::Quietly),
            sent = self.sender.send(Ok(message)) => sent.map_err(|_| Ended::Quietly),
        }
    }
}

/// A caller who was let in and is not any more: told that access was lost, and not what of it. An
/// expired token stays what it is.
fn lost(failure: Failure) -> Failure {
    match failure {
        Failure::Denied(_) | Failure::Refused(Refusal::NotFound) => Failure::AccessLost,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use onward_access::{Denied, TokenFault};

    use super::*;

    #[test]
    fn losing_access_never_tells_what_was_lost() {
        for failure in [Failure::Denied(Denied::WrongRole), Refusal::NotFound.into()] {
            assert!(matches!(lost(failure), Failure::AccessLost));
        }
        let expired = lost(Failure::Token(TokenFault::Expired));
        assert!(matches!(expired, Failure::Token(TokenFault::Expired)));
    }
}
