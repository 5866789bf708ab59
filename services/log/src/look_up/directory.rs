//! Organisations and their members.

use onward_domain::codes::setting::OrganisationKind;
use onward_domain::event::{OrganisationFact, Provenance};
use onward_domain::organisation::{MemberAdded, OrganisationNumberKind, OrganisationRegistered};

use super::{Change, Heading, keys, reference};
use crate::claim_key::{Key, Relation};

pub(super) fn changes(said: &Provenance, fact: &OrganisationFact, changes: &mut Vec<Change>) {
    match fact {
        OrganisationFact::Registered(fact) => {
            registered(said, fact, changes);
            reference(said, "organisation", false, changes);
        }
        OrganisationFact::MemberAdded(fact) => {
            added(said, fact, changes);
            reference(said, "member", false, changes);
        }
        OrganisationFact::MemberRemoved(_) => {
            changes.push(Change::GiveUp(Heading::Membership));
            reference(said, "member", false, changes);
        }
    }
}

/// Every number, by which the organisation is found.
fn registered(said: &Provenance, fact: &OrganisationRegistered, changes: &mut Vec<Change>) {
    let open = (fact.open_from, fact.open_to);
    for number in &fact.numbers {
        let key = keys::organisation_number(number.kind.as_str(), &number.value);
        changes.push(Change::Claim(Heading::Stays, key, open));
        let own = number.kind == OrganisationNumberKind::LaCode
            && fact.kind == OrganisationKind::LocalAuthority;
        if own {
            changes.push(Change::Claim(Heading::Stays, keys::authority(&number.value), open));
        }
    }
    // Nobody but the first operator registers itself.
    if said.organisation == fact.organisation {
        let stream = fact.organisation.uuid();
        let owner = Key::party(stream, fact.organisation, Relation::Owner);
        changes.push(Change::claim(Heading::Stays, keys::operator()));
        changes.push(Change::claim(Heading::Stays, owner));
    }
}

/// The membership itself, and one key a role.
fn added(said: &Provenance, fact: &MemberAdded, changes: &mut Vec<Change>) {
    for key in keys::memberships(fact) {
        changes.push(Change::Claim(Heading::Membership, key, (fact.from, fact.until)));
    }
    // The first operator's own.
    if said.member == Some(fact.member) {
        let owner = Key::party(fact.member.uuid(), fact.organisation, Relation::Owner);
        changes.push(Change::claim(Heading::Stays, owner));
    }
}
