//! Organisations and members.

use jiff::Timestamp;
use onward_contract::access::v1 as access;
use onward_contract::directory::v1 as wire;
use onward_domain::codes::setting::{OrganisationKind, Phase};
use onward_domain::decider::{FieldFault, Refusal};
use onward_domain::ids::OrganisationId;
use onward_domain::numbers::{self, Kind, Outcome};
use onward_domain::organisation::{
    OrganisationNumber, OrganisationNumberKind, OrganisationRegistered,
};
use onward_domain::routing::Authority;

use super::{code, date, optional_id, text};
use crate::call::moment;

/// Phases of education: a fact has their names, the contract other spellings.
const PHASES: [(Phase, wire::Phase); 8] = [
    (Phase::NotApplicable, wire::Phase::NotApplicable),
    (Phase::Nursery, wire::Phase::Nursery),
    (Phase::Primary, wire::Phase::Primary),
    (Phase::MiddleDeemedPrimary, wire::Phase::MiddleDeemedPrimary),
    (Phase::Secondary, wire::Phase::Secondary),
    (Phase::MiddleDeemedSecondary, wire::Phase::MiddleDeemedSecondary),
    (Phase::SixteenPlus, wire::Phase::SixteenPlus),
    (Phase::AllThrough, wire::Phase::AllThrough),
];

fn phase(number: i32) -> Result<Option<Phase>, Refusal> {
    if number == 0 {
        return Ok(None);
    }
    let found = PHASES.iter().find(|(_, wire)| *wire as i32 == number);
    let fault = || Refusal::field("phase", "must be one of the values of the contract");
    found.map(|(phase, _)| Some(*phase)).ok_or_else(fault)
}

/// The enum value of a phase.
pub fn phase_number(phase: Phase) -> i32 {
    PHASES.iter().find(|(known, _)| *known == phase).map_or(0, |(_, wire)| *wire as i32)
}

/// The organisation that a request registers.
///
/// # Errors
/// `Refusal::Invalid` with each faulty field.
pub fn registered(
    organisation: OrganisationId,
    message: &wire::RegisterOrganisationRequest,
) -> Result<OrganisationRegistered, Refusal> {
    let identifiers = message.identifiers.clone().unwrap_or_default();
    let kind = code::parse::<access::OrganisationKind, _>("kind", message.kind)?;
    let numbers = numbers_of(&identifiers)?;
    let unnumbered = matches!(kind, OrganisationKind::Operator | OrganisationKind::Other);
    if numbers.is_empty() && !unnumbered {
        let needed = "must hold at least one number for this kind of organisation";
        return Err(Refusal::field("identifiers", needed));
    }
    Ok(OrganisationRegistered {
        organisation,
        kind,
        name: message.name.trim().to_owned(),
        numbers,
        phase: phase(message.phase)?,
        low_age: message.low_age.and_then(|age| u8::try_from(age).ok()),
        high_age: message.high_age.and_then(|age| u8::try_from(age).ok()),
        open_from: date::optional("open_from", message.open_from.as_ref())?,
        open_to: date::optional("open_to", message.open_to.as_ref())?,
        go_live: date::optional("go_live", message.go_live.as_ref())?,
        holiday_contact: text(&message.holiday_contact),
        successor_of: optional_id("successor_of", message.successor_of.as_deref())?,
    })
}

/// The numbers of a request, cleaned and checked.
///
/// # Errors
/// `Refusal::Invalid` with each faulty number.
pub fn numbers_of(
    identifiers: &wire::OrganisationIdentifiers,
) -> Result<Vec<OrganisationNumber>, Refusal> {
    let given = [
        (OrganisationNumberKind::Urn, &identifiers.urn, Some(Kind::Urn)),
        (OrganisationNumberKind::EyUrn, &identifiers.ey_urn, Some(Kind::EyUrn)),
        (OrganisationNumberKind::Laestab, &identifiers.laestab, Some(Kind::Laestab)),
        (OrganisationNumberKind::Ukprn, &identifiers.ukprn, Some(Kind::Ukprn)),
        (OrganisationNumberKind::OdsCode, &identifiers.ods_code, Some(Kind::Ods)),
        (OrganisationNumberKind::LaCode, &identifiers.la_code, None),
        (OrganisationNumberKind::PathfinderKey, &identifiers.pathfinder_key, None),
    ];
    let mut found = Vec::new();
    let mut faults = Vec::new();
    for (kind, value, check) in given {
        let Some(value) = text(value) else { continue };
        let cleaned = match check {
            Some(check) => {
                let checked = numbers::check(check, &value);
                (checked.outcome == Outcome::Valid).then_some(checked.cleaned)
            }
            None => Some(value.to_lowercase()).filter(|value| plain(kind, value)),
        };
        match cleaned {
            Some(value) => found.push(OrganisationNumber { kind, value }),
            None => faults.push(FieldFault {
                field: format!("identifiers.{kind}"),
                message: format!("is not a valid {kind}"),
            }),
        }
    }
    if faults.is_empty() { Ok(found) } else { Err(Refusal::Invalid(faults)) }
}

