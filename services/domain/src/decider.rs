//! The shape of every rule: `decide(state, command)` answers facts or a refusal, `evolve` copies a
//! fact into the state and never refuses.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::codes::CodeSet;
use crate::event::Event;

/// A stream's version: the number of facts in it. The first fact makes it 1.
pub type Version = u64;

/// A concept with a life of its own: one stream of facts, folded into a state.
pub trait Decider {
    /// What the facts so far add up to. `Default` is the state before the first fact.
    type State: Default + Clone + Send + Sync + 'static;
    /// What somebody asks for, with the moment and the new ids it needs.
    type Command: Send + Sync;
    /// The facts of this concept.
    type Fact: Into<Event> + TryFrom<Event, Error = Event> + Clone + Send + Sync;

    /// Judges a command. Pure: the same state and command always give the same answer.
    ///
    /// # Errors
    /// The reason why the step is refused.
    fn decide(state: &Self::State, command: Self::Command) -> Result<Outcome<Self::Fact>, Refusal>;

    /// Copies one fact into the state. Facts are true already; there is nothing to refuse.
    fn evolve(state: &mut Self::State, fact: &Self::Fact);
}

/// What an accepted command leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<F> {
    /// New facts, in order.
    Recorded(Vec<F>),
    /// The same step was taken before with equal content; the fact at this version is its proof,
    /// and the caller gets that fact's receipt.
    AlreadyDone(Version),
}

impl<F> Outcome<F> {
    /// One new fact.
    pub fn one(fact: impl Into<F>) -> Self {
        Self::Recorded(vec![fact.into()])
    }
}

/// The moment of a command: the server's clock, and the local (Europe/London) day it falls on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The moment.
    pub at: Timestamp,
    /// The civil day in England at that moment (convention C7 of the rules).
    pub today: Date,
}

/// Why a command was refused. Texts never repeat what the caller said about a learner.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The stream does not exist, or not for this caller. Both look the same from outside.
    #[error("there is no such record")]
    NotFound,
    /// The step is not possible from the present state.
    #[error("{step} is not possible while the {concept} is {state}")]
    IllegalStep {
        /// What the state belongs to: `transition`, `handover`, `referral`, `DSA case`…
        concept: &'static str,
        /// The step that was asked for, as the action tables of the rules call it.
        step: &'static str,
        /// The present state, in its wire spelling.
        state: &'static str,
        /// The steps that are possible now.
        possible: Vec<&'static str>,
    },
    /// One or more arguments cannot be.
    #[error("the request has fields that cannot be accepted")]
    Invalid(Vec<FieldFault>),
    /// A named rule of the concept forbids it.
    #[error("{message}")]
    Rule {
        /// Stable UPPER_SNAKE reason.
        reason: &'static str,
        /// One sentence in plain English, without anything said about a learner.
        message: String,
    },
    /// The thing exists already and is not the same.
    #[error("{message}")]
    Exists {
        /// Stable UPPER_SNAKE reason.
        reason: &'static str,
        /// One sentence in plain English, without anything said about a learner.
        message: String,
        /// The opaque id of what exists, where the caller may know it.
        existing: Option<uuid::Uuid>,
    },
    /// The caller's kind of organisation or role may not do this (checked before any look-up where
    /// it can be; here only where it depends on a fact of the caller's own).
    #[error("{message}")]
    Forbidden {
        /// Stable UPPER_SNAKE reason.
        reason: &'static str,
        /// One sentence in plain English.
        message: String,
    },
}

/// One field of a request and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFault {
    /// Path of the field as the contract spells it, `detail.phase_transfer.planned` for example.
    pub field: String,
    /// One sentence in plain English that does not repeat the value.
    pub message: String,
}

/// What is said of a claimed day or moment that has not come.
const IN_FUTURE: &str = "lies in the future; a fact can only be recorded once it has happened";

impl Refusal {
    /// A single faulty field.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldFault { field: field.into(), message: message.into() }])
    }

    /// A moment or day in the future where a fact is claimed.
    pub fn future(field: impl Into<String>) -> Self {
        Self::field(field, IN_FUTURE)
    }

    /// Whether every fault is a day or moment in the future (the contract's reason `FUTURE_DATE`).
    pub fn is_future(&self) -> bool {
        matches!(self, Self::Invalid(faults) if faults.iter().all(|fault| fault.message == IN_FUTURE))
    }
}

/// Refuses a claimed day after today.
///
/// # Errors
/// `Refusal::Invalid` naming `field`.
pub fn not_in_future(field: &str, day: Date, now: Now) -> Result<(), Refusal> {
    if day > now.today { Err(Refusal::future(field)) } else { Ok(()) }
}

/// A version and the fact that made it: what a repeated step is compared with.
#[derive(Clone, PartialEq)]
pub struct At<F> {
    /// The fact's version in its stream.
    pub version: Version,
    /// The fact.
    pub fact: F,
}

/// A concept's action table: which step is possible from which state.
pub trait Steps: CodeSet {
    /// The states of the concept.
    type State: CodeSet;
    /// The concept in words, as a refusal names it.
    const CONCEPT: &'static str;

