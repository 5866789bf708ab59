//! Take a step of a case.

use super::{DsaAction, DsaFact, DsaFold, DsaStepRecorded};
use crate::codes::dsa::{DsaDecline, DsaEnd, DsaIneligible};
use crate::decider::{Outcome, Refusal, Steps};

/// Takes a step of the table. Three of them need a coded reason.
#[derive(Clone)]
pub struct RecordStep {
    /// Which step.
    pub action: DsaAction,
    /// Coded reason, for `decide_ineligible`, `decline_award` and `end`.
    pub reason: Option<String>,
    /// Supplier, where one is named.
    pub supplier: Option<String>,
}

impl RecordStep {
    pub(super) fn decide(self, state: &DsaFold) -> Result<Outcome<DsaFact>, Refusal> {
        let (Some(opened), Some(stands)) = (&state.opened, state.state) else {
            return Err(Refusal::NotFound);
        };
        let RecordStep { action, reason, supplier } = self;
        check_reason(action, reason.as_deref())?;
        let (case, learner) = (opened.fact.case, opened.fact.learner);
        let fact = DsaStepRecorded { case, learner, action, reason, supplier };
        let outcome = action.take(stands, state.steps.get(&action), fact)?;
        Ok(outcome.map(DsaFact::Stepped))
    }
}

fn check_reason(action: DsaAction, reason: Option<&str>) -> Result<(), Refusal> {
    let holds = match (action, reason) {
        (DsaAction::DecideIneligible, Some(code)) => DsaIneligible::parse(code).is_ok(),
        (DsaAction::DeclineAward, Some(code)) => DsaDecline::parse(code).is_ok(),
        (DsaAction::End, Some(code)) => DsaEnd::parse(code).is_ok(),
        (DsaAction::DecideIneligible | DsaAction::DeclineAward | DsaAction::End, None) => {
            return Err(Refusal::field("reason", "is needed for this step"));
        }
        (_, None) => true,
        (_, Some(_)) => return Err(Refusal::field("reason", "is not taken by this step")),
    };
    if holds {
        Ok(())
    } else {
        Err(Refusal::field("reason", "is not one of the codes of this step"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::DsaCase;
    use super::super::tests::{open, step};
    use super::*;
    use crate::scenario::given;
    use rstest::rstest;

    #[test]
    fn a_step_is_taken_once_and_again_when_its_turn_comes() {
        let applied = given::<DsaCase>(vec![]).and(open()).and(step(DsaAction::Apply));
        applied.when(step(DsaAction::Apply)).then_already(2);
        let asked = applied.and(step(DsaAction::RequestEvidence));
        asked.when(step(DsaAction::RequestEvidence)).then_already(3);
        let other = RecordStep { supplier: Some("S".into()), ..step(DsaAction::RequestEvidence) };
        asked.when(other).then_illegal("evidence_requested");
        // Evidence may be asked for a second time, in the same words: that is a new fact.
        let again =
            asked.and(step(DsaAction::SupplyEvidence)).and(step(DsaAction::RequestEvidence));
        assert_eq!(again.state.version, 5);
        assert_eq!(again.possible_now(), ["supply_evidence", "decide_ineligible", "end"]);
    }

    #[test]
    fn a_final_case_stays_final() {
        let ended = given::<DsaCase>(vec![])
            .and(open())
            .and(step(DsaAction::Apply))
            .and(step(DsaAction::End));
        assert!(ended.possible_now().is_empty());
        ended.when(step(DsaAction::Apply)).then_already(2);
        ended.when(step(DsaAction::SupplyEvidence)).then_illegal("ended");
    }

    #[rstest]
    #[case(DsaAction::DecideIneligible, None, false)]
    #[case(DsaAction::DecideIneligible, Some("RESIDENCY"), true)]
    #[case(DsaAction::DecideIneligible, Some("COURSE_ENDED"), false)]
    #[case(DsaAction::DeclineAward, Some("STUDENT_DECLINED"), true)]
    #[case(DsaAction::DeclineAward, None, false)]
    #[case(DsaAction::End, Some("DECEASED"), true)]
    #[case(DsaAction::End, None, false)]
    #[case(DsaAction::Apply, Some("OTHER"), false)]
    #[case(DsaAction::Apply, None, true)]
    fn reasons_belong_to_three_steps(
        #[case] action: DsaAction,
        #[case] reason: Option<&str>,
        #[case] taken: bool,
    ) {
        assert_eq!(check_reason(action, reason).is_ok(), taken);
    }

    #[test]
    fn nothing_is_stepped_before_it_is_open() {
        assert_eq!(
            given::<DsaCase>(vec![]).when(step(DsaAction::Apply)).refusal(),
            Refusal::NotFound
        );
    }
}
