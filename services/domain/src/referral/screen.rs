//! Record a screening: the first, which ends the lease and names the keeper, and those after a block of
//! intervention.

use super::{
    ReferralFact, ReferralFold, ReferralStep, RescreenRecorded, Screening, ScreeningRecorded,
    TeamMember, of_holder,
};
use crate::decider::{Faults, Now, Outcome, Refusal, Steps};
use crate::ids::MemberId;

/// Records the first screening.
#[derive(Clone)]
pub struct RecordScreening {
    /// Who does: the holder of the lease, or the keeper of a child on a caseload.
    pub by: TeamMember,
    /// Who answers for the child from here on; absent: who screened.
    pub keeper: Option<MemberId>,
    /// The result.
    pub screening: Screening,
    /// The moment of the command, by the clock that judges leases.
    pub now: Now,
}

impl RecordScreening {
    pub(super) fn decide(self, state: &ReferralFold) -> Result<Outcome<ReferralFact>, Refusal> {
        let (submitted, stands) = state.stands()?;
        let RecordScreening { by, keeper, screening, now } = self;
        check(&screening, state, now)?;
        let fact = ScreeningRecorded {
            referral: submitted.referral,
            learner: submitted.learner,
            keeper: keeper.or(state.keeper).unwrap_or(by.member),
            screening,
        };
        let step = ReferralStep::RecordScreening;
        let outcome = step.take(stands, state.screened.as_ref(), fact);
        let outcome = outcome.map_err(|refusal| of_holder(refusal, stands))?;
        state.may_write(by, now)?;
        Ok(outcome.map(ReferralFact::ScreeningRecorded))
    }
}

/// Records a screening at the end of a block of intervention.
#[derive(Clone)]
pub struct Rescreen {
    /// Who does: the keeper, or a supervisor.
    pub by: TeamMember,
    /// The result.
    pub screening: Screening,
    /// The moment of the command.
    pub now: Now,
}

impl Rescreen {
    pub(super) fn decide(self, state: &ReferralFold) -> Result<Outcome<ReferralFact>, Refusal> {
        let (submitted, stands) = state.stands()?;
        let Rescreen { by, screening, now } = self;
        check(&screening, state, now)?;
        let (referral, learner) = (submitted.referral, submitted.learner);
        let fact = RescreenRecorded { referral, learner, screening };
        let outcome = ReferralStep::Rescreen.take(stands, state.rescreened.as_ref(), fact)?;
        state.may_write(by, now)?;
        Ok(outcome.map(ReferralFact::RescreenRecorded))
    }
}

fn check(screening: &Screening, state: &ReferralFold, now: Now) -> Result<(), Refusal> {
    let mut faults = Faults::default();
    faults.future("screening.on", screening.on, now);
    let born = state.form.as_ref().map(|form| form.fact.person.date_of_birth);
    let lived = born.is_none_or(|born| born <= screening.on);
    faults.unless(lived, "screening.on", "is before the child was born");
    faults.finish()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{
        LEASE, claim, claimed, keeper, later, record_screening, rescreen, screened, screening,
        team, treat, waiting,
    };
    use super::*;
    use crate::scenario::id;
    use jiff::civil::date;

    #[test]
    fn screening_ends_the_lease_and_names_the_keeper() {
        waiting().when(record_screening(20)).then_rule("LEASE_LOST");
        let screened = claimed().and(record_screening(20));
        assert_eq!(screened.stands(), "SCREENING_DONE");
        assert_eq!(screened.state.keeper, Some(id(20)));
        assert!(screened.state.claim.is_none());
        screened.when(record_screening(20)).then_already(4);
        let again = RecordScreening {
            screening: Screening { raw_score: Some(12), ..screening() },
            ..record_screening(20)
        };
        screened.when(again).then_illegal("SCREENING_DONE");
        let kept = RecordScreening { keeper: Some(id(22)), ..record_screening(20) };
        assert_eq!(claimed().and(kept).state.keeper, Some(id(22)));
    }

    #[test]
    fn a_stale_lease_changes_nothing() {
        claimed().when(record_screening(21)).then_rule("LEASE_LOST");
        let late = RecordScreening { now: later(LEASE), ..record_screening(20) };
        claimed().when(late.clone()).then_rule("LEASE_LOST");
        // Another has taken it since: the first holder's paper comes too late.
        let retaken = super::super::Claim { now: later(LEASE), ..claim(21) };
        let retaken = super::super::Claim { until: later(2 * LEASE).at, ..retaken };
        claimed().and(retaken).when(late).then_rule("LEASE_LOST");
    }

    #[test]
    fn a_screening_after_a_block_is_the_keeper_s() {
        let treated = screened().and(treat());
        treated.when(rescreen(team(21))).then_rule("NOT_THE_KEEPER");
        let again = treated.and(rescreen(keeper()));
        assert_eq!(again.stands(), "RESCREENED");
        let version = again.state.version;
        again.when(rescreen(keeper())).then_already(version);
        // Red again: another block, and another screening with the same result, are new facts.
        assert!(again.and(treat()).when(rescreen(keeper())).0.is_ok());
        screened().when(rescreen(keeper())).then_illegal("SCREENING_DONE");
    }

    #[test]
    fn nobody_is_screened_tomorrow_or_before_birth() {
        let on = |on| RecordScreening {
            screening: Screening { on, ..screening() },
            ..record_screening(20)
        };
        claimed().when(on(date(2026, 9, 4))).then_invalid(&["screening.on"]);
        claimed().when(on(date(2015, 3, 3))).then_invalid(&["screening.on"]);
        claimed().and(on(date(2026, 9, 3)));
    }
}
