//! One atomic batch: all of its messages are stored, in order, at the sequences that the relay
//! expects, or none is.
//!
//! The client library has no call for this, so the headers of the server's protocol (its ADR-50) are
//! set here: a batch id and a running number on every message, the expected last sequence on the
//! first, and the commit mark on the last, which alone is answered.

use std::time::Duration;

use async_nats::client::Request;
use async_nats::header;
use async_nats::jetstream::publish::PublishAck;
use async_nats::jetstream::response::Response;
use async_nats::{Client, HeaderMap};
use bytes::Bytes;
use onward_log::Position;
use uuid::Uuid;

/// Most messages in a batch. The server takes a thousand.
pub(crate) const MOST_MESSAGES: usize = 500;

/// Bytes above which no further message joins a batch: what one append of the log is held to.
const MOST_BYTES: usize = 1 << 20;

/// Longest wait for the server's answer to a batch.
const ANSWER: Duration = Duration::from_secs(5);

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

/// Cuts what was read from the log into batches.
pub(crate) fn cut(messages: Vec<Outgoing>) -> Vec<Vec<Outgoing>> {
    let mut batches: Vec<Vec<Outgoing>> = Vec::new();
    let mut bytes = 0;
    for message in messages {
        let size = message.payload.len();
        match batches.last_mut() {
            Some(batch) if batch.len() < MOST_MESSAGES && bytes + size <= MOST_BYTES => {
                bytes += size;
                batch.push(message);
            }
            _ => {
                bytes = size;
                batches.push(vec![message]);
            }
        }
    }
    batches
}

/// Publishes the messages (one at least) as one batch on `stream` that begins right after `last`, and
/// gives the stream's new last position.
///
/// # Errors
/// The batch was refused, or its outcome is unknown; the relay then reads the stream again.
pub(crate) async fn publish(
    client: &Client,
    stream: &str,
    last: Position,
    mut messages: Vec<Outgoing>,
) -> Result<Position, BatchFault> {
    let batch = Uuid::now_v7().simple().to_string();
    let expected = last.get() + messages.len() as u64;
    for (index, message) in (1_u64..).zip(&mut messages) {
        message.headers.insert(header::NATS_BATCH_ID, batch.as_str());
        message.headers.insert(header::NATS_BATCH_SEQUENCE, index.to_string());
    }
    if let Some(first) = messages.first_mut() {
        first.headers.insert(header::NATS_EXPECTED_LAST_SEQUENCE, last.get().to_string());
    }
    let Some(mut commit) = messages.pop() else { return Ok(last) };
    commit.headers.insert(header::NATS_BATCH_COMMIT, header::NATS_BATCH_COMMIT_FINAL);
    for message in messages {
        client
            .publish_with_headers(message.subject, message.headers, message.payload)
            .await
            .map_err(|error| BatchFault::Unknown(error.to_string()))?;
    }
    let ack = ask(client, commit).await?;
    if ack.stream != stream {
        return Err(BatchFault::OtherStream);
    }
    if ack.sequence != expected {
        return Err(BatchFault::WrongLastSequence);
    }
    Ok(Position::new(expected))
}

async fn ask(client: &Client, commit: Outgoing) -> Result<PublishAck, BatchFault> {
    let request =
        Request::new().headers(commit.headers).payload(commit.payload).timeout(Some(ANSWER));
    let reply = client
        .send_request(commit.subject, request)
        .await
        .map_err(|error| BatchFault::Unknown(error.to_string()))?;
    let response: Response<PublishAck> = serde_json::from_slice(&reply.payload)
        .map_err(|error| BatchFault::Unknown(error.to_string()))?;
    match response {
        Response::Ok(ack) => Ok(ack),
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
        cut(bytes.iter().map(|bytes| message(*bytes)).collect()).iter().map(Vec::len).collect()
    }

    #[test]
    fn batches_are_cut_by_count_and_by_bytes() {
        assert_eq!(cut_sizes(&[]), Vec::<usize>::new());
        assert_eq!(cut_sizes(&[100; 1_001]), [500, 500, 1]);
        assert_eq!(cut_sizes(&[MOST_BYTES / 2, MOST_BYTES / 2, 1, 1]), [2, 2]);
        assert_eq!(cut_sizes(&[1, MOST_BYTES + 1, 1]), [1, 1, 1], "one that is too big goes alone");
    }
}
