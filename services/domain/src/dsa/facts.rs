//! What can be true of a Disabled Students' Allowance case.

use jiff::civil::Date;

use crate::codes::dsa::DsaAction;
use crate::ids::{DsaCaseId, LearnerId, TransitionId};
use crate::learner::Setting;

/// A fact about a Disabled Students' Allowance case. Stream: the case's own.
#[derive(Clone, PartialEq)]
pub enum DsaFact {
    /// The case exists.
    Opened(DsaCaseOpened),
    /// A step of the case was taken.
    Stepped(DsaStepRecorded),
}

/// The case exists, not started.
#[derive(Clone, PartialEq)]
pub struct DsaCaseOpened {
    /// The case.
    pub case: DsaCaseId,
    /// The record of the learner.
    pub learner: LearnerId,
    /// The entry to higher education that it belongs to.
    pub transition: Option<TransitionId>,
    /// University.
    pub provider: Setting,
    /// Course title.
    pub course: String,
    /// First day of the course.
    pub course_start: Date,
    /// Academic year, `2026/27`.
    pub academic_year: String,
    /// The earlier case that this one tries again.
    pub previous: Option<DsaCaseId>,
}

/// A step of the case was taken.
#[derive(Clone, PartialEq)]
pub struct DsaStepRecorded {
    /// The case.
    pub case: DsaCaseId,
    /// The record of the learner.
    pub learner: LearnerId,
    /// Which step.
    pub action: DsaAction,
    /// Coded reason, for the steps that need one.
    pub reason: Option<String>,
    /// Supplier of an item, where one is named.
    pub supplier: Option<String>,
}
