//! Read the whole form for triage.

use super::{ReferralFact, ReferralFold, ReferralOpenedForTriage, ReferralStep};
use crate::decider::{Outcome, Refusal, Steps};
use crate::ids::MemberId;

/// Opens the form for a member with the role TRIAGE (judged at the door). Each of them is recorded;
/// the same one again, before the form has changed, is not.
#[derive(Debug, Clone, Copy)]
pub struct OpenForTriage {
    /// The reader.
    pub member: MemberId,
}

impl OpenForTriage {
    pub(super) fn decide(self, state: &ReferralFold) -> Result<Outcome<ReferralFact>, Refusal> {
        let (submitted, stands) = state.stands()?;
        let (referral, learner) = (submitted.referral, submitted.learner);
        let fact = ReferralOpenedForTriage { referral, learner, member: self.member };
        if let Some(opened) = state.opened.as_ref().filter(|opened| opened.fact == fact) {
            return Ok(Outcome::AlreadyDone(opened.version));
        }
        ReferralStep::OpenForTriage.require(stands)?;
        Ok(Outcome::one(ReferralFact::OpenedForTriage(fact)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{provide, request, submitted, waiting};
    use super::*;
    use crate::scenario::id;

    #[test]
    fn each_reader_of_each_form_is_recorded_once() {
        let open = OpenForTriage { member: id(20) };
        let read = submitted().and(open);
        assert_eq!(read.stands(), "SUBMITTED");
        read.when(open).then_already(2);
        let second = read.and(OpenForTriage { member: id(21) });
        assert!(second.when(open).0.is_ok());
        let anew = second.and(request()).and(provide());
        assert!(anew.when(OpenForTriage { member: id(21) }).0.is_ok(), "the form has changed");
        waiting().when(open).then_illegal("ACCEPTED");
    }
}
