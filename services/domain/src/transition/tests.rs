//! The transition against its action table, written down a second time, as data; and samples.

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::codes::placement::{ApDestination, ApTier};
use crate::codes::reason::{TransitionCancel, TransitionEnd, TransitionReschedule};
use crate::codes::year::NcYear;
use crate::learner::Setting;
use crate::routing::SettingPhase;
use crate::scenario::{Given, Line, given, id, now, steer, steps_from, walk};

fn school() -> Setting {
    Setting { organisation: Some(id(1)), ..Setting::default() }
}

fn elsewhere() -> Setting {
    Setting { number: Some("10007774".to_owned()), ..Setting::default() }
}

pub(crate) fn phase_transfer_to(nc_year: Option<NcYear>) -> Detail {
    Detail::PhaseTransfer(PhaseTransfer {
        from: school(),
        to: Some(elsewhere()),
        nc_year,
        planned: Planned::Day(date(2026, 9, 1)),
        basis: SupportBasis::EhcPlan,
    })
}

pub(super) fn post16(kind: Post16Kind) -> Detail {
    Detail::Post16Move(Post16Move {
        from: school(),
        to: Some(elsewhere()),
        kind,
        programme: None,
        planned: Planned::Month { year: 2026, month: 9 },
        offer: OfferStatus::Conditional,
    })
}

pub(super) fn in_year_move() -> Detail {
    Detail::InYearMove(InYearMove {
        from: school(),
        to: None,
        planned: Planned::Day(date(2026, 11, 2)),
        nc_year: None,
    })
}

pub(super) fn apprenticeship() -> ApprenticeshipStart {
    ApprenticeshipStart {
        from: school(),
        provider: elsewhere(),
        employer_ref: None,
        standard_code: "ST0001".to_owned(),
        level: 2,
        start: date(2026, 9, 14),
        planned_end: Some(date(2028, 3, 31)),
        learning_support_need: true,
        evidence: None,
    }
}

pub(super) fn university() -> HigherEducationEntry {
    HigherEducationEntry {
        from: school(),
        provider: elsewhere(),
        course: "History".to_owned(),
        start: date(2026, 9, 28),
        academic_year: "2026/27".to_owned(),
        plan_end: None,
        dsa_case: None,
    }
}

pub(super) fn placement() -> AlternativeProvision {
    AlternativeProvision {
        from: school(),
        to: elsewhere(),
        tier: ApTier::Tier3,
        start: date(2026, 9, 7),
        planned_end: date(2026, 12, 18),
        destination: ApDestination::Post16(crate::codes::kind::TransitionKind::SecondaryToPost16),
        review_dates: vec![date(2026, 10, 7)],
    }
}

pub(super) fn record() -> Record {
    Record {
        transition: id(30),
        learner: id(2),
        home_la: Some("801".to_owned()),
        authority: None,
        detail: phase_transfer_to(Some(NcYear::Y6)),
        settings: SettingsKnown {
            from: Some(SettingPhase::Primary),
            to: Some(SettingPhase::Secondary),
            ..SettingsKnown::default()
        },
    }
}

pub(super) fn planned() -> Given<Transition> {
    given::<Transition>(vec![]).and(record())
}

pub(super) fn arrive() -> Arrive {
    Arrive { on: date(2026, 9, 2), by: ReportedBy::SettingEntered, now: now() }
}

pub(super) fn not_arrive() -> NotArrive {
    NotArrive { on: date(2026, 9, 2), by: ReportedBy::SettingEntered, note: None, now: now() }
}

pub(super) fn reschedule(day: Date) -> Reschedule {
    Reschedule { planned: Planned::Day(day), reason: TransitionReschedule::SettingChangedDate }
}

pub(super) fn cancel() -> Cancel {
    Cancel { reason: TransitionCancel::WentElsewhere }
}

pub(super) fn end() -> End {
    End { on: date(2026, 9, 3), reason: TransitionEnd::LeftEarly, now: now() }
}

