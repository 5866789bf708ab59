//! The case against its action table, written down a second time, as data.

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::learner::Setting;
use crate::scenario::{Given, Line, given, id, steer, steps_from, walk};

pub(super) fn case() -> DsaCaseOpened {
    DsaCaseOpened {
        case: id(40),
        learner: id(2),
        transition: Some(id(30)),
        provider: Setting { number: Some("10007774".to_owned()), ..Setting::default() },
        course: "History".to_owned(),
        course_start: date(2026, 9, 28),
        academic_year: "2026/27".to_owned(),
        previous: None,
    }
}

pub(super) fn open() -> Open {
    Open { case: case() }
}

/// A step with a reason where it needs one.
pub(super) fn step(action: DsaAction) -> RecordStep {
    let reason = match action {
        DsaAction::DecideIneligible => Some("NO_EVIDENCE"),
        DsaAction::DeclineAward => Some("NOT_RECOMMENDED"),
        DsaAction::End => Some("STUDENT_WITHDREW"),
        _ => None,
    };
    RecordStep { action, reason: reason.map(str::to_owned), supplier: None }
}

impl Given<DsaCase> {
    pub(super) fn possible_now(&self) -> Vec<&'static str> {
        self.state.possible()
    }
}

const ANY_RUNNING: &[&str] = &[
    "applied",
    "evidence_requested",
    "evidence_supplied",
    "eligible",
    "needs_assessment_booked",
    "assessed",
    "report_received",
    "award_approved",
    "support_arranged",
    "in_place",
    "change_of_circumstances",
    "reassessed",
];

const TABLE: &[Line] = &[
    ("apply", &["not_started"], &["applied"]),
    ("request_evidence", &["applied", "evidence_supplied"], &["evidence_requested"]),
    ("supply_evidence", &["applied", "evidence_requested"], &["evidence_supplied"]),
    ("decide_eligible", &["evidence_supplied"], &["eligible"]),
    ("decide_ineligible", &["applied", "evidence_requested", "evidence_supplied"], &["ineligible"]),
    ("book_assessment", &["eligible"], &["needs_assessment_booked"]),
    ("complete_assessment", &["needs_assessment_booked"], &["assessed"]),
    ("receive_report", &["assessed"], &["report_received"]),
    ("approve_award", &["report_received", "reassessed"], &["award_approved"]),
    ("decline_award", &["report_received"], &["declined"]),
    ("keep_award", &["reassessed"], &["in_place"]),
    ("arrange_support", &["award_approved"], &["support_arranged"]),
    ("support_in_place", &["award_approved", "support_arranged"], &["in_place"]),
    ("change_circumstances", &["in_place"], &["change_of_circumstances"]),
    ("reassess", &["change_of_circumstances"], &["reassessed"]),
    ("end", ANY_RUNNING, &["ended"]),
];

#[test]
fn what_is_possible_is_the_table_from_every_state() {
    for state in DsaState::ALL {
        let ours = possible::<DsaAction>(*state).into_iter().collect();
        assert_eq!(steps_from(TABLE, state.as_str()), ours, "{state}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn whatever_comes_in_whatever_order(
        steps in prop::collection::vec((0..DsaAction::ALL.len(), any::<u8>()), 1..60)
    ) {
        let mut state = given::<DsaCase>(vec![]).and(open()).state;
        for (action, flavour) in steps {
            let ends = [DsaAction::End, DsaAction::DecideIneligible, DsaAction::DeclineAward];
            let action = steer(state.state, DsaAction::ALL[action], flavour, &ends);
            let name = |state: &DsaFold| (state.state.map_or("", DsaState::as_str), state.version);
            let command = step(action).into();
            state = walk::<DsaCase>(TABLE, state, action.as_str(), command, name, |_| false);
        }
    }
}
