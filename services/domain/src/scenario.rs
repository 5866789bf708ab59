//! Tests in three words: given facts, when a command, then facts or a refusal. And the walk that holds
//! a decider against an action table written down a second time, as data.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use uuid::Uuid;

use crate::decider::{Decider, Now, Outcome, Refusal, Steps, Version, fold};

/// The moment of most tests: 3 September 2026, ten in the morning in England.
pub(crate) fn now() -> Now {
    now_on(date(2026, 9, 3))
}

/// Ten in the morning (summer time) of a day.
pub(crate) fn now_on(today: Date) -> Now {
    let at = TimeZone::UTC.to_timestamp(today.at(9, 0, 0, 0)).expect("a day of the calendar");
    Now { at, today }
}

/// The moment some seconds after that of most tests.
pub(crate) fn after(seconds: i64) -> Timestamp {
    Timestamp::from_second(now().at.as_second() + seconds).expect("a moment of this century")
}

/// An id for tests: the same number is the same id.
pub(crate) fn id<T: From<Uuid>>(number: u128) -> T {
    T::from(Uuid::from_u128(number))
}

/// What is true before the command.
pub(crate) struct Given<D: Decider> {
    pub(crate) state: D::State,
}

/// Starts a scenario.
pub(crate) fn given<D: Decider>(facts: Vec<D::Fact>) -> Given<D> {
    Given { state: fold::<D>(&facts) }
}

impl<D: Decider> Given<D> {
    /// Takes a step that must be accepted, and folds its facts.
    pub(crate) fn and(mut self, command: impl Into<D::Command>) -> Self {
        match D::decide(&self.state, command.into()) {
            Ok(Outcome::Recorded(facts)) => {
                for fact in &facts {
                    D::evolve(&mut self.state, fact);
                }
                self
            }
            Ok(Outcome::AlreadyDone(version)) => panic!("already done at version {version}"),
            Err(refusal) => panic!("refused: {refusal:?}"),
        }
    }

    /// Judges a command.
    pub(crate) fn when(&self, command: impl Into<D::Command>) -> When<D::Fact> {
        When(D::decide(&self.state, command.into()))
    }
}

/// What a command led to.
pub(crate) struct When<F>(pub(crate) Result<Outcome<F>, Refusal>);

impl<F: PartialEq> When<F> {
    /// Exactly these facts. (Facts have no `Debug`: they are about learners.)
    pub(crate) fn then(self, facts: Vec<F>) {
        match self.0 {
            Ok(Outcome::Recorded(recorded)) => {
                assert!(recorded == facts, "other facts than expected")
            }
            Ok(Outcome::AlreadyDone(version)) => panic!("already done at version {version}"),
            Err(refusal) => panic!("refused: {refusal:?}"),
        }
    }

    /// The same step was taken at this version.
    pub(crate) fn then_already(self, version: Version) {
        match self.0 {
            Ok(Outcome::AlreadyDone(done)) => assert_eq!(done, version),
            Ok(Outcome::Recorded(_)) => panic!("recorded a second time"),
            Err(refusal) => panic!("refused: {refusal:?}"),
        }
    }

    /// Refused.
    pub(crate) fn refusal(self) -> Refusal {
        match self.0 {
            Ok(Outcome::Recorded(_)) => panic!("recorded"),
            Ok(Outcome::AlreadyDone(version)) => panic!("already done at version {version}"),
            Err(refusal) => refusal,
        }
    }

    /// Refused, since the table does not have the step from this state.
    pub(crate) fn then_illegal(self, in_state: &str) {
        match self.refusal() {
            Refusal::IllegalStep { state, .. } => assert_eq!(state, in_state),
            other => panic!("refused otherwise: {other:?}"),
        }
    }

    /// Refused by a named rule, or because it exists.
    pub(crate) fn then_rule(self, named: &str) {
        match self.refusal() {
            Refusal::Rule { reason, .. } | Refusal::Exists { reason, .. } => {
                assert_eq!(reason, named)
            }
            other => panic!("refused otherwise: {other:?}"),
        }
    }

    /// Refused for exactly these fields.
    pub(crate) fn then_invalid(self, fields: &[&str]) {
        match self.refusal() {
            Refusal::Invalid(faults) => {
                let named: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
                assert_eq!(named, fields);
            }
            other => panic!("refused otherwise: {other:?}"),
        }
    }
}

/// One line of an action table: step, states from, states it may lead to (empty: the same state).
pub(crate) type Line = (&'static str, &'static [&'static str], &'static [&'static str]);

/// Takes one step of a random walk and holds the answer against the table. Answers the next state.
///
/// `steps` is the step in the table's spelling; the command must be free of other faults, so that a
/// refusal can only come from the table or be one that `elsewise` explains.
pub(crate) fn walk<D: Decider>(
    table: &[Line],
    state: D::State,
    step: &str,
    command: D::Command,
    name: impl Fn(&D::State) -> (&'static str, Version),
    elsewise: impl Fn(&Refusal) -> bool,
) -> D::State {
    let (before, version) = name(&state);
    let to: BTreeSet<&str> = table
        .iter()
        .filter(|(listed, from, _)| *listed == step && from.contains(&before))
        .flat_map(|(_, _, to)| if to.is_empty() { vec![before] } else { to.to_vec() })
        .collect();
    match D::decide(&state, command) {
        Ok(Outcome::Recorded(facts)) => {
            let mut next = state;
            facts.iter().for_each(|fact| D::evolve(&mut next, fact));
            let (after, grown) = name(&next);
            assert!(to.contains(after), "{step} led from {before} to {after}");
            assert_eq!(grown, version + facts.len() as Version, "each fact is a version");
            next
        }
        Ok(Outcome::AlreadyDone(done)) => {
            assert!((1..=version).contains(&done), "{step} is done at a version that exists");
            let again = to.is_empty() || to.contains(before);
            assert!(again, "{step} is to be taken from {before}, done before or not");
            state
        }
        Err(Refusal::IllegalStep { step: refused, state: at, possible, .. }) => {
            assert_eq!((refused, at), (step, before), "the refusal says what and where");
            assert!(to.is_empty(), "{step} is in the table from {before}");
            assert_eq!(
                possible.into_iter().collect::<BTreeSet<_>>(),
                steps_from(table, before),
                "possible from {before}"
            );
            state
        }
        Err(other) => {
            assert!(elsewise(&other), "{step} from {before}: {other:?}");
            state
        }
    }
}

/// The steps that a table has from a state.
pub(crate) fn steps_from(table: &[Line], state: &str) -> BTreeSet<&'static str> {
    table.iter().filter(|(_, from, _)| from.contains(&state)).map(|(step, ..)| *step).collect()
}

/// The next step of a walk: three times in four one that is possible and does not end the walk, so that
/// walks reach the far states; else the one that was drawn, possible or not.
pub(crate) fn steer<S: Steps>(state: Option<S::State>, drawn: S, flavour: u8, ends: &[S]) -> S {
    if flavour.is_multiple_of(4) {
        return drawn;
    }
    let goes_on =
        |step: &&S| !ends.contains(step) && state.is_some_and(|state| step.possible_from(state));
    let ahead: Vec<S> = S::ALL.iter().filter(goes_on).copied().collect();
    ahead.get(usize::from(flavour) % ahead.len().max(1)).copied().unwrap_or(drawn)
}
