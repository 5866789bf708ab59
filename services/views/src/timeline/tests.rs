//! Given what was recorded, when something else is, then this is what an organisation may see.

use jiff::civil::date;
use onward_domain::codes::handover::HandoverDecline;
use onward_domain::handover::{HandoverDeclined, HandoverFact};
use onward_domain::ids::EventId;
use onward_domain::referral::{ClaimReleased, ReferralClaimed, ReferralFact};
use onward_domain::transition::{Detail, TransitionCorrected, TransitionFact};
use onward_log::{Opened, Recorded};
use uuid::Uuid;

use super::entry::Depth;
use super::share::visible;
use super::{Rows, Timeline};
use crate::engine::fold::Unfit;
use crate::engine::number::of_moment;
use crate::given::{
    at, confirmed, drafted, id, in_year, link, moment, moving, registered, released, submitted,
    when, withdrawn,
};

const LEARNER: u128 = 0x1;
const MOVE: u128 = 0x2;
const HANDOVER: u128 = 0x3;
const REFERRAL: u128 = 0x4;
const SCHOOL: u128 = 0xa0;
const COLLEGE: u128 = 0xa1;
const AUTHORITY: u128 = 0xa2;
const OTHER: u128 = 0xa3;
const PATHFINDER: u128 = 0xa4;

fn given(events: &[(Recorded, Opened)]) -> Rows {
    let mut rows = Rows::default();
    assert_eq!(when::<Timeline>(&mut rows, events), Ok(()));
    rows
}

/// Positions that the organisation sees, and how much of each.
fn sees(rows: &Rows, organisation: u128, as_known_at: Option<u64>) -> Vec<(i64, Depth)> {
    let caller = Uuid::from_u128(organisation);
    let known = as_known_at.map(|seconds| of_moment(moment(seconds)));
    let one = |entry: &super::EntryRow| {
        let (_, depth) = visible(entry, caller, &rows.shares, known)?;
        Some((entry.kept.position, depth))
    };
    rows.entries.iter().filter_map(one).collect()
}

fn positions(rows: &Rows, organisation: u128, as_known_at: Option<u64>) -> Vec<i64> {
    sees(rows, organisation, as_known_at).into_iter().map(|(position, _)| position).collect()
}

/// 1 registered · 2 move recorded · 3 drafted · 4 released
fn up_to_release(history: bool) -> Vec<(Recorded, Opened)> {
    let detail = in_year(SCHOOL, COLLEGE, date(2026, 9, 1));
    vec![
        at(1, LEARNER, 1, SCHOOL, registered(LEARNER)),
        at(2, MOVE, 1, SCHOOL, moving(MOVE, LEARNER, detail, Some(AUTHORITY))),
        at(3, HANDOVER, 1, SCHOOL, drafted(HANDOVER, LEARNER, (SCHOOL, COLLEGE), Some(MOVE))),
        at(
            4,
            HANDOVER,
            2,
            SCHOOL,
            released(HANDOVER, LEARNER, (SCHOOL, COLLEGE), Some(MOVE), history),
        ),
    ]
}

#[test]
fn before_the_release_a_destination_sees_nothing_and_the_authority_sees_the_move() {
    let rows = given(&up_to_release(true)[..3]);
    assert_eq!(positions(&rows, SCHOOL, None), [1, 2, 3]);
    assert_eq!(positions(&rows, COLLEGE, None), [0_i64; 0]);
    assert_eq!(positions(&rows, AUTHORITY, None), [2]);
    assert_eq!(positions(&rows, OTHER, None), [0_i64; 0]);
}

#[test]
fn a_release_shows_the_pack_and_its_move_and_the_history_only_where_it_was_sent_along() {
    assert_eq!(positions(&given(&up_to_release(false)), COLLEGE, None), [2, 4]);
    assert_eq!(positions(&given(&up_to_release(true)), COLLEGE, None), [1, 2, 4]);
}

#[test]
fn a_history_ends_at_the_release_and_holds_no_referral_and_no_link() {
    let mut events = vec![
        at(1, LEARNER, 1, SCHOOL, registered(LEARNER)),
        at(2, REFERRAL, 1, SCHOOL, submitted(REFERRAL, LEARNER, SCHOOL, None)),
        at(3, LEARNER, 2, SCHOOL, link(LEARNER, 0x99, OTHER)),
        at(4, HANDOVER, 1, SCHOOL, drafted(HANDOVER, LEARNER, (SCHOOL, COLLEGE), None)),
        at(5, HANDOVER, 2, SCHOOL, released(HANDOVER, LEARNER, (SCHOOL, COLLEGE), None, true)),
    ];
    events.push(at(6, LEARNER, 3, SCHOOL, link(LEARNER, 0x98, OTHER)));
    assert_eq!(positions(&given(&events), COLLEGE, None), [1, 5]);
}

#[test]
fn as_known_at_goes_by_the_share_and_not_by_the_recording() {
    let rows = given(&up_to_release(true));
    assert_eq!(positions(&rows, COLLEGE, Some(3)), [0_i64; 0]);
    assert_eq!(positions(&rows, COLLEGE, Some(4)), [1, 2, 4]);
    assert_eq!(positions(&rows, SCHOOL, Some(2)), [1, 2]);
}

#[test]
fn a_withdrawal_ends_what_came_with_the_handover_at_every_moment() {
    let mut events = up_to_release(true);
    events.push(at(5, HANDOVER, 3, SCHOOL, withdrawn(HANDOVER, LEARNER)));
    let rows = given(&events);
    assert_eq!(positions(&rows, COLLEGE, None), [0_i64; 0]);
    assert_eq!(positions(&rows, COLLEGE, Some(4)), [0_i64; 0]);
    assert_eq!(positions(&rows, AUTHORITY, None), [2], "a name in the move is not the handover's");
}

