//! An organisation and its members: two streams, two deciders, one family of facts.

mod add_member;
pub mod facts;
mod register;
mod remove_member;

pub use add_member::AddMember;
pub use facts::*;
pub use register::Register;
pub use remove_member::RemoveMember;

use crate::codes::closed_codes;
use crate::decider::{At, Decider, Outcome, Refusal, Steps, Version};

/// An organisation's own stream.
pub struct Organisation;

/// What the facts about an organisation add up to.
#[derive(Clone, Default)]
pub struct OrganisationState {
    /// Number of facts.
    pub version: Version,
    /// The registration, once it is there.
    pub registered: Option<At<OrganisationRegistered>>,
}

impl Decider for Organisation {
    type State = OrganisationState;
    type Command = Register;
    type Fact = OrganisationFact;

    fn decide(state: &Self::State, command: Register) -> Result<Outcome<Self::Fact>, Refusal> {
        command.decide(state)
    }

    fn evolve(state: &mut Self::State, fact: &Self::Fact) {
        state.version += 1;
        match fact {
            OrganisationFact::Registered(fact) => {
                state.registered = Some(At { version: state.version, fact: fact.clone() });
            }
            // A member's facts are on the member's stream.
            OrganisationFact::MemberAdded(_) | OrganisationFact::MemberRemoved(_) => {}
        }
    }
}

/// A member's own stream.
pub struct Member;

/// What the facts about a membership add up to.
#[derive(Clone, Default)]
pub struct MemberState {
    /// Number of facts.
    pub version: Version,
    /// The addition, once it is there.
    pub added: Option<At<MemberAdded>>,
    /// The removal, once it is there.
    pub removed: Option<At<MemberRemoved>>,
}

closed_codes! {
    /// Whether a membership holds.
    pub enum MembershipState("state of a membership") {
        /// It holds.
        Active = "ACTIVE",
        /// It was ended; coming back is a new membership.
        Removed = "REMOVED",
    }
}

closed_codes! {
    /// Step of a membership.
    pub enum MembershipStep("step of a membership") {
        /// End it.
        Remove = "remove",
    }
}

impl Steps for MembershipStep {
    type State = MembershipState;
    const CONCEPT: &'static str = "membership";

    fn possible_from(self, state: MembershipState) -> bool {
        match self {
            Self::Remove => state == MembershipState::Active,
        }
    }
}

impl MemberState {
    /// Whether the membership holds; none before the member was added.
    pub fn stands(&self) -> Option<MembershipState> {
        self.added.as_ref()?;
        Some(match self.removed {
            None => MembershipState::Active,
            Some(_) => MembershipState::Removed,
        })
    }
}

crate::decider::commands! {
    MemberCommand:
    /// Make somebody a member.
    AddMember,
    /// End a membership.
    RemoveMember,
}

impl Decider for Member {
    type State = MemberState;
    type Command = MemberCommand;
    type Fact = OrganisationFact;

    fn decide(state: &Self::State, command: MemberCommand) -> Result<Outcome<Self::Fact>, Refusal> {
        match command {
            MemberCommand::AddMember(command) => command.decide(state),
            MemberCommand::RemoveMember(command) => command.decide(state),
        }
    }

    fn evolve(state: &mut Self::State, fact: &Self::Fact) {
        state.version += 1;
        let version = state.version;
        match fact {
            OrganisationFact::MemberAdded(fact) => {
                state.added = Some(At { version, fact: fact.clone() });
            }
            OrganisationFact::MemberRemoved(fact) => {
                state.removed = Some(At { version, fact: fact.clone() });
            }
            OrganisationFact::Registered(_) => {}
        }
    }
}
