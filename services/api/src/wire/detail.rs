//! What each of the eleven kinds of move carries, as the contract shows it.

use onward_contract::directory::v1::SettingRef;
use onward_contract::transition::v1 as wire;
use onward_contract::transition::v1::alternative_provision_destination::Destination as Leads;
use onward_contract::transition::v1::record_transition_request::Detail as Recorded;
use onward_contract::transition::v1::transition_detail::Detail as Carried;
use onward_domain::codes::placement::ApDestination;
use onward_domain::codes::year::NcYear;
use onward_domain::learner::Setting;
use onward_domain::transition::{self, Detail};

use super::transition::{basis_number, offer_number, planned_shown, post16_number, post16_of};
use super::{code, date};

/// Tells how a setting was named when it was said.
pub type Said<'a> = &'a dyn Fn(&Setting) -> Option<SettingRef>;

/// What a move carries, whichever message it came in.
pub fn carried(detail: Recorded) -> Carried {
    match detail {
        Recorded::PhaseTransfer(of) => Carried::PhaseTransfer(of),
        Recorded::Post16Move(of) => Carried::Post16Move(of),
        Recorded::ApprenticeshipStart(of) => Carried::ApprenticeshipStart(of),
        Recorded::HigherEducationEntry(of) => Carried::HigherEducationEntry(of),
        Recorded::AlternativeProvision(of) => Carried::AlternativeProvision(of),
        Recorded::LocalAuthorityMove(of) => Carried::LocalAuthorityMove(of),
        Recorded::InYearMove(of) => Carried::InYearMove(of),
        Recorded::Employment(of) => Carried::Employment(of),
        Recorded::AdultCare(of) => Carried::AdultCare(of),
        Recorded::ElectiveHomeEducation(of) => Carried::ElectiveHomeEducation(of),
        Recorded::NotInEducation(of) => Carried::NotInEducation(of),
    }
}

/// The settings that a move names: the one left and the one entered.
pub fn settings_of(detail: &Recorded) -> [Option<&SettingRef>; 2] {
    match detail {
        Recorded::PhaseTransfer(of) => [of.from.as_ref(), of.to.as_ref()],
        Recorded::Post16Move(of) => [of.from.as_ref(), of.to.as_ref()],
        Recorded::ApprenticeshipStart(of) => [of.from.as_ref(), of.provider.as_ref()],
        Recorded::HigherEducationEntry(of) => [of.from.as_ref(), of.provider.as_ref()],
        Recorded::AlternativeProvision(of) => [of.from.as_ref(), of.setting.as_ref()],
        Recorded::LocalAuthorityMove(of) => [of.to.as_ref(), None],
        Recorded::InYearMove(of) => [of.from.as_ref(), of.to.as_ref()],
        Recorded::Employment(of) => [of.from.as_ref(), None],
        Recorded::AdultCare(of) => [of.from.as_ref(), None],
        Recorded::ElectiveHomeEducation(of) => [of.from.as_ref(), None],
        Recorded::NotInEducation(of) => [of.from.as_ref(), None],
    }
}

/// What a move carries, as the contract shows it.
pub fn detail_shown(detail: &Detail, said: Said<'_>) -> wire::TransitionDetail {
    let carried = match detail {
        Detail::PhaseTransfer(of) => Carried::PhaseTransfer(phase_transfer(of, said)),
        Detail::Post16Move(of) => Carried::Post16Move(post16_move(of, said)),
        Detail::ApprenticeshipStart(of) => Carried::ApprenticeshipStart(apprenticeship(of, said)),
        Detail::HigherEducationEntry(of) => {
            Carried::HigherEducationEntry(higher_education(of, said))
        }
        Detail::AlternativeProvision(of) => Carried::AlternativeProvision(placement(of, said)),
        Detail::LocalAuthorityMove(of) => Carried::LocalAuthorityMove(authority_move(of, said)),
        Detail::InYearMove(of) => Carried::InYearMove(in_year_move(of, said)),
        Detail::Employment(of) => Carried::Employment(employment(of, said)),
        Detail::AdultCare(of) => Carried::AdultCare(adult_care(of, said)),
        Detail::ElectiveHomeEducation(of) => {
            let planned = Some(planned_shown(of.planned));
            let from = said(&of.from);
            Carried::ElectiveHomeEducation(wire::ElectiveHomeEducation { from, planned })
        }
        Detail::NotInEducation(of) => Carried::NotInEducation(not_in_education(of, said)),
    };
    wire::TransitionDetail { detail: Some(carried) }
}

