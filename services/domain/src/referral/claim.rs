//! Hold a waiting referral by lease, and hold it longer. Two people never hold one child.

use jiff::Timestamp;

use super::lease::{check_extension, check_until};
use super::{
    ClaimExtended, ClaimLapsed, ReferralClaimed, ReferralFact, ReferralFold, ReferralState,
    ReferralStep, ReferralSubmitted, of_holder,
};
use crate::decider::{Now, Outcome, Refusal, Steps};
use crate::ids::MemberId;

/// Takes a waiting referral, by lease. Whoever meets a lease that has run out notes that it lapsed.
#[derive(Debug, Clone, Copy)]
pub struct Claim {
    /// The holder.
    pub member: MemberId,
    /// When the lease runs out.
    pub until: Timestamp,
    /// The moment of the command, by the clock that judges leases.
    pub now: Now,
}

impl Claim {
    pub(super) fn decide(self, state: &ReferralFold) -> Result<Outcome<ReferralFact>, Refusal> {
        let (submitted, stands) = state.stands()?;
        check_until(self.until, self.now)?;
        let Some(queue) = submitted.queue else {
            return Err(ReferralStep::Claim.illegal(stands));
        };
        let ReferralSubmitted { referral, learner, .. } = *submitted;
        let Claim { member, until, now } = self;
        let claimed = ReferralClaimed { referral, learner, queue, member, until };
        match (&state.claim, stands) {
            (Some(held), ReferralState::Claimed) if held.fact.until <= now.at => {
                let lapsed = ClaimLapsed { referral, learner, member: held.fact.member };
                Ok(Outcome::Recorded(vec![
                    ReferralFact::ClaimLapsed(lapsed),
                    ReferralFact::Claimed(claimed),
                ]))
            }
            (Some(held), ReferralState::Claimed)
                if (held.fact.member, held.fact.until) == (member, until) =>
            {
                Ok(Outcome::AlreadyDone(held.version))
            }
            _ => {
                ReferralStep::Claim.require(stands)?;
                Ok(Outcome::one(ReferralFact::Claimed(claimed)))
            }
        }
    }
}

/// Makes the holder's lease longer, or shorter. However often, a lease does not become a caseload.
#[derive(Debug, Clone, Copy)]
pub struct ExtendClaim {
    /// The holder.
    pub member: MemberId,
    /// When the lease runs out now.
    pub until: Timestamp,
    /// The moment of the command, by the clock that judges leases.
    pub now: Now,
}

impl ExtendClaim {
    pub(super) fn decide(self, state: &ReferralFold) -> Result<Outcome<ReferralFact>, Refusal> {
        let (submitted, stands) = state.stands()?;
        check_until(self.until, self.now)?;
        let legal = ReferralStep::ExtendClaim.require(stands);
        legal.map_err(|refusal| of_holder(refusal, stands))?;
        state.holds(self.member, self.now)?;
        let ExtendClaim { member, until, .. } = self;
        let held = state.claim.as_ref().ok_or(Refusal::NotFound)?;
        if held.fact.until == until {
            return Ok(Outcome::AlreadyDone(held.version));
        }
        check_extension(until, held.fact.first_until)?;
        let ReferralSubmitted { referral, learner, .. } = *submitted;
        let fact = ClaimExtended { referral, learner, member, until };
        Ok(Outcome::one(ReferralFact::ClaimExtended(fact)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{LEASE, claim, claimed, later, submitted, waiting};
    use super::*;
    use crate::scenario::{after, id, now};

    fn extend(member: u128, seconds: i64) -> ExtendClaim {
        ExtendClaim { member: id(member), until: after(seconds), now: now() }
    }

    #[test]
    fn one_holder_at_a_time() {
        submitted().when(claim(20)).then_illegal("SUBMITTED");
        let held = waiting().and(claim(20));
        held.when(claim(20)).then_already(3);
        held.when(claim(21)).then_illegal("CLAIMED");
        assert_eq!(held.state.holder(now().at), Some(id(20)));
        assert_eq!(held.state.holder(after(LEASE)), None, "a lease that ran out holds nothing");
    }

    #[test]
    fn whoever_meets_a_lease_that_ran_out_notes_the_lapse() {
        let lapsed = ClaimLapsed { referral: id(80), learner: id(2), member: id(20) };
        let until = after(2 * LEASE);
        let taken = ReferralClaimed {
            referral: id(80),
            learner: id(2),
            queue: id(90),
            member: id(21),
            until,
        };
        let claim = Claim { member: id(21), until, now: later(LEASE) };
        claimed()
            .when(claim)
            .then(vec![ReferralFact::ClaimLapsed(lapsed), ReferralFact::Claimed(taken)]);
        let taken = claimed().and(claim);
        assert_eq!(taken.state.lapses, 1);
        assert_eq!(taken.state.holder(later(LEASE).at), Some(id(21)));
    }

    #[test]
    fn the_holder_extends_and_nobody_else() {
        let longer = claimed().and(extend(20, 2 * LEASE));
        assert_eq!(longer.state.holder(after(LEASE)), Some(id(20)));
        longer.when(extend(20, 2 * LEASE)).then_already(4);
        longer.when(extend(21, 3 * LEASE)).then_rule("LEASE_LOST");
        let late = ExtendClaim { now: later(2 * LEASE), ..extend(20, 3 * LEASE) };
        longer.when(late).then_rule("LEASE_LOST");
        waiting().when(extend(20, LEASE)).then_rule("LEASE_LOST");
        // Fourteen days in all, whenever the last extension is made.
        let fortnight = 14 * 86_400;
        let long = claimed().and(extend(20, fortnight));
        let to = |seconds| ExtendClaim { now: later(fortnight / 2), ..extend(20, seconds) };
        assert!(long.when(to(fortnight + LEASE)).0.is_ok());
        long.when(to(fortnight + LEASE + 1)).then_invalid(&["lease_seconds"]);
        claimed().when(extend(20, 15 * 86_400)).then_invalid(&["lease_seconds"]);
        waiting().when(Claim { until: now().at, ..claim(20) }).then_invalid(&["lease_seconds"]);
    }
}
