//! Identifiers: which number wins, what a repeat does.

use jiff::civil::date;
use rstest::rstest;

use super::super::Learner;
use super::super::samples::registered;
use super::*;
use crate::scenario::{Given, given, id, now};

const PERMANENT: &str = "H801200001001";
const LATER: &str = "A801200015001";
const TEMPORARY: &str = "Z82221002600B";

fn add(value: &str) -> AddIdentifier {
    AddIdentifier {
        kind: LearnerNumberKind::Upn,
        value: value.to_owned(),
        former: false,
        from: None,
        now: now(),
    }
}

fn end(value: &str, reason: IdentifierEnd) -> EndIdentifier {
    EndIdentifier { kind: LearnerNumberKind::Upn, value: value.to_owned(), reason }
}

fn added(value: &str, former: bool) -> LearnerFact {
    LearnerFact::IdentifierAdded(IdentifierAdded {
        learner: id(2),
        kind: LearnerNumberKind::Upn,
        value: value.to_owned(),
        former,
        from: None,
    })
}

fn current(given: &Given<Learner>) -> Option<&str> {
    given.state.current(LearnerNumberKind::Upn).map(|held| held.added.fact.value.as_str())
}

#[test]
fn a_permanent_upn_replaces_a_temporary_one() {
    let temporary = registered().and(add(TEMPORARY));
    let superseded = IdentifierEnded {
        learner: id(2),
        kind: LearnerNumberKind::Upn,
        value: TEMPORARY.to_owned(),
        reason: IdentifierEnd::Superseded,
    };
    temporary
        .when(add(PERMANENT))
        .then(vec![LearnerFact::IdentifierEnded(superseded), added(PERMANENT, false)]);
    let replaced = temporary.and(add(PERMANENT));
    assert_eq!(current(&replaced), Some(PERMANENT));
    assert_eq!(replaced.state.aliases().count(), 2, "the temporary one is still found");
    // The old file comes again: nothing changes, in whatever order its numbers come.
    replaced.when(add(TEMPORARY)).then_already(2);
    replaced.when(add(PERMANENT)).then_already(4);
}

#[test]
fn a_temporary_upn_never_displaces_a_permanent_one() {
    registered().and(add(PERMANENT)).when(add(TEMPORARY)).then(vec![added(TEMPORARY, true)]);
}

#[test]
fn of_two_permanent_upns_the_first_issued_wins() {
    // Issued in 2001 and in 2015: the order in which they are learned of does not matter.
    let first = registered().and(add(PERMANENT));
    first.when(add(LATER)).then(vec![added(LATER, true)]);
    let learned_late = registered().and(add(LATER)).and(add(PERMANENT));
    assert_eq!(current(&first.and(add(LATER))), Some(PERMANENT));
    assert_eq!(current(&learned_late), Some(PERMANENT));
    assert_eq!(learned_late.state.aliases().count(), 2);
}

#[test]
fn days_of_issue_decide_where_they_are_known() {
    let held = AddIdentifier { from: Some(date(2016, 9, 1)), ..add(PERMANENT) };
    let earlier = AddIdentifier { from: Some(date(2015, 9, 1)), ..add(LATER) };
    assert_eq!(current(&registered().and(held).and(earlier)), Some(LATER));
}

#[test]
fn a_repeat_with_the_same_number_changes_nothing() {
    let held = registered().and(add(PERMANENT)).and(add(LATER));
    held.when(add(PERMANENT)).then_already(2);
    held.when(add(LATER)).then_already(3);
    held.when(AddIdentifier { former: true, ..add(LATER) }).then_already(3);
    held.when(AddIdentifier { former: true, ..add(PERMANENT) }).then_rule("IDENTIFIER_IS_CURRENT");
}

#[test]
fn a_wrong_number_is_no_alias_and_does_not_come_back() {
    let wrong = registered().and(add(PERMANENT)).and(end(PERMANENT, IdentifierEnd::Wrong));
    assert_eq!(current(&wrong), None);
    assert_eq!(wrong.state.aliases().count(), 0);
    wrong.when(add(PERMANENT)).then_rule("IDENTIFIER_WAS_WRONG");
    wrong.when(end(PERMANENT, IdentifierEnd::Wrong)).then_already(3);
    wrong.when(end(PERMANENT, IdentifierEnd::Superseded)).then_rule("IDENTIFIER_WAS_WRONG");
    wrong.when(end(LATER, IdentifierEnd::Wrong)).then_rule("IDENTIFIER_NOT_HELD");
}

#[test]
fn a_superseded_number_may_turn_out_wrong() {
    let alias = registered().and(add(PERMANENT)).and(end(PERMANENT, IdentifierEnd::Superseded));
    assert_eq!(alias.state.aliases().count(), 1);
    assert_eq!(alias.and(end(PERMANENT, IdentifierEnd::Wrong)).state.aliases().count(), 0);
}

#[rstest]
#[case(LearnerNumberKind::Uln, "9276308686", "3000000010", true)]
#[case(LearnerNumberKind::Nhs, "9434765919", "9990000018", true)]
#[case(LearnerNumberKind::Sid, "25100077740000016", "24100077740000019", false)]
fn other_kinds_have_one_current_number_or_one_an_institution(
    #[case] kind: LearnerNumberKind,
    #[case] first: &str,
    #[case] second: &str,
    #[case] refused: bool,
) {
    let held = registered().and(AddIdentifier { kind, ..add(first) });
    let judged = held.when(AddIdentifier { kind, ..add(second) });
    if refused {
        judged.then_rule("IDENTIFIER_CONFLICT");
    } else {
        assert!(judged.0.is_ok());
    }
}

#[test]
fn faults_are_named_and_nobody_means_not_found() {
    let faulty = AddIdentifier { from: Some(date(2027, 1, 1)), ..add(" ") };
    registered().when(faulty).then_invalid(&["value", "from"]);
    assert_eq!(given::<Learner>(vec![]).when(add(PERMANENT)).refusal(), Refusal::NotFound);
}
