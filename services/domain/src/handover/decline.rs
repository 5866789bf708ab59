//! Say that the receiver will not act on the pack, for a coded reason.

use super::{HandoverDeclined, HandoverFact, HandoverFold, HandoverStep};
use crate::codes::handover::HandoverDecline;
use crate::decider::{Outcome, Refusal, Steps};

/// Declines the pack.
#[derive(Clone)]
pub struct Decline {
    /// Why.
    pub reason: HandoverDecline,
    /// In the receiver's words.
    pub note: Option<String>,
}

impl Decline {
    pub(super) fn decide(self, state: &HandoverFold) -> Result<Outcome<HandoverFact>, Refusal> {
        let (drafted, stands) = state.stands(HandoverStep::Decline)?;
        let Decline { reason, note } = self;
        let (handover, learner) = (drafted.handover, drafted.learner);
        let fact = HandoverDeclined { handover, learner, reason, note };
        let outcome = HandoverStep::Decline.take(stands, state.declined.as_ref(), fact)?;
        Ok(outcome.map(HandoverFact::Declined))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::released;
    use super::super::{Accept, Open};
    use super::*;
    use crate::scenario::id;

    #[test]
    fn it_is_declined_once_after_it_was_opened() {
        let decline = Decline { reason: HandoverDecline::WrongLearner, note: None };
        released().when(decline.clone()).then_illegal("RELEASED");
        let declined = released().and(Open).and(decline.clone());
        declined.when(decline.clone()).then_already(5);
        let other = Decline { reason: HandoverDecline::Other, note: None };
        declined.when(other).then_illegal("DECLINED");
        declined.when(Accept { receiver_learner: id(3) }).then_illegal("DECLINED");
    }
}
