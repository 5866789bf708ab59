//! One organisation's own record of a learner.

mod amend;
mod enrol;
mod erase;
pub mod facts;
mod identify;
mod link;
mod names;
mod register;
mod sen;

pub use amend::Amend;
pub use enrol::{EndEnrolment, EnrolmentState, EnrolmentStep, RecordEnrolment};
pub use erase::{ConfirmErasure, EraseLinked, RequestErasure};
pub use facts::*;
pub use identify::{AddIdentifier, EndIdentifier, IdentifierState};
pub use link::LinkRecord;
pub use names::{folded, holds_unseen};
pub use register::Register;
pub use sen::{RecordNeeds, RecordSenProvision};

use crate::codes::reason::IdentifierEnd;
use crate::decider::{At, Decider, Outcome, Refusal, Version};
use crate::ids::{EnrolmentId, LearnerId};

/// A record's own stream.
pub struct Learner;

/// What the facts about a record add up to.
#[derive(Clone, Default)]
pub struct LearnerState {
    /// Number of facts.
    pub version: Version,
    /// The registration, once it is there.
    pub registered: Option<At<LearnerRegistered>>,
    /// The personal details as they are now, in the shape of an amendment.
    pub details: Option<At<LearnerAmended>>,
    /// Every identifier the record has had, in the order they came.
    pub identifiers: Vec<Identifier>,
    /// Spells of provision, one for each start and kind.
    pub provision: Vec<At<SenProvisionRecorded>>,
    /// The needs as they are now.
    pub needs: Option<At<NeedsRecorded>>,
    /// Enrolments, in the order they came.
    pub enrolments: Vec<Enrolment>,
    /// Records about the same person.
    pub links: Vec<At<RecordLinked>>,
    /// The request that it be erased; the newest counts.
    pub erasure: Option<At<ErasureRequested>>,
    /// It was erased.
    pub erased: Option<At<LearnerErased>>,
}

/// An identifier and what became of it.
#[derive(Clone, PartialEq)]
pub struct Identifier {
    /// How it was added.
    pub added: At<IdentifierAdded>,
    /// How it ended, if it did.
    pub ended: Option<At<IdentifierEnded>>,
}

/// An enrolment and how it ended.
#[derive(Clone, PartialEq)]
pub struct Enrolment {
    /// How it was recorded.
    pub recorded: At<EnrolmentRecorded>,
    /// How it ended, if it did.
    pub ended: Option<At<EnrolmentEnded>>,
}

impl LearnerState {
    /// The record's id; none before the registration.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    pub fn learner(&self) -> Result<LearnerId, Refusal> {
        self.registered.as_ref().map(|at| at.fact.learner).ok_or(Refusal::NotFound)
    }

    /// Who the learner is, as the record has it now.
    pub fn person(&self) -> Option<&Person> {
        self.details.as_ref().map(|details| &details.fact.person)
    }

    /// The current number of a kind: not former, not ended.
    pub fn current(&self, kind: LearnerNumberKind) -> Option<&Identifier> {
        self.identifiers
            .iter()
            .find(|held| held.added.fact.kind == kind && held.stands() == IdentifierState::Current)
    }

    /// Numbers by which search finds the record: current, former and superseded, not wrong ones.
    pub fn aliases(&self) -> impl Iterator<Item = &IdentifierAdded> {
        self.identifiers
            .iter()
            .filter(|held| held.stands() != IdentifierState::Wrong)
            .map(|held| &held.added.fact)
    }

    /// The provision as it is now: the latest spell that has not ended.
    pub fn open_provision(&self) -> Option<&SenProvisionRecorded> {
        let open = self.provision.iter().map(|at| &at.fact).filter(|spell| spell.end.is_none());
        open.max_by_key(|spell| spell.start)
    }

    /// An enrolment by its id.
    pub fn enrolment(&self, enrolment: EnrolmentId) -> Option<&Enrolment> {
        self.enrolments.iter().find(|held| held.recorded.fact.enrolment == enrolment)
    }
}

