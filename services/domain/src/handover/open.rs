//! Open the pack, by a named person of the receiver. Later reads are the audit's.

use super::{HandoverDelivered, HandoverFact, HandoverFold, HandoverOpened, HandoverStep};
use crate::decider::{Outcome, Refusal, Steps};

/// Opens the pack. One that was never shown is delivered by the same step.
#[derive(Debug, Clone, Copy)]
pub struct Open;

impl Open {
    pub(super) fn decide(self, state: &HandoverFold) -> Result<Outcome<HandoverFact>, Refusal> {
        let (drafted, stands) = state.stands(HandoverStep::Open)?;
        let (handover, learner) = (drafted.handover, drafted.learner);
        let fact = HandoverOpened { handover, learner };
        let outcome = HandoverStep::Open.take(stands, state.opened.as_ref(), fact)?;
        Ok(match outcome.map(HandoverFact::Opened) {
            Outcome::Recorded(mut facts) if state.delivered.is_none() => {
                let delivered = HandoverDelivered { handover, learner };
                facts.insert(0, HandoverFact::Delivered(delivered));
                Outcome::Recorded(facts)
            }
            other => other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Deliver;
    use super::super::tests::released;
    use super::*;
    use crate::scenario::id;

    #[test]
    fn opening_an_undelivered_one_records_both() {
        let delivered = HandoverDelivered { handover: id(50), learner: id(2) };
        let opened = HandoverOpened { handover: id(50), learner: id(2) };
        released()
            .when(Open)
            .then(vec![HandoverFact::Delivered(delivered), HandoverFact::Opened(opened.clone())]);
        released().and(Deliver).when(Open).then(vec![HandoverFact::Opened(opened)]);
        released().and(Open).when(Open).then_already(4);
    }
}
