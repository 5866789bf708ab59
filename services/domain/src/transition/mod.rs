//! A learner's move between settings: the table of section 13 of the rules.

mod arrive;
mod cancel;
mod confirm;
mod correct;
pub mod detail;
mod end;
pub mod facts;
mod kind;
mod not_arrive;
mod particulars;
mod record;
mod refold;
mod reschedule;

pub use arrive::Arrive;
pub use cancel::Cancel;
pub use confirm::Confirm;
pub use correct::Correct;
pub use detail::*;
pub use end::End;
pub use facts::*;
pub use kind::{SettingsKnown, derive};
pub use not_arrive::NotArrive;
pub use record::Record;
pub use reschedule::Reschedule;

use jiff::civil::Date;

use crate::codes::closed_codes;
use crate::decider::{At, Decider, Outcome, Refusal, Steps, Version, possible};

closed_codes! {
    /// Where a transition stands.
    pub enum TransitionState("state of a transition") {
        /// Planned; may still change.
        Planned = "PLANNED",
        /// Certain.
        Confirmed = "CONFIRMED",
        /// The learner is there.
        Arrived = "ARRIVED",
        /// The learner has left again.
        Ended = "ENDED",
        /// The learner did not come.
        NotArrived = "NOT_ARRIVED",
        /// It will not happen.
        Cancelled = "CANCELLED",
    }
}

closed_codes! {
    /// Step of a transition, as the action table calls it.
    pub enum TransitionStep("step of a transition") {
        /// Make it certain.
        Confirm = "confirm",
        /// Report that the learner has come.
        Arrive = "arrive",
        /// Report that the learner has not.
        NotArrived = "not_arrived",
        /// Change the planned date.
        Reschedule = "reschedule",
        /// Call it off.
        Cancel = "cancel",
        /// Report that the learner has left again.
        End = "end",
        /// Take back something that was a mistake.
        Correct = "correct",
    }
}

impl Steps for TransitionStep {
    type State = TransitionState;
    const CONCEPT: &'static str = "transition";

    fn possible_from(self, state: TransitionState) -> bool {
        use TransitionState as S;
        match self {
            Self::Confirm => state == S::Planned,
            Self::Arrive | Self::Reschedule | Self::Cancel => {
                matches!(state, S::Planned | S::Confirmed | S::NotArrived)
            }
            Self::NotArrived => matches!(state, S::Planned | S::Confirmed),
            Self::End => state == S::Arrived,
            Self::Correct => true,
        }
    }
}

/// A transition's own stream.
pub struct Transition;

/// What the facts about a transition add up to, without those that were mistaken.
///
/// The facts are kept whole, so that a correction can be folded again without the mistake.
#[derive(Clone, Default)]
pub struct TransitionFold {
    /// Number of facts, mistaken ones too.
    pub version: Version,
    /// Every fact, mistaken ones too; the first has version 1.
    pub facts: Vec<TransitionFact>,
    /// Where it stands; none before it is recorded.
    pub state: Option<TransitionState>,
    /// The record as it is true now: kind and particulars as corrected, and the version of the fact.
    pub recorded: Option<At<TransitionRecorded>>,
    /// When it is planned now.
    pub planned: Option<Planned>,
    /// The confirmation, if it counts.
    pub confirmed: Option<At<TransitionConfirmed>>,
    /// The arrival as it is true now, if there is one.
    pub arrived: Option<At<ArrivalRecorded>>,
    /// The non-arrival as it is true now, if there was one.
    pub not_arrived: Option<At<NonArrivalRecorded>>,
    /// The last change of date, if it counts.
    pub rescheduled: Option<At<TransitionRescheduled>>,
    /// The cancellation, if it counts.
    pub cancelled: Option<At<TransitionCancelled>>,
    /// The end, if it counts.
    pub ended: Option<At<TransitionEnded>>,
}

impl TransitionFold {
    /// The steps that are possible now.
    pub fn possible(&self) -> Vec<&'static str> {
        self.state.map(possible::<TransitionStep>).unwrap_or_default()
    }

    /// The learner's first day there, once there is one.
    pub fn arrived_on(&self) -> Option<Date> {
        self.arrived.as_ref().map(|arrived| arrived.fact.on)
    }

    /// The record and the state a step starts from.
    fn stands(&self) -> Result<(&TransitionRecorded, TransitionState), Refusal> {
        match (&self.recorded, self.state) {
            (Some(recorded), Some(state)) => Ok((&recorded.fact, state)),
            _ => Err(Refusal::NotFound),
        }
    }
}

crate::decider::commands! {
    Command:
    /// Plan the move.
    Record,
    /// Make it certain.
    Confirm,
    /// Report the arrival.
    Arrive,
    /// Report that the learner did not arrive.
    NotArrive,
    /// Change the planned date.
    Reschedule,
    /// Call it off.
    Cancel,
    /// Take back a mistake.
    Correct,
    /// Report that the learner has left again.
    End,
}

impl Decider for Transition {
    type State = TransitionFold;
    type Command = Command;
    type Fact = TransitionFact;

    fn decide(state: &Self::State, command: Command) -> Result<Outcome<Self::Fact>, Refusal> {
        match command {
            Command::Record(command) => command.decide(state),
            Command::Confirm(command) => command.decide(state),
            Command::Arrive(command) => command.decide(state),
            Command::NotArrive(command) => command.decide(state),
            Command::Reschedule(command) => command.decide(state),
            Command::Cancel(command) => command.decide(state),
            Command::Correct(command) => command.decide(state),
            Command::End(command) => command.decide(state),
        }
    }

    fn evolve(state: &mut Self::State, fact: &Self::Fact) {
        state.version += 1;
        state.facts.push(fact.clone());
        match fact {
            TransitionFact::Corrected(_) => refold::refold(state),
            fact => refold::apply(state, state.version, fact),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