#[test]
fn who_declines_keeps_the_handover_and_nothing_else() {
    let mut events = up_to_release(true);
    let declined = HandoverFact::Declined(HandoverDeclined {
        handover: id(HANDOVER),
        learner: id(LEARNER),
        reason: HandoverDecline::NotExpected,
        note: None,
    });
    events.push(at(5, HANDOVER, 3, COLLEGE, declined));
    assert_eq!(positions(&given(&events), COLLEGE, None), [4, 5]);
}

fn corrected(position: u64, version: u64, detail: Option<Detail>) -> (Recorded, Opened) {
    let fact = TransitionFact::Corrected(TransitionCorrected {
        transition: id(MOVE),
        learner: id(LEARNER),
        corrects: EventId::new(Uuid::from_u128(0xe002)),
        corrects_version: if detail.is_some() { 1 } else { 2 },
        detail,
        kind: None,
        phase_transfer: None,
        on: None,
        reason: "typed wrong".to_owned(),
    });
    at(position, MOVE, version, SCHOOL, fact)
}

#[test]
fn a_setting_left_that_was_named_by_mistake_sees_no_more_and_the_right_one_sees_it_all() {
    let detail = in_year(OTHER, COLLEGE, date(2026, 9, 1));
    let rows = given(&[
        at(1, LEARNER, 1, SCHOOL, registered(LEARNER)),
        at(2, MOVE, 1, SCHOOL, moving(MOVE, LEARNER, detail, None)),
        corrected(3, 2, Some(in_year(AUTHORITY, COLLEGE, date(2026, 9, 1)))),
    ]);
    assert_eq!(positions(&rows, OTHER, None), [0_i64; 0]);
    assert_eq!(positions(&rows, AUTHORITY, None), [2, 3]);
    assert_eq!(rows.opened.len(), 1, "its stream gets what was recorded before");
}

#[test]
fn a_correction_names_what_it_corrects_and_takes_the_step_back() {
    let detail = in_year(SCHOOL, COLLEGE, date(2026, 9, 1));
    let rows = given(&[
        at(1, LEARNER, 1, SCHOOL, registered(LEARNER)),
        at(2, MOVE, 1, SCHOOL, moving(MOVE, LEARNER, detail, None)),
        at(3, MOVE, 2, SCHOOL, confirmed(MOVE, LEARNER)),
        corrected(4, 3, None),
    ]);
    assert_eq!(rows.entries[3].corrects, Some(Uuid::from_u128(0xe002)));
    assert_eq!(rows.subjects[0].state, "PLANNED");
    assert_eq!(rows.subjects[0].version, 3);
}

#[test]
fn a_pathfinder_sees_steps_until_a_member_holds_the_child() {
    let claimed = ReferralFact::Claimed(ReferralClaimed {
        referral: id(REFERRAL),
        learner: id(LEARNER),
        queue: id(PATHFINDER),
        member: id(0xb1),
        until: moment(500),
    });
    let freed = ReferralFact::ClaimReleased(ClaimReleased {
        referral: id(REFERRAL),
        learner: id(LEARNER),
        member: id(0xb1),
    });
    let mut rows = given(&[
        at(1, LEARNER, 1, SCHOOL, registered(LEARNER)),
        at(2, REFERRAL, 1, SCHOOL, submitted(REFERRAL, LEARNER, SCHOOL, Some(PATHFINDER))),
    ]);
    assert_eq!(sees(&rows, PATHFINDER, None), [(2, Depth::Step)]);
    assert_eq!(when::<Timeline>(&mut rows, &[at(3, REFERRAL, 2, PATHFINDER, claimed)]), Ok(()));
    assert_eq!(sees(&rows, PATHFINDER, None), [(2, Depth::Full), (3, Depth::Full)]);
    assert_eq!(sees(&rows, PATHFINDER, Some(2)), [(2, Depth::Step)], "as it was known then");
    assert_eq!(when::<Timeline>(&mut rows, &[at(4, REFERRAL, 3, PATHFINDER, freed)]), Ok(()));
    assert_eq!(sees(&rows, PATHFINDER, None)[0], (2, Depth::Step));
}

#[test]
fn everybody_who_sees_an_entry_gets_a_line_in_their_stream() {
    let rows = given(&up_to_release(true));
    let mut lines: Vec<(u128, i64)> =
        rows.feed.iter().map(|line| (line.organisation.as_u128(), line.position)).collect();
    lines.sort_unstable();
    let expected =
        [(SCHOOL, 1), (SCHOOL, 2), (SCHOOL, 3), (SCHOOL, 4), (COLLEGE, 4), (AUTHORITY, 2)];
    assert_eq!(lines, expected);
    assert_eq!(rows.opened.len(), 2, "the move and the history of before");
}

#[test]
fn what_was_never_begun_is_unfit_and_changes_nothing() {
    let mut rows = Rows::default();
    let unknown = when::<Timeline>(&mut rows, &[at(1, MOVE, 2, SCHOOL, confirmed(MOVE, LEARNER))]);
    assert_eq!(unknown, Err(Unfit("the record of the learner was never registered")));
    let mut rows = given(&[at(1, LEARNER, 1, SCHOOL, registered(LEARNER))]);
    let unknown = when::<Timeline>(&mut rows, &[at(2, MOVE, 2, SCHOOL, confirmed(MOVE, LEARNER))]);
    assert!(unknown.is_err() && rows.entries.len() == 1 && rows.subjects.is_empty());
}
