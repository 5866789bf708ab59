//! Report that the learner has not come.

use jiff::civil::Date;

use super::{NonArrivalRecorded, ReportedBy, TransitionFact, TransitionFold, TransitionStep};
use crate::decider::{Now, Outcome, Refusal, Steps, not_in_future};

/// Reports that the learner did not arrive.
#[derive(Clone)]
pub struct NotArrive {
    /// The day it was certain. Not in the future.
    pub on: Date,
    /// The caller's relation to the move.
    pub by: ReportedBy,
    /// What is known of where the learner is.
    pub note: Option<String>,
    /// The moment of the command.
    pub now: Now,
}

impl NotArrive {
    pub(super) fn decide(self, state: &TransitionFold) -> Result<Outcome<TransitionFact>, Refusal> {
        let (recorded, stands) = state.stands()?;
        not_in_future("on", self.on, self.now)?;
        let fact = NonArrivalRecorded {
            transition: recorded.transition,
            learner: recorded.learner,
            on: self.on,
            source: self.by,
            note: self.note,
        };
        let outcome = TransitionStep::NotArrived.take(stands, state.not_arrived.as_ref(), fact)?;
        Ok(outcome.map(TransitionFact::NotArrived))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{arrive, not_arrive, planned};
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_learner_is_missed_once_and_not_after_arriving() {
        let missed = planned().and(not_arrive());
        missed.when(not_arrive()).then_already(2);
        let other = NotArrive { note: Some("Moved away".to_owned()), ..not_arrive() };
        missed.when(other).then_illegal("NOT_ARRIVED");
        planned().and(arrive()).when(not_arrive()).then_illegal("ARRIVED");
        let tomorrow = NotArrive { on: date(2026, 9, 4), ..not_arrive() };
        planned().when(tomorrow).then_invalid(&["on"]);
    }
}
