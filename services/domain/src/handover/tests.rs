//! The handover against its action table, written down a second time, as data.

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::codes::handover::{Ground, HandoverDecline, HandoverWithdraw, NotNeededReason};
use crate::codes::need::NeedType;
use crate::codes::setting::OrganisationKind;
use crate::learner::RankedNeed;
use crate::learner::samples::person;
use crate::scenario::{Given, Line, given, id, now, steer, steps_from, walk};

pub(crate) fn ground(ground: Ground) -> GroundStatement {
    GroundStatement { ground, on: Some(date(2026, 6, 1)), objection_answered: false }
}

pub(crate) fn college() -> Receiver {
    Receiver { kind: OrganisationKind::College, apprenticeship: false, higher_education: false }
}

/// A pack that is ready for a college, with two lines of support: 61 and 62.
pub(crate) fn pack() -> Pack {
    let line = |item: u128, text: &str| SupportItem {
        item: id(item),
        text: text.to_owned(),
        week_one: true,
    };
    Pack {
        person: Some(person()),
        upn: Some("H801200001001".to_owned()),
        communication_method: Some("Speech and signs".to_owned()),
        right_holder: Some(RightHolder {
            name: "Parent Example".to_owned(),
            role: "parent".to_owned(),
            contact: "parent@example.org".to_owned(),
        }),
        needs: vec![RankedNeed { need: NeedType::read("SLCN"), rank: 1, from: None, to: None }],
        support: vec![line(61, "A visual timetable"), line(62, "A named adult at the gate")],
        contact: Some("SENCO, extension 1".to_owned()),
        holiday_contact: Some("office@example.org".to_owned()),
        include_history: true,
        grounds: vec![ground(Ground::PublicTask)],
        ..Pack::default()
    }
}

pub(super) fn draft() -> Draft {
    Draft {
        handover: id(50),
        learner: id(2),
        sender: id(1),
        receiver: id(4),
        transition: Some(id(30)),
        pack: pack(),
    }
}

pub(super) fn release() -> Release {
    Release { receiver: college(), pack: None, now: now() }
}

pub(super) fn released() -> Given<Handover> {
    given::<Handover>(vec![]).and(draft()).and(release())
}

pub(super) fn accepted() -> Given<Handover> {
    released().and(Open).and(Accept { receiver_learner: id(3) })
}

impl Given<Handover> {
    pub(super) fn possible_now(&self) -> Vec<&'static str> {
        self.state.possible()
    }

    pub(super) fn stands(&self) -> &'static str {
        self.state.state.map_or("", HandoverState::as_str)
    }
}

const BEFORE_ANSWER: &[&str] = &["DRAFTED", "RELEASED", "DELIVERED", "OPENED"];

const TABLE: &[Line] = &[
    ("edit", &["DRAFTED"], &[]),
    ("check", &["DRAFTED"], &[]),
    ("release", &["DRAFTED"], &["RELEASED"]),
    ("deliver", &["RELEASED"], &["DELIVERED"]),
    ("open", &["RELEASED", "DELIVERED"], &["OPENED"]),
    ("accept", &["OPENED"], &["ACCEPTED"]),
    ("decline", &["OPENED"], &["DECLINED"]),
    ("confirm_support", &["ACCEPTED"], &["ACCEPTED", "SUPPORT_CONFIRMED"]),
    ("withdraw", BEFORE_ANSWER, &["WITHDRAWN"]),
];

#[test]
fn what_is_possible_is_the_table_from_every_state() {
    for state in HandoverState::ALL {
        let ours = possible::<HandoverStep>(*state).into_iter().collect();
        assert_eq!(steps_from(TABLE, state.as_str()), ours, "{state}");
    }
}

#[test]
fn only_a_draft_is_checked() {
    assert!(given::<Handover>(vec![]).and(draft()).state.check(college()).is_ok());
    assert!(released().state.check(college()).is_err());
    assert_eq!(given::<Handover>(vec![]).state.check(college()), Err(Refusal::NotFound));
}

fn command(step: HandoverStep, flavour: u8) -> Command {
    let flavour = usize::from(flavour / 4);
    let answers = [
        SupportAnswer::InPlace(date(2026, 9, 1)),
        SupportAnswer::Partly,
        SupportAnswer::NotYet(date(2026, 10, 1)),
        SupportAnswer::NotNeeded(NotNeededReason::Other),
    ];
    match step {
        HandoverStep::Edit | HandoverStep::Check => {
            let pronouns = [None, Some("they".to_owned())][flavour % 2].clone();
            Edit { pack: Pack { pronouns, ..pack() } }.into()
        }
        HandoverStep::Release => release().into(),
        HandoverStep::Deliver => Deliver.into(),
        HandoverStep::Open => Open.into(),
        HandoverStep::Accept => Accept { receiver_learner: id([3, 9][flavour % 2]) }.into(),
        HandoverStep::Decline => {
            let reason = HandoverDecline::ALL[flavour % HandoverDecline::ALL.len()];
            Decline { reason, note: None }.into()
        }
        HandoverStep::ConfirmSupport => {
            let item = id([61, 62][flavour % 2]);
            let answer = answers[flavour / 2 % 4].clone();
            ConfirmSupport { item, added: None, answer, now: now() }.into()
        }
        HandoverStep::Withdraw => {
            let reason = HandoverWithdraw::ALL[flavour % HandoverWithdraw::ALL.len()];
            Withdraw { reason }.into()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn whatever_comes_in_whatever_order(
        steps in prop::collection::vec((0..HandoverStep::ALL.len(), any::<u8>()), 1..40)
    ) {
        let mut state = given::<Handover>(vec![]).and(draft()).state;
        for (step, flavour) in steps {
            let ends = [HandoverStep::Withdraw, HandoverStep::Decline];
            let step = match steer(state.state, HandoverStep::ALL[step], flavour, &ends) {
                // A check records nothing; the walk edits instead.
                HandoverStep::Check => HandoverStep::Edit,
                other => other,
            };
            let name = |state: &HandoverFold| {
                (state.state.map_or("", HandoverState::as_str), state.version)
            };
            // Before the release, and after a withdrawal, a receiver's step is refused without a state.
            let hidden = state.released.is_none() || state.state == Some(HandoverState::Withdrawn);
            let elsewise = |refusal: &Refusal| hidden && step.is_receivers() && matches!(
                refusal,
                Refusal::NotFound | Refusal::Rule { reason: "HANDOVER_WITHDRAWN", .. }
            );
            let command = command(step, flavour);
            state = walk::<Handover>(TABLE, state, step.as_str(), command, name, elsewise);
        }
    }
}