    /// Whether the table has this step from this state.
    fn possible_from(self, state: Self::State) -> bool;

    /// Refuses the step where the table does not have it.
    ///
    /// # Errors
    /// [`Refusal::IllegalStep`] with the state and what is possible from it.
    fn require(self, state: Self::State) -> Result<(), Refusal> {
        if self.possible_from(state) { Ok(()) } else { Err(self.illegal(state)) }
    }

    /// The refusal of this step in this state.
    fn illegal(self, state: Self::State) -> Refusal {
        Refusal::IllegalStep {
            concept: Self::CONCEPT,
            step: self.code(),
            state: state.code(),
            possible: possible::<Self>(state),
        }
    }

    /// Judges a step: possible → the new facts; else a repeat of one's own step with equal content
    /// → already done; else refused. Possibility comes first, so that a step of a table with cycles
    /// is taken anew when its turn comes again.
    ///
    /// # Errors
    /// [`Refusal::IllegalStep`].
    fn take<F: PartialEq>(
        self,
        state: Self::State,
        last: Option<&At<F>>,
        fact: F,
    ) -> Result<Outcome<F>, Refusal> {
        if self.possible_from(state) {
            return Ok(Outcome::Recorded(vec![fact]));
        }
        match last {
            Some(last) if last.fact == fact => Ok(Outcome::AlreadyDone(last.version)),
            _ => Err(self.illegal(state)),
        }
    }
}

/// The steps that a table has from a state, in the table's order.
pub fn possible<S: Steps>(state: S::State) -> Vec<&'static str> {
    S::ALL.iter().filter(|step| step.possible_from(state)).map(|step| step.code()).collect()
}

/// What the facts add up to.
pub fn fold<'a, D: Decider>(facts: impl IntoIterator<Item = &'a D::Fact>) -> D::State
where
    D::Fact: 'a,
{
    facts.into_iter().fold(D::State::default(), |mut state, fact| {
        D::evolve(&mut state, fact);
        state
    })
}

impl<F> Outcome<F> {
    /// The same outcome, with each fact made into another type.
    pub fn map<G>(self, make: impl FnMut(F) -> G) -> Outcome<G> {
        match self {
            Self::Recorded(facts) => Outcome::Recorded(facts.into_iter().map(make).collect()),
            Self::AlreadyDone(version) => Outcome::AlreadyDone(version),
        }
    }
}

/// Faulty fields, gathered so that a caller learns of all of them at once.
#[derive(Default)]
pub(crate) struct Faults(Vec<FieldFault>);

impl Faults {
    /// Notes a fault unless the condition holds.
    pub(crate) fn unless(&mut self, holds: bool, field: &str, message: &str) {
        if !holds {
            self.0.push(FieldFault { field: field.to_owned(), message: message.to_owned() });
        }
    }

    /// Notes a text of nothing but white space.
    pub(crate) fn blank(&mut self, field: &str, text: &str) {
        self.unless(!text.trim().is_empty(), field, "is empty");
    }

    /// Notes a day after today.
    pub(crate) fn future(&mut self, field: &str, day: Date, now: Now) {
        if let Err(Refusal::Invalid(faults)) = not_in_future(field, day, now) {
            self.0.extend(faults);
        }
    }

    /// Refuses when anything was noted.
    pub(crate) fn finish(self) -> Result<(), Refusal> {
        if self.0.is_empty() { Ok(()) } else { Err(Refusal::Invalid(self.0)) }
    }
}

/// Declares a concept's commands: one variant a verb, and the way into it from the verb's struct.
macro_rules! commands {
    ($name:ident: $($(#[$doc:meta])* $verb:ident,)+) => {
        /// What somebody asks for, one variant a verb.
        #[derive(Clone)]
        #[allow(clippy::large_enum_variant, reason = "a command lives for one decision")]
        pub enum $name {
            $($(#[$doc])* $verb($verb),)+
        }

        $(impl From<$verb> for $name {
            fn from(verb: $verb) -> Self {
                Self::$verb(verb)
            }
        })+
    };
}

pub(crate) use commands;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::now;

    #[test]
    fn today_has_come_and_tomorrow_has_not() {
        let today = now().today;
        assert_eq!(not_in_future("on", today, now()), Ok(()));
        let tomorrow = today.tomorrow().expect("a day of the calendar");
        let refused = not_in_future("on", tomorrow, now()).expect_err("tomorrow is not a fact");
        assert!(refused.is_future());
        assert!(!Refusal::field("on", "is empty").is_future() && !Refusal::NotFound.is_future());
    }

    #[test]
    fn every_fault_is_gathered_before_the_refusal() {
        let mut faults = Faults::default();
        faults.blank("name", " ");
        faults.unless(false, "age", "is below nothing");
        faults.unless(true, "sex", "is never wrong");
        let Err(Refusal::Invalid(found)) = faults.finish() else { panic!("two faults") };
        let fields: Vec<_> = found.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(fields, ["name", "age"]);
    }
}
