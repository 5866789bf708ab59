//! Take a referral back: the setting or the family, from any open state, whoever holds it.

use super::{ReferralFact, ReferralFold, ReferralStep, ReferralWithdrawn};
use crate::decider::{Faults, Outcome, Refusal, Steps};

/// Takes the referral back.
#[derive(Clone)]
pub struct Withdraw {
    /// Why, in the setting's words.
    pub reason: String,
}

impl Withdraw {
    pub(super) fn decide(self, state: &ReferralFold) -> Result<Outcome<ReferralFact>, Refusal> {
        let (submitted, stands) = state.stands()?;
        let mut faults = Faults::default();
        faults.blank("reason", &self.reason);
        faults.finish()?;
        let (referral, learner) = (submitted.referral, submitted.learner);
        let reason = self.reason;
        let fact = ReferralFact::Withdrawn(ReferralWithdrawn { referral, learner, reason });
        ReferralStep::Withdraw.take(stands, state.left.as_ref(), fact)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{
        claimed, close, record_screening, screened, submitted, waiting, withdraw,
    };
    use super::*;

    #[test]
    fn it_is_taken_back_from_any_open_state_once() {
        for open in [submitted(), waiting(), claimed(), screened()] {
            let withdrawn = open.and(withdraw());
            assert_eq!(withdrawn.stands(), "WITHDRAWN");
            let version = withdrawn.state.version;
            withdrawn.when(withdraw()).then_already(version);
            assert!(withdrawn.state.claim.is_none(), "and nobody holds it any more");
        }
        claimed().and(withdraw()).when(record_screening(20)).then_illegal("WITHDRAWN");
        screened().and(close()).when(withdraw()).then_illegal("CLOSED");
        submitted().when(Withdraw { reason: String::new() }).then_invalid(&["reason"]);
    }
}
