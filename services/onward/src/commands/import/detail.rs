//! The particulars of a move, from a file's row to the contract's message.

use onward_contract::directory::v1::{SettingRef, setting_ref::Setting as Named};
use onward_contract::transition::v1 as wire;
use onward_contract::transition::v1::record_transition_request::Detail as WireDetail;
use onward_domain::codes::kind::TransitionKind;
use onward_domain::codes::placement::{ApDestination, ApTier};
use onward_domain::learner::Setting;
use onward_domain::numbers::{EyUrn, Laestab, Ukprn, Urn};
use onward_domain::transition::{Detail, OfferStatus, Planned, Post16Kind, SupportBasis};

use super::date;

/// The particulars as a request holds them.
pub fn wire(detail: &Detail, opens_dsa_case: bool) -> WireDetail {
    match detail {
        Detail::PhaseTransfer(move_) => WireDetail::PhaseTransfer(wire::PhaseTransfer {
            from: Some(setting(&move_.from)),
            to: move_.to.as_ref().map(setting),
            year_group: move_.nc_year.map(|year| year.as_str().to_owned()).unwrap_or_default(),
            planned: Some(planned(move_.planned)),
            basis: basis(move_.basis).into(),
        }),
        Detail::Post16Move(move_) => WireDetail::Post16Move(wire::Post16Move {
            from: Some(setting(&move_.from)),
            to: move_.to.as_ref().map(setting),
            destination: post16(move_.kind).into(),
            programme: move_.programme.clone().unwrap_or_default(),
            planned: Some(planned(move_.planned)),
            offer_status: offer(move_.offer).into(),
        }),
        Detail::ApprenticeshipStart(start) => {
            WireDetail::ApprenticeshipStart(wire::ApprenticeshipStart {
                from: Some(setting(&start.from)),
                provider: Some(setting(&start.provider)),
                employer_reference: start.employer_ref.clone().unwrap_or_default(),
                standard_code: start.standard_code.clone(),
                level: start.level.into(),
                start: Some(date(start.start)),
                planned_end: start.planned_end.map(date),
                learning_support_need: start.learning_support_need,
                evidence: start.evidence.clone().unwrap_or_default(),
            })
        }
        Detail::HigherEducationEntry(entry) => {
            WireDetail::HigherEducationEntry(wire::HigherEducationEntry {
                from: Some(setting(&entry.from)),
                provider: Some(setting(&entry.provider)),
                course: entry.course.clone(),
                start: Some(date(entry.start)),
                academic_year: entry.academic_year.clone(),
                plan_end: entry.plan_end.map(date),
                opens_dsa_case,
            })
        }
        other => rest(other),
    }
}

fn rest(detail: &Detail) -> WireDetail {
    match detail {
        Detail::AlternativeProvision(placement) => {
            WireDetail::AlternativeProvision(wire::AlternativeProvision {
                from: Some(setting(&placement.from)),
                tier: tier(placement.tier).into(),
                setting: Some(setting(&placement.to)),
                start: Some(date(placement.start)),
                planned_end: Some(date(placement.planned_end)),
                destination: Some(destination(&placement.destination)),
                review_dates: placement.review_dates.iter().copied().map(date).collect(),
            })
        }
        Detail::LocalAuthorityMove(move_) => {
            WireDetail::LocalAuthorityMove(wire::LocalAuthorityMove {
                from_la_code: move_.from_la.clone(),
                to_la_code: move_.to_la.clone(),
                planned: Some(planned(move_.planned)),
                to: move_.to.as_ref().map(setting),
            })
        }
        Detail::InYearMove(move_) => WireDetail::InYearMove(wire::InYearMove {
            from: Some(setting(&move_.from)),
            to: move_.to.as_ref().map(setting),
            planned: Some(planned(move_.planned)),
            year_group: move_.nc_year.map(|year| year.as_str().to_owned()).unwrap_or_default(),
        }),
        Detail::Employment(work) => WireDetail::Employment(wire::Employment {
            from: Some(setting(&work.from)),
            employer_reference: work.employer_ref.clone().unwrap_or_default(),
            planned: Some(planned(work.planned)),
            hours_per_week: work.hours_per_week.map(u32::from).unwrap_or_default(),
        }),
        Detail::AdultCare(care) => WireDetail::AdultCare(wire::AdultCare {
            from: Some(setting(&care.from)),
            la_code: care.authority.clone().unwrap_or_default(),
            planned: Some(planned(care.planned)),
        }),
        Detail::ElectiveHomeEducation(home) => {
            WireDetail::ElectiveHomeEducation(wire::ElectiveHomeEducation {
                from: Some(setting(&home.from)),
                planned: Some(planned(home.planned)),
            })
        }
        Detail::NotInEducation(out) => WireDetail::NotInEducation(wire::NotInEducation {
            from: Some(setting(&out.from)),
            planned: Some(planned(out.planned)),
            activity_code: out.activity_code.clone().unwrap_or_default(),
        }),
        Detail::PhaseTransfer(_)
        | Detail::Post16Move(_)
        | Detail::ApprenticeshipStart(_)
        | Detail::HigherEducationEntry(_) => wire(detail, false),
    }
}

