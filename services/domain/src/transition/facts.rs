//! What can be true of a transition.

use jiff::civil::Date;

use crate::codes::kind::{PhaseTransferKind, TransitionKind};
use crate::codes::reason::{TransitionCancel, TransitionEnd, TransitionReschedule};
use crate::ids::{EventId, LearnerId, OrganisationId, TransitionId};

use super::detail::{Detail, Planned};

/// A fact about a move between settings. Stream: the transition's own.
#[derive(Clone, PartialEq)]
pub enum TransitionFact {
    /// The move is planned. One stored type for each kind of detail.
    Recorded(TransitionRecorded),
    /// The move is certain.
    Confirmed(TransitionConfirmed),
    /// The learner arrived.
    Arrived(ArrivalRecorded),
    /// The learner did not arrive.
    NotArrived(NonArrivalRecorded),
    /// The planned date is now another.
    Rescheduled(TransitionRescheduled),
    /// The move will not happen.
    Cancelled(TransitionCancelled),
    /// An earlier fact was mistaken.
    Corrected(TransitionCorrected),
    /// The learner has left again.
    Ended(TransitionEnded),
}

/// The move is planned.
#[derive(Clone, PartialEq)]
pub struct TransitionRecorded {
    /// The transition.
    pub transition: TransitionId,
    /// The recording organisation's record of the learner.
    pub learner: LearnerId,
    /// Kind, derived from the detail and the settings, never asked.
    pub kind: TransitionKind,
    /// Which of the six phase transfers of regulation 2(1), if one.
    pub phase_transfer: Option<PhaseTransferKind>,
    /// Home authority, three-digit code: it keeps the plan and its deadlines.
    pub home_la: Option<String>,
    /// The authority as an organisation of the house. Public.
    pub authority: Option<OrganisationId>,
    /// Particulars.
    pub detail: Detail,
}

/// The move is certain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransitionConfirmed {
    /// The transition.
    pub transition: TransitionId,
    /// The record of the learner.
    pub learner: LearnerId,
}

/// Who reported an arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportedBy {
    /// The setting that was left.
    SettingLeft,
    /// The setting that was entered.
    SettingEntered,
    /// The authority.
    Authority,
}

/// The learner arrived.
#[derive(Clone, PartialEq)]
pub struct ArrivalRecorded {
    /// The transition.
    pub transition: TransitionId,
    /// The record of the learner.
    pub learner: LearnerId,
    /// First day there.
    pub on: Date,
    /// Who reports it.
    pub source: ReportedBy,
}

/// The learner did not arrive.
#[derive(Clone, PartialEq)]
pub struct NonArrivalRecorded {
    /// The transition.
    pub transition: TransitionId,
    /// The record of the learner.
    pub learner: LearnerId,
    /// The day it was certain.
    pub on: Date,
    /// Who reports it.
    pub source: ReportedBy,
    /// What is known of where the learner is.
    pub note: Option<String>,
}

/// The planned date is now another.
#[derive(Clone, PartialEq)]
pub struct TransitionRescheduled {
    /// The transition.
    pub transition: TransitionId,
    /// The record of the learner.
    pub learner: LearnerId,
    /// The new date.
    pub planned: Planned,
    /// Why.
    pub reason: TransitionReschedule,
}

/// The move will not happen.
#[derive(Clone, PartialEq)]
pub struct TransitionCancelled {
    /// The transition.
    pub transition: TransitionId,
    /// The record of the learner.
    pub learner: LearnerId,
    /// Why.
    pub reason: TransitionCancel,
}

/// An earlier fact was mistaken. It stays; the state becomes what follows without it.
#[derive(Clone, PartialEq)]
pub struct TransitionCorrected {
    /// The transition.
    pub transition: TransitionId,
    /// The record of the learner.
    pub learner: LearnerId,
    /// The mistaken fact. Public (opaque).
    pub corrects: EventId,
    /// Version of the mistaken fact in this stream. Public.
    pub corrects_version: u64,
    /// What is true instead, where the particulars were wrong; absent where the fact never happened.
    pub detail: Option<Detail>,
    /// Kind, derived again from the particulars; absent where they are.
    pub kind: Option<TransitionKind>,
    /// Which of the six phase transfers it is with these particulars, if one.
    pub phase_transfer: Option<PhaseTransferKind>,
    /// The day that is true instead, for an arrival or non-arrival.
    pub on: Option<Date>,
    /// Why, in the caller's words.
    pub reason: String,
}

/// The learner has left again.
#[derive(Clone, PartialEq)]
pub struct TransitionEnded {
    /// The transition.
    pub transition: TransitionId,
    /// The record of the learner.
    pub learner: LearnerId,
    /// Last day.
    pub on: Date,
    /// Why.
    pub reason: TransitionEnd,
}
