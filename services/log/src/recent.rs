//! The newest events, kept for a while after their commit, so that whoever follows the log in the same process
//! does not read from the database what the process has just written there.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::position::Position;
use crate::recorded::Recorded;

/// Events that are kept at most.
const MOST: usize = 2_000;
/// Bytes of events above which the oldest go.
const MOST_BYTES: usize = 4 << 20;

/// Events that were committed of late, by position.
#[derive(Default)]
pub(crate) struct Recent(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    events: BTreeMap<Position, Recorded>,
    bytes: usize,
}

impl Recent {
    /// Keeps what a batch has committed. Two batches may come in either order.
    pub(crate) fn keep(&self, events: Vec<Recorded>) {
        let mut kept = self.lock();
        for event in events {
            kept.bytes += size(&event);
            kept.events.insert(event.position, event);
        }
        while kept.events.len() > MOST || kept.bytes > MOST_BYTES {
            let Some((_, oldest)) = kept.events.pop_first() else { break };
            kept.bytes -= size(&oldest);
        }
    }

    /// Events right after a position, in order and without a gap; none where the next one is not kept.
    pub(crate) fn after(&self, position: Position, limit: usize) -> Vec<Recorded> {
        let kept = self.lock();
        let mut next = position.next();
        let mut events = Vec::new();
        for (position, event) in kept.events.range(next..).take(limit) {
            if *position != next {
                break;
            }
            next = next.next();
            events.push(event.clone());
        }
        events
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn size(event: &Recorded) -> usize {
    event.public.len() + event.sealed.len()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;

    fn event(position: u64, bytes: usize) -> Recorded {
        Recorded {
            position: Position::new(position),
            previous: Position::START,
            partition: 0,
            partition_sequence: position,
            stream: Uuid::nil(),
            version: 1,
            event_id: Uuid::nil().into(),
            learner: None,
            event_type: String::new(),
            schema_version: 1,
            recorded_at: Timestamp::UNIX_EPOCH,
            public: Bytes::from(vec![0; bytes]),
            sealed: Bytes::new(),
            hash: [0; 32],
        }
    }

    fn positions(recent: &Recent, after: u64, limit: usize) -> Vec<u64> {
        let events = recent.after(Position::new(after), limit);
        events.iter().map(|event| event.position.get()).collect()
    }

    #[test]
    fn only_what_follows_without_a_gap_is_handed_out() {
        let recent = Recent::default();
        recent.keep(vec![event(4, 1), event(5, 1)]);
        assert_eq!(positions(&recent, 1, 10), Vec::<u64>::new(), "2 and 3 are not known yet");
        recent.keep(vec![event(2, 1), event(3, 1)]);
        assert_eq!(positions(&recent, 1, 10), [2, 3, 4, 5]);
        assert_eq!(positions(&recent, 2, 2), [3, 4]);
        assert_eq!(positions(&recent, 5, 10), Vec::<u64>::new());
        recent.keep(vec![event(9, 1)]);
        assert_eq!(positions(&recent, 3, 10), [4, 5], "the gap ends it");
    }

    #[test]
    fn the_oldest_go() {
        let recent = Recent::default();
        recent.keep((1..=MOST as u64 + 10).map(|number| event(number, 1)).collect());
        assert_eq!(positions(&recent, 9, 1), Vec::<u64>::new());
        assert_eq!(positions(&recent, 10, 1), [11]);
        recent.keep(vec![event(5_000, MOST_BYTES)]);
        assert_eq!(positions(&recent, 4_999, 1), [5_000]);
        assert_eq!(positions(&recent, 2_000, 1), Vec::<u64>::new(), "it took the room of all");
    }
}
