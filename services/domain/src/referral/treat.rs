//! Begin a block of intervention.

use jiff::civil::Date;

use super::{InterventionStarted, ReferralFact, ReferralFold, ReferralStep, TeamMember};
use crate::decider::{Faults, Now, Outcome, Refusal, Steps};

/// Begins an intervention, after a screening or a rescreening.
#[derive(Clone)]
pub struct StartIntervention {
    /// Who does: the keeper, or a supervisor.
    pub by: TeamMember,
    /// First day. Not in the future.
    pub on: Date,
    /// What is done.
    pub description: String,
    /// The moment of the command.
    pub now: Now,
}

impl StartIntervention {
    pub(super) fn decide(self, state: &ReferralFold) -> Result<Outcome<ReferralFact>, Refusal> {
        let (submitted, stands) = state.stands()?;
        let StartIntervention { by, on, description, now } = self;
        let mut faults = Faults::default();
        faults.future("on", on, now);
        faults.blank("description", &description);
        faults.finish()?;
        let (referral, learner) = (submitted.referral, submitted.learner);
        let fact = InterventionStarted { referral, learner, on, description };
        let step = ReferralStep::StartIntervention;
        let outcome = step.take(stands, state.treated.as_ref(), fact)?;
        state.may_write(by, now)?;
        Ok(outcome.map(ReferralFact::InterventionStarted))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{claimed, keeper, screened, team, treat};
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_keeper_treats_after_a_screening() {
        claimed().when(treat()).then_illegal("CLAIMED");
        screened().when(StartIntervention { by: team(21), ..treat() }).then_rule("NOT_THE_KEEPER");
        let supervisor = TeamMember { supervisor: true, ..team(21) };
        assert!(screened().when(StartIntervention { by: supervisor, ..treat() }).0.is_ok());
        let treated = screened().and(treat());
        assert_eq!(treated.stands(), "INTERVENTION_IN_PROGRESS");
        treated.when(treat()).then_already(5);
        let other = StartIntervention { description: "Group B".to_owned(), ..treat() };
        treated.when(other).then_illegal("INTERVENTION_IN_PROGRESS");
    }

    #[test]
    fn it_has_begun_and_is_described() {
        let vague = StartIntervention {
            on: date(2026, 9, 4),
            description: " ".to_owned(),
            by: keeper(),
            ..treat()
        };
        screened().when(vague).then_invalid(&["on", "description"]);
    }
}
