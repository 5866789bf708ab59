//! Batches on their way to the server. A second one may be sent before the first is answered: it says
//! where it expects the first to end, so the server stores it after the first or not at all.

use std::collections::VecDeque;
use std::time::Duration;

use async_nats::{Client, Message, Subject, Subscriber};
use futures::{FutureExt, StreamExt};
use onward_log::Position;
use tokio::time::{Instant, timeout_at};

use crate::batch::{self, BatchFault, Outgoing};

/// Longest wait for the server's answer to a batch.
const ANSWER: Duration = Duration::from_secs(5);

/// An answer that is expected.
struct Sent {
    /// Where the stream should end by then.
    end: Position,
    /// When its answer is given up.
    until: Instant,
    /// It is the last answer to what was sent together.
    closes: bool,
}

/// The way of batches to one stream. After the first fault it is of no use any more: what is still on its
/// way then is refused by the server, or found there by whoever looks next.
pub(crate) struct Pipeline {
    client: Client,
    stream: String,
    /// Of this pipeline alone, so that late answers to an earlier one are not taken for its own.
    inbox: Subject,
    answers: Subscriber,
    sent: VecDeque<Sent>,
    in_flight: usize,
    /// Where the stream should end with all that was sent.
    end: Position,
}

impl Pipeline {
    /// A way to a stream that ends at `last`.
    ///
    /// # Errors
    /// The client takes nothing.
    pub(crate) async fn open(
        client: &Client,
        stream: String,
        last: Position,
    ) -> Result<Self, BatchFault> {
        let inbox = Subject::from(client.new_inbox());
        let answers = client.subscribe(inbox.clone()).await;
        let answers = answers.map_err(|error| BatchFault::Unknown(error.to_string()))?;
        let (client, sent) = (client.clone(), VecDeque::new());
        Ok(Self { client, stream, inbox, answers, sent, in_flight: 0, end: last })
    }

    /// Batches that were sent and not answered.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Where the stream should end with all that was sent.
    pub(crate) fn end(&self) -> Position {
        self.end
    }

    /// Sends a batch (one message at least) after all the others.
    ///
    /// # Errors
    /// The client takes nothing.
    pub(crate) async fn send(&mut self, messages: Vec<Outgoing>) -> Result<(), BatchFault> {
        let (before, count) = (self.end, messages.len());
        let answers = batch::publish(&self.client, &self.inbox, before, messages).await?;
        let until = Instant::now() + ANSWER;
        let expected = answers.into_iter().map(|after| Sent {
            end: Position::new(before.get() + after as u64),
            until,
            closes: after == count,
        });
        self.sent.extend(expected);
        self.end = Position::new(before.get() + count as u64);
        self.in_flight += 1;
        Ok(())
    }

    /// Waits for answers, and takes those that have come; the position at which the stream ends with them. For
    /// ever while nothing is on its way. Dropping the future loses nothing.
    ///
    /// # Errors
    /// The batch was refused, or its outcome is not known.
    pub(crate) async fn settled(&mut self) -> Result<Position, BatchFault> {
        let Some(oldest) = self.sent.front() else { return std::future::pending().await };
        let until = oldest.until;
        // Answers come in the order of the batches: the server works a connection off in order.
        let answer = timeout_at(until, self.answers.next()).await;
        let unknown = |what: &str| BatchFault::Unknown(what.to_owned());
        let answer = answer.map_err(|_| unknown("no answer in time"))?;
        let answer = answer.ok_or_else(|| unknown("the connection is closed"))?;
        let mut end = self.take(&answer)?;
        while !self.sent.is_empty()
            && let Some(Some(answer)) = self.answers.next().now_or_never()
        {
            end = self.take(&answer)?;
        }
        Ok(end)
    }

    fn take(&mut self, answer: &Message) -> Result<Position, BatchFault> {
        let oldest = self.sent.pop_front();
        let oldest = oldest.ok_or_else(|| BatchFault::Unknown("an answer too many".to_owned()))?;
        batch::answered(answer, &self.stream, oldest.end)?;
        self.in_flight -= usize::from(oldest.closes);
        Ok(oldest.end)
    }
}
