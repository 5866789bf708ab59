//! Confirming a move, and what becomes of the learner's other planned moves.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt;
use onward_contract::reason;
use onward_contract::transition::v1 as wire;
use onward_contract::transition::v1::other_move::Answer as Said;
use onward_domain::codes::reason::TransitionCancel;
use onward_domain::decider::{Refusal, Version};
use onward_domain::ids::{OrganisationId, TransitionId};
use onward_domain::transition::{Cancel, Confirm, Transition, TransitionState};
use onward_log::{Attempt, ExecuteError, Key, Stop, Unit};
use tonic::{Request, Response};
use uuid::Uuid;

use super::{ADMITS, AREA};
use crate::call::{answer, attempt, receipt};
use crate::status::Failure;
use crate::wire::{self as parse, code};
use crate::{Doors, keys};

/// What becomes of another planned move: none is kept beside this one, some is cancelled.
type Answers = BTreeMap<Uuid, Option<TransitionCancel>>;

/// Moves that were not answered, as the last attempt found them.
type Unanswered = Arc<Mutex<Vec<Uuid>>>;

pub(super) async fn confirm(
    doors: &Doors,
    request: Request<wire::ConfirmTransitionRequest>,
) -> Result<Response<wire::ConfirmTransitionResponse>, Failure> {
    let method = "/onward.transition.v1.TransitionService/ConfirmTransition";
    let entered = doors.open(method, request).await?;
    let message = &entered.message;
    let party = doors.party(&entered.caller, &message.transition_id).await?;
    let unanswered = Unanswered::default();
    let confirming = Confirming {
        id: party.transition.uuid(),
        caller: entered.caller.organisation(),
        expected: message.expected_version,
        answers: answers(party.transition, &message.others)?,
        reference: entered.reference(AREA),
        unanswered: Arc::clone(&unanswered),
    };
    let executed = doors.write(&entered, confirming.attempt()).await;
    let executed = executed.map_err(|failure| named(failure, &unanswered))?;
    let response = wire::ConfirmTransitionResponse { receipt: Some(receipt(&executed.receipt)) };
    answer(&executed, response)
}

fn answers(confirmed: TransitionId, others: &[wire::OtherMove]) -> Result<Answers, Refusal> {
    let mut answers = Answers::new();
    for (index, other) in others.iter().enumerate() {
        let at = |name: &str| format!("others[{index}].{name}");
        let id: TransitionId = parse::id(&at("transition_id"), &other.transition_id)?;
        let said = match &other.answer {
            Some(Said::Keep(_)) => None,
            Some(Said::Cancel(reason)) => {
                let reason =
                    code::parse::<wire::TransitionCancelReason, _>(&at("cancel"), *reason)?;
                Some(reason)
            }
            None => return Err(Refusal::field(at("answer"), "one of its fields must be given")),
        };
        if id == confirmed {
            return Err(Refusal::field(at("transition_id"), "is the move to confirm itself"));
        }
        if answers.insert(id.uuid(), said).is_some() {
            return Err(Refusal::field(at("transition_id"), "is answered twice"));
        }
    }
    Ok(answers)
}

/// The refusal that names the moves, where that is what stopped the attempt.
fn named(failure: Failure, unanswered: &Unanswered) -> Failure {
    match failure {
        Failure::Execute(ExecuteError::Refused(Refusal::Rule {
            reason: reason::OTHER_MOVES_UNANSWERED,
            ..
        })) => {
            let moves = unanswered.lock().unwrap_or_else(PoisonError::into_inner);
            Failure::Unanswered(moves.clone())
        }
        other => other,
    }
}

#[derive(Clone)]
struct Confirming {
    id: Uuid,
    caller: OrganisationId,
    expected: Option<Version>,
    answers: Answers,
    reference: Option<Key>,
    unanswered: Unanswered,
}

