//! Make a planned move certain.

use super::{TransitionConfirmed, TransitionFact, TransitionFold, TransitionStep};
use crate::decider::{Outcome, Refusal, Steps};

/// Makes the move certain. What becomes of other planned moves is asked at the door, a step for each.
#[derive(Debug, Clone, Copy)]
pub struct Confirm;

impl Confirm {
    pub(super) fn decide(self, state: &TransitionFold) -> Result<Outcome<TransitionFact>, Refusal> {
        let (recorded, stands) = state.stands()?;
        let fact =
            TransitionConfirmed { transition: recorded.transition, learner: recorded.learner };
        let outcome = TransitionStep::Confirm.take(stands, state.confirmed.as_ref(), fact)?;
        Ok(outcome.map(TransitionFact::Confirmed))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Transition;
    use super::super::tests::{arrive, cancel, planned};
    use super::*;
    use crate::scenario::{given, id};

    #[test]
    fn a_move_is_confirmed_once() {
        let fact = TransitionConfirmed { transition: id(30), learner: id(2) };
        planned().when(Confirm).then(vec![TransitionFact::Confirmed(fact)]);
        let confirmed = planned().and(Confirm);
        confirmed.when(Confirm).then_already(2);
        confirmed.and(arrive()).when(Confirm).then_already(2);
        planned().and(cancel()).when(Confirm).then_illegal("CANCELLED");
        assert_eq!(given::<Transition>(vec![]).when(Confirm).refusal(), Refusal::NotFound);
    }
}
