//! Report that a learner who had arrived has left again.

use jiff::civil::Date;

use super::{TransitionEnded, TransitionFact, TransitionFold, TransitionStep};
use crate::codes::reason::TransitionEnd;
use crate::decider::{Faults, Now, Outcome, Refusal, Steps};

/// Ends the transition, for a coded reason.
#[derive(Clone, Copy)]
pub struct End {
    /// Last day. Not in the future, not before the arrival.
    pub on: Date,
    /// Why.
    pub reason: TransitionEnd,
    /// The moment of the command.
    pub now: Now,
}

impl End {
    pub(super) fn decide(self, state: &TransitionFold) -> Result<Outcome<TransitionFact>, Refusal> {
        let (recorded, stands) = state.stands()?;
        let (transition, learner) = (recorded.transition, recorded.learner);
        let mut faults = Faults::default();
        faults.future("on", self.on, self.now);
        let after = state.arrived_on().is_none_or(|arrived| arrived <= self.on);
        faults.unless(after, "on", "is before the arrival");
        faults.finish()?;
        let fact = TransitionEnded { transition, learner, on: self.on, reason: self.reason };
        let outcome = TransitionStep::End.take(stands, state.ended.as_ref(), fact)?;
        Ok(outcome.map(TransitionFact::Ended))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{arrive, end, planned};
    use super::*;
    use jiff::civil::date;

    #[test]
    fn what_has_begun_ends_once() {
        planned().when(end()).then_illegal("PLANNED");
        let arrived = planned().and(arrive());
        arrived.when(End { on: date(2026, 9, 1), ..end() }).then_invalid(&["on"]);
        arrived.when(End { on: date(2026, 9, 4), ..end() }).then_invalid(&["on"]);
        let ended = arrived.and(end());
        ended.when(end()).then_already(3);
        ended.when(End { reason: TransitionEnd::Other, ..end() }).then_illegal("ENDED");
    }
}
