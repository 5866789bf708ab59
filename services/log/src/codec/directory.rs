//! Organisations and their members.

use onward_domain::event::{Event, Provenance};
use onward_domain::organisation::{
    MemberAdded, MemberRemoved, OrganisationFact, OrganisationNumber, OrganisationRegistered,
};

use super::person::{all, read_all};
use super::spelling::Spelled;
use super::value::{
    Read, code, id, narrow_optional, optional_code, optional_day, read_code, read_id,
    read_optional_code, read_optional_day, read_optional_id,
};
use super::{About, DecodeError, Encoded, Told, Wire, close, told, wire};

/// What is sealed of an organisation is sealed under its own key, of a member under the member's.
pub(super) fn encode(provenance: &Provenance, fact: &OrganisationFact) -> Encoded {
    let about = |key| About { key, learner: None };
    match fact {
        OrganisationFact::Registered(fact) => {
            close(provenance, fact.write(), about(fact.organisation.uuid()))
        }
        OrganisationFact::MemberAdded(fact) => {
            close(provenance, fact.write(), about(fact.member.uuid()))
        }
        OrganisationFact::MemberRemoved(fact) => {
            close(provenance, fact.write(), about(fact.member.uuid()))
        }
    }
}

told!(Organisation(OrganisationFact::Registered(OrganisationRegistered)));
told!(Organisation(OrganisationFact::MemberAdded(MemberAdded)));
told!(Organisation(OrganisationFact::MemberRemoved(MemberRemoved)));

impl Wire for OrganisationRegistered {
    type Message = wire::OrganisationRegistered;

    fn write(&self) -> Self::Message {
        let Self { organisation, kind, name, numbers, phase, low_age, high_age, .. } = self;
        let Self { open_from, open_to, go_live, holiday_contact, successor_of, .. } = self;
        wire::OrganisationRegistered {
            registered_organisation_id: organisation.to_string(),
            kind: code(*kind),
            name: name.clone(),
            numbers: all(numbers),
            phase: optional_code(*phase),
            low_age: low_age.map(u32::from),
            high_age: high_age.map(u32::from),
            open_from: optional_day(*open_from),
            open_to: optional_day(*open_to),
            go_live: optional_day(*go_live),
            successor_of_organisation_id: id(*successor_of),
            holiday_contact: holiday_contact.clone(),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            organisation: read_id(&message.registered_organisation_id)?,
            kind: read_code(&message.kind)?,
            name: message.name,
            numbers: read_all(message.numbers)?,
            phase: read_optional_code(&message.phase)?,
            low_age: narrow_optional(message.low_age)?,
            high_age: narrow_optional(message.high_age)?,
            open_from: read_optional_day(message.open_from)?,
            open_to: read_optional_day(message.open_to)?,
            go_live: read_optional_day(message.go_live)?,
            holiday_contact: message.holiday_contact,
            successor_of: read_optional_id(&message.successor_of_organisation_id)?,
        })
    }
}

impl Wire for OrganisationNumber {
    type Message = wire::OrganisationNumber;

    fn write(&self) -> Self::Message {
        let Self { kind, value } = self;
        wire::OrganisationNumber { kind: kind.spell(), value: value.clone() }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self { kind: Spelled::unspell(&message.kind)?, value: message.value })
    }
}

impl Wire for MemberAdded {
    type Message = wire::MemberAdded;

    fn write(&self) -> Self::Message {
        let Self { member, organisation, issuer, subject, name, roles, from, until, deputy } = self;
        wire::MemberAdded {
            membership_id: member.to_string(),
            membership_organisation_id: organisation.to_string(),
            deputy_member_id: id(*deputy),
            issuer: issuer.clone(),
            subject: subject.clone(),
            name: name.clone(),
            roles: roles.iter().copied().map(code).collect(),
            from: optional_day(*from),
            until: optional_day(*until),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            member: read_id(&message.membership_id)?,
            organisation: read_id(&message.membership_organisation_id)?,
            issuer: message.issuer,
            subject: message.subject,
            name: message.name,
            roles: message.roles.iter().map(|role| read_code(role)).collect::<Read<_>>()?,
            from: read_optional_day(message.from)?,
            until: read_optional_day(message.until)?,
            deputy: read_optional_id(&message.deputy_member_id)?,
        })
    }
}

impl Wire for MemberRemoved {
    type Message = wire::MemberRemoved;

    fn write(&self) -> Self::Message {
        let Self { member, organisation } = self;
        wire::MemberRemoved {
            membership_id: member.to_string(),
            membership_organisation_id: organisation.to_string(),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            member: read_id(&message.membership_id)?,
            organisation: read_id(&message.membership_organisation_id)?,
        })
    }
}
