//! Makes any fact, field by field.

use onward_domain::dsa::*;
use onward_domain::event::{Actor, Event, Provenance};
use onward_domain::handover::*;
use onward_domain::learner::*;
use onward_domain::organisation::*;
use onward_domain::referral::*;
use onward_domain::transition::*;

use super::made::{Draw, Made};
use crate::codec::Kind;

macro_rules! made {
    ($($made:ident { $($field:ident),+ $(,)? })+) => {$(
        impl Made for $made {
            fn made(draw: &mut Draw) -> Self {
                Self { $($field: draw.field(stringify!($field)),)+ }
            }
        }
    )+};
}

made! {
    Provenance { organisation, member, actor, occurred, external_ref }
    Actor { name, role, client }
    Setting { organisation, number, name }
    LookedAfter { in_care, care_authority }
    RankedNeed { need, rank, from, to }
    Person {
        surname, forename, known_as, date_of_birth, sex, postcode, nc_year, home_language,
        looked_after, sensitive,
    }
    OrganisationNumber { kind, value }
    OrganisationRegistered {
        organisation, kind, name, numbers, phase, low_age, high_age, open_from, open_to, go_live,
        holiday_contact, successor_of,
    }
    MemberAdded { member, organisation, issuer, subject, name, roles, from, until, deputy }
    MemberRemoved { member, organisation }
    LearnerRegistered { learner, person, own_ref }
    LearnerAmended { learner, person, own_ref }
    IdentifierAdded { learner, kind, value, former, from }
    IdentifierEnded { learner, kind, value, reason }
    SenProvisionRecorded { learner, provision, start, end }
    NeedsRecorded { learner, needs }
    EnrolmentRecorded { learner, enrolment, setting, kind, from, to, expected_return }
    EnrolmentEnded { learner, enrolment, on }
    RecordLinked { learner, other, other_organisation, handover }
    ErasureRequested { learner, ground, reason, asked_by }
    LearnerErased { learner, keeper }
    PhaseTransfer { from, to, nc_year, planned, basis }
    Post16Move { from, to, kind, programme, planned, offer }
    ApprenticeshipStart {
        from, provider, employer_ref, standard_code, level, start, planned_end,
        learning_support_need, evidence,
    }
    HigherEducationEntry { from, provider, course, start, academic_year, plan_end, dsa_case }
    AlternativeProvision { from, to, tier, start, planned_end, destination, review_dates }
    LocalAuthorityMove { from_la, to_la, planned, to }
    InYearMove { from, to, planned, nc_year }
    Employment { from, employer_ref, planned, hours_per_week }
    AdultCare { from, authority, planned }
    ElectiveHomeEducation { from, planned }
    NotInEducation { from, planned, activity_code }
    TransitionConfirmed { transition, learner }
    ArrivalRecorded { transition, learner, on, source }
    NonArrivalRecorded { transition, learner, on, source, note }
    TransitionRescheduled { transition, learner, planned, reason }
    TransitionCancelled { transition, learner, reason }
    TransitionCorrected {
        transition, learner, corrects, corrects_version, detail, kind, phase_transfer, on, reason,
    }
    TransitionEnded { transition, learner, on, reason }
    DsaCaseOpened {
        case, learner, transition, provider, course, course_start, academic_year, previous,
    }
    DsaStepRecorded { case, learner, action, reason, supplier }
    Pack {
        person, upn, uln, communication_method, pronouns, right_holder, needs, support, sections,
        adulthood, screening, evidence, contact, holiday_contact, safeguarding_file_follows,
        include_history, grounds,
    }
    RightHolder { name, role, contact }
    SupportItem { item, text, week_one }
    Section { code, text, ground }
    GroundStatement { ground, on, objection_answered }
    HandoverDrafted { handover, learner, sender, receiver, transition, pack_version, pack }
    HandoverEdited { handover, learner, pack }
    HandoverReleased {
        handover, learner, sender, receiver, transition, history_shared, pack_version, pack,
    }
    HandoverDelivered { handover, learner }
    HandoverOpened { handover, learner }
    HandoverAccepted { handover, learner, receiver_learner }
    HandoverDeclined { handover, learner, reason, note }
    SupportAnswered { handover, learner, item, added, answer, all_answered }
    HandoverWithdrawn { handover, learner, reason }
    Form {
        person, upn, nhs_number, referrer_role, need_ticks, interpreter, carer_contact, priority,
        screening, reason, consent, gp_ods, source, answers,
    }
    PriorScreening { tool, rag }
    ReferralConsent { on, method }
    Screening {
        tool, tool_version, section, age_months, raw_score, standard_score, rag, language,
        screened_by_role, on,
    }
    ReferralSubmitted { referral, learner, setting, queue, pathfinder, received_on, form }
    ReferralOpenedForTriage { referral, learner, member }
    InformationRequested { referral, learner, question }
    InformationProvided { referral, learner, answer, form }
    ReferralAccepted { referral, learner, queue, priority, order_day }
    ReferralRejected { referral, learner, reason, note }
    ReferralRedirected { referral, learner, target, note }
    ReferralClaimed { referral, learner, queue, member, until }
    ClaimExtended { referral, learner, member, until }
    ClaimReleased { referral, learner, member }
    ClaimLapsed { referral, learner, member }
    ScreeningRecorded { referral, learner, keeper, screening }
    InterventionStarted { referral, learner, on, description }
    RescreenRecorded { referral, learner, screening }
    ReferralClosed { referral, learner, outcome, note }
    ReferralWithdrawn { referral, learner, reason }
}

