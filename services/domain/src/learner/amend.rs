//! Say who the learner is now: the whole person, not a difference.

use super::register::check_person;
use super::{LearnerAmended, LearnerFact, LearnerState, Person};
use crate::decider::{Now, Outcome, Refusal};

/// Replaces the personal details. Equal to what the record says: nothing is recorded.
#[derive(Clone)]
pub struct Amend {
    /// Who the learner is.
    pub person: Person,
    /// The organisation's own key of the learner.
    pub own_ref: Option<String>,
    /// The moment of the command.
    pub now: Now,
}

impl Amend {
    pub(super) fn decide(self, state: &LearnerState) -> Result<Outcome<LearnerFact>, Refusal> {
        let learner = state.learner()?;
        let fact = LearnerAmended { learner, person: self.person, own_ref: self.own_ref };
        match &state.details {
            Some(details) if details.fact == fact => Ok(Outcome::AlreadyDone(details.version)),
            _ => {
                check_person(&fact.person, fact.own_ref.as_deref(), self.now)?;
                Ok(Outcome::one(LearnerFact::Amended(fact)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{person, registered};
    use super::super::{Learner, LearnerNumberKind};
    use super::*;
    use crate::scenario::{given, id, now};

    fn amend(person: Person) -> Amend {
        Amend { person, own_ref: Some("0042".to_owned()), now: now() }
    }

    #[test]
    fn equal_details_change_nothing() {
        registered().when(amend(person())).then_already(1);
        let married = Person { surname: "Muster".to_owned(), ..person() };
        let amended = registered().and(amend(married.clone()));
        amended.when(amend(married)).then_already(2);
        // Back to the first name is a change again.
        let fact =
            LearnerAmended { learner: id(2), person: person(), own_ref: Some("0042".into()) };
        amended.when(amend(person())).then(vec![LearnerFact::Amended(fact)]);
    }

    #[test]
    fn nobody_is_amended_before_there_is_a_record() {
        assert_eq!(given::<Learner>(vec![]).when(amend(person())).refusal(), Refusal::NotFound);
    }

    #[test]
    fn an_amendment_is_checked_like_a_registration() {
        let nameless = Person { forename: String::new(), ..person() };
        registered().when(amend(nameless)).then_invalid(&["forename"]);
        assert!(registered().state.current(LearnerNumberKind::Upn).is_none());
    }
}
