//! Report that the learner has come. Either setting or the authority may.

use jiff::civil::Date;

use super::{ArrivalRecorded, ReportedBy, TransitionFact, TransitionFold, TransitionStep};
use crate::decider::{Now, Outcome, Refusal, Steps, not_in_future};

/// Reports the arrival.
#[derive(Clone, Copy)]
pub struct Arrive {
    /// First day there. Not in the future.
    pub on: Date,
    /// The caller's relation to the move.
    pub by: ReportedBy,
    /// The moment of the command.
    pub now: Now,
}

impl Arrive {
    pub(super) fn decide(self, state: &TransitionFold) -> Result<Outcome<TransitionFact>, Refusal> {
        let (recorded, stands) = state.stands()?;
        not_in_future("on", self.on, self.now)?;
        let fact = ArrivalRecorded {
            transition: recorded.transition,
            learner: recorded.learner,
            on: self.on,
            source: self.by,
        };
        let outcome = TransitionStep::Arrive.take(stands, state.arrived.as_ref(), fact)?;
        Ok(outcome.map(TransitionFact::Arrived))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Confirm;
    use super::super::tests::{arrive, not_arrive, planned};
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_learner_arrives_once_even_after_having_been_missed() {
        let arrived = planned().and(Confirm).and(arrive());
        arrived.when(arrive()).then_already(3);
        arrived.when(Arrive { by: ReportedBy::Authority, ..arrive() }).then_illegal("ARRIVED");
        let late = planned().and(not_arrive()).and(arrive());
        assert_eq!(late.state.arrived_on(), Some(date(2026, 9, 2)));
    }

    #[test]
    fn nobody_has_arrived_tomorrow() {
        let tomorrow = Arrive { on: date(2026, 9, 4), ..arrive() };
        planned().when(tomorrow).then_invalid(&["on"]);
        planned().and(Arrive { on: date(2026, 9, 3), ..arrive() });
    }
}
