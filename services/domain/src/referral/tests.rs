//! The referral against its action table, written down a second time, as data; and samples.

use jiff::ToSpan;
use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::codes::referral::{
    ConsentMethod, NeedTick, Priority, Rag, RedirectTarget, ReferralOutcome, ReferralSource,
    ReferrerRole, RejectionReason, ScreeningTool,
};
use crate::learner::samples::person;
use crate::scenario::{Given, Line, after, given, id, now, steer, steps_from, walk};

/// Seconds of the leases in these tests.
pub(super) const LEASE: i64 = 1_800;

pub(crate) fn form() -> Form {
    Form {
        person: person(),
        upn: None,
        nhs_number: None,
        referrer_role: ReferrerRole::EarlyYears,
        need_ticks: vec![NeedTick::Understanding, NeedTick::SpeechSounds],
        interpreter: false,
        carer_contact: None,
        priority: Priority::Routine,
        screening: None,
        reason: "Hard to understand".to_owned(),
        consent: Some(ReferralConsent { on: date(2026, 8, 28), method: ConsentMethod::Signed }),
        gp_ods: None,
        source: ReferralSource::Form,
        answers: vec![],
    }
}

pub(super) fn submit() -> Submit {
    Submit {
        referral: id(80),
        learner: id(2),
        setting: id(1),
        owner: Some((id(90), id(90))),
        received_on: date(2026, 9, 1),
        form: form(),
        now: now(),
    }
}

pub(super) fn request() -> RequestInformation {
    RequestInformation { question: "Has hearing been tested?".to_owned() }
}

pub(super) fn provide() -> ProvideInformation {
    ProvideInformation { answer: "Yes, in May".to_owned(), form: None, now: now() }
}

pub(super) fn accept() -> Accept {
    Accept { priority: None }
}

pub(super) fn team(member: u128) -> TeamMember {
    TeamMember { member: id(member), supervisor: false }
}

/// Member 20: who claims, screens and keeps in these tests.
pub(super) fn keeper() -> TeamMember {
    team(20)
}

pub(super) fn redirect(by: TeamMember) -> Redirect {
    Redirect { target: RedirectTarget::Audiology, note: None, by, now: now() }
}

pub(super) fn claim(member: u128) -> Claim {
    Claim { member: id(member), until: after(LEASE), now: now() }
}

pub(super) fn release(member: u128) -> ReleaseClaim {
    ReleaseClaim { member: id(member), now: now() }
}

pub(super) fn screening() -> Screening {
    Screening {
        tool: ScreeningTool::WellcommEy,
        tool_version: None,
        section: Some("7".to_owned()),
        age_months: Some(45),
        raw_score: None,
        standard_score: None,
        rag: Rag::Red,
        language: None,
        screened_by_role: None,
        on: date(2026, 9, 2),
    }
}

pub(super) fn record_screening(member: u128) -> RecordScreening {
    RecordScreening { by: team(member), keeper: None, screening: screening(), now: now() }
}

pub(super) fn treat() -> StartIntervention {
    let description = "Small group, twice a week".to_owned();
    StartIntervention { by: keeper(), on: date(2026, 9, 3), description, now: now() }
}

pub(super) fn rescreen(by: TeamMember) -> Rescreen {
    Rescreen { by, screening: screening(), now: now() }
}

pub(super) fn close() -> Close {
    let outcome = ReferralOutcome::UniversalStrategies;
    Close { by: keeper(), outcome, note: None, now: now() }
}

pub(super) fn withdraw() -> Withdraw {
    Withdraw { reason: "The family is moving".to_owned() }
}

pub(super) fn submitted() -> Given<Referral> {
    given::<Referral>(vec![]).and(submit())
}

pub(super) fn waiting() -> Given<Referral> {
    submitted().and(accept())
}

pub(super) fn claimed() -> Given<Referral> {
    waiting().and(claim(20))
}

pub(super) fn screened() -> Given<Referral> {
    claimed().and(record_screening(20))
}

/// The moment some seconds later, on the same day or the days after.
pub(super) fn later(seconds: i64) -> Now {
    let days = i32::try_from(seconds / 86_400).expect("a short while");
    Now { at: after(seconds), today: now().today.saturating_add(days.days()) }
}

impl Given<Referral> {
    pub(super) fn stands(&self) -> &'static str {
        self.state.state.map_or("", ReferralState::as_str)
    }
}

const OPEN: &[&str] = &[
    "UNROUTED",
    "SUBMITTED",
    "INFO_REQUESTED",
    "RESUBMITTED",
    "ACCEPTED",
    "CLAIMED",
    "ON_CASELOAD",
    "SCREENING_DONE",
    "INTERVENTION_IN_PROGRESS",
    "RESCREENED",
];

