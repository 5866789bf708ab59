//! Say that the receiver will act on the pack. Never an offer of a place.

use super::{HandoverAccepted, HandoverFact, HandoverFold, HandoverStep};
use crate::decider::{Outcome, Refusal, Steps};
use crate::ids::LearnerId;

/// Accepts the pack for a record of the receiver's own.
#[derive(Debug, Clone, Copy)]
pub struct Accept {
    /// The receiver's own record of the learner.
    pub receiver_learner: LearnerId,
}

impl Accept {
    pub(super) fn decide(self, state: &HandoverFold) -> Result<Outcome<HandoverFact>, Refusal> {
        let (drafted, stands) = state.stands(HandoverStep::Accept)?;
        let receiver_learner = self.receiver_learner;
        if receiver_learner == drafted.learner {
            return Err(Refusal::field("receiver_learner", "is the sender's record"));
        }
        let (handover, learner) = (drafted.handover, drafted.learner);
        let fact = HandoverAccepted { handover, learner, receiver_learner };
        let outcome = HandoverStep::Accept.take(stands, state.accepted.as_ref(), fact)?;
        Ok(outcome.map(HandoverFact::Accepted))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Open;
    use super::super::tests::released;
    use super::*;
    use crate::scenario::id;

    #[test]
    fn it_is_accepted_once_after_it_was_opened() {
        let accept = Accept { receiver_learner: id(3) };
        released().when(accept).then_illegal("RELEASED");
        let accepted = released().and(Open).and(accept);
        accepted.when(accept).then_already(5);
        accepted.when(Accept { receiver_learner: id(9) }).then_illegal("ACCEPTED");
        let opened = released().and(Open);
        opened.when(Accept { receiver_learner: id(2) }).then_invalid(&["receiver_learner"]);
    }
}
