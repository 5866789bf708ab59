//! Corrections: what is left when the mistake is gone.

use jiff::civil::date;

use super::super::tests::{
    arrive, cancel, correct, end, not_arrive, phase_transfer_to, planned, post16, reschedule,
};
use super::super::{Confirm, Planned, Post16Kind};
use super::*;
use crate::codes::kind::{PhaseTransferKind, TransitionKind};
use crate::codes::year::NcYear;
use crate::routing::SettingPhase;

#[test]
fn without_the_mistake_the_earlier_state_is_back() {
    let confirmed = planned().and(Confirm);
    assert_eq!(confirmed.and(cancel()).and(correct(3)).stands(), "CONFIRMED");
    assert_eq!(planned().and(Confirm).and(arrive()).and(correct(3)).stands(), "CONFIRMED");
    assert_eq!(planned().and(Confirm).and(correct(2)).stands(), "PLANNED");
    let found = planned().and(not_arrive()).and(arrive()).and(correct(2));
    assert_eq!(found.stands(), "ARRIVED", "the arrival follows without the non-arrival, too");
}

#[test]
fn a_date_goes_back_to_the_one_before() {
    let moved = planned().and(reschedule(date(2026, 9, 7))).and(correct(2));
    assert_eq!(moved.state.planned, Some(Planned::Day(date(2026, 9, 1))));
    // The same change may be made again, now that the first does not count.
    assert!(moved.when(reschedule(date(2026, 9, 7))).0.is_ok());
}

#[test]
fn what_cannot_follow_does_not_count() {
    // Arrived by mistake, and ended: without the arrival there is nothing to end.
    let ended = planned().and(Confirm).and(arrive()).and(end());
    assert_eq!(ended.stands(), "ENDED");
    let without = ended.and(correct(3));
    assert_eq!(without.stands(), "CONFIRMED");
    assert!(without.state.ended.is_none() && without.state.arrived_on().is_none());
    // The correction was the mistake: arrival and end are back.
    let back = without.and(correct(5));
    assert_eq!(back.stands(), "ENDED");
    assert_eq!(back.state.version, 6, "and nothing was erased");
}

#[test]
fn an_arrival_was_on_another_day() {
    let corrected =
        planned().and(arrive()).and(Correct { on: Some(date(2026, 8, 31)), ..correct(2) });
    assert_eq!(corrected.stands(), "ARRIVED");
    assert_eq!(corrected.state.arrived_on(), Some(date(2026, 8, 31)));
    corrected.when(arrive()).then_illegal("ARRIVED");
    // And on yet another: the newest correction is what is true.
    let again = corrected.and(Correct { on: Some(date(2026, 9, 1)), ..correct(2) });
    assert_eq!(again.state.arrived_on(), Some(date(2026, 9, 1)));
    assert_eq!(again.and(correct(4)).state.arrived_on(), Some(date(2026, 8, 31)));
}

#[test]
fn the_record_gets_other_particulars_and_its_kind_with_them() {
    let settings = SettingsKnown {
        from: Some(SettingPhase::First),
        to: Some(SettingPhase::Middle),
        ..SettingsKnown::default()
    };
    let detail = Some(phase_transfer_to(Some(NcYear::Y4)));
    let corrected = planned().and(Confirm).and(Correct { detail, settings, ..correct(1) });
    assert_eq!(corrected.stands(), "CONFIRMED");
    let recorded = corrected.state.recorded.as_ref().expect("the record is still there");
    assert_eq!(recorded.version, 1);
    assert_eq!(recorded.fact.kind, TransitionKind::PrimaryToMiddle);
    assert_eq!(recorded.fact.phase_transfer, Some(PhaseTransferKind::C));
    assert!(recorded.fact.detail == phase_transfer_to(Some(NcYear::Y4)));
}

#[test]
fn particulars_stay_of_their_kind() {
    let detail = Some(post16(Post16Kind::College));
    planned().when(Correct { detail, ..correct(1) }).then_rule("KIND_CANNOT_CHANGE");
}

#[test]
fn a_repeat_is_known_and_a_second_correction_is_refused() {
    let corrected = planned().and(Confirm).and(correct(2));
    corrected.when(correct(2)).then_already(3);
    let other = Correct { reason: "Other words".to_owned(), ..correct(2) };
    corrected.when(other).then_rule("ALREADY_CORRECTED");
}

#[test]
fn what_a_correction_may_say_depends_on_the_fact() {
    planned().when(correct(1)).then_invalid(&["detail"]);
    planned().when(correct(2)).then_invalid(&["corrects"]);
    planned().when(correct(0)).then_invalid(&["corrects"]);
    let confirmed = planned().and(Confirm);
    let wordless = Correct {
        reason: " ".to_owned(),
        detail: Some(phase_transfer_to(None)),
        on: Some(date(2027, 1, 1)),
        ..correct(2)
    };
    confirmed.when(wordless).then_invalid(&["reason", "detail", "on", "on"]);
    let tomorrow = Correct { on: Some(date(2026, 9, 4)), ..correct(3) };
    confirmed.and(arrive()).when(tomorrow).then_invalid(&["on"]);
}
