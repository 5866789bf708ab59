//! All facts that the log can hold, one enum a concept, and what is said with every one of them.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::ids::{MemberId, OrganisationId};

pub use crate::dsa::DsaFact;
pub use crate::handover::HandoverFact;
pub use crate::learner::LearnerFact;
pub use crate::organisation::OrganisationFact;
pub use crate::referral::ReferralFact;
pub use crate::transition::TransitionFact;

/// One fact of any concept.
#[derive(Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "most facts are small in bytes and short of life")]
pub enum Event {
    /// About an organisation or its members.
    Organisation(OrganisationFact),
    /// About one organisation's record of a learner.
    Learner(LearnerFact),
    /// About a move between settings.
    Transition(TransitionFact),
    /// About a Disabled Students' Allowance case.
    Dsa(DsaFact),
    /// About a handover pack.
    Handover(HandoverFact),
    /// About a referral to a pathfinder.
    Referral(ReferralFact),
}

macro_rules! facts {
    ($($variant:ident($fact:ident)),*) => {$(
        impl From<$fact> for Event {
            fn from(fact: $fact) -> Self {
                Self::$variant(fact)
            }
        }

        impl TryFrom<Event> for $fact {
            type Error = Event;

            fn try_from(event: Event) -> Result<Self, Event> {
                match event {
                    Event::$variant(fact) => Ok(fact),
                    other => Err(other),
                }
            }
        }
    )*};
}

facts!(
    Organisation(OrganisationFact),
    Learner(LearnerFact),
    Transition(TransitionFact),
    Dsa(DsaFact),
    Handover(HandoverFact),
    Referral(ReferralFact)
);

/// Said with every fact: who says so, and when it happened.
#[derive(Clone, PartialEq)]
pub struct Provenance {
    /// The organisation that recorded the fact. Public.
    pub organisation: OrganisationId,
    /// The member who did, where a person did. Public (opaque).
    pub member: Option<MemberId>,
    /// The person who answers for it, as the caller named them. Sealed.
    pub actor: Option<Actor>,
    /// When it happened, where that differs from when it was recorded. Sealed.
    pub occurred: Option<Occurred>,
    /// The caller's own reference. Sealed.
    pub external_ref: Option<String>,
}

/// A named person who answers for a step.
#[derive(Clone, PartialEq, Eq)]
pub struct Actor {
    /// Their name.
    pub name: String,
    /// Their role, in their own words or as a role code.
    pub role: String,
    /// The vendor's system that acts on behalf, if one does.
    pub client: Option<String>,
}

/// When something happened: known to the day, or to the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occurred {
    /// A civil day in England.
    On(Date),
    /// A moment.
    At(Timestamp),
}
