//! What can be true of a handover.

use jiff::civil::Date;

use crate::codes::handover::{HandoverDecline, HandoverWithdraw, NotNeededReason};
use crate::ids::{HandoverId, LearnerId, OrganisationId, SupportItemId, TransitionId};

use super::pack::{Pack, SupportItem};

/// A fact about a handover. Stream: the handover's own.
#[derive(Clone, PartialEq)]
pub enum HandoverFact {
    /// A pack is in preparation.
    Drafted(HandoverDrafted),
    /// The draft is now this.
    Edited(HandoverEdited),
    /// The receiver may see it from now on.
    Released(HandoverReleased),
    /// First shown to the receiving organisation.
    Delivered(HandoverDelivered),
    /// Opened by a named person of the receiver.
    Opened(HandoverOpened),
    /// The receiver will act on it.
    Accepted(HandoverAccepted),
    /// The receiver will not.
    Declined(HandoverDeclined),
    /// The receiver answered for one line of support.
    SupportAnswered(SupportAnswered),
    /// Taken back by the sender.
    Withdrawn(HandoverWithdrawn),
}

/// A pack is in preparation.
#[derive(Clone, PartialEq)]
pub struct HandoverDrafted {
    /// The handover.
    pub handover: HandoverId,
    /// The sender's record of the learner.
    pub learner: LearnerId,
    /// Who sends. Public.
    pub sender: OrganisationId,
    /// Who is to receive. Public.
    pub receiver: OrganisationId,
    /// The move that it is for. Public.
    pub transition: Option<TransitionId>,
    /// Version of the pack, 1 for the first.
    pub pack_version: u32,
    /// Content.
    pub pack: Pack,
}

/// The draft is now this (the whole pack).
#[derive(Clone, PartialEq)]
pub struct HandoverEdited {
    /// The handover.
    pub handover: HandoverId,
    /// The sender's record of the learner.
    pub learner: LearnerId,
    /// Content.
    pub pack: Pack,
}

/// The receiver may see it from now on. Carries the pack as released, so that a receiver's view needs
/// no other fact.
#[derive(Clone, PartialEq)]
pub struct HandoverReleased {
    /// The handover.
    pub handover: HandoverId,
    /// The sender's record of the learner.
    pub learner: LearnerId,
    /// Who sends. Public.
    pub sender: OrganisationId,
    /// Who receives. Public.
    pub receiver: OrganisationId,
    /// The move that it is for. Public.
    pub transition: Option<TransitionId>,
    /// The record's history up to this position travels with it. Public.
    pub history_shared: bool,
    /// Version of the pack. Public.
    pub pack_version: u32,
    /// Content as released.
    pub pack: Pack,
}

/// First shown to the receiving organisation by its list, its watch or a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandoverDelivered {
    /// The handover.
    pub handover: HandoverId,
    /// The sender's record of the learner.
    pub learner: LearnerId,
}

/// Opened by a named person of the receiver (the person is in the provenance).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandoverOpened {
    /// The handover.
    pub handover: HandoverId,
    /// The sender's record of the learner.
    pub learner: LearnerId,
}

/// The receiver will act on the pack: never an offer of a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandoverAccepted {
    /// The handover.
    pub handover: HandoverId,
    /// The sender's record of the learner.
    pub learner: LearnerId,
    /// The receiver's own record of the learner. Public (opaque).
    pub receiver_learner: LearnerId,
}

/// The receiver will not act on the pack.
#[derive(Clone, PartialEq)]
pub struct HandoverDeclined {
    /// The handover.
    pub handover: HandoverId,
    /// The sender's record of the learner.
    pub learner: LearnerId,
    /// Why.
    pub reason: HandoverDecline,
    /// In the receiver's words.
    pub note: Option<String>,
}

/// The receiver's answer for a line of support.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SupportAnswer {
    /// In place since a day.
    InPlace(Date),
    /// Partly in place: the line stays open.
    Partly,
    /// Not yet, but by a day: the line stays open.
    NotYet(Date),
    /// Not needed, for a coded reason.
    NotNeeded(NotNeededReason),
}

/// The receiver answered for one line of support, of the pack or added by itself.
#[derive(Clone, PartialEq)]
pub struct SupportAnswered {
    /// The handover.
    pub handover: HandoverId,
    /// The sender's record of the learner.
    pub learner: LearnerId,
    /// The line.
    pub item: SupportItemId,
    /// The line itself, where the receiver adds it.
    pub added: Option<SupportItem>,
    /// The answer.
    pub answer: SupportAnswer,
    /// With this answer no line is open: support is confirmed. Public.
    pub all_answered: bool,
}

/// Taken back by the sender.
#[derive(Clone, PartialEq)]
pub struct HandoverWithdrawn {
    /// The handover.
    pub handover: HandoverId,
    /// The sender's record of the learner.
    pub learner: LearnerId,
    /// Why.
    pub reason: HandoverWithdraw,
}
