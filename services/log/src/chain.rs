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

/// SHA-256 of [`preimage`].
pub fn event_hash(before: &EventHash, event: &Linked<'_>) -> EventHash {
    let mut hash = Sha256::new();
    covered(before, event, |bytes| hash.update(bytes));
    hash.finalize().into()
}

/// The bytes that are hashed: tag ‖ hash before ‖ position ‖ partition ‖ partition sequence ‖ stream ‖
/// version ‖ event id ‖ learner ‖ type ‖ schema version ‖ recorded at ‖ public ‖ sealed. Numbers are big
/// endian; parts of open length are led by their length in eight bytes; the learner by a byte that says
/// whether there is one.
pub fn preimage(before: &EventHash, event: &Linked<'_>) -> Vec<u8> {
    let mut all = Vec::with_capacity(256 + event.public.len() + event.sealed.len());
    covered(before, event, |bytes| all.extend_from_slice(bytes));
    all
}

fn covered(before: &EventHash, event: &Linked<'_>, mut take: impl FnMut(&[u8])) {
    take(TAG);
    take(before);
    take(&event.position.to_be_bytes());
    take(&[event.partition]);
    take(&event.partition_sequence.to_be_bytes());
    take(event.stream.as_bytes());
    take(&event.version.to_be_bytes());
    take(event.event_id.as_bytes());
    take(&[u8::from(event.learner.is_some())]);
    take(event.learner.unwrap_or_default().as_bytes());
    let length = |bytes: &[u8]| (bytes.len() as u64).to_be_bytes();
    take(&length(event.event_type.as_bytes()));
    take(event.event_type.as_bytes());
    take(&event.schema_version.to_be_bytes());
    take(&event.recorded_at.to_be_bytes());
    for part in [event.public, event.sealed] {
        take(&length(part));
        take(part);
    }
}

/// An event as its hashed bytes say it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preimage {
    bytes: Vec<u8>,
    /// The hash before.
    pub before: EventHash,
    /// Its place in the log.
    pub position: u64,
    /// Its stream.
    pub stream: Uuid,
    /// Its place in the stream.
    pub version: u64,
    /// Its id.
    pub event_id: Uuid,
    /// Its type.
    pub event_type: String,
    /// Microseconds since 1970.
    pub recorded_at: i64,
}

impl Preimage {
    /// Reads [`preimage`]; none where the bytes are not whole.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(TAG)?;
        let before = fixed::<32>(&mut rest)?;
        let position = u64::from_be_bytes(fixed(&mut rest)?);
        let _partition: [u8; 9] = fixed(&mut rest)?;
        let stream = Uuid::from_bytes(fixed(&mut rest)?);
        let version = u64::from_be_bytes(fixed(&mut rest)?);
        let event_id = Uuid::from_bytes(fixed(&mut rest)?);
        let _learner: [u8; 17] = fixed(&mut rest)?;
        let event_type = String::from_utf8(open(&mut rest)?.to_vec()).ok()?;
        let _schema_version: [u8; 2] = fixed(&mut rest)?;
        let recorded_at = i64::from_be_bytes(fixed(&mut rest)?);
        let _parts = (open(&mut rest)?, open(&mut rest)?);
        let bytes = bytes.to_vec();
        let read =
            Self { bytes, before, position, stream, version, event_id, event_type, recorded_at };
        rest.is_empty().then_some(read)
    }

    /// The event's hash.
    pub fn hash(&self) -> EventHash {
        Sha256::digest(&self.bytes).into()
    }
}

fn fixed<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (bytes, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(*bytes)
}

fn open<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(u64::from_be_bytes(fixed(rest)?)).ok()?;
    let (bytes, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(bytes)
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
        assert_eq!(preimage(&GENESIS, &event()), bytes);
        let read = Preimage::read(&bytes).expect("whole");
        assert_eq!((read.hash(), read.position, read.version), (expected, 1, 1));
        for length in 0..bytes.len() {
            assert_eq!(Preimage::read(&bytes[..length]), None, "{length} bytes of it");
        }
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
