//! Note that a lease ran out: the referral waits again. Taken by time, not by a person.

use super::{ClaimLapsed, ReferralFact, ReferralFold, ReferralStep};
use crate::decider::{Now, Outcome, Refusal, Steps};

/// Notes that the lease ran out. A lease that runs does not lapse.
#[derive(Debug, Clone, Copy)]
pub struct LapseClaim {
    /// The moment of the command, by the clock that judges leases.
    pub now: Now,
}

impl LapseClaim {
    pub(super) fn decide(self, state: &ReferralFold) -> Result<Outcome<ReferralFact>, Refusal> {
        let (submitted, stands) = state.stands()?;
        // The table has it beside the return: "release_claim, or lease expiry".
        ReferralStep::ReleaseClaim.require(stands)?;
        match &state.claim {
            Some(held) if held.fact.until <= self.now.at => {
                Ok(Outcome::one(ReferralFact::ClaimLapsed(ClaimLapsed {
                    referral: submitted.referral,
                    learner: submitted.learner,
                    member: held.fact.member,
                })))
            }
            _ => Err(Refusal::Rule {
                reason: "LEASE_STILL_RUNS",
                message: "the lease has not run out".to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{LEASE, claim, claimed, later, release, waiting};
    use super::*;
    use crate::scenario::now;

    #[test]
    fn only_a_lease_that_ran_out_lapses() {
        claimed().when(LapseClaim { now: now() }).then_rule("LEASE_STILL_RUNS");
        let lapsed = claimed().and(LapseClaim { now: later(LEASE) });
        assert_eq!(lapsed.stands(), "ACCEPTED");
        lapsed.when(LapseClaim { now: later(LEASE) }).then_illegal("ACCEPTED");
        lapsed.when(release(20)).then_rule("LEASE_LOST");
    }

    #[test]
    fn after_three_lapses_a_supervisor_should_look() {
        let mut referral = waiting();
        for lapses in 0..3 {
            assert_eq!(referral.state.lapses, lapses);
            assert!(!referral.state.needs_supervisor());
            referral = referral.and(claim(20)).and(LapseClaim { now: later(LEASE) });
        }
        assert!(referral.state.needs_supervisor());
    }
}
