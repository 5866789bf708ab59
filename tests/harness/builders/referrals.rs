//! Referrals to a pathfinder, and screenings.

use onward_contract::referral::v1 as wire;

use super::{date, request_id};

/// A form with consent, for expressive language.
pub fn referral_form() -> wire::ReferralForm {
    wire::ReferralForm {
        referrer_role: wire::ReferrerRole::EarlyYears.into(),
        need_ticks: vec![wire::NeedTick::Expressive.into()],
        carer_contact: "07700 900104".to_owned(),
        reason: "Fewer than fifty words at three years".to_owned(),
        consent: Some(wire::FormConsent {
            given_on: Some(date(2026, 9, 10)),
            method: wire::ReferralConsentMethod::Signed.into(),
        }),
        source: wire::ReferralSource::Form.into(),
        ..Default::default()
    }
}

/// Asks to refer a child of the caller's own setting.
pub fn referral(learner: &str) -> wire::SubmitReferralRequest {
    wire::SubmitReferralRequest {
        request_id: request_id(),
        learner_id: learner.to_owned(),
        form: Some(referral_form()),
        ..Default::default()
    }
}

/// A screening of 15 October 2026 with this result.
pub fn screening(rag: wire::Rag) -> wire::Screening {
    wire::Screening {
        tool: wire::ScreeningTool::WellcommEy.into(),
        section_or_form: "Section 5".to_owned(),
        rag: rag.into(),
        language_of_assessment: "English".to_owned(),
        screened_by_role: "Therapy support worker".to_owned(),
        date: Some(date(2026, 10, 15)),
        ..Default::default()
    }
}
