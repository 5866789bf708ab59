//! The hash chain: each event's hash covers the one before, so that no event can be changed, added,
//! dropped or moved without changing every hash after it. Hashes cover the ciphertext, so that erasure
//! breaks nothing.

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// SHA-256 of an event and its predecessor.
pub type EventHash = [u8; 32];

/// What an event's hash covers, beside the hash before it.
#[derive(Debug, Clone, Copy)]
pub struct Linked<'a> {
    /// Its place in the log.
    pub position: u64,
    /// Its partition.
    pub partition: u8,
    /// Its place in the partition.
    pub partition_sequence: u64,
    /// Its stream.
    pub stream: Uuid,
    /// Its place in the stream.
    pub version: u64,
    /// Its id.
    pub event_id: Uuid,
    /// The learner, where there is one.
    pub learner: Option<Uuid>,
    /// Its type.
    pub event_type: &'a str,
    /// Version of the type's shape.
    pub schema_version: u16,
    /// Microseconds since 1970.
    pub recorded_at: i64,
    /// Public bytes.
    pub public: &'a [u8],
    /// Sealed bytes.
    pub sealed: &'a [u8],
}

/// The hash before the first event.
pub(crate) const GENESIS: EventHash = [0; 32];

const TAG: &[u8] = b"onward.event.v1";

/// SHA-256(tag ‖ hash before ‖ position ‖ partition ‖ partition sequence ‖ stream ‖ version ‖ event id ‖
/// learner ‖ type ‖ schema version ‖ recorded at ‖ public ‖ sealed). Numbers are big endian; parts of
/// open length are led by their length in eight bytes; the learner by a byte that says whether there is
/// one.
pub fn event_hash(before: &EventHash, event: &Linked<'_>) -> EventHash {
    let mut hash = Sha256::new();
    hash.update(TAG);
    hash.update(before);
    hash.update(event.position.to_be_bytes());
    hash.update([event.partition]);
    hash.update(event.partition_sequence.to_be_bytes());
    hash.update(event.stream.as_bytes());
    hash.update(event.version.to_be_bytes());
    hash.update(event.event_id.as_bytes());
    hash.update([u8::from(event.learner.is_some())]);
    hash.update(event.learner.unwrap_or_default().as_bytes());
    part(&mut hash, event.event_type.as_bytes());
    hash.update(event.schema_version.to_be_bytes());
    hash.update(event.recorded_at.to_be_bytes());
    part(&mut hash, event.public);
    part(&mut hash, event.sealed);
    hash.finalize().into()
}

/// A part of open length, led by its length.
pub(crate) fn part(hash: &mut Sha256, bytes: &[u8]) {
    hash.update((bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Linked<'static> {
        Linked {
            position: 1,
            partition: 7,
            partition_sequence: 1,
            stream: Uuid::from_u128(1),
            version: 1,
            event_id: Uuid::from_u128(2),
            learner: Some(Uuid::from_u128(3)),
            event_type: "learner.learner_registered",
            schema_version: 1,
            recorded_at: 1_700_000_000_000_000,
            public: b"public",
            sealed: b"sealed",
        }
    }

    /// The bytes that are hashed, written out by hand: stored hashes must never change.
    #[test]
    fn covers_exactly_these_bytes() {
        let mut bytes = b"onward.event.v1".to_vec();
        bytes.extend([0; 32]);
        bytes.extend([0, 0, 0, 0, 0, 0, 0, 1, 7, 0, 0, 0, 0, 0, 0, 0, 1]);
        bytes.extend(1_u128.to_be_bytes());
        bytes.extend([0, 0, 0, 0, 0, 0, 0, 1]);
        bytes.extend(2_u128.to_be_bytes());
        bytes.push(1);
        bytes.extend(3_u128.to_be_bytes());
        bytes.extend([0, 0, 0, 0, 0, 0, 0, 26]);
        bytes.extend(b"learner.learner_registered");
        bytes.extend([0, 1]);
        bytes.extend(1_700_000_000_000_000_i64.to_be_bytes());
        bytes.extend([0, 0, 0, 0, 0, 0, 0, 6]);
        bytes.extend(b"public");
        bytes.extend([0, 0, 0, 0, 0, 0, 0, 6]);
        bytes.extend(b"sealed");
        let expected: EventHash = Sha256::digest(&bytes).into();
        assert_eq!(event_hash(&GENESIS, &event()), expected);
    }

    /// Each field changes the hash, and so does where public ends and sealed begins.
    #[test]
    fn every_field_counts() {
        let base = event();
        let others = [
            Linked { position: 2, ..base },
            Linked { partition: 8, ..base },
            Linked { partition_sequence: 2, ..base },
            Linked { stream: Uuid::from_u128(9), ..base },
            Linked { version: 2, ..base },
            Linked { event_id: Uuid::from_u128(9), ..base },
            Linked { learner: None, ..base },
            Linked { learner: Some(Uuid::nil()), ..base },
            Linked { event_type: "learner.learner_amended", ..base },
            Linked { schema_version: 2, ..base },
            Linked { recorded_at: 0, ..base },
            Linked { public: b"publics", sealed: b"ealed", ..base },
        ];
        let mut seen = std::collections::HashSet::from([event_hash(&GENESIS, &base)]);
        assert!(seen.insert(event_hash(&[1; 32], &base)), "the hash before counts");
        for other in others {
            assert!(seen.insert(event_hash(&GENESIS, &other)), "{other:?}");
        }
    }
}
