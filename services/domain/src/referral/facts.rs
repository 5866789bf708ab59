//! What can be true of a referral.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::codes::referral::{
    Rag, RedirectTarget, ReferralOutcome, RejectionReason, ScreeningTool,
};
use crate::ids::{LearnerId, MemberId, OrganisationId, QueueId, ReferralId};

use super::form::Form;

/// A fact about a referral. Stream: the referral's own. The facts of claims are public throughout
/// (opaque ids and moments of recording), so that a claim needs no learner's key.
#[derive(Clone, PartialEq)]
pub enum ReferralFact {
    /// The setting referred a child.
    Submitted(ReferralSubmitted),
    /// A member of the team read the form for triage.
    OpenedForTriage(ReferralOpenedForTriage),
    /// The team asked the setting for more.
    InformationRequested(InformationRequested),
    /// The setting answered: the referral is submitted again.
    InformationProvided(InformationProvided),
    /// The team takes it: it waits.
    Accepted(ReferralAccepted),
    /// The team does not take it.
    Rejected(ReferralRejected),
    /// It belongs elsewhere.
    Redirected(ReferralRedirected),
    /// A member holds it, by lease.
    Claimed(ReferralClaimed),
    /// The holder's lease is longer.
    ClaimExtended(ClaimExtended),
    /// The holder put it back.
    ClaimReleased(ClaimReleased),
    /// The lease ran out.
    ClaimLapsed(ClaimLapsed),
    /// The child was screened; the lease ends and the keeper is named.
    ScreeningRecorded(ScreeningRecorded),
    /// Intervention has begun.
    InterventionStarted(InterventionStarted),
    /// The child was screened again.
    RescreenRecorded(RescreenRecorded),
    /// Care has ended.
    Closed(ReferralClosed),
    /// The setting or the family took it back.
    Withdrawn(ReferralWithdrawn),
}

/// The setting referred a child. Without a queue it is unrouted.
#[derive(Clone, PartialEq)]
pub struct ReferralSubmitted {
    /// The referral.
    pub referral: ReferralId,
    /// The referring organisation's record of the child.
    pub learner: LearnerId,
    /// The setting. Public.
    pub setting: OrganisationId,
    /// The queue, where there is a clear owner. Public.
    pub queue: Option<QueueId>,
    /// The pathfinder that owns the queue. Public.
    pub pathfinder: Option<OrganisationId>,
    /// The day the provider received it: clock RC1 starts here.
    pub received_on: Date,
    /// The form.
    pub form: Form,
}

/// A member of the team read the form for triage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferralOpenedForTriage {
    /// The referral.
    pub referral: ReferralId,
    /// The record of the child.
    pub learner: LearnerId,
    /// The reader. Public (opaque).
    pub member: MemberId,
}

/// The team asked the setting for more.
#[derive(Clone, PartialEq)]
pub struct InformationRequested {
    /// The referral.
    pub referral: ReferralId,
    /// The record of the child.
    pub learner: LearnerId,
    /// The question.
    pub question: String,
}

/// The setting answered.
#[derive(Clone, PartialEq)]
pub struct InformationProvided {
    /// The referral.
    pub referral: ReferralId,
    /// The record of the child.
    pub learner: LearnerId,
    /// The answer.
    pub answer: String,
    /// The form as it is now, where it was changed.
    pub form: Option<Form>,
}

/// The team takes it: it waits, and can be claimed.
#[derive(Clone, PartialEq)]
pub struct ReferralAccepted {
    /// The referral.
    pub referral: ReferralId,
    /// The record of the child.
    pub learner: LearnerId,
    /// The queue. Public.
    pub queue: QueueId,
    /// Priority as triage sees it: 1 routine, 2 urgent, 3 two-week.
    pub priority: u8,
    /// The day that orders the queue: received, less days for each priority level; fixed here.
    pub order_day: Date,
}

