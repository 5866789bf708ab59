//! Moves between settings.

use onward_contract::directory::v1::SettingRef;
use onward_contract::google::r#type::Date;
use onward_contract::transition::v1 as wire;
use onward_contract::transition::v1::record_transition_request::Detail;
use onward_contract::transition::v1::{correct_transition_request, planned_date};

use super::{date, request_id};

/// Planned for a day.
pub fn planned_on(day: Date) -> Option<wire::PlannedDate> {
    Some(wire::PlannedDate { planned: Some(planned_date::Planned::Day(day)) })
}

/// Planned for a month.
pub fn planned_month(year: i32, month: i32) -> Option<wire::PlannedDate> {
    let month = wire::YearMonth { year, month };
    Some(wire::PlannedDate { planned: Some(planned_date::Planned::Month(month)) })
}

fn record(learner: &str, detail: Detail) -> wire::RecordTransitionRequest {
    wire::RecordTransitionRequest {
        request_id: request_id(),
        learner_id: learner.to_owned(),
        home_la_code: "302".to_owned(),
        detail: Some(detail),
        ..Default::default()
    }
}

/// Up to the next phase in September 2026, with an EHC plan.
pub fn phase_transfer(
    learner: &str,
    from: Option<SettingRef>,
    to: Option<SettingRef>,
) -> wire::RecordTransitionRequest {
    let detail = wire::PhaseTransfer {
        from,
        to,
        year_group: "6".to_owned(),
        planned: planned_on(date(2026, 9, 2)),
        basis: wire::SupportBasis::EhcPlan.into(),
    };
    record(learner, Detail::PhaseTransfer(detail))
}

/// To a college in some month of 2026, the offer accepted.
pub fn post16(
    learner: &str,
    from: Option<SettingRef>,
    to: Option<SettingRef>,
) -> wire::RecordTransitionRequest {
    let detail = wire::Post16Move {
        from,
        to,
        destination: wire::Post16Destination::College.into(),
        programme: "Level 2 Digital Support Technician".to_owned(),
        planned: planned_month(2026, 9),
        offer_status: wire::OfferStatus::Accepted.into(),
    };
    record(learner, Detail::Post16Move(detail))
}

/// An apprenticeship from September 2026, with a need for learning support.
pub fn apprenticeship(
    learner: &str,
    from: Option<SettingRef>,
    provider: Option<SettingRef>,
) -> wire::RecordTransitionRequest {
    let detail = wire::ApprenticeshipStart {
        from,
        provider,
        employer_reference: "SAMPLE-EMP-017".to_owned(),
        standard_code: "ST0116".to_owned(),
        level: 2,
        start: Some(date(2026, 9, 14)),
        planned_end: Some(date(2028, 3, 31)),
        learning_support_need: true,
        evidence: "Assessed in June: reader and extra time agreed".to_owned(),
    };
    record(learner, Detail::ApprenticeshipStart(detail))
}

/// To university in September 2026, with a Disabled Students' Allowance case.
pub fn higher_education(
    learner: &str,
    from: Option<SettingRef>,
    provider: Option<SettingRef>,
) -> wire::RecordTransitionRequest {
    let detail = wire::HigherEducationEntry {
        from,
        provider,
        course: "BSc Computer Science".to_owned(),
        start: Some(date(2026, 9, 21)),
        academic_year: "2026/27".to_owned(),
        plan_end: None,
        opens_dsa_case: true,
    };
    record(learner, Detail::HigherEducationEntry(detail))
}

/// A time-limited placement in the autumn of 2026, and back to the same school.
pub fn alternative_provision(
    learner: &str,
    from: Option<SettingRef>,
    setting: Option<SettingRef>,
) -> wire::RecordTransitionRequest {
    use wire::alternative_provision_destination::Destination;
    let back = from.clone().map(Destination::ReturnSchool);
    let detail = wire::AlternativeProvision {
        from,
        tier: wire::AlternativeProvisionTier::Tier2.into(),
        setting,
        start: Some(date(2026, 9, 7)),
        planned_end: Some(date(2026, 12, 18)),
        destination: Some(wire::AlternativeProvisionDestination { destination: back }),
        review_dates: vec![date(2026, 10, 7), date(2026, 11, 6)],
    };
    record(learner, Detail::AlternativeProvision(detail))
}

/// Asks to confirm a move, with an answer about each other one.
pub fn confirm(transition: &str, others: Vec<wire::OtherMove>) -> wire::ConfirmTransitionRequest {
    wire::ConfirmTransitionRequest {
        request_id: request_id(),
        transition_id: transition.to_owned(),
        others,
        ..Default::default()
    }
}

/// Asks to correct what one event of a move said.
pub fn correct(
    transition: &str,
    mistaken_event: &str,
    truth: correct_transition_request::Truth,
) -> wire::CorrectTransitionRequest {
    wire::CorrectTransitionRequest {
        request_id: request_id(),
        transition_id: transition.to_owned(),
        mistaken_event_id: mistaken_event.to_owned(),
        truth: Some(truth),
        reason: "Taken from last year's list".to_owned(),
        ..Default::default()
    }
}
