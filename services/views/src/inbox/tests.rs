//! Given a handover, when a step is recorded, then this is where it stands.

use jiff::civil::date;
use onward_domain::codes::reason::TransitionReschedule;
use onward_domain::handover::{
    HandoverAccepted, HandoverDelivered, HandoverFact, HandoverOpened, SupportAnswer,
    SupportAnswered,
};
use onward_domain::transition::{Planned, TransitionFact, TransitionRescheduled};
use onward_log::{Opened, Recorded};

use super::rows::NO_DAY;
use super::{Inbox, Rows};
use crate::engine::fold::View as _;
use crate::engine::number::of_day;
use crate::given::{at, drafted, id, in_year, moving, registered, released, when, withdrawn};

const LEARNER: u128 = 0x1;
const MOVE: u128 = 0x2;
const HANDOVER: u128 = 0x3;
const SCHOOL: u128 = 0xa0;
const COLLEGE: u128 = 0xa1;

fn given(events: &[(Recorded, Opened)]) -> Rows {
    let mut rows = Rows::default();
    assert_eq!(when::<Inbox>(&mut rows, events), Ok(()));
    rows
}

fn draft(position: u64) -> (Recorded, Opened) {
    at(position, HANDOVER, 1, SCHOOL, drafted(HANDOVER, LEARNER, (SCHOOL, COLLEGE), Some(MOVE)))
}

fn release(position: u64) -> (Recorded, Opened) {
    let fact = released(HANDOVER, LEARNER, (SCHOOL, COLLEGE), Some(MOVE), false);
    at(position, HANDOVER, 2, SCHOOL, fact)
}

fn steps() -> Vec<(Recorded, Opened)> {
    let (handover, learner) = (id(HANDOVER), id(LEARNER));
    let accepted = HandoverAccepted { handover, learner, receiver_learner: id(0x77) };
    vec![
        draft(1),
        release(2),
        at(
            3,
            HANDOVER,
            3,
            COLLEGE,
            HandoverFact::Delivered(HandoverDelivered { handover, learner }),
        ),
        at(4, HANDOVER, 4, COLLEGE, HandoverFact::Opened(HandoverOpened { handover, learner })),
        at(5, HANDOVER, 5, COLLEGE, HandoverFact::Accepted(accepted)),
        answered(6, false),
        answered(7, true),
    ]
}

fn answered(position: u64, all_answered: bool) -> (Recorded, Opened) {
    let fact = HandoverFact::SupportAnswered(SupportAnswered {
        handover: id(HANDOVER),
        learner: id(LEARNER),
        item: id(0x88),
        added: None,
        answer: SupportAnswer::InPlace(date(2026, 9, 1)),
        all_answered,
    });
    at(position, HANDOVER, position, COLLEGE, fact)
}

#[test]
fn each_step_moves_the_state() {
    let expected =
        ["DRAFTED", "RELEASED", "DELIVERED", "OPENED", "ACCEPTED", "ACCEPTED", "SUPPORT_CONFIRMED"];
    let events = steps();
    for (count, state) in expected.iter().enumerate() {
        assert_eq!(given(&events[..=count]).handovers[0].state, *state);
    }
    let row = given(&events).handovers.remove(0);
    assert_eq!(row.receiver_learner, Some(id(0x77)));
    assert_eq!((row.released_position, row.changed_position), (Some(2), 7));
    assert!(row.delivered_at < row.opened_at && row.confirmed_at.is_some());
}

#[test]
fn a_withdrawn_one_says_so() {
    let events = [draft(1), release(2), at(3, HANDOVER, 3, SCHOOL, withdrawn(HANDOVER, LEARNER))];
    let row = given(&events).handovers.remove(0);
    assert_eq!(row.state, "WITHDRAWN");
    assert!(row.withdrawn_at.is_some());
}

#[test]
fn the_pack_is_that_of_the_release() {
    let rows = given(&[draft(1), release(2)]);
    assert_eq!(rows.packs.len(), 1);
    assert_eq!(rows.packs[0].0.event_type, "handover.handover_released");
}

#[test]
fn the_first_day_follows_the_move_whenever_it_is_planned_anew() {
    let recorded = moving(MOVE, LEARNER, in_year(SCHOOL, COLLEGE, date(2026, 9, 1)), None);
    let rescheduled = TransitionFact::Rescheduled(TransitionRescheduled {
        transition: id(MOVE),
        learner: id(LEARNER),
        planned: Planned::Month { year: 2026, month: 11 },
        reason: TransitionReschedule::FamilyAsked,
    });
    assert_eq!(given(&[draft(1)]).handovers[0].first_day, NO_DAY);
    let mut rows = given(&[at(1, MOVE, 1, SCHOOL, recorded), draft(2)]);
    assert_eq!(rows.handovers[0].first_day, of_day(date(2026, 9, 1)));
    assert_eq!(when::<Inbox>(&mut rows, &[at(3, MOVE, 2, SCHOOL, rescheduled)]), Ok(()));
    assert_eq!(rows.handovers[0].first_day, of_day(date(2026, 11, 1)));
}

#[test]
fn a_step_of_a_handover_that_never_began_is_unfit() {
    assert!(when::<Inbox>(&mut Rows::default(), &[release(1)]).is_err());
}

#[test]
fn only_handovers_and_moves_concern_it() {
    let (moved, _) =
        at(1, MOVE, 1, SCHOOL, moving(MOVE, LEARNER, in_year(1, 2, date(2026, 9, 1)), None));
    let (learner, _) = at(1, LEARNER, 1, SCHOOL, registered(LEARNER));
    assert!(Inbox::group(&moved).is_some() && Inbox::group(&learner).is_none());
}
