//! Take a referral: it waits from here on, and can be claimed.

use super::order::{lowest_priority, order_day};
use super::{Form, ReferralAccepted, ReferralFact, ReferralFold, ReferralStep};
use crate::codes::referral::Priority;
use crate::decider::{Outcome, Refusal, Steps};

/// Takes the referral, at the priority that triage sees. Its place in the queue is fixed here.
#[derive(Clone, Copy)]
pub struct Accept {
    /// Priority as triage sees it; absent: as the referrer saw it, raised to the lowest that the form
    /// may get.
    pub priority: Option<Priority>,
}

impl Accept {
    pub(super) fn decide(self, state: &ReferralFold) -> Result<Outcome<ReferralFact>, Refusal> {
        let (submitted, stands) = state.stands()?;
        let form = state.form.as_ref().ok_or(Refusal::NotFound)?;
        // Only an unrouted one has no queue, and the table does not have this step from there.
        let Some(queue) = submitted.queue else {
            return Err(ReferralStep::Accept.illegal(stands));
        };
        let lowest = lowest_priority(&form.fact);
        let priority = self.priority.unwrap_or_else(|| form.fact.priority.max(lowest));
        let fact = ReferralAccepted {
            referral: submitted.referral,
            learner: submitted.learner,
            queue,
            priority: priority.level(),
            order_day: order_day(submitted.received_on, priority),
        };
        let outcome = ReferralStep::Accept.take(stands, state.accepted.as_ref(), fact)?;
        if matches!(outcome, Outcome::Recorded(_)) {
            check_form(&form.fact)?;
            check_priority(priority, lowest)?;
        }
        Ok(outcome.map(ReferralFact::Accepted))
    }
}

/// No consent, or an incomplete form: not accepted.
fn check_form(form: &Form) -> Result<(), Refusal> {
    let (reason, message) = if form.consent.is_none() {
        ("CONSENT_MISSING", "the form has no consent to refer")
    } else if form.need_ticks.is_empty() || form.reason.trim().is_empty() {
        ("FORM_INCOMPLETE", "the form names no need, or no reason for the referral")
    } else {
        return Ok(());
    };
    Err(Refusal::Rule { reason, message: message.to_owned() })
}

/// A triage that calls a swallowing concern routine is mistaken; it is not corrected in silence.
fn check_priority(priority: Priority, lowest: Priority) -> Result<(), Refusal> {
    if priority >= lowest {
        return Ok(());
    }
    Err(Refusal::Rule {
        reason: "URGENT_PATH",
        message: "a swallowing or feeding concern is at least urgent".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{accept, form, submit, submitted};
    use super::super::{Referral, Submit};
    use super::*;
    use crate::codes::referral::NeedTick;
    use crate::scenario::{given, id};
    use jiff::civil::{Date, date};

    fn accepted(priority: u8, order_day: Date) -> Vec<ReferralFact> {
        vec![ReferralFact::Accepted(ReferralAccepted {
            referral: id(80),
            learner: id(2),
            queue: id(90),
            priority,
            order_day,
        })]
    }

    #[test]
    fn it_waits_at_the_priority_of_triage() {
        submitted().when(accept()).then(accepted(1, date(2026, 9, 1)));
        let urgent = Accept { priority: Some(Priority::Urgent) };
        submitted().when(urgent).then(accepted(2, date(2026, 6, 9)));
        let waiting = submitted().and(accept());
        waiting.when(accept()).then_already(2);
        waiting.when(Accept { priority: Some(Priority::Routine) }).then_already(2);
        waiting.when(urgent).then_illegal("ACCEPTED");
    }

    #[test]
    fn a_swallowing_concern_is_at_least_urgent() {
        let mut form = form();
        form.need_ticks.push(NeedTick::EatingDrinkingSwallowing);
        let submitted = given::<Referral>(vec![]).and(Submit { form, ..submit() });
        let routine = Accept { priority: Some(Priority::Routine) };
        submitted.when(routine).then_rule("URGENT_PATH");
        submitted.when(accept()).then(accepted(2, date(2026, 6, 9)));
    }

    #[test]
    fn a_form_without_consent_or_need_is_not_accepted() {
        let without = |form: Form| given::<Referral>(vec![]).and(Submit { form, ..submit() });
        without(Form { consent: None, ..form() }).when(accept()).then_rule("CONSENT_MISSING");
        let needless = Form { need_ticks: vec![], ..form() };
        without(needless).when(accept()).then_rule("FORM_INCOMPLETE");
        let wordless = Form { reason: " ".to_owned(), ..form() };
        without(wordless).when(accept()).then_rule("FORM_INCOMPLETE");
    }

    #[test]
    fn what_nobody_owns_nobody_accepts() {
        let unrouted = given::<Referral>(vec![]).and(Submit { owner: None, ..submit() });
        unrouted.when(accept()).then_illegal("UNROUTED");
    }
}
