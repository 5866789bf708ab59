//! Send a referral elsewhere: it belongs to another service.

use super::{ReferralFact, ReferralFold, ReferralRedirected, ReferralStep, TeamMember};
use crate::codes::referral::RedirectTarget;
use crate::decider::{Now, Outcome, Refusal, Steps};

/// Redirects the referral from any open state. While it is held only its holder may, and in care only
/// its keeper or a supervisor.
#[derive(Clone)]
pub struct Redirect {
    /// Where to.
    pub target: RedirectTarget,
    /// In the team's words.
    pub note: Option<String>,
    /// Who does.
    pub by: TeamMember,
    /// The moment of the command.
    pub now: Now,
}

impl Redirect {
    pub(super) fn decide(self, state: &ReferralFold) -> Result<Outcome<ReferralFact>, Refusal> {
        let (submitted, stands) = state.stands()?;
        let (referral, learner) = (submitted.referral, submitted.learner);
        let Redirect { target, note, by, now } = self;
        let fact = ReferralFact::Redirected(ReferralRedirected { referral, learner, target, note });
        let outcome = ReferralStep::Redirect.take(stands, state.left.as_ref(), fact)?;
        state.may_write(by, now)?;
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{claimed, keeper, redirect, screened, submitted, team};
    use super::*;

    #[test]
    fn it_is_redirected_from_any_open_state_once() {
        for open in [submitted(), claimed(), screened()] {
            let redirected = open.and(redirect(keeper()));
            assert_eq!(redirected.stands(), "REDIRECTED");
            let version = redirected.state.version;
            redirected.when(redirect(keeper())).then_already(version);
            let other = Redirect { target: RedirectTarget::Other, ..redirect(keeper()) };
            redirected.when(other).then_illegal("REDIRECTED");
        }
    }

    #[test]
    fn only_who_holds_or_keeps_it_may() {
        claimed().when(redirect(team(21))).then_rule("LEASE_LOST");
        screened().when(redirect(team(21))).then_rule("NOT_THE_KEEPER");
        let supervisor = TeamMember { supervisor: true, ..team(21) };
        assert!(screened().when(redirect(supervisor)).0.is_ok());
        claimed().when(redirect(supervisor)).then_rule("LEASE_LOST");
    }
}
