//! Parts that several concepts share: a person, a need, a setting.

use onward_domain::codes::need::NeedType;
use onward_domain::learner::{LookedAfter, Person, RankedNeed, Setting};

use super::value::{
    Read, day, id, narrow, optional_day, read_day, read_optional_day, read_optional_id,
    read_optional_open,
};
use super::{DecodeError, Wire, wire};

/// Many parts.
pub(super) fn all<T: Wire>(parts: &[T]) -> Vec<T::Message> {
    parts.iter().map(Wire::write).collect()
}

/// Back from [`all`].
pub(super) fn read_all<T: Wire>(parts: Vec<T::Message>) -> Read<Vec<T>> {
    parts.into_iter().map(T::read).collect()
}

/// A part that may be absent.
pub(super) fn maybe<T: Wire>(part: Option<&T>) -> Option<T::Message> {
    part.map(Wire::write)
}

/// Back from [`maybe`].
pub(super) fn read_maybe<T: Wire>(part: Option<T::Message>) -> Read<Option<T>> {
    part.map(T::read).transpose()
}

/// A part that has to be there.
pub(super) fn read_part<T: Wire>(part: Option<T::Message>) -> Read<T> {
    part.ok_or(DecodeError::Malformed).and_then(T::read)
}

impl Wire for Person {
    type Message = wire::Person;

    fn write(&self) -> wire::Person {
        let Self { surname, forename, known_as, date_of_birth, sex, .. } = self;
        let Self { postcode, nc_year, home_language, looked_after, sensitive, .. } = self;
        wire::Person {
            surname: surname.clone(),
            forename: forename.clone(),
            known_as: known_as.clone(),
            date_of_birth: day(*date_of_birth),
            sex: sex.clone(),
            postcode: postcode.clone(),
            nc_year: nc_year.as_ref().map_or_else(String::new, |year| year.as_str().to_owned()),
            home_language: home_language.clone(),
            looked_after: maybe(looked_after.as_ref()),
            sensitive: *sensitive,
        }
    }

    fn read(message: wire::Person) -> Read<Self> {
        Ok(Self {
            surname: message.surname,
            forename: message.forename,
            known_as: message.known_as,
            date_of_birth: read_day(message.date_of_birth)?,
            sex: message.sex,
            postcode: message.postcode,
            nc_year: read_optional_open(&message.nc_year),
            home_language: message.home_language,
            looked_after: read_maybe(message.looked_after)?,
            sensitive: message.sensitive,
        })
    }
}

impl Wire for LookedAfter {
    type Message = wire::LookedAfter;

    fn write(&self) -> wire::LookedAfter {
        let Self { in_care, care_authority } = self;
        wire::LookedAfter { in_care: *in_care, care_authority: care_authority.clone() }
    }

    fn read(message: wire::LookedAfter) -> Read<Self> {
        let wire::LookedAfter { in_care, care_authority } = message;
        Ok(Self { in_care, care_authority })
    }
}

impl Wire for RankedNeed {
    type Message = wire::RankedNeed;

    fn write(&self) -> wire::RankedNeed {
        let Self { need, rank, from, to } = self;
        wire::RankedNeed {
            need: need.as_str().to_owned(),
            rank: u32::from(*rank),
            from: optional_day(*from),
            to: optional_day(*to),
        }
    }

    fn read(message: wire::RankedNeed) -> Read<Self> {
        Ok(Self {
            need: read_need(message.need),
            rank: narrow(message.rank)?,
            from: read_optional_day(message.from)?,
            to: read_optional_day(message.to)?,
        })
    }
}

/// A code that this binary's table lacks is kept exactly as it was stored.
fn read_need(code: String) -> NeedType {
    NeedType::known().find(|need| need.as_str() == code).unwrap_or(NeedType::Unknown(code))
}

/// A setting within a sealed part, its organisation beside the rest.
impl Wire for Setting {
    type Message = wire::Setting;

    fn write(&self) -> wire::Setting {
        let Self { organisation, number, name } = self;
        wire::Setting {
            organisation_id: id(*organisation),
            number: number.clone(),
            name: name.clone(),
        }
    }

    fn read(message: wire::Setting) -> Read<Self> {
        let wire::Setting { organisation_id, number, name } = message;
        Ok(Self { organisation: read_optional_id(&organisation_id)?, number, name })
    }
}

/// A setting at the top level of an event: the text of its organisation's id for the public field,
/// and the rest for the sealed one.
pub(super) fn place(setting: Option<&Setting>) -> (String, Option<wire::Setting>) {
    let Some(setting) = setting else { return (String::new(), None) };
    let mut message = setting.write();
    (std::mem::take(&mut message.organisation_id), Some(message))
}

/// Back from [`place`]. An organisation without its sealed half cannot be.
pub(super) fn read_place(
    organisation_id: String,
    setting: Option<wire::Setting>,
) -> Read<Option<Setting>> {
    match setting {
        None if organisation_id.is_empty() => Ok(None),
        Some(setting) if setting.organisation_id.is_empty() => {
            Setting::read(wire::Setting { organisation_id, ..setting }).map(Some)
        }
        _ => Err(DecodeError::Malformed),
    }
}
