//! Take a pack back, before it was answered.

use super::{HandoverFact, HandoverFold, HandoverStep, HandoverWithdrawn};
use crate::codes::handover::HandoverWithdraw;
use crate::decider::{Outcome, Refusal, Steps};

/// Takes the pack back. An earlier recipient is told so, without content.
#[derive(Clone, Copy)]
pub struct Withdraw {
    /// Why.
    pub reason: HandoverWithdraw,
}

impl Withdraw {
    pub(super) fn decide(self, state: &HandoverFold) -> Result<Outcome<HandoverFact>, Refusal> {
        let (drafted, stands) = state.stands(HandoverStep::Withdraw)?;
        let (handover, learner) = (drafted.handover, drafted.learner);
        let fact = HandoverWithdrawn { handover, learner, reason: self.reason };
        let outcome = HandoverStep::Withdraw.take(stands, state.withdrawn.as_ref(), fact)?;
        Ok(outcome.map(HandoverFact::Withdrawn))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{accepted, draft, released};
    use super::super::{Handover, Open};
    use super::*;
    use crate::scenario::{given, id};

    const ERROR: Withdraw = Withdraw { reason: HandoverWithdraw::SentInError };

    #[test]
    fn what_was_released_is_known_to_have_been_withdrawn() {
        let withdrawn = released().and(ERROR);
        withdrawn.when(ERROR).then_already(3);
        withdrawn.when(Open).then_rule("HANDOVER_WITHDRAWN");
        let other = Withdraw { reason: HandoverWithdraw::DestinationChanged };
        withdrawn.when(other).then_illegal("WITHDRAWN");
        assert!(withdrawn.state.visible_to(id(4)).is_err_and(|refusal| matches!(
            refusal,
            Refusal::Rule { reason: "HANDOVER_WITHDRAWN", .. }
        )));
        assert_eq!(withdrawn.state.visible_to(id(5)), Err(Refusal::NotFound));
    }

    #[test]
    fn what_was_never_released_was_never_there() {
        let drafted = given::<Handover>(vec![]).and(draft());
        assert_eq!(drafted.state.visible_to(id(4)), Err(Refusal::NotFound));
        let withdrawn = drafted.and(ERROR);
        assert_eq!(withdrawn.when(Open).refusal(), Refusal::NotFound);
        assert_eq!(withdrawn.state.visible_to(id(4)), Err(Refusal::NotFound));
    }

    #[test]
    fn what_was_accepted_is_not_taken_back() {
        assert_eq!(released().state.visible_to(id(4)), Ok(()));
        accepted().when(ERROR).then_illegal("ACCEPTED");
    }
}
