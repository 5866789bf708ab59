//! Begin a pack for a receiver.

use std::collections::BTreeSet;

use super::{HandoverDrafted, HandoverFact, HandoverFold, Pack};
use crate::decider::{Faults, Outcome, Refusal};
use crate::ids::{HandoverId, LearnerId, OrganisationId, TransitionId};

/// Begins a pack. Nobody but the sender knows of it before it is released.
#[derive(Clone)]
pub struct Draft {
    /// The handover.
    pub handover: HandoverId,
    /// The sender's record of the learner.
    pub learner: LearnerId,
    /// Who sends.
    pub sender: OrganisationId,
    /// Who is to receive.
    pub receiver: OrganisationId,
    /// The move that it is for.
    pub transition: Option<TransitionId>,
    /// Content; a draft may lack anything.
    pub pack: Pack,
}

impl Draft {
    pub(super) fn decide(self, state: &HandoverFold) -> Result<Outcome<HandoverFact>, Refusal> {
        let Draft { handover, learner, sender, receiver, transition, pack } = self;
        let pack = pack.masked();
        let fact = HandoverDrafted {
            handover,
            learner,
            sender,
            receiver,
            transition,
            pack_version: 1,
            pack,
        };
        if let Some(drafted) = &state.drafted {
            return if drafted.fact == fact {
                Ok(Outcome::AlreadyDone(drafted.version))
            } else {
                Err(Refusal::Exists {
                    reason: "EXISTS_WITH_OTHER_CONTENT",
                    message: "this handover exists with other content; edit it".to_owned(),
                    existing: Some(drafted.fact.handover.uuid()),
                })
            };
        }
        let mut faults = Faults::default();
        faults.unless(sender != receiver, "receiver", "is the sender itself");
        faults.finish()?;
        check_shape(&fact.pack)?;
        Ok(Outcome::one(HandoverFact::Drafted(fact)))
    }
}

/// What even an unfinished pack must keep to.
pub(super) fn check_shape(pack: &Pack) -> Result<(), Refusal> {
    let mut faults = Faults::default();
    let items: BTreeSet<_> = pack.support.iter().map(|item| item.item).collect();
    faults.unless(items.len() == pack.support.len(), "support.item", "is given to two lines");
    let said = pack.support.iter().all(|item| !item.text.trim().is_empty());
    faults.unless(said, "support.text", "is empty");
    let codes: BTreeSet<_> = pack.sections.iter().map(|section| &section.code).collect();
    faults.unless(codes.len() == pack.sections.len(), "sections.code", "is given to two sections");
    let known = codes.iter().all(|code| SECTIONS.contains(&code.as_str()));
    faults.unless(known, "sections.code", "is not a section of a plan (A to K, H1, H2)");
    let ranks: BTreeSet<_> = pack.needs.iter().map(|need| need.rank).collect();
    faults.unless(ranks.len() == pack.needs.len(), "needs.rank", "is given to two needs");
    faults.finish()
}

/// Sections of an EHC plan, regulation 12.
const SECTIONS: &[&str] = &["A", "B", "C", "D", "E", "F", "G", "H1", "H2", "I", "J", "K"];

impl Pack {
    /// The pack without what never travels: the address of a shielded learner.
    pub fn masked(mut self) -> Self {
        if let Some(person) = &mut self.person
            && person.sensitive
        {
            person.postcode = None;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{draft, pack};
    use super::super::{Handover, Section};
    use super::*;
    use crate::learner::Person;
    use crate::scenario::{given, id};

    #[test]
    fn a_handover_is_drafted_once() {
        let nobody = given::<Handover>(vec![]);
        assert!(nobody.when(draft()).0.is_ok());
        let drafted = nobody.and(draft());
        drafted.when(draft()).then_already(1);
        drafted.when(Draft { transition: None, ..draft() }).then_rule("EXISTS_WITH_OTHER_CONTENT");
    }

    #[test]
    fn nobody_hands_over_to_itself_and_a_pack_keeps_its_shape() {
        let nobody = given::<Handover>(vec![]);
        nobody.when(Draft { receiver: id(1), ..draft() }).then_invalid(&["receiver"]);
        let mut crooked = pack();
        crooked.support.push(crooked.support[0].clone());
        let section = |code: &str| Section { code: code.into(), text: "…".into(), ground: None };
        crooked.sections = vec![section("B"), section("B"), section("Z")];
        nobody.when(Draft { pack: crooked, ..draft() }).then_invalid(&[
            "support.item",
            "sections.code",
            "sections.code",
        ]);
        assert!(nobody.when(Draft { pack: Pack::default(), ..draft() }).0.is_ok());
    }

    #[test]
    fn a_shielded_address_is_in_no_pack() {
        let mut shielded = pack();
        let person = shielded.person.take().expect("the sample names a person");
        assert!(person.postcode.is_some());
        shielded.person = Some(Person { sensitive: true, ..person });
        let drafted = given::<Handover>(vec![]).and(Draft { pack: shielded, ..draft() });
        let pack = drafted.state.pack.expect("a draft has a pack").fact;
        assert!(pack.person.is_some_and(|person| person.postcode.is_none()));
    }
}
