//! Ask the setting for more, and answer. The clock does not stop meanwhile.

use super::submit::check_form;
use super::{
    Form, InformationProvided, InformationRequested, ReferralFact, ReferralFold, ReferralStep,
};
use crate::decider::{Faults, Now, Outcome, Refusal, Steps};

/// The team asks the setting for more.
#[derive(Clone)]
pub struct RequestInformation {
    /// The question.
    pub question: String,
}

impl RequestInformation {
    pub(super) fn decide(self, state: &ReferralFold) -> Result<Outcome<ReferralFact>, Refusal> {
        let (submitted, stands) = state.stands()?;
        let mut faults = Faults::default();
        faults.blank("question", &self.question);
        faults.finish()?;
        let (referral, learner) = (submitted.referral, submitted.learner);
        let fact = InformationRequested { referral, learner, question: self.question };
        let outcome = ReferralStep::RequestInfo.take(stands, state.requested.as_ref(), fact)?;
        Ok(outcome.map(ReferralFact::InformationRequested))
    }
}

/// The setting answers: the referral is submitted again.
#[derive(Clone)]
pub struct ProvideInformation {
    /// The answer.
    pub answer: String,
    /// The form as it is now, where it was changed.
    pub form: Option<Form>,
    /// The moment of the command.
    pub now: Now,
}

impl ProvideInformation {
    pub(super) fn decide(self, state: &ReferralFold) -> Result<Outcome<ReferralFact>, Refusal> {
        let (submitted, stands) = state.stands()?;
        let mut faults = Faults::default();
        if self.form.is_none() {
            faults.blank("answer", &self.answer);
        }
        faults.finish()?;
        if let Some(form) = &self.form {
            check_form(form, self.now)?;
        }
        let ProvideInformation { answer, form, .. } = self;
        let (referral, learner) = (submitted.referral, submitted.learner);
        let fact = InformationProvided { referral, learner, answer, form };
        let outcome = ReferralStep::Resubmit.take(stands, state.provided.as_ref(), fact)?;
        Ok(outcome.map(ReferralFact::InformationProvided))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{form, provide, request, submitted, waiting};
    use super::*;
    use crate::scenario::now;

    #[test]
    fn a_question_and_its_answer_go_round() {
        submitted().when(provide()).then_illegal("SUBMITTED");
        let asked = submitted().and(request());
        assert_eq!(asked.stands(), "INFO_REQUESTED");
        asked.when(request()).then_already(2);
        let other = RequestInformation { question: "Which clinic?".to_owned() };
        asked.when(other).then_illegal("INFO_REQUESTED");
        let answered = asked.and(provide());
        assert_eq!(answered.stands(), "RESUBMITTED");
        answered.when(provide()).then_already(3);
        // The same question again, after an answer that did not help, is a new one.
        assert!(answered.when(request()).0.is_ok());
        waiting().when(request()).then_illegal("ACCEPTED");
    }

    #[test]
    fn an_answer_may_be_a_new_form() {
        let reason = "Cannot be understood by other children".to_owned();
        let changed = Form { reason, ..form() };
        let answer =
            ProvideInformation { answer: String::new(), form: Some(changed.clone()), now: now() };
        let answered = submitted().and(request()).and(answer);
        assert!(answered.state.form.is_some_and(|form| form.fact == changed));
        let nothing = ProvideInformation { answer: " ".to_owned(), form: None, now: now() };
        submitted().and(request()).when(nothing).then_invalid(&["answer"]);
        let silent = RequestInformation { question: String::new() };
        submitted().when(silent).then_invalid(&["question"]);
    }
}
