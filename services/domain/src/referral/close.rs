//! End care, with an outcome.

use super::{ReferralClosed, ReferralFact, ReferralFold, ReferralStep, TeamMember};
use crate::codes::referral::ReferralOutcome;
use crate::decider::{Now, Outcome, Refusal, Steps};

/// Ends care after a screening or a rescreening.
#[derive(Clone)]
pub struct Close {
    /// Who does: the keeper, or a supervisor.
    pub by: TeamMember,
    /// Outcome.
    pub outcome: ReferralOutcome,
    /// In the team's words.
    pub note: Option<String>,
    /// The moment of the command.
    pub now: Now,
}

impl Close {
    pub(super) fn decide(self, state: &ReferralFold) -> Result<Outcome<ReferralFact>, Refusal> {
        let (submitted, stands) = state.stands()?;
        let (referral, learner) = (submitted.referral, submitted.learner);
        let Close { by, outcome, note, now } = self;
        let fact = ReferralFact::Closed(ReferralClosed { referral, learner, outcome, note });
        let judged = ReferralStep::Close.take(stands, state.left.as_ref(), fact)?;
        state.may_write(by, now)?;
        Ok(judged)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{claimed, close, keeper, rescreen, screened, team, treat};
    use super::*;

    #[test]
    fn care_ends_once_after_a_screening() {
        claimed().when(close()).then_illegal("CLAIMED");
        screened().and(treat()).when(close()).then_illegal("INTERVENTION_IN_PROGRESS");
        screened().when(Close { by: team(21), ..close() }).then_rule("NOT_THE_KEEPER");
        let closed = screened().and(treat()).and(rescreen(keeper())).and(close());
        assert_eq!(closed.stands(), "CLOSED");
        closed.when(close()).then_already(7);
        let other = Close { outcome: ReferralOutcome::NotEngaged, ..close() };
        closed.when(other).then_illegal("CLOSED");
        closed.when(treat()).then_already(5);
    }
}
