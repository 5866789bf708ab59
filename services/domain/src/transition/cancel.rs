//! Call a move off.

use super::{TransitionCancelled, TransitionFact, TransitionFold, TransitionStep};
use crate::codes::reason::TransitionCancel;
use crate::decider::{Outcome, Refusal, Steps};

/// Calls the move off, for a coded reason.
#[derive(Clone, Copy)]
pub struct Cancel {
    /// Why.
    pub reason: TransitionCancel,
}

impl Cancel {
    pub(super) fn decide(self, state: &TransitionFold) -> Result<Outcome<TransitionFact>, Refusal> {
        let (recorded, stands) = state.stands()?;
        let (transition, learner) = (recorded.transition, recorded.learner);
        let fact = TransitionCancelled { transition, learner, reason: self.reason };
        let outcome = TransitionStep::Cancel.take(stands, state.cancelled.as_ref(), fact)?;
        Ok(outcome.map(TransitionFact::Cancelled))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{arrive, cancel, planned};
    use super::*;

    #[test]
    fn a_move_is_called_off_once_and_not_after_the_arrival() {
        let cancelled = planned().and(cancel());
        cancelled.when(cancel()).then_already(2);
        let other = Cancel { reason: TransitionCancel::MovedAbroad };
        cancelled.when(other).then_illegal("CANCELLED");
        cancelled.when(arrive()).then_illegal("CANCELLED");
        planned().and(arrive()).when(cancel()).then_illegal("ARRIVED");
    }
}
