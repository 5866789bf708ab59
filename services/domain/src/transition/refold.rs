//! What follows from the facts without the mistaken ones.
//!
//! A correction says one of three things about an earlier fact: its content was wrong (the new content
//! is in the correction), it never happened, or, where the earlier fact is itself a correction, that one
//! was wrong. A later fact that cannot follow once the mistake is gone does not count either, until a
//! correction makes it follow again.

use super::{TransitionCorrected, TransitionFact, TransitionFold, TransitionState};
use super::{TransitionRecorded, TransitionStep};
use crate::decider::{At, Steps, Version};

/// Folds every fact again, each as its newest correction that stands has it.
pub(super) fn refold(state: &mut TransitionFold) {
    let facts = std::mem::take(&mut state.facts);
    let mut fresh = TransitionFold::default();
    let corrections = standing(&facts);
    for (index, fact) in facts.iter().enumerate() {
        let version = index as Version + 1;
        match corrections.get(index).copied().flatten() {
            None => apply(&mut fresh, version, fact),
            Some(correction) => {
                if let Some(corrected) = corrected(fact, correction) {
                    apply(&mut fresh, version, &corrected);
                }
            }
        }
    }
    fresh.version = state.version;
    fresh.facts = facts;
    *state = fresh;
}

/// For each fact the newest correction of it that stands. A corrected correction does not stand.
pub(super) fn standing(facts: &[TransitionFact]) -> Vec<Option<&TransitionCorrected>> {
    let mut newest: Vec<Option<&TransitionCorrected>> = vec![None; facts.len()];
    for index in (0..facts.len()).rev() {
        if let TransitionFact::Corrected(correction) = &facts[index]
            && newest[index].is_none()
        {
            let target = usize::try_from(correction.corrects_version).unwrap_or(usize::MAX);
            // A correction is about the past; anything else in a stored stream is without effect.
            if let Some(slot) = target.checked_sub(1).filter(|target| *target < index) {
                newest[slot].get_or_insert(correction);
            }
        }
    }
    newest
}

/// The fact with the content that is true instead; none where it never happened.
fn corrected(fact: &TransitionFact, correction: &TransitionCorrected) -> Option<TransitionFact> {
    match fact {
        TransitionFact::Recorded(fact) => Some(TransitionFact::Recorded(TransitionRecorded {
            detail: correction.detail.clone()?,
            kind: correction.kind.unwrap_or(fact.kind),
            phase_transfer: correction.phase_transfer,
            ..fact.clone()
        })),
        TransitionFact::Arrived(fact) => {
            let on = correction.on?;
            Some(TransitionFact::Arrived(super::ArrivalRecorded { on, ..fact.clone() }))
        }
        TransitionFact::NotArrived(fact) => {
            let on = correction.on?;
            Some(TransitionFact::NotArrived(super::NonArrivalRecorded { on, ..fact.clone() }))
        }
        _ => None,
    }
}

/// Folds one fact, if it follows from the state.
pub(super) fn apply(state: &mut TransitionFold, version: Version, fact: &TransitionFact) {
    if !follows(state.state, fact) {
        return;
    }
    match fact {
        TransitionFact::Recorded(fact) => {
            state.planned = Some(fact.detail.planned());
            state.recorded = Some(At { version, fact: fact.clone() });
            state.state = Some(TransitionState::Planned);
        }
        TransitionFact::Confirmed(fact) => {
            state.confirmed = Some(At { version, fact: fact.clone() });
            state.state = Some(TransitionState::Confirmed);
        }
        TransitionFact::Arrived(fact) => {
            state.arrived = Some(At { version, fact: fact.clone() });
            state.state = Some(TransitionState::Arrived);
        }
        TransitionFact::NotArrived(fact) => {
            state.not_arrived = Some(At { version, fact: fact.clone() });
            state.state = Some(TransitionState::NotArrived);
        }
        TransitionFact::Rescheduled(fact) => {
            state.planned = Some(fact.planned);
            state.rescheduled = Some(At { version, fact: fact.clone() });
        }
        TransitionFact::Cancelled(fact) => {
            state.cancelled = Some(At { version, fact: fact.clone() });
            state.state = Some(TransitionState::Cancelled);
        }
        TransitionFact::Ended(fact) => {
            state.ended = Some(At { version, fact: fact.clone() });
            state.state = Some(TransitionState::Ended);
        }
        TransitionFact::Corrected(_) => {}
    }
}

fn follows(state: Option<TransitionState>, fact: &TransitionFact) -> bool {
    let step = match fact {
        TransitionFact::Recorded(_) => return state.is_none(),
        TransitionFact::Confirmed(_) => TransitionStep::Confirm,
        TransitionFact::Arrived(_) => TransitionStep::Arrive,
        TransitionFact::NotArrived(_) => TransitionStep::NotArrived,
        TransitionFact::Rescheduled(_) => TransitionStep::Reschedule,
        TransitionFact::Cancelled(_) => TransitionStep::Cancel,
        TransitionFact::Corrected(_) => TransitionStep::Correct,
        TransitionFact::Ended(_) => TransitionStep::End,
    };
    state.is_some_and(|state| step.possible_from(state))
}
