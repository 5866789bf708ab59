//! A receipt: proof that an event is in the log, which needs no server to be checked. A file of the format
//! <https://c2sp.org/tlog-proof>, so that others' tools can read it too.
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! extra b253YX…=            the bytes that the event's hash is made of
//! index 73893               its place in the tree: its position less one
//! gSKyX…=                   the hashes that lead to the root, nearest first
//! …
//!
//! onward/0192f0c1-…         the signed checkpoint
//! …
//! ```
//!
//! The event's bytes hold its ids, its type, the moment of its recording and its sealed part; nothing that
//! was said about a learner can be read in them without the key.

use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::checkpoint::SignedCheckpoint;
use super::note::{NoteFault, VerifierKey};
use super::tree::{TreeHash, leaf_hash, root_from_path};
use crate::chain::{EventHash, Preimage};

/// First line of the file.
const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// The longest path that a tree can have.
const LONGEST: usize = 63;

/// A receipt, as it was read: nothing in it is to be believed before [`LogReceipt::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogReceipt {
    /// The bytes that the event's hash is made of.
    pub event: Vec<u8>,
    /// Its place in the tree, from 0.
    pub index: u64,
    /// The hashes that lead to the root, nearest first.
    pub path: Vec<TreeHash>,
    /// The signed checkpoint.
    pub note: String,
}

/// What a good receipt proves: the log, as it was signed, holds exactly this event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The event.
    pub event: Preimage,
    /// Its hash.
    pub hash: EventHash,
    /// The checkpoint.
    pub checkpoint: SignedCheckpoint,
}

/// A receipt proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptFault {
    /// The text has not the shape of a receipt.
    #[error("this is not a receipt")]
    Shape,
    /// The checkpoint in it cannot be trusted.
    #[error("the checkpoint in it cannot be trusted: {0}")]
    Checkpoint(#[from] NoteFault),
    /// The event, its index and the path do not lead to the checkpoint's root.
    #[error("the event is not in the log that the checkpoint was signed for")]
    Root,
    /// The event says that it is elsewhere in the log.
    #[error("the event's own position is not the receipt's")]
    Position,
}

impl LogReceipt {
    /// The file's text.
    pub fn text(&self) -> String {
        let mut text =
            format!("{HEADER}\nextra {}\nindex {}\n", STANDARD.encode(&self.event), self.index);
        for hash in &self.path {
            text.push_str(&STANDARD.encode(hash));
            text.push('\n');
        }
        text + "\n" + &self.note
    }

    /// Checks all of it: the checkpoint's signature, and that the event leads to its root.
    ///
    /// # Errors
    /// Why it proves nothing.
    pub fn verify(&self, keys: &[VerifierKey]) -> Result<Proven, ReceiptFault> {
        let checkpoint = SignedCheckpoint::verified(&self.note, keys)?;
        let event = Preimage::read(&self.event).ok_or(ReceiptFault::Shape)?;
        let hash = event.hash();
        let size = checkpoint.checkpoint.size;
        let root = root_from_path(&leaf_hash(&hash), self.index, size, &self.path);
        if root != Some(checkpoint.checkpoint.root) {
            return Err(ReceiptFault::Root);
        }
        // A hash proves its bytes, and these say where the event is.
        if event.position != self.index + 1 {
            return Err(ReceiptFault::Position);
        }
        Ok(Proven { event, hash, checkpoint })
    }
}

impl FromStr for LogReceipt {
    type Err = ReceiptFault;

    fn from_str(text: &str) -> Result<Self, ReceiptFault> {
        read(text).ok_or(ReceiptFault::Shape)
    }
}

fn read(text: &str) -> Option<LogReceipt> {
    let (proof, note) = text.split_once("\n\n")?;
    let mut lines = proof.split('\n');
    (lines.next()? == HEADER).then_some(())?;
    let event = STANDARD.decode(lines.next()?.strip_prefix("extra ")?).ok()?;
    let index = lines.next()?.strip_prefix("index ")?.parse().ok()?;
    let path: Option<Vec<TreeHash>> =
        lines.map(|line| STANDARD.decode(line).ok()?.try_into().ok()).collect();
    let path = path.filter(|path| path.len() <= LONGEST)?;
    Some(LogReceipt { event, index, path, note: note.to_owned() })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::checkpoint::{Checkpoint, tests::checkpoint};
    use super::super::note::NoteSigner;
    use super::super::tree::{path_in, root_of};
    use super::*;
    use crate::chain::{Linked, preimage};

    fn event(position: u64) -> Vec<u8> {
        let linked = Linked {
            position,
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
        };
        preimage(&[5; 32], &linked)
    }

    fn made() -> (LogReceipt, VerifierKey) {
        let leaves: Vec<TreeHash> = (1..=11)
            .map(|position| leaf_hash(&Preimage::read(&event(position)).expect("whole").hash()))
            .collect();
        let signer = NoteSigner::new(Checkpoint::origin(checkpoint().log), &[9; 32]);
        let signed = Checkpoint { size: 11, root: root_of(&leaves), ..checkpoint() };
        let note = signer.sign(&signed.text());
        let receipt = LogReceipt { event: event(6), index: 5, path: path_in(&leaves, 5), note };
        (receipt, signer.verifier())
    }

    #[test]
    fn a_receipt_comes_back_and_proves_its_event() {
        let (receipt, key) = made();
        let read: LogReceipt = receipt.text().parse().expect("a receipt");
        assert_eq!(read, receipt);
        let proven = read.verify(&[key]).expect("good");
        assert_eq!((proven.event.position, proven.event.event_id), (6, Uuid::from_u128(2)));
        assert_eq!(proven.event.event_type, "learner.learner_registered");
        assert_eq!(proven.checkpoint.checkpoint.size, 11);
    }

    /// Every byte of the file counts: any that is changed makes it no receipt, or one that proves nothing.
    #[test]
    fn no_character_can_be_changed() {
        let (receipt, key) = made();
        let text = receipt.text();
        for (at, letter) in text.char_indices() {
            let other = if letter == 'A' { 'B' } else { 'A' };
            let altered = format!("{}{other}{}", &text[..at], &text[at + letter.len_utf8()..]);
            let judged =
                altered.parse::<LogReceipt>().and_then(|r| r.verify(std::slice::from_ref(&key)));
            assert!(judged.is_err(), "{letter:?} at {at} became {other:?}");
        }
    }

    #[test]
    fn another_key_proves_nothing() {
        let (receipt, _) = made();
        let other = NoteSigner::new(Checkpoint::origin(checkpoint().log), &[8; 32]).verifier();
        let judged = receipt.verify(&[other]);
        assert_eq!(judged, Err(ReceiptFault::Checkpoint(NoteFault::Unsigned)));
    }
}