// === facts ===

fn recorded<P: Made>(draw: &mut Draw, detail: fn(P) -> Detail) -> Event {
    let fact = TransitionRecorded {
        transition: draw.field("transition"),
        learner: draw.field("learner"),
        kind: draw.field("kind"),
        phase_transfer: draw.field("phase_transfer"),
        home_la: draw.field("home_la"),
        authority: draw.field("authority"),
        detail: detail(draw.field("detail")),
    };
    TransitionFact::Recorded(fact).into()
}

/// A fact that is stored as this type, and what is said with it.
pub(super) fn fact(kind: Kind, draw: &mut Draw) -> (Provenance, Event) {
    use {DsaFact as D, HandoverFact as H, LearnerFact as L, OrganisationFact as O};
    use {ReferralFact as R, TransitionFact as T};
    let provenance = Provenance::made(draw);
    let event = match kind {
        Kind::OrganisationRegistered => O::Registered(Made::made(draw)).into(),
        Kind::MemberAdded => O::MemberAdded(Made::made(draw)).into(),
        Kind::MemberRemoved => O::MemberRemoved(Made::made(draw)).into(),
        Kind::LearnerRegistered => L::Registered(Made::made(draw)).into(),
        Kind::LearnerAmended => L::Amended(Made::made(draw)).into(),
        Kind::IdentifierAdded => L::IdentifierAdded(Made::made(draw)).into(),
        Kind::IdentifierEnded => L::IdentifierEnded(Made::made(draw)).into(),
        Kind::SenProvisionRecorded => L::SenProvisionRecorded(Made::made(draw)).into(),
        Kind::NeedsRecorded => L::NeedsRecorded(Made::made(draw)).into(),
        Kind::EnrolmentRecorded => L::EnrolmentRecorded(Made::made(draw)).into(),
        Kind::EnrolmentEnded => L::EnrolmentEnded(Made::made(draw)).into(),
        Kind::RecordLinked => L::RecordLinked(Made::made(draw)).into(),
        Kind::ErasureRequested => L::ErasureRequested(Made::made(draw)).into(),
        Kind::LearnerErased => L::Erased(Made::made(draw)).into(),
        Kind::PhaseTransferRecorded => recorded(draw, Detail::PhaseTransfer),
        Kind::Post16MoveRecorded => recorded(draw, Detail::Post16Move),
        Kind::ApprenticeshipStartRecorded => recorded(draw, Detail::ApprenticeshipStart),
        Kind::HigherEducationEntryRecorded => recorded(draw, Detail::HigherEducationEntry),
        Kind::AlternativeProvisionRecorded => recorded(draw, Detail::AlternativeProvision),
        Kind::LocalAuthorityMoveRecorded => recorded(draw, Detail::LocalAuthorityMove),
        Kind::InYearMoveRecorded => recorded(draw, Detail::InYearMove),
        Kind::EmploymentRecorded => recorded(draw, Detail::Employment),
        Kind::AdultCareRecorded => recorded(draw, Detail::AdultCare),
        Kind::ElectiveHomeEducationRecorded => recorded(draw, Detail::ElectiveHomeEducation),
        Kind::NotInEducationRecorded => recorded(draw, Detail::NotInEducation),
        Kind::TransitionConfirmed => T::Confirmed(Made::made(draw)).into(),
        Kind::ArrivalRecorded => T::Arrived(Made::made(draw)).into(),
        Kind::NonArrivalRecorded => T::NotArrived(Made::made(draw)).into(),
        Kind::TransitionRescheduled => T::Rescheduled(Made::made(draw)).into(),
        Kind::TransitionCancelled => T::Cancelled(Made::made(draw)).into(),
        Kind::TransitionCorrected => T::Corrected(Made::made(draw)).into(),
        Kind::TransitionEnded => T::Ended(Made::made(draw)).into(),
        Kind::DsaCaseOpened => D::Opened(Made::made(draw)).into(),
        Kind::DsaStepRecorded => D::Stepped(Made::made(draw)).into(),
        Kind::HandoverDrafted => H::Drafted(Made::made(draw)).into(),
        Kind::HandoverEdited => H::Edited(Made::made(draw)).into(),
        Kind::HandoverReleased => H::Released(Made::made(draw)).into(),
        Kind::HandoverDelivered => H::Delivered(Made::made(draw)).into(),
        Kind::HandoverOpened => H::Opened(Made::made(draw)).into(),
        Kind::HandoverAccepted => H::Accepted(Made::made(draw)).into(),
        Kind::HandoverDeclined => H::Declined(Made::made(draw)).into(),
        Kind::SupportAnswered => H::SupportAnswered(Made::made(draw)).into(),
        Kind::HandoverWithdrawn => H::Withdrawn(Made::made(draw)).into(),
        Kind::ReferralSubmitted => R::Submitted(Made::made(draw)).into(),
        Kind::ReferralOpenedForTriage => R::OpenedForTriage(Made::made(draw)).into(),
        Kind::InformationRequested => R::InformationRequested(Made::made(draw)).into(),
        Kind::InformationProvided => R::InformationProvided(Made::made(draw)).into(),
        Kind::ReferralAccepted => R::Accepted(Made::made(draw)).into(),
        Kind::ReferralRejected => R::Rejected(Made::made(draw)).into(),
        Kind::ReferralRedirected => R::Redirected(Made::made(draw)).into(),
        Kind::ReferralClaimed => R::Claimed(Made::made(draw)).into(),
        Kind::ClaimExtended => R::ClaimExtended(Made::made(draw)).into(),
        Kind::ClaimReleased => R::ClaimReleased(Made::made(draw)).into(),
        Kind::ClaimLapsed => R::ClaimLapsed(Made::made(draw)).into(),
        Kind::ScreeningRecorded => R::ScreeningRecorded(Made::made(draw)).into(),
        Kind::InterventionStarted => R::InterventionStarted(Made::made(draw)).into(),
        Kind::RescreenRecorded => R::RescreenRecorded(Made::made(draw)).into(),
        Kind::ReferralClosed => R::Closed(Made::made(draw)).into(),
        Kind::ReferralWithdrawn => R::Withdrawn(Made::made(draw)).into(),
    };
    (provenance, event)
}
