//! Facts to stored bytes and back: the seam between the domain's enum, which may change freely, and
//! `onward.event.v1`, which may not.
//!
//! Each stored event is one message, cut in two at the top level of the wire: the fields that the
//! schema marks public, and everything else, which the log seals under the key of the one it is
//! about. Both matches are total: a fact that cannot be stored, or a stored type that cannot be
//! read, does not compile.
//!
//! | to change | open |
//! |---|---|
//! | what a type is called | `kind.rs` |
//! | what an event of a concept holds | `proto/onward/event/v1` and the file of that concept here |
//! | how an older version is read | `upcast.rs` |
//! | which fields are public | nothing: a released field never changes sides |

mod care;
mod claim;
mod detail;
mod directory;
mod dsa;
mod form;
mod handover;
mod json;
mod kind;
mod known;
mod learner;
mod pack;
mod particulars;
mod person;
mod provenance;
mod referral;
mod spelling;
mod split;
mod step;
mod transition;
mod upcast;
mod value;

#[cfg(test)]
mod tests;

use onward_contract::event::v1 as wire;
use onward_domain::event::{Event, Provenance};
use onward_domain::ids::LearnerId;
use prost::Message;
use uuid::Uuid;

pub use json::{public_id, public_json};
pub use kind::Kind;
pub use known::Known;
pub use split::public_fields;

/// A fact as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Encoded {
    /// Stable name of the type, `handover.handover_released` for example.
    pub event_type: &'static str,
    /// Version of the type's schema, from 1.
    pub schema_version: u16,
    /// Wire bytes of the public fields.
    pub public: Vec<u8>,
    /// Wire bytes of all other fields, in clear: to be sealed before they are stored.
    pub personal: Vec<u8>,
    /// Under whose key `personal` is sealed: the learner's, the member's, or (for what is said of
    /// an organisation's people) the organisation's. None exactly where nothing is personal.
    pub subject: Option<Uuid>,
    /// The record of a learner that the fact is about; it decides the partition.
    pub learner: Option<LearnerId>,
}

/// Why stored bytes are not a fact that this binary knows. Says nothing about the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// No type of that name: the event was written by a newer binary.
    #[error("the type of the event is not known to this version of Onward")]
    UnknownType,
    /// The type is known, in an earlier version than this.
    #[error("the event was written with a newer version of its type")]
    NewerVersion,
    /// The bytes are no message of the type, a required part is missing, or a code is not one of
    /// its set (a newer binary may know it).
    #[error("the event cannot be read: a part is missing, damaged or not known")]
    Malformed,
}

/// Encodes a fact with what is said with it. Total: every fact can be stored.
///
/// The facts of a claim keep the organisation and the member of their provenance only: they are
/// public throughout, so that a claim needs no learner's key.
pub fn encode(provenance: &Provenance, event: &Event) -> Encoded {
    match event {
        Event::Organisation(fact) => directory::encode(provenance, fact),
        Event::Learner(fact) => learner::encode(provenance, fact),
        Event::Transition(fact) => transition::encode(provenance, fact),
        Event::Dsa(fact) => dsa::encode(provenance, fact),
        Event::Handover(fact) => handover::encode(provenance, fact),
        Event::Referral(fact) => referral::encode(provenance, fact),
    }
}

/// Decodes a stored fact from its public bytes and its opened personal bytes, with all that this binary
/// knows.
///
/// # Errors
/// [`DecodeError`]; never a panic, whatever the bytes.
pub fn decode(
    event_type: &str,
    schema_version: u16,
    public: &[u8],
    personal: &[u8],
) -> Result<(Provenance, Event), DecodeError> {
    Known::default().decode(event_type, schema_version, public, personal)
}

/// A message that is stored by itself: it has a kind and the fields of the provenance.
trait Stored: Message + Default {
    /// Its kind.
    const KIND: Kind;

    /// Writes the provenance into its fields.
    fn say(&mut self, provenance: &Provenance);

    /// Reads the provenance from its fields.
    fn said(&self) -> Result<Provenance, DecodeError>;
}

/// A stored message as a fact of the domain.
trait Told: Stored {
    /// The fact.
    fn event(self) -> Result<Event, DecodeError>;
}

/// A struct of the domain and the message that holds it.
trait Wire: Sized {
    /// The message.
    type Message;

    /// As a message. Total.
    fn write(&self) -> Self::Message;

    /// Back from a message.
    fn read(message: Self::Message) -> Result<Self, DecodeError>;
}

/// Whom a fact is about: by whose key it is sealed, and in which partition it lies.
struct About {
    key: Uuid,
    learner: Option<LearnerId>,
}

impl From<LearnerId> for About {
    fn from(learner: LearnerId) -> Self {
        Self { key: learner.uuid(), learner: Some(learner) }
    }
}

/// Finishes a message: adds the provenance, encodes, splits.
fn close<M: Stored>(provenance: &Provenance, mut message: M, about: impl Into<About>) -> Encoded {
    message.say(provenance);
    let About { key, learner } = about.into();
    let (public, personal) = split::split(M::KIND, &message.encode_to_vec());
    Encoded {
        event_type: M::KIND.event_type(),
        schema_version: M::KIND.schema_version(),
        subject: (!personal.is_empty()).then_some(key),
        public,
        personal,
        learner,
    }
}

/// Opens a message of the current version.
fn open<M: Told>(public: &[u8], personal: &[u8]) -> Result<(Provenance, Event), DecodeError> {
    let mut message = M::decode(public).map_err(|_| DecodeError::Malformed)?;
    message.merge(personal).map_err(|_| DecodeError::Malformed)?;
    Ok((message.said()?, message.event()?))
}

/// The facts of one concept: the total match that encodes, and the way back for each message. A
/// message is named as the fact that it holds.
macro_rules! facts {
    ($event:ident($facts:ident) { $($variant:ident($fact:ident)),+ $(,)? }) => {
        pub(super) fn encode(provenance: &Provenance, fact: &$facts) -> Encoded {
            match fact {
                $($facts::$variant(fact) => close(provenance, fact.write(), fact.learner),)+
            }
        }

        $(told!($event($facts::$variant($fact)));)+
    };
}

/// The way back from one message.
macro_rules! told {
    ($event:ident($facts:ident::$variant:ident($fact:ident))) => {
        impl Told for wire::$fact {
            fn event(self) -> Result<Event, DecodeError> {
                $fact::read(self).map(|fact| Event::$event($facts::$variant(fact)))
            }
        }
    };
}

use {facts, told};
