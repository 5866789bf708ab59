//! Change a draft: the whole pack, not a difference.

use super::draft::check_shape;
use super::{HandoverEdited, HandoverFact, HandoverFold, HandoverStep, Pack};
use crate::decider::{Outcome, Refusal, Steps};

/// Replaces the content of a draft. A released pack never changes.
#[derive(Clone)]
pub struct Edit {
    /// Content.
    pub pack: Pack,
}

impl Edit {
    pub(super) fn decide(self, state: &HandoverFold) -> Result<Outcome<HandoverFact>, Refusal> {
        let (drafted, stands) = state.stands(HandoverStep::Edit)?;
        let pack = self.pack.masked();
        match &state.pack {
            Some(held) if held.fact == pack => Ok(Outcome::AlreadyDone(held.version)),
            _ => {
                HandoverStep::Edit.require(stands)?;
                check_shape(&pack)?;
                let (handover, learner) = (drafted.handover, drafted.learner);
                Ok(Outcome::one(HandoverFact::Edited(HandoverEdited { handover, learner, pack })))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Handover;
    use super::super::tests::{draft, pack, release};
    use super::*;
    use crate::scenario::given;

    #[test]
    fn a_draft_changes_until_it_is_released() {
        let drafted = given::<Handover>(vec![]).and(draft());
        drafted.when(Edit { pack: pack() }).then_already(1);
        let longer = Pack { pronouns: Some("they".to_owned()), ..pack() };
        let edited = drafted.and(Edit { pack: longer.clone() });
        edited.when(Edit { pack: longer.clone() }).then_already(2);
        let released = edited.and(release());
        released.when(Edit { pack: pack() }).then_illegal("RELEASED");
        released.when(Edit { pack: longer }).then_already(2);
    }
}
