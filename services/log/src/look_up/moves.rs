//! Moves, and the cases of the Disabled Students' Allowance.

use onward_domain::dsa::{DsaCaseOpened, leads_to};
use onward_domain::event::{DsaFact, Provenance, TransitionFact};
use onward_domain::ids::OrganisationId;
use onward_domain::transition::Detail;
use uuid::Uuid;

use super::{Change, Heading, keys, reference};
use crate::claim_key::{Key, Relation};

/// Who is party to a move, beside its owner: the settings that it names, and the authority.
pub fn parties(
    detail: &Detail,
    authority: Option<OrganisationId>,
) -> Vec<(OrganisationId, Relation)> {
    let source = detail.from().and_then(|from| from.organisation);
    let destination = detail.to().and_then(|to| to.organisation);
    let named = [
        (source, Relation::Source),
        (destination, Relation::Destination),
        (authority, Relation::Authority),
    ];
    named.into_iter().filter_map(|(party, relation)| Some((party?, relation))).collect()
}

pub(super) fn changes(
    stream: Uuid,
    said: &Provenance,
    fact: &TransitionFact,
    changes: &mut Vec<Change>,
) {
    match fact {
        TransitionFact::Recorded(fact) => {
            let owner = Key::party(stream, said.organisation, Relation::Owner);
            changes.push(Change::claim(Heading::Stays, owner));
            for (party, relation) in parties(&fact.detail, fact.authority) {
                let key = Key::party(stream, party, relation);
                changes.push(Change::claim(Heading::Settings, key));
            }
            changes.push(Change::claim(Heading::Stays, keys::moves_of(fact.learner)));
            reference(said, "transition", true, changes);
            return;
        }
        TransitionFact::Corrected(_) => changes.push(Change::Folded),
        TransitionFact::Confirmed(_)
        | TransitionFact::Arrived(_)
        | TransitionFact::NotArrived(_)
        | TransitionFact::Rescheduled(_)
        | TransitionFact::Cancelled(_)
        | TransitionFact::Ended(_) => {}
    }
    reference(said, "transition", false, changes);
}

pub(super) fn changes_of_case(
    stream: Uuid,
    said: &Provenance,
    fact: &DsaFact,
    changes: &mut Vec<Change>,
) {
    match fact {
        DsaFact::Opened(fact) => opened(stream, said, fact, changes),
        // A new try is a new case.
        DsaFact::Stepped(fact) if leads_to(fact.action).is_final() => {
            changes.push(Change::GiveUp(Heading::Live));
        }
        DsaFact::Stepped(_) => {}
    }
    reference(said, "dsa", false, changes);
}

fn opened(stream: Uuid, said: &Provenance, fact: &DsaCaseOpened, changes: &mut Vec<Change>) {
    let owner = Key::party(stream, said.organisation, Relation::Owner);
    changes.push(Change::claim(Heading::Stays, owner));
    if let Some(provider) = fact.provider.organisation {
        let party = Key::party(stream, provider, Relation::Destination);
        changes.push(Change::claim(Heading::Stays, party));
        changes.push(Change::claim(Heading::Stays, keys::cases_of_provider(provider)));
    }
    let open = keys::open_case(fact.learner, &fact.provider, &fact.academic_year);
    changes.push(Change::claim(Heading::Live, open));
}
