//! Put a claimed referral back: it waits where it waited.

use super::{ClaimReleased, ReferralFact, ReferralFold, ReferralStep, of_holder};
use crate::decider::{Now, Outcome, Refusal, Steps};
use crate::ids::MemberId;

/// The holder puts it back.
#[derive(Debug, Clone, Copy)]
pub struct ReleaseClaim {
    /// The holder.
    pub member: MemberId,
    /// The moment of the command, by the clock that judges leases.
    pub now: Now,
}

impl ReleaseClaim {
    pub(super) fn decide(self, state: &ReferralFold) -> Result<Outcome<ReferralFact>, Refusal> {
        let (submitted, stands) = state.stands()?;
        let (referral, learner) = (submitted.referral, submitted.learner);
        let fact = ClaimReleased { referral, learner, member: self.member };
        let outcome = ReferralStep::ReleaseClaim.take(stands, state.returned.as_ref(), fact);
        let outcome = outcome.map_err(|refusal| of_holder(refusal, stands))?;
        if matches!(outcome, Outcome::Recorded(_)) {
            state.holds(self.member, self.now)?;
        }
        Ok(outcome.map(ReferralFact::ClaimReleased))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{LEASE, claim, claimed, later, release};
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_holder_puts_it_back_where_it_waited() {
        let back = claimed().and(release(20));
        assert_eq!(back.stands(), "ACCEPTED");
        let accepted = back.state.accepted.as_ref().expect("it was accepted");
        assert_eq!(accepted.fact.order_day, date(2026, 9, 1), "its place is as it was");
        back.when(release(20)).then_already(4);
        back.when(release(21)).then_rule("LEASE_LOST");
        // A second turn is a second claim and a second return.
        assert_eq!(back.and(claim(20)).and(release(20)).state.version, 6);
    }

    #[test]
    fn nobody_else_puts_it_back_and_nothing_comes_back_twice() {
        claimed().when(release(21)).then_rule("LEASE_LOST");
        let late = ReleaseClaim { now: later(LEASE), ..release(20) };
        claimed().when(late).then_rule("LEASE_LOST");
    }
}
