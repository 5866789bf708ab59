//! Make a record of a learner.

use super::{LearnerFact, LearnerRegistered, LearnerState, Person};
use crate::decider::{Faults, Now, Outcome, Refusal};

/// Makes an organisation's own record of a learner. Whether anybody else knows the child plays no part.
#[derive(Clone)]
pub struct Register {
    /// The record.
    pub learner: LearnerRegistered,
    /// The moment of the command.
    pub now: Now,
}

impl Register {
    pub(super) fn decide(self, state: &LearnerState) -> Result<Outcome<LearnerFact>, Refusal> {
        if let Some(registered) = &state.registered {
            return if registered.fact == self.learner {
                Ok(Outcome::AlreadyDone(registered.version))
            } else {
                Err(Refusal::Exists {
                    reason: "EXISTS_WITH_OTHER_CONTENT",
                    message: "this record exists with other details; amend it".to_owned(),
                    existing: Some(registered.fact.learner.uuid()),
                })
            };
        }
        check_person(&self.learner.person, self.learner.own_ref.as_deref(), self.now)?;
        Ok(Outcome::one(LearnerFact::Registered(self.learner)))
    }
}

/// What every set of personal details must have: a name and a day of birth that has come.
pub(super) fn check_person(
    person: &Person,
    own_ref: Option<&str>,
    now: Now,
) -> Result<(), Refusal> {
    let mut faults = Faults::default();
    faults.blank("surname", &person.surname);
    faults.blank("forename", &person.forename);
    faults.future("date_of_birth", person.date_of_birth, now);
    if let Some(own_ref) = own_ref {
        faults.blank("own_ref", own_ref);
    }
    faults.finish()
}

#[cfg(test)]
mod tests {
    use super::super::Learner;
    use super::super::samples::{register, registered};
    use super::*;
    use crate::scenario::{given, now};
    use jiff::civil::date;

    #[test]
    fn a_record_is_made_once() {
        let fact = LearnerFact::Registered(register().learner);
        given::<Learner>(vec![]).when(register()).then(vec![fact]);
        registered().when(register()).then_already(1);
        let mut other = register();
        other.learner.own_ref = None;
        registered().when(other).then_rule("EXISTS_WITH_OTHER_CONTENT");
    }

    #[test]
    fn every_faulty_field_is_named() {
        let mut faulty = register();
        faulty.learner.person.surname = " ".to_owned();
        faulty.learner.person.forename = String::new();
        faulty.learner.person.date_of_birth = date(2026, 9, 4);
        faulty.learner.own_ref = Some(String::new());
        given::<Learner>(vec![]).when(faulty).then_invalid(&[
            "surname",
            "forename",
            "date_of_birth",
            "own_ref",
        ]);
    }

    #[test]
    fn born_today_is_born() {
        let mut newborn = register();
        newborn.learner.person.date_of_birth = now().today;
        given::<Learner>(vec![]).and(newborn);
    }
}
