//! Do not take a referral, for a coded reason.

use super::{ReferralFact, ReferralFold, ReferralRejected, ReferralStep};
use crate::codes::referral::RejectionReason;
use crate::decider::{Outcome, Refusal, Steps};

/// Rejects the referral. A new one links to it.
#[derive(Clone)]
pub struct Reject {
    /// Why.
    pub reason: RejectionReason,
    /// In the team's words.
    pub note: Option<String>,
}

impl Reject {
    pub(super) fn decide(self, state: &ReferralFold) -> Result<Outcome<ReferralFact>, Refusal> {
        let (submitted, stands) = state.stands()?;
        let (referral, learner) = (submitted.referral, submitted.learner);
        let Reject { reason, note } = self;
        let fact = ReferralFact::Rejected(ReferralRejected { referral, learner, reason, note });
        ReferralStep::Reject.take(stands, state.left.as_ref(), fact)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{accept, submitted, waiting};
    use super::*;

    #[test]
    fn a_rejection_is_final() {
        let reject = Reject { reason: RejectionReason::NotSlcn, note: None };
        let rejected = submitted().and(reject.clone());
        rejected.when(reject.clone()).then_already(2);
        let other = Reject { reason: RejectionReason::Other, note: None };
        rejected.when(other).then_illegal("REJECTED");
        rejected.when(accept()).then_illegal("REJECTED");
        assert!(rejected.state.possible().is_empty());
        waiting().when(reject).then_illegal("ACCEPTED");
    }
}
