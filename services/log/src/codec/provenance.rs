//! What is said with every fact: fields 1 to 6 of every message.

use onward_domain::event::{Actor, Occurred, Provenance};

use super::value::{Read, day, id, moment, read_day, read_id, read_moment, read_optional_id};
use super::{DecodeError, Wire, wire};

/// The provenance of one message: `whole`, or `bare` where only its public fields are kept.
macro_rules! provenance_fields {
    (whole) => {
        fn say(&mut self, provenance: &Provenance) {
            use $crate::codec::provenance as part;
            self.organisation_id = provenance.organisation.to_string();
            self.member_id = part::member(provenance);
            self.actor = part::actor(provenance);
            (self.occurred_on, self.occurred_at) = part::occurred(provenance);
            self.external_ref.clone_from(&provenance.external_ref);
        }

        fn said(&self) -> Result<Provenance, DecodeError> {
            use $crate::codec::provenance as part;
            Ok(Provenance {
                actor: part::read_actor(self.actor.clone())?,
                occurred: part::read_occurred(self.occurred_on, self.occurred_at)?,
                external_ref: self.external_ref.clone(),
                ..part::bare(&self.organisation_id, &self.member_id)?
            })
        }
    };
    (bare) => {
        fn say(&mut self, provenance: &Provenance) {
            self.organisation_id = provenance.organisation.to_string();
            self.member_id = $crate::codec::provenance::member(provenance);
        }

        fn said(&self) -> Result<Provenance, DecodeError> {
            $crate::codec::provenance::bare(&self.organisation_id, &self.member_id)
        }
    };
}

pub(super) use provenance_fields;

/// The public half of a provenance, nothing else in it.
pub(super) fn bare(organisation: &str, member: &str) -> Read<Provenance> {
    Ok(Provenance {
        organisation: read_id(organisation)?,
        member: read_optional_id(member)?,
        actor: None,
        occurred: None,
        external_ref: None,
    })
}

/// Text of the member's id.
pub(super) fn member(provenance: &Provenance) -> String {
    id(provenance.member)
}

/// The named person.
pub(super) fn actor(provenance: &Provenance) -> Option<wire::Actor> {
    provenance.actor.as_ref().map(Wire::write)
}

/// Back from [`actor`].
pub(super) fn read_actor(actor: Option<wire::Actor>) -> Read<Option<Actor>> {
    actor.map(Actor::read).transpose()
}

type Day = onward_contract::google::r#type::Date;
type Moment = prost_types::Timestamp;

/// When it happened: a day, or a moment, or neither.
pub(super) fn occurred(provenance: &Provenance) -> (Option<Day>, Option<Moment>) {
    match provenance.occurred {
        None => (None, None),
        Some(Occurred::On(date)) => (day(date), None),
        Some(Occurred::At(at)) => (None, moment(at)),
    }
}

/// Back from [`occurred`]; both at once cannot be.
pub(super) fn read_occurred(on: Option<Day>, at: Option<Moment>) -> Read<Option<Occurred>> {
    match (on, at) {
        (None, None) => Ok(None),
        (on @ Some(_), None) => read_day(on).map(|on| Some(Occurred::On(on))),
        (None, at @ Some(_)) => read_moment(at).map(|at| Some(Occurred::At(at))),
        (Some(_), Some(_)) => Err(DecodeError::Malformed),
    }
}

impl Wire for Actor {
    type Message = wire::Actor;

    fn write(&self) -> wire::Actor {
        let Self { name, role, client } = self;
        wire::Actor { name: name.clone(), role: role.clone(), client: client.clone() }
    }

    fn read(message: wire::Actor) -> Read<Self> {
        let wire::Actor { name, role, client } = message;
        Ok(Self { name, role, client })
    }
}
