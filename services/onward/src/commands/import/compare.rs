//! Two accounts of a move beside each other: the file's and the house's.

use onward_contract::directory::v1::SettingRef;
use onward_contract::transition::v1 as wire;
use onward_contract::transition::v1::alternative_provision_destination::Destination;
use onward_contract::transition::v1::planned_date::Planned as When;
use onward_contract::transition::v1::transition_detail::Detail as Carried;
use tonic::Status;

use super::own::Own;

/// When a move is planned, or begins.
pub fn planned_of(detail: &Carried) -> Option<When> {
    let planned = match detail {
        Carried::PhaseTransfer(of) => of.planned,
        Carried::Post16Move(of) => of.planned,
        Carried::LocalAuthorityMove(of) => of.planned,
        Carried::InYearMove(of) => of.planned,
        Carried::Employment(of) => of.planned,
        Carried::AdultCare(of) => of.planned,
        Carried::ElectiveHomeEducation(of) => of.planned,
        Carried::NotInEducation(of) => of.planned,
        Carried::ApprenticeshipStart(of) => return of.start.map(When::Day),
        Carried::HigherEducationEntry(of) => return of.start.map(When::Day),
        Carried::AlternativeProvision(of) => return of.start.map(When::Day),
    };
    planned?.planned
}

/// Takes over when the other account has it.
pub fn take_planned(detail: &mut Carried, other: &Carried) {
    let when = planned_of(other);
    let planned = when.map(|when| wire::PlannedDate { planned: Some(when) });
    let start = match when {
        Some(When::Day(day)) => Some(day),
        _ => None,
    };
    match detail {
        Carried::PhaseTransfer(of) => of.planned = planned,
        Carried::Post16Move(of) => of.planned = planned,
        Carried::LocalAuthorityMove(of) => of.planned = planned,
        Carried::InYearMove(of) => of.planned = planned,
        Carried::Employment(of) => of.planned = planned,
        Carried::AdultCare(of) => of.planned = planned,
        Carried::ElectiveHomeEducation(of) => of.planned = planned,
        Carried::NotInEducation(of) => of.planned = planned,
        Carried::ApprenticeshipStart(of) => of.start = start,
        Carried::HigherEducationEntry(of) => of.start = start,
        Carried::AlternativeProvision(of) => of.start = start,
    }
}

/// Takes over the other account's names of settings where they are the same settings: one may say a
/// URN and the other a LAESTAB.
///
/// # Errors
/// What the server refuses.
pub async fn take_settings(
    own: &Own,
    detail: &mut Carried,
    other: &Carried,
) -> Result<(), Box<Status>> {
    let mut other = other.clone();
    for (ours, theirs) in settings(detail).into_iter().zip(settings(&mut other)) {
        if let (Some(said), Some(known)) = (ours.as_ref(), theirs.as_ref())
            && same_setting(own, said, known).await?
        {
            ours.clone_from(theirs);
        }
    }
    Ok(())
}

/// Whether two names are one setting's.
///
/// # Errors
/// What the server refuses.
pub async fn same_setting(
    own: &Own,
    one: &SettingRef,
    other: &SettingRef,
) -> Result<bool, Box<Status>> {
    if one == other || (text(one).is_some() && text(one) == text(other)) {
        return Ok(true);
    }
    let (one, other) = (own.setting(one).await?, own.setting(other).await?);
    Ok(one.zip(other).is_some_and(|(one, other)| one.organisation_id == other.organisation_id))
}

/// The number or name, whatever register it is said to be from.
fn text(setting: &SettingRef) -> Option<&str> {
    use onward_contract::directory::v1::setting_ref::Setting as S;
    let (S::OrganisationId(text)
    | S::Urn(text)
    | S::EyUrn(text)
    | S::Laestab(text)
    | S::Ukprn(text)
    | S::OdsCode(text)
    | S::Name(text)) = setting.setting.as_ref()?;
    Some(text)
}

/// The settings of a move, in a fixed order for each kind.
fn settings(detail: &mut Carried) -> Vec<&mut Option<SettingRef>> {
    match detail {
        Carried::PhaseTransfer(of) => vec![&mut of.from, &mut of.to],
        Carried::Post16Move(of) => vec![&mut of.from, &mut of.to],
        Carried::ApprenticeshipStart(of) => vec![&mut of.from, &mut of.provider],
        Carried::HigherEducationEntry(of) => vec![&mut of.from, &mut of.provider],
        Carried::AlternativeProvision(of) => vec![&mut of.from, &mut of.setting],
        Carried::LocalAuthorityMove(of) => vec![&mut of.to],
        Carried::InYearMove(of) => vec![&mut of.from, &mut of.to],
        Carried::Employment(of) => vec![&mut of.from],
        Carried::AdultCare(of) => vec![&mut of.from],
        Carried::ElectiveHomeEducation(of) => vec![&mut of.from],
        Carried::NotInEducation(of) => vec![&mut of.from],
    }
}

/// What the two accounts spell in two ways and mean the same: a placement's school by its URN, a
/// case that was opened with the move, an offer of which nothing is said.
pub fn level(detail: &mut Carried, other: &Carried) {
    match (detail, other) {
        (Carried::HigherEducationEntry(of), Carried::HigherEducationEntry(other)) => {
            of.opens_dsa_case = other.opens_dsa_case;
        }
        (Carried::AlternativeProvision(of), Carried::AlternativeProvision(other)) => {
            let (ours, theirs) = (school(of), school(other));
            if ours.is_some() && ours == theirs {
                of.destination.clone_from(&other.destination);
            }
        }
        (Carried::Post16Move(of), Carried::Post16Move(other)) => {
            let none = [0, wire::OfferStatus::None as i32];
            if none.contains(&of.offer_status) && none.contains(&other.offer_status) {
                of.offer_status = other.offer_status;
            }
        }
        _ => {}
    }
}

fn school(placement: &wire::AlternativeProvision) -> Option<(u8, String)> {
    use onward_contract::directory::v1::setting_ref::Setting;
    let (kind, school) = match placement.destination.as_ref()?.destination.as_ref()? {
        Destination::ReturnSchool(school) => (0, school),
        Destination::NewSchool(school) => (1, school),
        _ => return None,
    };
    match &school.setting {
        Some(Setting::Urn(urn)) => Some((kind, urn.clone())),
        _ => None,
    }
}