/// A correction that says that the fact at this version never happened.
pub(super) fn correct(version: Version) -> Correct {
    Correct {
        corrects: id(u128::from(version)),
        corrects_version: version,
        detail: None,
        settings: SettingsKnown::default(),
        on: None,
        reason: "Wrong child".to_owned(),
        now: now(),
    }
}

impl Given<Transition> {
    pub(super) fn stands(&self) -> &'static str {
        self.state.state.map_or("", TransitionState::as_str)
    }
}

const ALL: &[&str] = &["PLANNED", "CONFIRMED", "ARRIVED", "ENDED", "NOT_ARRIVED", "CANCELLED"];

const TABLE: &[Line] = &[
    ("confirm", &["PLANNED"], &["CONFIRMED"]),
    ("arrive", &["PLANNED", "CONFIRMED", "NOT_ARRIVED"], &["ARRIVED"]),
    ("not_arrived", &["PLANNED", "CONFIRMED"], &["NOT_ARRIVED"]),
    ("reschedule", &["PLANNED", "CONFIRMED", "NOT_ARRIVED"], &[]),
    ("cancel", &["PLANNED", "CONFIRMED", "NOT_ARRIVED"], &["CANCELLED"]),
    ("end", &["ARRIVED"], &["ENDED"]),
    // The state becomes what follows without the mistake: any.
    ("correct", ALL, ALL),
];

#[test]
fn what_is_possible_is_the_table_from_every_state() {
    for state in TransitionState::ALL {
        let ours = possible::<TransitionStep>(*state).into_iter().collect();
        assert_eq!(steps_from(TABLE, state.as_str()), ours, "{state}");
    }
}

fn command(step: TransitionStep, flavour: u8, version: Version) -> Command {
    let by = [ReportedBy::SettingLeft, ReportedBy::SettingEntered, ReportedBy::Authority];
    let by = by[usize::from(flavour) % 3];
    match step {
        TransitionStep::Confirm => Confirm.into(),
        TransitionStep::Arrive => Arrive { by, ..arrive() }.into(),
        TransitionStep::NotArrived => NotArrive { by, ..not_arrive() }.into(),
        TransitionStep::Reschedule => {
            let planned = Planned::Month { year: 2027, month: (flavour % 12 + 1) as i8 };
            Reschedule { planned, reason: TransitionReschedule::Other }.into()
        }
        TransitionStep::Cancel => {
            let reasons = TransitionCancel::ALL;
            Cancel { reason: reasons[usize::from(flavour) % reasons.len()] }.into()
        }
        TransitionStep::End => end().into(),
        TransitionStep::Correct => {
            let version = Version::from(flavour) % version + 1;
            let detail = (version == 1).then(|| phase_transfer_to(None));
            Correct { detail, ..correct(version) }.into()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn whatever_comes_in_whatever_order(
        steps in prop::collection::vec((0..TransitionStep::ALL.len(), any::<u8>()), 1..40)
    ) {
        let mut state = planned().state;
        for (step, flavour) in steps {
            let ends = [TransitionStep::Cancel];
            let step = steer(state.state, TransitionStep::ALL[step], flavour, &ends);
            let name = |state: &TransitionFold| {
                (state.state.map_or("", TransitionState::as_str), state.version)
            };
            let elsewise = |refusal: &Refusal| match step {
                // The date is that one already, though an earlier change made it so.
                TransitionStep::Reschedule => matches!(refusal, Refusal::Invalid(_)),
                TransitionStep::Correct => {
                    matches!(refusal, Refusal::Rule { reason: "ALREADY_CORRECTED", .. })
                }
                _ => false,
            };
            let command = command(step, flavour, state.version);
            state = walk::<Transition>(TABLE, state, step.as_str(), command, name, elsewise);
        }
        // Folding the stored facts again gives the same, however they were reached.
        let again = crate::decider::fold::<Transition>(&state.facts);
        prop_assert_eq!(again.state, state.state);
        prop_assert_eq!(again.planned, state.planned);
    }
}