fn or_empty(text: &Option<String>) -> String {
    text.clone().unwrap_or_default()
}

fn year(year: Option<NcYear>) -> String {
    year.map(|year| year.as_str().to_owned()).unwrap_or_default()
}

fn phase_transfer(of: &transition::PhaseTransfer, said: Said<'_>) -> wire::PhaseTransfer {
    wire::PhaseTransfer {
        from: said(&of.from),
        to: of.to.as_ref().and_then(said),
        year_group: year(of.nc_year),
        planned: Some(planned_shown(of.planned)),
        basis: basis_number(of.basis),
    }
}

fn post16_move(of: &transition::Post16Move, said: Said<'_>) -> wire::Post16Move {
    wire::Post16Move {
        from: said(&of.from),
        to: of.to.as_ref().and_then(said),
        destination: post16_number(of.kind),
        programme: or_empty(&of.programme),
        planned: Some(planned_shown(of.planned)),
        offer_status: offer_number(of.offer),
    }
}

fn apprenticeship(
    of: &transition::ApprenticeshipStart,
    said: Said<'_>,
) -> wire::ApprenticeshipStart {
    wire::ApprenticeshipStart {
        from: said(&of.from),
        provider: said(&of.provider),
        employer_reference: or_empty(&of.employer_ref),
        standard_code: of.standard_code.clone(),
        level: u32::from(of.level),
        start: Some(date::wire(of.start)),
        planned_end: of.planned_end.map(date::wire),
        learning_support_need: of.learning_support_need,
        evidence: or_empty(&of.evidence),
    }
}

fn higher_education(
    of: &transition::HigherEducationEntry,
    said: Said<'_>,
) -> wire::HigherEducationEntry {
    wire::HigherEducationEntry {
        from: said(&of.from),
        provider: said(&of.provider),
        course: of.course.clone(),
        start: Some(date::wire(of.start)),
        academic_year: of.academic_year.clone(),
        plan_end: of.plan_end.map(date::wire),
        opens_dsa_case: of.dsa_case.is_some(),
    }
}

fn placement(of: &transition::AlternativeProvision, said: Said<'_>) -> wire::AlternativeProvision {
    let school = |urn: &str| said(&Setting { number: Some(urn.to_owned()), ..Setting::default() });
    let leads = match &of.destination {
        ApDestination::OwnSchool => Some(Leads::OwnSchool(wire::OwnSchool {})),
        ApDestination::ReturnSchool(urn) => school(urn.as_str()).map(Leads::ReturnSchool),
        ApDestination::NewSchool(urn) => school(urn.as_str()).map(Leads::NewSchool),
        ApDestination::Post16(kind) => Some(Leads::Post16(post16_number(post16_of(*kind)))),
    };
    wire::AlternativeProvision {
        from: said(&of.from),
        tier: code::number::<wire::AlternativeProvisionTier, _>(of.tier),
        setting: said(&of.to),
        start: Some(date::wire(of.start)),
        planned_end: Some(date::wire(of.planned_end)),
        destination: Some(wire::AlternativeProvisionDestination { destination: leads }),
        review_dates: of.review_dates.iter().map(|day| date::wire(*day)).collect(),
    }
}

fn authority_move(of: &transition::LocalAuthorityMove, said: Said<'_>) -> wire::LocalAuthorityMove {
    wire::LocalAuthorityMove {
        from_la_code: of.from_la.clone(),
        to_la_code: of.to_la.clone(),
        planned: Some(planned_shown(of.planned)),
        to: of.to.as_ref().and_then(said),
    }
}

fn in_year_move(of: &transition::InYearMove, said: Said<'_>) -> wire::InYearMove {
    wire::InYearMove {
        from: said(&of.from),
        to: of.to.as_ref().and_then(said),
        planned: Some(planned_shown(of.planned)),
        year_group: year(of.nc_year),
    }
}

fn employment(of: &transition::Employment, said: Said<'_>) -> wire::Employment {
    wire::Employment {
        from: said(&of.from),
        employer_reference: or_empty(&of.employer_ref),
        planned: Some(planned_shown(of.planned)),
        hours_per_week: of.hours_per_week.map(u32::from).unwrap_or_default(),
    }
}