/// Which register a number is from follows from its shape; the shapes do not overlap.
fn setting(setting: &Setting) -> SettingRef {
    let number = setting.number.clone().unwrap_or_default();
    let named = if let Some(id) = setting.organisation {
        Named::OrganisationId(id.to_string())
    } else if Urn::parse(&number).is_ok() {
        Named::Urn(number)
    } else if Ukprn::parse(&number).is_ok() {
        Named::Ukprn(number)
    } else if Laestab::parse(&number).is_ok() {
        Named::Laestab(number)
    } else if EyUrn::parse(&number).is_ok() {
        Named::EyUrn(number)
    } else {
        Named::Name(setting.name.clone().unwrap_or(number))
    };
    SettingRef { setting: Some(named) }
}

fn planned(planned: Planned) -> wire::PlannedDate {
    use wire::planned_date::Planned as Wire;
    let planned = match planned {
        Planned::Day(day) => Wire::Day(date(day)),
        Planned::Month { year, month } => {
            Wire::Month(wire::YearMonth { year: year.into(), month: month.into() })
        }
    };
    wire::PlannedDate { planned: Some(planned) }
}

fn basis(basis: SupportBasis) -> wire::SupportBasis {
    match basis {
        SupportBasis::EhcPlan => wire::SupportBasis::EhcPlan,
        SupportBasis::SenSupport => wire::SupportBasis::SenSupport,
        SupportBasis::None => wire::SupportBasis::None,
    }
}

fn post16(kind: Post16Kind) -> wire::Post16Destination {
    match kind {
        Post16Kind::College => wire::Post16Destination::College,
        Post16Kind::SixthForm => wire::Post16Destination::SixthForm,
        Post16Kind::SpecialPost16 => wire::Post16Destination::SpecialPost16,
        Post16Kind::Training => wire::Post16Destination::Training,
        Post16Kind::SupportedInternship => wire::Post16Destination::SupportedInternship,
    }
}

fn offer(offer: OfferStatus) -> wire::OfferStatus {
    match offer {
        OfferStatus::None => wire::OfferStatus::None,
        OfferStatus::Conditional => wire::OfferStatus::Conditional,
        OfferStatus::Unconditional => wire::OfferStatus::Unconditional,
        OfferStatus::Accepted => wire::OfferStatus::Accepted,
        OfferStatus::Declined => wire::OfferStatus::Declined,
    }
}

fn tier(tier: ApTier) -> wire::AlternativeProvisionTier {
    match tier {
        ApTier::Tier1 => wire::AlternativeProvisionTier::Tier1,
        ApTier::Tier2 => wire::AlternativeProvisionTier::Tier2,
        ApTier::Tier3 => wire::AlternativeProvisionTier::Tier3,
    }
}

fn destination(destination: &ApDestination) -> wire::AlternativeProvisionDestination {
    use wire::alternative_provision_destination::Destination as Wire;
    let urn = |urn: &Urn| SettingRef { setting: Some(Named::Urn(urn.as_str().to_owned())) };
    let destination = match destination {
        ApDestination::OwnSchool => Wire::OwnSchool(wire::OwnSchool {}),
        ApDestination::ReturnSchool(school) => Wire::ReturnSchool(urn(school)),
        ApDestination::NewSchool(school) => Wire::NewSchool(urn(school)),
        ApDestination::Post16(TransitionKind::ToSupportedInternship) => {
            Wire::Post16(wire::Post16Destination::SupportedInternship.into())
        }
        ApDestination::Post16(TransitionKind::ToApprenticeship) => {
            Wire::Post16(wire::Post16Destination::Training.into())
        }
        ApDestination::Post16(_) => Wire::Post16(wire::Post16Destination::College.into()),
    };
    wire::AlternativeProvisionDestination { destination: Some(destination) }
}
