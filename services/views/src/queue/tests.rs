//! Given a referral, when a step is recorded, then this is where it stands.

use jiff::civil::date;
use onward_domain::codes::referral::{
    Rag, RedirectTarget, ReferralOutcome, RejectionReason, ScreeningTool,
};
use onward_domain::referral::{
    Bucket, ClaimLapsed, InformationProvided, InformationRequested, InterventionStarted,
    ReferralAccepted, ReferralClaimed, ReferralClosed, ReferralFact, ReferralRedirected,
    ReferralRejected, ReferralState, ReferralWithdrawn, RescreenRecorded, Screening,
    ScreeningRecorded,
};

use super::query::Count;
use super::rows::ReferralRow;
use super::{Queue, Rows};
use crate::engine::number::of_day;
use crate::given::{at, form, id, moment, submitted, when};

const LEARNER: u128 = 0x1;
const REFERRAL: u128 = 0x4;
const SETTING: u128 = 0xa0;
const PATHFINDER: u128 = 0xa4;
const MEMBER: u128 = 0xb1;

fn folded(facts: &[ReferralFact]) -> ReferralRow {
    let events: Vec<_> = facts
        .iter()
        .zip(1..)
        .map(|(fact, position)| at(position, REFERRAL, position, SETTING, fact.clone()))
        .collect();
    let mut rows = Rows::default();
    assert_eq!(when::<Queue>(&mut rows, &events), Ok(()));
    rows.referral.expect("it was submitted")
}

fn submit() -> ReferralFact {
    submitted(REFERRAL, LEARNER, SETTING, Some(PATHFINDER))
}

fn accept() -> ReferralFact {
    ReferralFact::Accepted(ReferralAccepted {
        referral: id(REFERRAL),
        learner: id(LEARNER),
        queue: id(PATHFINDER),
        priority: 2,
        order_day: date(2026, 4, 1),
    })
}

fn claim() -> ReferralFact {
    ReferralFact::Claimed(ReferralClaimed {
        referral: id(REFERRAL),
        learner: id(LEARNER),
        queue: id(PATHFINDER),
        member: id(MEMBER),
        until: moment(900),
    })
}

fn screening() -> Screening {
    Screening {
        tool: ScreeningTool::WellcommEy,
        tool_version: None,
        section: None,
        age_months: None,
        raw_score: None,
        standard_score: None,
        rag: Rag::Amber,
        language: None,
        screened_by_role: None,
        on: date(2026, 5, 20),
    }
}

fn in_care() -> Vec<ReferralFact> {
    let (referral, learner) = (id(REFERRAL), id(LEARNER));
    vec![
        submit(),
        accept(),
        claim(),
        ReferralFact::ScreeningRecorded(ScreeningRecorded {
            referral,
            learner,
            keeper: id(MEMBER),
            screening: screening(),
        }),
        ReferralFact::InterventionStarted(InterventionStarted {
            referral,
            learner,
            on: date(2026, 6, 1),
            description: "small group".to_owned(),
        }),
        ReferralFact::RescreenRecorded(RescreenRecorded {
            referral,
            learner,
            screening: screening(),
        }),
        ReferralFact::Closed(ReferralClosed {
            referral,
            learner,
            outcome: ReferralOutcome::MetAfterIntervention,
            note: None,
        }),
    ]
}

#[test]
fn the_way_through_care() {
    let facts = in_care();
    let expected = [
        ReferralState::Submitted,
        ReferralState::Accepted,
        ReferralState::Claimed,
        ReferralState::ScreeningDone,
        ReferralState::InterventionInProgress,
        ReferralState::Rescreened,
        ReferralState::Closed,
    ];
    for (count, state) in expected.into_iter().enumerate() {
        assert_eq!(folded(&facts[..=count]).state, state);
    }
    let row = folded(&facts);
    assert_eq!((row.holder, row.held_until, row.keeper), (None, None, Some(id(MEMBER))));
    assert_eq!(row.order_day, of_day(date(2026, 4, 1)));
    assert_eq!(row.received_day, of_day(date(2026, 5, 1)));
    assert_eq!(row.priority, 2);
}

#[test]
fn without_an_owner_it_is_unrouted() {
    let row = folded(&[submitted(REFERRAL, LEARNER, SETTING, None)]);
    assert_eq!((row.state, row.queue), (ReferralState::Unrouted, None));
}

#[test]
fn a_lapse_puts_it_back_and_is_counted() {
    let lapse = ReferralFact::ClaimLapsed(ClaimLapsed {
        referral: id(REFERRAL),
        learner: id(LEARNER),
        member: id(MEMBER),
    });
    let row = folded(&[submit(), accept(), claim(), lapse]);
    assert_eq!((row.state, row.holder, row.lapses), (ReferralState::Accepted, None, 1));
}

#[test]
fn an_answer_with_a_form_replaces_the_copy() {
    let (referral, learner) = (id(REFERRAL), id(LEARNER));
    let asked = ReferralFact::InformationRequested(InformationRequested {
        referral,
        learner,
        question: "Which language at home?".to_owned(),
    });
    let told = ReferralFact::InformationProvided(InformationProvided {
        referral,
        learner,
        answer: "Polish".to_owned(),
        form: Some(form()),
    });
    assert_eq!(folded(&[submit(), asked.clone()]).state, ReferralState::InfoRequested);
    let mut rows = Rows::default();
    let events = [
        at(1, REFERRAL, 1, SETTING, submit()),
        at(2, REFERRAL, 2, SETTING, asked),
        at(3, REFERRAL, 3, SETTING, told),
    ];
    assert_eq!(when::<Queue>(&mut rows, &events), Ok(()));
    assert_eq!(rows.form.map(|form| form.0.position), Some(3));
    assert_eq!(rows.referral.map(|row| row.state), Some(ReferralState::Resubmitted));
}

#[test]
fn the_ways_out() {
    let (referral, learner) = (id(REFERRAL), id(LEARNER));
    let (reason, note) = (RejectionReason::NoConsent, None);
    let rejected = ReferralRejected { referral, learner, reason, note };
    let redirected =
        ReferralRedirected { referral, learner, target: RedirectTarget::CoreSlt, note: None };
    let withdrawn = ReferralWithdrawn { referral, learner, reason: "moved".to_owned() };
    for (fact, state) in [
        (ReferralFact::Rejected(rejected), ReferralState::Rejected),
        (ReferralFact::Redirected(redirected), ReferralState::Redirected),
        (ReferralFact::Withdrawn(withdrawn), ReferralState::Withdrawn),
    ] {
        let row = folded(&[submit(), fact]);
        assert!(row.state == state && row.ended_at.is_some());
    }
}

#[test]
fn the_sum_of_the_buckets_is_what_was_received() {
    let counts: Vec<Count> =
        ReferralState::ALL.iter().map(|state| Count { state: *state, many: 2 }).collect();
    let sums = Count::by_bucket(&counts);
    assert_eq!(sums.len(), Bucket::ALL.len());
    let received: u64 = sums.iter().map(|(_, many)| many).sum();
    assert_eq!(received, 2 * ReferralState::ALL.len() as u64);
}

#[test]
fn a_step_of_a_referral_that_was_never_submitted_is_unfit() {
    assert!(when::<Queue>(&mut Rows::default(), &[at(1, REFERRAL, 1, SETTING, accept())]).is_err());
}