impl Confirming {
    fn attempt(self) -> Attempt {
        attempt(move |unit| {
            let confirming = self.clone();
            async move { confirming.run(unit).await }.boxed()
        })
    }

    async fn run(self, unit: &mut Unit) -> Result<(), Stop> {
        unit.expect(self.id, self.expected);
        let mut loaded = unit.load::<Transition>(self.id).await?;
        let recorded = loaded.state.recorded.as_ref().ok_or(Refusal::NotFound)?;
        let learner = recorded.fact.learner;
        let others = self.visible(unit, &keys::moves_of(learner)).await?;
        // An answer about a move that is not one of these is about nothing.
        if self.answers.keys().any(|answered| !others.contains(answered)) {
            return Err(Refusal::NotFound.into());
        }
        if unit.decide(&mut loaded, Confirm.into())?.is_some() {
            return Ok(());
        }
        self.answer_for(unit, others).await?;
        if let Some(reference) = self.reference {
            unit.claim(reference, self.id, (None, None));
        }
        Ok(())
    }

    /// Other moves on the same record that the caller may see.
    async fn visible(&self, unit: &mut Unit, moves: &Key) -> Result<Vec<Uuid>, Stop> {
        let found = unit.find(std::slice::from_ref(moves)).await?;
        let mut others: Vec<Uuid> = found.iter().map(|found| found.stream).collect();
        others.retain(|other| *other != self.id);
        others.sort_unstable();
        let parties: Vec<Key> = others
            .iter()
            .flat_map(|other| ADMITS.map(|relation| Key::party(*other, self.caller, relation)))
            .collect();
        let held = unit.find(&parties).await?;
        let seen: HashSet<usize> = held.iter().map(|held| held.key_index / ADMITS.len()).collect();
        let others = others.into_iter().enumerate();
        Ok(others.filter(|(place, _)| seen.contains(place)).map(|(_, other)| other).collect())
    }

    async fn answer_for(&self, unit: &mut Unit, others: Vec<Uuid>) -> Result<(), Stop> {
        let mut unanswered = Vec::new();
        for other in others {
            let mut loaded = unit.load::<Transition>(other).await?;
            match self.answers.get(&other) {
                Some(Some(reason)) => {
                    unit.decide(&mut loaded, Cancel { reason: *reason }.into())?;
                }
                Some(None) => {}
                None if loaded.state.state == Some(TransitionState::Planned) => {
                    unanswered.push(other);
                }
                None => {}
            }
        }
        if unanswered.is_empty() {
            return Ok(());
        }
        *self.unanswered.lock().unwrap_or_else(PoisonError::into_inner) = unanswered;
        Err(Stop::Refused(Refusal::Rule {
            reason: reason::OTHER_MOVES_UNANSWERED,
            message: "say what becomes of each other planned move of the learner".to_owned(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn other(id: u128, answer: Option<Said>) -> wire::OtherMove {
        wire::OtherMove { transition_id: Uuid::from_u128(id).to_string(), answer }
    }

    #[test]
    fn each_other_move_is_answered_once() {
        let confirmed = TransitionId::new(Uuid::from_u128(1));
        let keep = || Some(Said::Keep(wire::KeepMove {}));
        let elsewhere = Said::Cancel(wire::TransitionCancelReason::WentElsewhere as i32);
        let read = answers(confirmed, &[other(2, keep()), other(3, Some(elsewhere))]);
        let read = read.unwrap_or_else(|_| panic!("answers"));
        assert_eq!(read.get(&Uuid::from_u128(2)), Some(&None));
        let cancelled = Some(TransitionCancel::WentElsewhere);
        assert_eq!(read.get(&Uuid::from_u128(3)), Some(&cancelled));
        assert!(answers(confirmed, &[other(1, keep())]).is_err(), "itself");
        assert!(answers(confirmed, &[other(2, keep()), other(2, keep())]).is_err(), "twice");
        assert!(answers(confirmed, &[other(2, None)]).is_err(), "nothing said");
    }
}
