//! A caller's request and the answer that is kept for it.

use bytes::Bytes;
use jiff::Timestamp;
use onward_domain::decider::Version;
use onward_domain::ids::{EventId, OrganisationId, RequestId};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::chain::{EventHash, part};
use crate::position::Position;
use crate::recorded::{Receipt, micros, moment};

/// A caller's name for one write, and what it asks. No `Debug`: the body is personal.
#[derive(Clone)]
pub struct Request {
    /// The calling organisation: ids of different organisations never meet.
    pub organisation: OrganisationId,
    /// The same at every retry.
    pub id: RequestId,
    /// The method that was called.
    pub method: &'static str,
    /// The request's canonical bytes. Kept as a keyed hash only.
    pub body: Bytes,
}

/// A request as the batcher sees it.
#[derive(Debug, Clone)]
pub(crate) struct RequestRow {
    pub organisation: Uuid,
    pub id: Uuid,
    pub method: &'static str,
    pub body_hash: [u8; 32],
}

/// An answer, new or kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub receipt: Receipt,
    pub issued: Vec<(String, String)>,
    pub replayed: bool,
}

/// A kept answer and the hash of what was asked.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub body_hash: [u8; 32],
    pub answer: Answer,
}

/// An answer's columns, in the order of the table.
pub(crate) struct AnswerColumns {
    pub position: i64,
    pub stream_version: i64,
    pub event_ids: Vec<u8>,
    pub recorded_at: i64,
    pub issued: Vec<u8>,
}

/// A kept answer with its place in the chain of kept answers.
pub(crate) struct KeptRow {
    pub request: RequestRow,
    pub columns: AnswerColumns,
    /// 1, 2, 3, … without gaps.
    pub sequence: u64,
    pub hash: EventHash,
}

/// What the hash of a kept answer covers, beside the hash before it.
pub(crate) struct KeptLink<'a> {
    pub sequence: u64,
    pub organisation: Uuid,
    pub id: Uuid,
    pub method: &'a str,
    pub body_hash: &'a [u8],
    pub columns: &'a AnswerColumns,
}

impl KeptLink<'_> {
    /// SHA-256 over the hash before and every column, parts of open length led by their length.
    pub(crate) fn hashed(&self, before: &EventHash) -> EventHash {
        let mut hash = Sha256::new();
        hash.update(b"onward.request-row.v1");
        hash.update(before);
        hash.update(self.sequence.to_be_bytes());
        hash.update(self.organisation.as_bytes());
        hash.update(self.id.as_bytes());
        part(&mut hash, self.method.as_bytes());
        part(&mut hash, self.body_hash);
        hash.update(self.columns.position.to_be_bytes());
        hash.update(self.columns.stream_version.to_be_bytes());
        part(&mut hash, &self.columns.event_ids);
        hash.update(self.columns.recorded_at.to_be_bytes());
        part(&mut hash, &self.columns.issued);
        hash.finalize().into()
    }
}

impl Answer {
    pub(crate) fn columns(&self) -> AnswerColumns {
        AnswerColumns {
            position: self.receipt.position.sql(),
            stream_version: self.receipt.stream_version.cast_signed(),
            event_ids: uuids_to_bytes(self.receipt.event_ids.iter().map(|id| id.uuid())),
            recorded_at: micros(self.receipt.recorded_at),
            issued: issued_to_bytes(&self.issued),
        }
    }

    /// A kept answer, as it is given again.
    pub(crate) fn kept(columns: &AnswerColumns) -> Self {
        Self {
            receipt: receipt(
                columns.position,
                columns.stream_version.cast_unsigned(),
                uuids_from_bytes(&columns.event_ids).map(EventId::new).collect(),
                moment(columns.recorded_at),
            ),
            issued: issued_from_bytes(&columns.issued),
            replayed: true,
        }
    }
}

fn receipt(position: i64, version: Version, ids: Vec<EventId>, recorded_at: Timestamp) -> Receipt {
    Receipt {
        position: Position::from_sql(position),
        stream_version: version,
        event_ids: ids,
        recorded_at,
    }
}

/// Ids side by side, 16 bytes each.
pub(crate) fn uuids_to_bytes(ids: impl Iterator<Item = Uuid>) -> Vec<u8> {
    ids.flat_map(Uuid::into_bytes).collect()
}

/// The other way; a last piece of less than 16 bytes is left out.
pub(crate) fn uuids_from_bytes(bytes: &[u8]) -> impl Iterator<Item = Uuid> + '_ {
    bytes.chunks_exact(16).filter_map(|chunk| Uuid::from_slice(chunk).ok())
}

fn issued_to_bytes(issued: &[(String, String)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for text in issued.iter().flat_map(|(name, value)| [name, value]) {
        bytes.extend((text.len() as u64).to_be_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes
}

fn issued_from_bytes(mut bytes: &[u8]) -> Vec<(String, String)> {
    let mut issued = Vec::new();
    while let (Some(name), Some(value)) = (next_text(&mut bytes), next_text(&mut bytes)) {
        issued.push((name, value));
    }
    issued
}

fn next_text(bytes: &mut &[u8]) -> Option<String> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_be_bytes(*length)).ok()?;
    let (text, rest) = rest.split_at_checked(length)?;
    *bytes = rest;
    String::from_utf8(text.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_answer_comes_back_as_it_was() {
        let answer = Answer {
            receipt: receipt(
                41,
                3,
                vec![EventId::new(Uuid::from_u128(1)), EventId::new(Uuid::from_u128(2))],
                moment(1_700_000_000_000_001),
            ),
            issued: vec![
                ("learner_id".to_owned(), "x".to_owned()),
                ("lease".to_owned(), String::new()),
            ],
            replayed: true,
        };
        assert_eq!(Answer::kept(&answer.columns()), answer);
    }

    #[test]
    fn damaged_bytes_give_what_can_be_read() {
        let bytes = issued_to_bytes(&[("a".to_owned(), "b".to_owned())]);
        assert!(issued_from_bytes(&bytes[..bytes.len() - 1]).is_empty());
        assert!(issued_from_bytes(&[255; 20]).is_empty());
    }
}
