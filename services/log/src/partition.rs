//! Which partition an event belongs to: a stable hash of the learner's id.

use onward_domain::ids::LearnerId;
use sha2::{Digest, Sha256};

/// Partitions of the log. Number 0 is for events without a learner.
pub const PARTITIONS: usize = 64;

/// The partition of a learner, 1–63; 0 without one. It can never change: stored events carry it.
pub fn partition_of(learner: Option<LearnerId>) -> u8 {
    let Some(learner) = learner else { return 0 };
    let mut hash = Sha256::new();
    hash.update(b"onward.partition.v1");
    hash.update(learner.uuid().as_bytes());
    let head: [u8; 32] = hash.finalize().into();
    let number = u64::from_be_bytes([
        head[0], head[1], head[2], head[3], head[4], head[5], head[6], head[7],
    ]);
    let one_of = number % (PARTITIONS as u64 - 1);
    u8::try_from(one_of + 1).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn stable_and_spread() {
        assert_eq!(partition_of(None), 0);
        let mut counts = [0_u32; PARTITIONS];
        for number in 0..6_300_u128 {
            counts[usize::from(partition_of(Some(LearnerId::new(Uuid::from_u128(number)))))] += 1;
        }
        assert_eq!(counts[0], 0, "learners never share the organisations' partition");
        assert!(counts[1..].iter().all(|&count| (50..200).contains(&count)), "{counts:?}");
        // A vector: this value is stored with events and must stay.
        assert_eq!(partition_of(Some(LearnerId::new(Uuid::from_u128(1)))), 57);
    }
}