fn plain(kind: OrganisationNumberKind, value: &str) -> bool {
    match kind {
        OrganisationNumberKind::LaCode => Authority::find(value).is_some(),
        _ => value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'),
    }
}

/// An organisation as the contract shows it.
pub fn organisation(
    fact: &OrganisationRegistered,
    version: u64,
    registered_at: Timestamp,
) -> wire::Organisation {
    let mut identifiers = wire::OrganisationIdentifiers::default();
    for number in &fact.numbers {
        let place = match number.kind {
            OrganisationNumberKind::Urn => &mut identifiers.urn,
            OrganisationNumberKind::EyUrn => &mut identifiers.ey_urn,
            OrganisationNumberKind::Laestab => &mut identifiers.laestab,
            OrganisationNumberKind::Ukprn => &mut identifiers.ukprn,
            OrganisationNumberKind::OdsCode => &mut identifiers.ods_code,
            OrganisationNumberKind::LaCode => &mut identifiers.la_code,
            OrganisationNumberKind::PathfinderKey => &mut identifiers.pathfinder_key,
        };
        place.clone_from(&number.value);
    }
    wire::Organisation {
        organisation_id: fact.organisation.to_string(),
        kind: code::number::<access::OrganisationKind, _>(fact.kind),
        name: fact.name.clone(),
        identifiers: Some(identifiers),
        phase: fact.phase.map_or(0, phase_number),
        low_age: fact.low_age.map(u32::from),
        high_age: fact.high_age.map(u32::from),
        open_from: fact.open_from.map(date::wire),
        open_to: fact.open_to.map(date::wire),
        go_live: fact.go_live.map(date::wire),
        holiday_contact: fact.holiday_contact.clone().unwrap_or_default(),
        successor_of: fact.successor_of.map(|id| id.to_string()).unwrap_or_default(),
        version,
        registered_at: Some(moment(registered_at)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(kind: access::OrganisationKind, urn: &str) -> wire::RegisterOrganisationRequest {
        wire::RegisterOrganisationRequest {
            kind: kind as i32,
            name: " Harbour Primary ".to_owned(),
            identifiers: Some(wire::OrganisationIdentifiers {
                urn: urn.to_owned(),
                ..Default::default()
            }),
            phase: wire::Phase::MiddleDeemedPrimary as i32,
            low_age: Some(3),
            ..Default::default()
        }
    }

    fn id() -> OrganisationId {
        OrganisationId::new(uuid::Uuid::from_u128(1))
    }

    #[test]
    fn what_was_registered_is_shown_again() {
        let said = registered(id(), &request(access::OrganisationKind::School, "100000"));
        let said = said.expect("a school");
        assert_eq!(said.name, "Harbour Primary");
        let shown = organisation(&said, 1, Timestamp::UNIX_EPOCH);
        assert_eq!(shown.phase, wire::Phase::MiddleDeemedPrimary as i32);
        assert_eq!(shown.identifiers.expect("numbers").urn, "100000");
        assert_eq!(shown.kind, access::OrganisationKind::School as i32);
    }

    #[test]
    fn every_phase_goes_both_ways() {
        for known in Phase::ALL {
            assert_eq!(phase(phase_number(*known)), Ok(Some(*known)), "{known}");
        }
        assert_eq!(phase(0), Ok(None));
        assert!(phase(99).is_err());
    }

    #[test]
    fn a_wrong_number_and_a_missing_one_are_refused() {
        let wrong = registered(id(), &request(access::OrganisationKind::School, "12"));
        let Err(Refusal::Invalid(faults)) = wrong else { panic!("refused as invalid") };
        assert_eq!(faults[0].field, "identifiers.urn");
        assert!(registered(id(), &request(access::OrganisationKind::College, "")).is_err());
        assert!(registered(id(), &request(access::OrganisationKind::Other, "")).is_ok());
    }
}