/// The team does not take it.
#[derive(Clone, PartialEq)]
pub struct ReferralRejected {
    /// The referral.
    pub referral: ReferralId,
    /// The record of the child.
    pub learner: LearnerId,
    /// Why.
    pub reason: RejectionReason,
    /// In the team's words.
    pub note: Option<String>,
}

/// It belongs elsewhere.
#[derive(Clone, PartialEq)]
pub struct ReferralRedirected {
    /// The referral.
    pub referral: ReferralId,
    /// The record of the child.
    pub learner: LearnerId,
    /// Where to.
    pub target: RedirectTarget,
    /// In the team's words.
    pub note: Option<String>,
}

/// A member holds it, by lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferralClaimed {
    /// The referral.
    pub referral: ReferralId,
    /// The record of the child.
    pub learner: LearnerId,
    /// The queue.
    pub queue: QueueId,
    /// The holder.
    pub member: MemberId,
    /// When the lease runs out.
    pub until: Timestamp,
}

/// The holder's lease is longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimExtended {
    /// The referral.
    pub referral: ReferralId,
    /// The record of the child.
    pub learner: LearnerId,
    /// The holder.
    pub member: MemberId,
    /// When the lease runs out now.
    pub until: Timestamp,
}

/// The holder put it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimReleased {
    /// The referral.
    pub referral: ReferralId,
    /// The record of the child.
    pub learner: LearnerId,
    /// The former holder.
    pub member: MemberId,
}

/// The lease ran out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimLapsed {
    /// The referral.
    pub referral: ReferralId,
    /// The record of the child.
    pub learner: LearnerId,
    /// The former holder.
    pub member: MemberId,
}

/// A screening result.
#[derive(Clone, PartialEq)]
pub struct Screening {
    /// Tool.
    pub tool: ScreeningTool,
    /// Version of the tool.
    pub tool_version: Option<String>,
    /// Section or form of the tool.
    pub section: Option<String>,
    /// Age in whole months on the day.
    pub age_months: Option<u16>,
    /// Raw score.
    pub raw_score: Option<i32>,
    /// Standard score.
    pub standard_score: Option<i32>,
    /// Red, amber or green.
    pub rag: Rag,
    /// Language of the assessment.
    pub language: Option<String>,
    /// Role of the person who screened.
    pub screened_by_role: Option<String>,
    /// The day.
    pub on: Date,
}

/// The child was screened. The lease ends; the keeper answers for the child until it is closed.
#[derive(Clone, PartialEq)]
pub struct ScreeningRecorded {
    /// The referral.
    pub referral: ReferralId,
    /// The record of the child.
    pub learner: LearnerId,
    /// The keeper. Public (opaque).
    pub keeper: MemberId,
    /// The result.
    pub screening: Screening,
}

/// Intervention has begun.
#[derive(Clone, PartialEq)]
pub struct InterventionStarted {
    /// The referral.
    pub referral: ReferralId,
    /// The record of the child.
    pub learner: LearnerId,
    /// First day.
    pub on: Date,
    /// What is done.
    pub description: String,
}

/// The child was screened again.
#[derive(Clone, PartialEq)]
pub struct RescreenRecorded {
    /// The referral.
    pub referral: ReferralId,
    /// The record of the child.
    pub learner: LearnerId,
    /// The result.
    pub screening: Screening,
}

/// Care has ended.
#[derive(Clone, PartialEq)]
pub struct ReferralClosed {
    /// The referral.
    pub referral: ReferralId,
    /// The record of the child.
    pub learner: LearnerId,
    /// Outcome.
    pub outcome: ReferralOutcome,
    /// In the team's words.
    pub note: Option<String>,
}

/// The setting or the family took it back.
#[derive(Clone, PartialEq)]
pub struct ReferralWithdrawn {
    /// The referral.
    pub referral: ReferralId,
    /// The record of the child.
    pub learner: LearnerId,
    /// Why, in the setting's words.
    pub reason: String,
}
