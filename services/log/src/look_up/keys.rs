//! Which look-up keys are claimed and asked for: one place, so that what is claimed is found, and so that
//! `verify` expects what is claimed.

use jiff::civil::Date;
use onward_domain::codes::role::MemberRole;
use onward_domain::ids::{LearnerId, OrganisationId};
use onward_domain::learner::{LearnerNumberKind, Person, Setting, folded};
use onward_domain::numbers::Kind;
use onward_domain::organisation::MemberAdded;

use crate::claim_key::{Key, Scope};

/// (issuer, subject, organisation, role): a role that an identity holds.
pub fn membership(
    issuer: &str,
    subject: &str,
    organisation: OrganisationId,
    role: MemberRole,
) -> Key {
    let organisation = organisation.uuid();
    let role = role.as_str().as_bytes();
    let parts: [&[u8]; 4] = [issuer.as_bytes(), subject.as_bytes(), organisation.as_bytes(), role];
    Key::new(Scope::Membership, &parts)
}

/// (issuer, subject, organisation): an identity is a member of an organisation once.
pub fn membership_once(issuer: &str, subject: &str, organisation: OrganisationId) -> Key {
    let organisation = organisation.uuid();
    let parts: [&[u8]; 3] = [issuer.as_bytes(), subject.as_bytes(), organisation.as_bytes()];
    Key::new(Scope::Membership, &parts)
}

/// All that a member holds: the membership itself, and one key a role.
pub fn memberships(member: &MemberAdded) -> Vec<Key> {
    let (issuer, subject, organisation) = (&member.issuer, &member.subject, member.organisation);
    let roles = member.roles.iter();
    let roles = roles.map(|role| membership(issuer, subject, organisation, *role));
    std::iter::once(membership_once(issuer, subject, organisation)).chain(roles).collect()
}

/// (code): the authority itself. Its settings carry the same `la_code`.
pub fn authority(la_code: &str) -> Key {
    organisation_number("authority", la_code)
}

/// (kind, value): an organisation's official number. `kind` as the contract spells it: `urn`.
pub fn organisation_number(kind: &str, value: &str) -> Key {
    Key::new(Scope::OrganisationNumber, &[kind.as_bytes(), value.as_bytes()])
}

/// (organisation, kind, value): a learner's number within one organisation. `kind` is `upn`, `uln`,
/// `nhs`, `sid` or `husid`.
pub fn learner_number(organisation: OrganisationId, kind: &str, value: &str) -> Key {
    let organisation = organisation.uuid();
    let parts: [&[u8]; 3] = [organisation.as_bytes(), kind.as_bytes(), value.as_bytes()];
    Key::new(Scope::LearnerNumber, &parts)
}

/// (organisation, reference): the organisation's own key of a learner.
pub fn own_ref(organisation: OrganisationId, reference: &str) -> Key {
    let organisation = organisation.uuid();
    Key::new(Scope::OwnRef, &[organisation.as_bytes(), reference.as_bytes()])
}

/// (organisation, forename, surname, date of birth), folded so that case, accents, spaces, hyphens and
/// apostrophes make no difference. The forename counts: twins share the rest.
pub fn name_and_birth(organisation: OrganisationId, person: &Person) -> Key {
    born(organisation, &person.forename, &person.surname, person.date_of_birth)
}

/// As [`name_and_birth`], for a search.
pub fn born(organisation: OrganisationId, forename: &str, surname: &str, birth: Date) -> Key {
    let organisation = organisation.uuid();
    let (forename, surname) = (folded(forename), folded(surname));
    let birth = birth.to_string();
    let parts: [&[u8]; 4] =
        [organisation.as_bytes(), forename.as_bytes(), surname.as_bytes(), birth.as_bytes()];
    Key::new(Scope::LearnerNameBirth, &parts)
}

/// (learner, receiver): the one live handover of a learner's record to a receiver.
pub fn live_handover(learner: LearnerId, receiver: OrganisationId) -> Key {
    let (learner, receiver) = (learner.uuid(), receiver.uuid());
    Key::new(Scope::LiveHandover, &[learner.as_bytes(), receiver.as_bytes()])
}

/// (organisation, area, reference): the caller's own reference of what it recorded.
pub fn external_ref(organisation: OrganisationId, area: &str, reference: &str) -> Key {
    let organisation = organisation.uuid();
    let parts: [&[u8]; 3] = [organisation.as_bytes(), area.as_bytes(), reference.as_bytes()];
    Key::new(Scope::ExternalRef, &parts)
}

/// (learner): the moves that were recorded on a record. Many holders.
pub fn moves_of(learner: LearnerId) -> Key {
    // A caller's own reference has three parts, so the two never meet.
    let learner = learner.uuid();
    Key::new(Scope::ExternalRef, &[learner.as_bytes(), b"moves"])
}

/// (organisation): the Disabled Students' Allowance cases that name it as the provider. Many holders.
pub fn cases_of_provider(organisation: OrganisationId) -> Key {
    let organisation = organisation.uuid();
    Key::new(Scope::ExternalRef, &[organisation.as_bytes(), b"cases"])
}

/// (learner, provider, academic year): the one open Disabled Students' Allowance case. Lives in the
/// scope of live handovers, whose keys have two parts.
pub fn open_case(learner: LearnerId, provider: &Setting, academic_year: &str) -> Key {
    let learner = learner.uuid();
    let provider = match (provider.organisation, &provider.number, &provider.name) {
        (Some(organisation), _, _) => organisation.to_string(),
        (None, Some(number), _) => number.clone(),
        (None, None, name) => folded(name.as_deref().unwrap_or_default()),
    };
    let parts: [&[u8]; 4] =
        [b"dsa", learner.as_bytes(), provider.as_bytes(), academic_year.as_bytes()];
    Key::new(Scope::LiveHandover, &parts)
}

/// The name of a kind of learner's number in look-up keys.
pub fn learner_kind(kind: LearnerNumberKind) -> &'static str {
    match kind {
        LearnerNumberKind::Upn => Kind::Upn.as_str(),
        LearnerNumberKind::Uln => Kind::Uln.as_str(),
        LearnerNumberKind::Nhs => Kind::Nhs.as_str(),
        LearnerNumberKind::Sid => Kind::Sid.as_str(),
        LearnerNumberKind::Husid => Kind::Husid.as_str(),
    }
}

/// (): the first operator.
pub fn operator() -> Key {
    Key::new(Scope::Operator, &[])
}
