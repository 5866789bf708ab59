//! Let the receiver see the pack. From here on it never changes.

use super::check::{Receiver, check};
use super::draft::check_shape;
use super::{HandoverFact, HandoverFold, HandoverReleased, HandoverStep, Pack};
use crate::decider::{Now, Outcome, Refusal, Steps};

/// Releases a draft. Runs the check, and is refused on a missing must-have or ground.
#[derive(Clone)]
pub struct Release {
    /// Who is to receive, looked up before.
    pub receiver: Receiver,
    /// The draft with the learner's identity filled in again from the sender's record; absent: the
    /// draft as it is.
    pub pack: Option<Pack>,
    /// The moment of the command.
    pub now: Now,
}

impl Release {
    pub(super) fn decide(self, state: &HandoverFold) -> Result<Outcome<HandoverFact>, Refusal> {
        let (drafted, stands) = state.stands(HandoverStep::Release)?;
        let held = state.pack.as_ref().ok_or(Refusal::NotFound)?;
        if let Some(released) = state.released
            && !HandoverStep::Release.possible_from(stands)
        {
            // The pack released is the content of the step; the record may have moved on since.
            return match self.pack.map(Pack::masked) {
                Some(pack) if pack != held.fact => Err(HandoverStep::Release.illegal(stands)),
                _ => Ok(Outcome::AlreadyDone(released)),
            };
        }
        HandoverStep::Release.require(stands)?;
        let pack = self.pack.unwrap_or_else(|| held.fact.clone()).masked();
        check_shape(&pack)?;
        dated(&pack, self.now)?;
        check(&pack, self.receiver).ready()?;
        Ok(Outcome::one(HandoverFact::Released(HandoverReleased {
            handover: drafted.handover,
            learner: drafted.learner,
            sender: drafted.sender,
            receiver: drafted.receiver,
            transition: drafted.transition,
            history_shared: pack.include_history,
            pack_version: drafted.pack_version,
            pack,
        })))
    }
}

/// A ground is a fact: the family has been told, the young person has asked, consent has been given.
fn dated(pack: &Pack, now: Now) -> Result<(), Refusal> {
    let sections = pack.sections.iter().filter_map(|section| section.ground.as_ref());
    let days = pack.grounds.iter().chain(sections).filter_map(|ground| ground.on);
    if days.max().is_some_and(|day| day > now.today) {
        return Err(Refusal::future("grounds.on"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{draft, ground, pack, release};
    use super::super::{Deliver, Draft, GroundStatement, Handover};
    use super::*;
    use crate::codes::handover::Ground;
    use crate::scenario::{given, id, now};

    #[test]
    fn a_complete_draft_is_released_once_with_its_pack() {
        let drafted = given::<Handover>(vec![]).and(draft());
        let fact = HandoverReleased {
            handover: id(50),
            learner: id(2),
            sender: id(1),
            receiver: id(4),
            transition: Some(id(30)),
            history_shared: true,
            pack_version: 1,
            pack: pack(),
        };
        drafted.when(release()).then(vec![HandoverFact::Released(fact)]);
        let released = drafted.and(release());
        released.when(release()).then_already(2);
        released.and(Deliver).when(release()).then_already(2);
        let other = Pack { pronouns: Some("they".to_owned()), ..pack() };
        let other = Release { pack: Some(other), ..release() };
        given::<Handover>(vec![]).and(draft()).and(release()).when(other).then_illegal("RELEASED");
    }

    #[test]
    fn an_incomplete_draft_is_not_released() {
        let incomplete = Pack { holiday_contact: None, grounds: vec![], ..pack() };
        let drafted = given::<Handover>(vec![]).and(Draft { pack: incomplete, ..draft() });
        drafted.when(release()).then_rule("HANDOVER_INCOMPLETE");
        // What the release itself fills in counts.
        assert!(drafted.when(Release { pack: Some(pack()), ..release() }).0.is_ok());
    }

    #[test]
    fn a_ground_lies_in_the_past() {
        let tomorrow = now().today.tomorrow().expect("a day of the calendar");
        let told = GroundStatement { on: Some(tomorrow), ..ground(Ground::PublicTask) };
        let early = Pack { grounds: vec![told], ..pack() };
        let drafted = given::<Handover>(vec![]).and(Draft { pack: early, ..draft() });
        drafted.when(release()).then_invalid(&["grounds.on"]);
    }
}
