//! What a relay does beside copying, a few times in each lease: renew its right, and see whether the
//! stream and what is remembered of it are still as they were.

use async_nats::jetstream;
use onward_log::{CopyNote, CopyState, Position};
use uuid::Uuid;

use crate::connect::Bus;
use crate::incarnation;
use crate::relay::{Interrupted, own};
use crate::stream::{self, Present};

/// What a renewal found.
pub(crate) struct Renewed {
    /// Where the stream ended.
    pub(crate) ends: Position,
    /// Old incarnations were looked through.
    pub(crate) pruned: bool,
}

/// A renewal, to run while the relay goes on copying.
pub(crate) struct Renewal {
    pub(crate) bus: Bus,
    pub(crate) context: jetstream::Context,
    pub(crate) owner: Uuid,
    /// The stream as it was when this began.
    pub(crate) present: Present,
    /// Old incarnations may have to go.
    pub(crate) prune: bool,
}

impl Renewal {
    /// Renews.
    ///
    /// # Errors
    /// The right is lost, or the stream is not what it was.
    pub(crate) async fn run(self) -> Result<Renewed, Interrupted> {
        let Self { bus, context, owner, present, prune } = self;
        if !bus.connected() {
            return Err(Interrupted::Away);
        }
        own(&bus, owner).await?;
        let state = bus.log.copy_state().await?;
        bus.tell_state(&state);
        if is_over(&state, &present) || bus.log.epoch().await? != present.epoch {
            return Err(Interrupted::Changed);
        }
        let ends = stream::still_ends(&context, &present).await?.ok_or(Interrupted::Changed)?;
        if ends < present.last {
            return Err(Interrupted::Changed);
        }
        if (state.incarnation, state.copied) != (present.number, present.last) {
            bus.log.note_copy(CopyNote::Reached(present.number, present.last)).await?;
        }
        // Only once the new one has all that the old one had, and only by who has the right to relay.
        let pruned = prune && present.last >= bus.log.head().await?;
        if pruned {
            incarnation::prune(&context, &bus.log, bus.options.retired_kept).await?;
        }
        Ok(Renewed { ends, pruned })
    }
}

/// Somebody has found out, or decided, that this incarnation is not to be gone on with.
fn is_over(state: &CopyState, present: &Present) -> bool {
    let condemned = state.condemned.as_ref().is_some_and(|(number, _)| *number == present.number);
    condemned || state.halted.is_some() || state.incarnation > present.number
}
