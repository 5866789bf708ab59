//! A batch: its messages are stored, in order, at the sequences that the relay expects, or are not.
//!
//! A few messages go one by one, each with the sequence that it must follow: after the first that is refused
//! all others are. Many go as one atomic batch. For that a server that keeps a single copy makes a store on
//! disk and removes it again, which costs about as much as eight messages do (measured with every write synced,
//! nats-server 2.15: 0.3 ms for one message, 2.1 ms for a batch of one, 2.0 and 2.5 ms for eight, 11 and
//! 3.0 ms for sixty-four).
//!
//! The client library has no call for this, so the headers of the server's protocol (its ADR-50) are
//! set here: a batch id and a running number on every message, the expected last sequence on the
//! first, and the commit mark on the last, which alone is answered.

use std::collections::VecDeque;

use async_nats::client::PublishError;
use async_nats::jetstream::publish::PublishAck;
use async_nats::jetstream::response::Response;
use async_nats::{Client, HeaderMap, Message, StatusCode, Subject, header};
use bytes::Bytes;
use onward_log::Position;
use uuid::Uuid;

/// Most messages in a batch. The server takes a thousand.
pub(crate) const MOST_MESSAGES: usize = 500;

/// Most messages that go one by one.
const FEW: usize = 8;

/// Bytes above which no further message joins a batch: what one append of the log is held to.
const MOST_BYTES: usize = 1 << 20;

/// Codes of "wrong last sequence" in the server's list of errors: with and without the sequence told.
const WRONG_LAST_SEQUENCE: [u64; 2] = [10_071, 10_164];

/// A message that is ready to go.
pub(crate) struct Outgoing {
    pub(crate) subject: String,
    pub(crate) headers: HeaderMap,
    pub(crate) payload: Bytes,
}

/// Why a batch was not stored, or may not have been.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BatchFault {
    /// The stream is not where the relay thought: somebody else wrote, or the tail was lost.
    #[error("the stream does not end where it should")]
    WrongLastSequence,
    /// Another stream took the batch.
    #[error("another stream listens to our subjects")]
    OtherStream,
    /// The server refused it for another reason.
    #[error("the server refused a batch: {0}")]
    Refused(String),
    /// No answer: the batch may or may not have been stored.
    #[error("the server did not answer: {0}")]
    Unknown(String),
}

/// Takes the next batch off what waits: as much as goes into one.
pub(crate) fn take(waiting: &mut VecDeque<Outgoing>) -> Vec<Outgoing> {
    let mut batch = Vec::new();
    let mut bytes = 0;
    while let Some(message) = waiting.pop_front_if(|message| {
        batch.is_empty()
            || (batch.len() < MOST_MESSAGES && bytes + message.payload.len() <= MOST_BYTES)
    }) {
        bytes += message.payload.len();
        batch.push(message);
    }
    batch
}

/// What waits fills a batch.
pub(crate) fn is_full(waiting: &VecDeque<Outgoing>) -> bool {
    let bytes = || waiting.iter().map(|message| message.payload.len()).sum::<usize>();
    waiting.len() >= MOST_MESSAGES || bytes() >= MOST_BYTES
}

/// Publishes the messages (one at least) so that they begin right after `last`; the answers go to `inbox`.
/// Says after how many messages each answer comes.
///
/// # Errors
/// The client does not take them.
pub(crate) async fn publish(
    client: &Client,
    inbox: &Subject,
    last: Position,
    messages: Vec<Outgoing>,
) -> Result<Vec<usize>, BatchFault> {
    let count = messages.len();
    let published = if count <= FEW {
        one_by_one(client, inbox, last, messages).await
    } else {
        as_one(client, inbox, last, messages).await
    };
    published.map_err(|error| BatchFault::Unknown(error.to_string()))?;
    Ok(if count <= FEW { (1..=count).collect() } else { vec![count] })
}

async fn one_by_one(
    client: &Client,
    inbox: &Subject,
    last: Position,
    messages: Vec<Outgoing>,
) -> Result<(), PublishError> {
    for (expected, message) in (last.get()..).zip(messages) {
        let Outgoing { subject, mut headers, payload } = message;
        headers.insert(header::NATS_EXPECTED_LAST_SEQUENCE, expected.to_string());
        let reply = inbox.clone();
        client.publish_with_reply_and_headers(subject, reply, headers, payload).await?;
    }
    Ok(())
}

async fn as_one(
    client: &Client,
    inbox: &Subject,
    last: Position,
    mut messages: Vec<Outgoing>,
) -> Result<(), PublishError> {
    let batch = Uuid::now_v7().simple().to_string();
    for (index, message) in (1_u64..).zip(&mut messages) {
        message.headers.insert(header::NATS_BATCH_ID, batch.as_str());
        message.headers.insert(header::NATS_BATCH_SEQUENCE, index.to_string());
    }
    if let Some(first) = messages.first_mut() {
        first.headers.insert(header::NATS_EXPECTED_LAST_SEQUENCE, last.get().to_string());
    }
    let Some(mut commit) = messages.pop() else { return Ok(()) };
    commit.headers.insert(header::NATS_BATCH_COMMIT, header::NATS_BATCH_COMMIT_FINAL);
    for Outgoing { subject, headers, payload } in messages {
        client.publish_with_headers(subject, headers, payload).await?;
    }
    let Outgoing { subject, headers, payload } = commit;
    let reply = inbox.clone();
    client.publish_with_reply_and_headers(subject, reply, headers, payload).await
}

/// Reads the server's answer to a batch on `stream` that should now end at `end`.
///
/// # Errors
/// The batch was refused, or the answer is not one.
pub(crate) fn answered(answer: &Message, stream: &str, end: Position) -> Result<(), BatchFault> {
    if answer.status == Some(StatusCode::NO_RESPONDERS) {
        return Err(BatchFault::Unknown("no stream listens".to_owned()));
    }
    let response: Response<PublishAck> = serde_json::from_slice(&answer.payload)
        .map_err(|error| BatchFault::Unknown(error.to_string()))?;
    match response {
        Response::Ok(ack) if ack.stream != stream => Err(BatchFault::OtherStream),
        Response::Ok(ack) if ack.sequence != end.get() => Err(BatchFault::WrongLastSequence),
        Response::Ok(_) => Ok(()),
        Response::Err { error } if WRONG_LAST_SEQUENCE.contains(&error.error_code().0) => {
            Err(BatchFault::WrongLastSequence)
        }
        Response::Err { error } => Err(BatchFault::Refused(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(bytes: usize) -> Outgoing {
        let (subject, headers) = (String::new(), HeaderMap::new());
        Outgoing { subject, headers, payload: vec![0; bytes].into() }
    }

    fn cut_sizes(bytes: &[usize]) -> Vec<usize> {
        let mut waiting: VecDeque<Outgoing> = bytes.iter().map(|bytes| message(*bytes)).collect();
        let batches =
            std::iter::from_fn(|| Some(take(&mut waiting).len()).filter(|size| *size > 0));
        batches.collect()
    }

    #[test]
    fn batches_are_cut_by_count_and_by_bytes() {
        assert_eq!(cut_sizes(&[]), Vec::<usize>::new());
        assert_eq!(cut_sizes(&[100; 1_001]), [500, 500, 1]);
        assert_eq!(cut_sizes(&[MOST_BYTES / 2, MOST_BYTES / 2, 1, 1]), [2, 2]);
        assert_eq!(cut_sizes(&[1, MOST_BYTES + 1, 1]), [1, 1, 1], "one that is too big goes alone");
    }
}