fn adult_care(of: &transition::AdultCare, said: Said<'_>) -> wire::AdultCare {
    wire::AdultCare {
        from: said(&of.from),
        la_code: or_empty(&of.authority),
        planned: Some(planned_shown(of.planned)),
    }
}

fn not_in_education(of: &transition::NotInEducation, said: Said<'_>) -> wire::NotInEducation {
    wire::NotInEducation {
        from: said(&of.from),
        planned: Some(planned_shown(of.planned)),
        activity_code: or_empty(&of.activity_code),
    }
}

/// A fault of the domain, in the words of the member of `detail` that it is about.
pub fn field_of(detail: &Carried, field: &str) -> String {
    let (member, begins, enters) = match detail {
        Carried::PhaseTransfer(_) => ("phase_transfer", "planned", "to"),
        Carried::Post16Move(_) => ("post16_move", "planned", "to"),
        Carried::ApprenticeshipStart(_) => ("apprenticeship_start", "start", "provider"),
        Carried::HigherEducationEntry(_) => ("higher_education_entry", "start", "provider"),
        Carried::AlternativeProvision(_) => ("alternative_provision", "start", "setting"),
        Carried::LocalAuthorityMove(_) => ("local_authority_move", "planned", "to"),
        Carried::InYearMove(_) => ("in_year_move", "planned", "to"),
        Carried::Employment(_) => ("employment", "planned", "to"),
        Carried::AdultCare(_) => ("adult_care", "planned", "to"),
        Carried::ElectiveHomeEducation(_) => ("elective_home_education", "planned", "to"),
        Carried::NotInEducation(_) => ("not_in_education", "planned", "to"),
    };
    match field.strip_prefix("detail.") {
        Some("planned") => format!("{member}.{begins}"),
        Some("to") => format!("{member}.{enters}"),
        Some("from_la") => format!("{member}.from_la_code"),
        Some("to_la") => format!("{member}.to_la_code"),
        Some("authority") => format!("{member}.la_code"),
        Some(inner) => format!("{member}.{inner}"),
        None if field == "home_la" => "home_la_code".to_owned(),
        None => field.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date as day;
    use onward_domain::transition::Planned;

    fn by_number(number: &str) -> Setting {
        Setting { number: Some(number.to_owned()), ..Setting::default() }
    }

    #[test]
    fn a_placement_shows_where_it_leads() {
        let of = Detail::AlternativeProvision(transition::AlternativeProvision {
            from: by_number("100000"),
            to: by_number("100001"),
            tier: onward_domain::codes::placement::ApTier::Tier2,
            start: day(2026, 9, 7),
            planned_end: day(2026, 12, 11),
            destination: ApDestination::ReturnSchool(
                onward_domain::numbers::Urn::parse("100000").expect("a URN"),
            ),
            review_dates: vec![day(2026, 10, 5)],
        });
        let shown = detail_shown(&of, &|setting| super::super::setting::as_said(setting, None));
        let Some(Carried::AlternativeProvision(shown)) = shown.detail else { panic!("the kind") };
        let leads = shown.destination.and_then(|leads| leads.destination);
        assert!(matches!(leads, Some(Leads::ReturnSchool(_))));
        assert_eq!(shown.review_dates.len(), 1);
        assert_eq!(shown.tier, wire::AlternativeProvisionTier::Tier2 as i32);
    }

    #[test]
    fn what_was_not_said_is_not_shown() {
        let of = Detail::Employment(transition::Employment {
            from: Setting::default(),
            employer_ref: None,
            planned: Planned::Month { year: 2026, month: 9 },
            hours_per_week: None,
        });
        let shown = detail_shown(&of, &|setting| super::super::setting::as_said(setting, None));
        let Some(Carried::Employment(shown)) = shown.detail else { panic!("the kind") };
        assert_eq!((shown.from, shown.hours_per_week), (None, 0));
    }

    #[test]
    fn faults_name_the_field_of_the_request() {
        let of = Carried::ApprenticeshipStart(wire::ApprenticeshipStart::default());
        assert_eq!(field_of(&of, "detail.to"), "apprenticeship_start.provider");
        assert_eq!(field_of(&of, "detail.planned"), "apprenticeship_start.start");
        assert_eq!(field_of(&of, "detail.planned_end"), "apprenticeship_start.planned_end");
        assert_eq!(field_of(&of, "home_la"), "home_la_code");
        assert_eq!(field_of(&of, "occurred_on"), "occurred_on");
    }
}
