//! Records of learners.

use onward_domain::codes::reason::IdentifierEnd;
use onward_domain::event::{LearnerFact, Provenance};
use onward_domain::learner::Person;
use uuid::Uuid;

use super::{Change, Heading, keys, reference};
use crate::claim_key::{Key, Relation};

pub(super) fn changes(
    stream: Uuid,
    said: &Provenance,
    fact: &LearnerFact,
    changes: &mut Vec<Change>,
) {
    let keeper = said.organisation;
    match fact {
        LearnerFact::Registered(fact) => {
            changes.push(Change::claim(
                Heading::Stays,
                Key::party(stream, keeper, Relation::Owner),
            ));
            known_as(said, &fact.person, fact.own_ref.as_deref(), changes);
        }
        LearnerFact::Amended(fact) => {
            changes.push(Change::GiveUp(Heading::Name));
            changes.push(Change::GiveUp(Heading::OwnRef));
            known_as(said, &fact.person, fact.own_ref.as_deref(), changes);
        }
        LearnerFact::IdentifierAdded(fact) => {
            let key = keys::learner_number(keeper, keys::learner_kind(fact.kind), &fact.value);
            changes.push(Change::claim(Heading::Number, key));
        }
        // A superseded number stays an alias.
        LearnerFact::IdentifierEnded(fact) if fact.reason == IdentifierEnd::Wrong => {
            let key = keys::learner_number(keeper, keys::learner_kind(fact.kind), &fact.value);
            changes.push(Change::GiveUpKey(key));
        }
        LearnerFact::IdentifierEnded(_)
        | LearnerFact::SenProvisionRecorded(_)
        | LearnerFact::NeedsRecorded(_)
        | LearnerFact::EnrolmentRecorded(_)
        | LearnerFact::EnrolmentEnded(_)
        | LearnerFact::RecordLinked(_)
        | LearnerFact::ErasureRequested(_)
        // Whatever an erased learner's streams held is gone: for `verify` to see to.
        | LearnerFact::Erased(_) => {}
    }
    reference(said, "learner", false, changes);
}

fn known_as(said: &Provenance, person: &Person, own: Option<&str>, changes: &mut Vec<Change>) {
    let name = keys::name_and_birth(said.organisation, person);
    changes.push(Change::claim(Heading::Name, name));
    if let Some(own) = own {
        changes.push(Change::claim(Heading::OwnRef, keys::own_ref(said.organisation, own)));
    }
}
