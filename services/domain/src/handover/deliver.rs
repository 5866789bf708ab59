//! Show the pack to the receiving organisation for the first time, by its list, its watch or a webhook.

use super::{HandoverDelivered, HandoverFact, HandoverFold, HandoverStep};
use crate::decider::{Outcome, Refusal, Steps};

/// Records the first showing. A machine's read does no more than this.
#[derive(Debug, Clone, Copy)]
pub struct Deliver;

impl Deliver {
    pub(super) fn decide(self, state: &HandoverFold) -> Result<Outcome<HandoverFact>, Refusal> {
        let (drafted, stands) = state.stands(HandoverStep::Deliver)?;
        let fact = HandoverDelivered { handover: drafted.handover, learner: drafted.learner };
        let outcome = HandoverStep::Deliver.take(stands, state.delivered.as_ref(), fact)?;
        Ok(outcome.map(HandoverFact::Delivered))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{draft, released};
    use super::super::{Handover, Open};
    use super::*;
    use crate::scenario::{given, id};

    #[test]
    fn it_is_delivered_once() {
        let fact = HandoverDelivered { handover: id(50), learner: id(2) };
        released().when(Deliver).then(vec![HandoverFact::Delivered(fact)]);
        released().and(Deliver).when(Deliver).then_already(3);
        released().and(Deliver).and(Open).when(Deliver).then_already(3);
    }

    #[test]
    fn a_draft_is_shown_to_nobody() {
        let drafted = given::<Handover>(vec![]).and(draft());
        assert_eq!(drafted.when(Deliver).refusal(), Refusal::NotFound);
    }
}
