//! What a caller asks of the batcher, before anybody has judged it.

use bytes::Bytes;
use onward_domain::decider::Version;
use onward_domain::event::Provenance;
use uuid::Uuid;

use crate::claim_key::{KeyClaim, KeyId, Scope};
use crate::error::Cause;
use crate::lease::{ClaimWanted, LeaseStep};
use crate::recorded::Receipt;
use crate::request::RequestRow;

/// One piece of work for a batch.
#[derive(Clone)]
pub(crate) enum Work {
    /// Events decided by the caller, and what goes with them.
    Append(Box<Proposal>),
    /// Leases on whatever waits first in a queue.
    Claim(Box<ClaimProposal>),
    /// Lapses of leases that have run out.
    Sweep,
}

/// Events decided by the caller, and what goes with them, all or nothing.
#[derive(Clone, Default)]
pub(crate) struct Proposal {
    pub request: Option<RequestRow>,
    /// Streams that the decision rests on, at the versions that it saw. The first is the named one.
    pub streams: Vec<(Uuid, Version)>,
    pub events: Vec<Pending>,
    /// Learners whose streams were read for the decision: of an erased one nothing is decided any more.
    pub about: Vec<Uuid>,
    pub claims: Vec<KeyClaim>,
    /// Keys to give up, by the streams that hold them.
    pub releases: Vec<(KeyId, Uuid)>,
    pub leases: Vec<LeaseStep>,
    pub issued: Vec<(String, String)>,
    /// The receipt to give when there are no events: the step was taken before.
    pub already: Option<Receipt>,
}

/// An event that has no place yet.
#[derive(Clone)]
pub(crate) struct Pending {
    pub stream: Uuid,
    pub event_id: Uuid,
    pub learner: Option<Uuid>,
    pub event_type: &'static str,
    pub schema_version: u16,
    pub public: Bytes,
    pub sealed: Bytes,
}

/// Leases on whatever waits first in a queue.
#[derive(Clone)]
pub(crate) struct ClaimProposal {
    pub request: Option<RequestRow>,
    pub provenance: Provenance,
    pub wanted: ClaimWanted,
    /// Chance for the tokens, one for each referral at most.
    pub secrets: Vec<[u8; 16]>,
}

/// Why a piece of work was not done, while others of its batch may have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rejection {
    Conflict { stream: Uuid, current: Version },
    RequestIdReused,
    KeyTaken { scope: Scope, existing: Uuid },
    LeaseLost,
    Erased,
    Overloaded,
    Unavailable(Cause),
}

impl Work {
    pub(crate) fn request(&self) -> Option<&RequestRow> {
        match self {
            Self::Append(proposal) => proposal.request.as_ref(),
            Self::Claim(claim) => claim.request.as_ref(),
            Self::Sweep => None,
        }
    }

    /// How many events it may yield.
    pub(crate) fn events(&self) -> usize {
        match self {
            Self::Append(proposal) => proposal.events.len().max(1),
            // A lapse and a claim for each.
            Self::Claim(claim) => 2 * claim.wanted.max,
            Self::Sweep => crate::lease::SWEEP,
        }
    }

    /// How many bytes of events it brings.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Append(proposal) => proposal.events.iter().map(Pending::bytes).sum(),
            Self::Claim(_) | Self::Sweep => 0,
        }
    }
}

impl Pending {
    pub(crate) fn bytes(&self) -> usize {
        self.public.len() + self.sealed.len()
    }
}
