//! Plan a move. Several planned moves of one learner may stand side by side.

use super::kind::{SettingsKnown, derive};
use super::particulars::is_la;
use super::{Detail, TransitionFact, TransitionFold, TransitionRecorded};
use crate::decider::{Faults, Outcome, Refusal};
use crate::ids::{LearnerId, OrganisationId, TransitionId};

/// Records a planned move. Its kind is derived, never asked.
#[derive(Clone)]
pub struct Record {
    /// The transition.
    pub transition: TransitionId,
    /// The recording organisation's record of the learner.
    pub learner: LearnerId,
    /// Home authority, three-digit code.
    pub home_la: Option<String>,
    /// The authority as an organisation of the house, looked up before.
    pub authority: Option<OrganisationId>,
    /// Particulars.
    pub detail: Detail,
    /// What the directory knows of the settings, looked up before.
    pub settings: SettingsKnown,
}

impl Record {
    pub(super) fn decide(self, state: &TransitionFold) -> Result<Outcome<TransitionFact>, Refusal> {
        if let Some(TransitionFact::Recorded(first)) = state.facts.first() {
            return if self.says_the_same_as(first) {
                Ok(Outcome::AlreadyDone(1))
            } else {
                Err(Refusal::Exists {
                    reason: "EXISTS_WITH_OTHER_CONTENT",
                    message: "this transition is recorded with other particulars; correct it"
                        .to_owned(),
                    existing: Some(first.transition.uuid()),
                })
            };
        }
        self.detail.check()?;
        let mut faults = Faults::default();
        let la = self.home_la.as_deref().is_none_or(is_la);
        faults.unless(la, "home_la", "is not a three-digit code of an authority");
        faults.finish()?;
        let (kind, phase_transfer) = derive(&self.detail, self.settings);
        let Record { transition, learner, home_la, authority, detail, .. } = self;
        Ok(Outcome::one(TransitionFact::Recorded(TransitionRecorded {
            transition,
            learner,
            kind,
            phase_transfer,
            home_la,
            authority,
            detail,
        })))
    }

    /// Whether the caller says the same. What was derived or looked up then may differ by now.
    fn says_the_same_as(&self, first: &TransitionRecorded) -> bool {
        self.learner == first.learner
            && self.home_la == first.home_la
            && self.detail == first.detail
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{phase_transfer_to, record};
    use super::super::{Detail, Planned, Transition};
    use super::*;
    use crate::codes::kind::{PhaseTransferKind, TransitionKind};
    use crate::codes::year::NcYear;
    use crate::scenario::{given, id};

    #[test]
    fn a_move_is_recorded_with_its_kind() {
        let fact = TransitionRecorded {
            transition: id(30),
            learner: id(2),
            kind: TransitionKind::PrimaryToSecondary,
            phase_transfer: Some(PhaseTransferKind::D),
            home_la: Some("801".to_owned()),
            authority: None,
            detail: phase_transfer_to(Some(NcYear::Y6)),
        };
        let nothing = given::<Transition>(vec![]);
        nothing.when(record()).then(vec![TransitionFact::Recorded(fact)]);
        let planned = nothing.and(record());
        planned.when(record()).then_already(1);
        let settings = SettingsKnown::default();
        planned.when(Record { settings, ..record() }).then_already(1);
        planned.when(Record { home_la: None, ..record() }).then_rule("EXISTS_WITH_OTHER_CONTENT");
    }

    #[test]
    fn faulty_particulars_are_refused() {
        let nothing = given::<Transition>(vec![]);
        nothing.when(Record { home_la: Some("80".into()), ..record() }).then_invalid(&["home_la"]);
        let Detail::PhaseTransfer(mut detail) = phase_transfer_to(None) else {
            unreachable!("the sample is a phase transfer")
        };
        detail.planned = Planned::Month { year: 2026, month: 13 };
        let record = Record { detail: Detail::PhaseTransfer(detail), ..record() };
        nothing.when(record).then_invalid(&["detail.planned"]);
    }
}
