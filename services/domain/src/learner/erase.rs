//! Erase a record: asked for by one person, confirmed by another, on a lawful ground. What follows (the
//! destruction of the key) is the log's work; here is who may want it.

use super::{ErasureRequested, LearnerErased, LearnerFact, LearnerState};
use crate::codes::reason::ErasureGround;
use crate::decider::{Outcome, Refusal};
use crate::ids::OrganisationId;

/// Nobody has asked for this erasure.
const NOT_REQUESTED: &str = "ERASURE_NOT_REQUESTED";
/// One person cannot erase anybody alone.
const ONE_PERSON: &str = "ERASURE_NEEDS_TWO_PEOPLE";

/// Asks that the record be erased.
#[derive(Clone)]
pub struct RequestErasure {
    /// The lawful ground.
    pub ground: ErasureGround,
    /// Why, in the words of who asks. Not empty.
    pub reason: String,
    /// By whom: a keyed hash of the identity.
    pub asked_by: String,
}

/// Confirms the erasure that somebody else asked for.
#[derive(Clone)]
pub struct ConfirmErasure {
    /// By whom: a keyed hash of the identity.
    pub confirmed_by: String,
    /// Whose record it is.
    pub keeper: OrganisationId,
}

/// Erases a record together with one that it is linked to.
#[derive(Debug, Clone, Copy)]
pub struct EraseLinked {
    /// Whose record it is.
    pub keeper: OrganisationId,
}

impl RequestErasure {
    pub(super) fn decide(self, state: &LearnerState) -> Result<Outcome<LearnerFact>, Refusal> {
        let learner = state.learner()?;
        let RequestErasure { ground, reason, asked_by } = self;
        if reason.trim().is_empty() {
            return Err(Refusal::field("reason", "must be given"));
        }
        let asked = ErasureRequested { learner, ground, reason, asked_by };
        match &state.erasure {
            Some(known) if known.fact == asked => Ok(Outcome::AlreadyDone(known.version)),
            _ => Ok(Outcome::one(LearnerFact::ErasureRequested(asked))),
        }
    }
}

impl ConfirmErasure {
    pub(super) fn decide(self, state: &LearnerState) -> Result<Outcome<LearnerFact>, Refusal> {
        let learner = state.learner()?;
        let Some(asked) = &state.erasure else {
            return Err(refused(NOT_REQUESTED, "nobody has asked for this erasure"));
        };
        if asked.fact.asked_by == self.confirmed_by {
            return Err(refused(ONE_PERSON, "somebody else than who asked has to confirm"));
        }
        Ok(erased(LearnerErased { learner, keeper: self.keeper }))
    }
}

impl EraseLinked {
    pub(super) fn decide(self, state: &LearnerState) -> Result<Outcome<LearnerFact>, Refusal> {
        let learner = state.learner()?;
        Ok(erased(LearnerErased { learner, keeper: self.keeper }))
    }
}

fn erased(fact: LearnerErased) -> Outcome<LearnerFact> {
    Outcome::one(LearnerFact::Erased(fact))
}

fn refused(reason: &'static str, message: &str) -> Refusal {
    Refusal::Rule { reason, message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::samples::registered;
    use super::*;
    use crate::scenario::id;

    fn request(by: &str) -> RequestErasure {
        RequestErasure {
            ground: ErasureGround::ObjectionUpheld,
            reason: "the parents' objection was upheld".to_owned(),
            asked_by: by.to_owned(),
        }
    }

    fn confirm(by: &str) -> ConfirmErasure {
        ConfirmErasure { confirmed_by: by.to_owned(), keeper: id(4) }
    }

    #[test]
    fn one_asks_and_another_confirms() {
        registered().when(confirm("b")).then_rule("ERASURE_NOT_REQUESTED");
        let asked = registered().and(request("a"));
        asked.when(request("a")).then_already(2);
        asked.when(confirm("a")).then_rule("ERASURE_NEEDS_TWO_PEOPLE");
        let learner = asked.state.learner().expect("registered");
        let fact = LearnerErased { learner, keeper: id(4) };
        asked.when(confirm("b")).then(vec![LearnerFact::Erased(fact)]);
    }

    #[test]
    fn whoever_asked_last_is_the_one_who_may_not_confirm() {
        let asked = registered().and(request("a")).and(request("b"));
        asked.when(confirm("b")).then_rule("ERASURE_NEEDS_TWO_PEOPLE");
        assert!(asked.and(confirm("a")).state.erased.is_some());
    }

    #[test]
    fn a_reason_is_needed_and_a_linked_record_needs_no_request_of_its_own() {
        let silent = RequestErasure { reason: " ".to_owned(), ..request("a") };
        registered().when(silent).then_invalid(&["reason"]);
        let linked = EraseLinked { keeper: id(4) };
        assert!(registered().and(linked).state.erased.is_some());
    }
}