const TABLE: &[Line] = &[
    ("open_for_triage", &["SUBMITTED", "RESUBMITTED"], &[]),
    ("request_info", &["SUBMITTED", "RESUBMITTED"], &["INFO_REQUESTED"]),
    ("resubmit", &["INFO_REQUESTED"], &["RESUBMITTED"]),
    ("accept", &["SUBMITTED", "RESUBMITTED"], &["ACCEPTED"]),
    ("reject", &["SUBMITTED", "RESUBMITTED"], &["REJECTED"]),
    ("redirect", OPEN, &["REDIRECTED"]),
    ("claim", &["ACCEPTED"], &["CLAIMED"]),
    ("extend_claim", &["CLAIMED"], &[]),
    ("release_claim", &["CLAIMED"], &["ACCEPTED"]),
    ("record_screening", &["CLAIMED", "ON_CASELOAD"], &["SCREENING_DONE"]),
    ("start_intervention", &["SCREENING_DONE", "RESCREENED"], &["INTERVENTION_IN_PROGRESS"]),
    ("rescreen", &["INTERVENTION_IN_PROGRESS"], &["RESCREENED"]),
    ("close", &["SCREENING_DONE", "RESCREENED"], &["CLOSED"]),
    ("withdraw", OPEN, &["WITHDRAWN"]),
];

#[test]
fn what_is_possible_is_the_table_from_every_state() {
    for state in ReferralState::ALL {
        let ours = possible::<ReferralStep>(*state).into_iter().collect();
        assert_eq!(steps_from(TABLE, state.as_str()), ours, "{state}");
    }
}

fn command(step: ReferralStep, flavour: u8, at: Now) -> Command {
    // Mostly the same member, so that a claim and its screening meet.
    let member = [20, 20, 20, 21][usize::from(flavour / 4 % 4)];
    let until = Timestamp::from_second(at.at.as_second() + LEASE).expect("a moment");
    let by = TeamMember { supervisor: flavour.is_multiple_of(5), ..team(member) };
    match step {
        ReferralStep::OpenForTriage => OpenForTriage { member: id(member) }.into(),
        ReferralStep::RequestInfo => request().into(),
        ReferralStep::Resubmit => provide().into(),
        ReferralStep::Accept => accept().into(),
        ReferralStep::Reject => Reject { reason: RejectionReason::Other, note: None }.into(),
        ReferralStep::Redirect => Redirect { now: at, ..redirect(by) }.into(),
        ReferralStep::Claim => Claim { member: id(member), until, now: at }.into(),
        ReferralStep::ExtendClaim => ExtendClaim { member: id(member), until, now: at }.into(),
        ReferralStep::ReleaseClaim if flavour.is_multiple_of(8) => LapseClaim { now: at }.into(),
        ReferralStep::ReleaseClaim => ReleaseClaim { member: id(member), now: at }.into(),
        ReferralStep::RecordScreening => {
            RecordScreening { by, now: at, ..record_screening(member) }.into()
        }
        ReferralStep::StartIntervention => StartIntervention { by, now: at, ..treat() }.into(),
        ReferralStep::Rescreen => Rescreen { now: at, ..rescreen(by) }.into(),
        ReferralStep::Close => Close { by, now: at, ..close() }.into(),
        ReferralStep::Withdraw => withdraw().into(),
    }
}

/// The rules that stand beside the table: who may write, and whether a lease runs.
fn is_about_the_writer(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::Rule { reason: "LEASE_LOST" | "LEASE_STILL_RUNS" | "NOT_THE_KEEPER", .. }
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn whatever_comes_in_whatever_order(
        routed in prop::bool::weighted(0.9),
        steps in prop::collection::vec((0..ReferralStep::ALL.len(), any::<u8>(), 0..900i64), 1..60)
    ) {
        let owner = submit().owner.filter(|_| routed);
        let mut state = given::<Referral>(vec![]).and(Submit { owner, ..submit() }).state;
        let mut seconds = 0;
        for (step, flavour, passed) in steps {
            seconds += passed;
            let at = later(seconds);
            let ends = [ReferralStep::Redirect, ReferralStep::Withdraw, ReferralStep::Reject];
            let step = steer(state.state, ReferralStep::ALL[step], flavour, &ends);
            let name = |state: &ReferralFold| {
                (state.state.map_or("", ReferralState::as_str), state.version)
            };
            let before = state.state;
            let expired = before == Some(ReferralState::Claimed) && state.holder(at.at).is_none();
            if step == ReferralStep::Claim && expired {
                // A lease that ran out: the lapse and the claim are two steps of the table in one.
                let lapse = LapseClaim { now: at }.into();
                state = walk::<Referral>(TABLE, state, "release_claim", lapse, name, |_| false);
            }
            let command = command(step, flavour, at);
            state = walk::<Referral>(TABLE, state, step.as_str(), command, name, is_about_the_writer);
            // One holder, and a keeper from care on.
            let bucket = state.state.map(ReferralState::bucket);
            prop_assert_eq!(state.claim.is_some(), bucket == Some(Bucket::Held));
            prop_assert!(bucket != Some(Bucket::InCare) || state.keeper.is_some());
        }
    }
}