crate::decider::commands! {
    Command:
    /// Make the record.
    Register,
    /// Say who the learner is now.
    Amend,
    /// Add an identifier.
    AddIdentifier,
    /// End an identifier.
    EndIdentifier,
    /// Record a spell of provision.
    RecordSenProvision,
    /// Say what the needs are now.
    RecordNeeds,
    /// Put the learner on a setting's roll.
    RecordEnrolment,
    /// Take the learner off a setting's roll.
    EndEnrolment,
    /// Link another record of the same person.
    LinkRecord,
    /// Ask that it be erased.
    RequestErasure,
    /// Confirm the erasure that somebody else asked for.
    ConfirmErasure,
    /// Erase it together with a record that it is linked to.
    EraseLinked,
}

impl Decider for Learner {
    type State = LearnerState;
    type Command = Command;
    type Fact = LearnerFact;

    fn decide(state: &Self::State, command: Command) -> Result<Outcome<Self::Fact>, Refusal> {
        match command {
            Command::Register(command) => command.decide(state),
            Command::Amend(command) => command.decide(state),
            Command::AddIdentifier(command) => command.decide(state),
            Command::EndIdentifier(command) => command.decide(state),
            Command::RecordSenProvision(command) => command.decide(state),
            Command::RecordNeeds(command) => command.decide(state),
            Command::RecordEnrolment(command) => command.decide(state),
            Command::EndEnrolment(command) => command.decide(state),
            Command::LinkRecord(command) => command.decide(state),
            Command::RequestErasure(command) => command.decide(state),
            Command::ConfirmErasure(command) => command.decide(state),
            Command::EraseLinked(command) => command.decide(state),
        }
    }

    fn evolve(state: &mut Self::State, fact: &Self::Fact) {
        state.version += 1;
        let version = state.version;
        match fact {
            LearnerFact::Registered(fact) => {
                let LearnerRegistered { learner, person, own_ref } = fact.clone();
                state.details =
                    Some(At { version, fact: LearnerAmended { learner, person, own_ref } });
                state.registered = Some(At { version, fact: fact.clone() });
            }
            LearnerFact::Amended(fact) => state.details = Some(At { version, fact: fact.clone() }),
            LearnerFact::IdentifierAdded(fact) => {
                let added = At { version, fact: fact.clone() };
                state.identifiers.push(Identifier { added, ended: None });
            }
            LearnerFact::IdentifierEnded(fact) => end_identifier(state, fact, version),
            LearnerFact::SenProvisionRecorded(fact) => put_spell(state, fact, version),
            LearnerFact::NeedsRecorded(fact) => {
                state.needs = Some(At { version, fact: fact.clone() });
            }
            LearnerFact::EnrolmentRecorded(fact) => {
                let recorded = At { version, fact: fact.clone() };
                state.enrolments.push(Enrolment { recorded, ended: None });
            }
            LearnerFact::EnrolmentEnded(fact) => {
                let held = state.enrolments.iter_mut();
                for held in held.filter(|held| held.recorded.fact.enrolment == fact.enrolment) {
                    held.ended = Some(At { version, fact: fact.clone() });
                }
            }
            LearnerFact::RecordLinked(fact) => {
                state.links.push(At { version, fact: fact.clone() });
            }
            LearnerFact::ErasureRequested(fact) => {
                state.erasure = Some(At { version, fact: fact.clone() });
            }
            LearnerFact::Erased(fact) => state.erased = Some(At { version, fact: fact.clone() }),
        }
    }
}

fn end_identifier(state: &mut LearnerState, fact: &IdentifierEnded, version: Version) {
    let same = |held: &&mut Identifier| {
        held.added.fact.kind == fact.kind && held.added.fact.value == fact.value
    };
    for held in state.identifiers.iter_mut().filter(same) {
        // Once wrong, always wrong: an alias may be found wrong later, never the other way round.
        let wrong = held.ended.as_ref().is_some_and(|at| at.fact.reason == IdentifierEnd::Wrong);
        if !wrong {
            held.ended = Some(At { version, fact: fact.clone() });
        }
    }
}

fn put_spell(state: &mut LearnerState, fact: &SenProvisionRecorded, version: Version) {
    let at = At { version, fact: fact.clone() };
    let same = |held: &&mut At<SenProvisionRecorded>| {
        held.fact.start == fact.start && held.fact.provision == fact.provision
    };
    match state.provision.iter_mut().find(same) {
        Some(held) => *held = at,
        None => state.provision.push(at),
    }
}

#[cfg(test)]
pub(crate) mod samples;
