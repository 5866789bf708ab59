//! A Disabled Students' Allowance case: the table of section 7 of the rules.

pub mod facts;
mod open;
mod step;

pub use facts::*;
pub use open::Open;
pub(crate) use open::is_academic_year;
pub use step::RecordStep;

pub use crate::codes::dsa::{DsaAction, DsaState};

use std::collections::BTreeMap;

use crate::decider::{At, Decider, Outcome, Refusal, Steps, Version, possible};

/// A case's own stream.
pub struct DsaCase;

/// What the facts about a case add up to.
#[derive(Clone, Default)]
pub struct DsaFold {
    /// Number of facts.
    pub version: Version,
    /// The opening, once it is there.
    pub opened: Option<At<DsaCaseOpened>>,
    /// Where the case stands; none before it is open.
    pub state: Option<DsaState>,
    /// The last step of each kind.
    pub steps: BTreeMap<DsaAction, At<DsaStepRecorded>>,
}

impl DsaFold {
    /// The steps that are possible now.
    pub fn possible(&self) -> Vec<&'static str> {
        self.state.map(possible::<DsaAction>).unwrap_or_default()
    }
}

impl Steps for DsaAction {
    type State = DsaState;
    const CONCEPT: &'static str = "DSA case";

    fn possible_from(self, state: DsaState) -> bool {
        use DsaState as S;
        match self {
            Self::Apply => state == S::NotStarted,
            Self::RequestEvidence => matches!(state, S::Applied | S::EvidenceSupplied),
            Self::SupplyEvidence => matches!(state, S::Applied | S::EvidenceRequested),
            Self::DecideEligible => state == S::EvidenceSupplied,
            Self::DecideIneligible => {
                matches!(state, S::Applied | S::EvidenceRequested | S::EvidenceSupplied)
            }
            Self::BookAssessment => state == S::Eligible,
            Self::CompleteAssessment => state == S::NeedsAssessmentBooked,
            Self::ReceiveReport => state == S::Assessed,
            Self::ApproveAward => matches!(state, S::ReportReceived | S::Reassessed),
            Self::DeclineAward => state == S::ReportReceived,
            Self::KeepAward => state == S::Reassessed,
            Self::ArrangeSupport => state == S::AwardApproved,
            Self::SupportInPlace => matches!(state, S::AwardApproved | S::SupportArranged),
            Self::ChangeCircumstances => state == S::InPlace,
            Self::Reassess => state == S::ChangeOfCircumstances,
            Self::End => state != S::NotStarted && !state.is_final(),
        }
    }
}

/// Where a step leads. No item is named yet: a step about support is about all of it.
pub fn leads_to(action: DsaAction) -> DsaState {
    match action {
        DsaAction::Apply => DsaState::Applied,
        DsaAction::RequestEvidence => DsaState::EvidenceRequested,
        DsaAction::SupplyEvidence => DsaState::EvidenceSupplied,
        DsaAction::DecideEligible => DsaState::Eligible,
        DsaAction::DecideIneligible => DsaState::Ineligible,
        DsaAction::BookAssessment => DsaState::NeedsAssessmentBooked,
        DsaAction::CompleteAssessment => DsaState::Assessed,
        DsaAction::ReceiveReport => DsaState::ReportReceived,
        DsaAction::ApproveAward => DsaState::AwardApproved,
        DsaAction::DeclineAward => DsaState::Declined,
        DsaAction::ArrangeSupport => DsaState::SupportArranged,
        DsaAction::KeepAward | DsaAction::SupportInPlace => DsaState::InPlace,
        DsaAction::ChangeCircumstances => DsaState::ChangeOfCircumstances,
        DsaAction::Reassess => DsaState::Reassessed,
        DsaAction::End => DsaState::Ended,
    }
}

crate::decider::commands! {
    Command:
    /// Open a case.
    Open,
    /// Take a step of it.
    RecordStep,
}

impl Decider for DsaCase {
    type State = DsaFold;
    type Command = Command;
    type Fact = DsaFact;

    fn decide(state: &Self::State, command: Command) -> Result<Outcome<Self::Fact>, Refusal> {
        match command {
            Command::Open(command) => command.decide(state),
            Command::RecordStep(command) => command.decide(state),
        }
    }

    fn evolve(state: &mut Self::State, fact: &Self::Fact) {
        state.version += 1;
        let version = state.version;
        match fact {
            DsaFact::Opened(fact) => {
                state.opened = Some(At { version, fact: fact.clone() });
                state.state = Some(DsaState::NotStarted);
            }
            DsaFact::Stepped(fact) => {
                state.state = Some(leads_to(fact.action));
                state.steps.insert(fact.action, At { version, fact: fact.clone() });
            }
        }
    }
}

#[cfg(test)]
mod tests;
