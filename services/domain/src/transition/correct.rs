//! Take back something that was a mistake. Nothing is erased: the state becomes what follows without it.

use std::mem::discriminant;

use jiff::civil::Date;

use super::kind::{SettingsKnown, derive};
use super::refold::standing;
use super::{Detail, TransitionCorrected, TransitionFact, TransitionFold, TransitionStep};
use crate::decider::{Faults, Now, Outcome, Refusal, Steps, Version};
use crate::ids::EventId;

/// Corrects an earlier fact of the transition: its content, or that it happened at all.
///
/// * the record: with other particulars (a record that never should have been is cancelled, with the
///   reason `RECORDED_IN_ERROR`);
/// * an arrival or non-arrival: with another day, or as never having happened;
/// * any other step, a correction among them: as never having happened.
#[derive(Clone)]
pub struct Correct {
    /// The mistaken fact.
    pub corrects: EventId,
    /// Its version in this stream, looked up before.
    pub corrects_version: Version,
    /// The particulars that are true instead, for the record.
    pub detail: Option<Detail>,
    /// What the directory knows of the settings in them, looked up before.
    pub settings: SettingsKnown,
    /// The day that is true instead, for an arrival or non-arrival.
    pub on: Option<Date>,
    /// Why, in the caller's words.
    pub reason: String,
    /// The moment of the command.
    pub now: Now,
}

impl Correct {
    pub(super) fn decide(self, state: &TransitionFold) -> Result<Outcome<TransitionFact>, Refusal> {
        let (recorded, stands) = state.stands()?;
        TransitionStep::Correct.require(stands)?;
        let target = self.target(state)?;
        self.check(target)?;
        self.stays_of_its_kind(target)?;
        let (kind, phase_transfer) = match &self.detail {
            Some(detail) => {
                let (kind, letter) = derive(detail, self.settings);
                (Some(kind), letter)
            }
            None => (None, None),
        };
        let fact = TransitionCorrected {
            transition: recorded.transition,
            learner: recorded.learner,
            corrects: self.corrects,
            corrects_version: self.corrects_version,
            detail: self.detail,
            kind,
            phase_transfer,
            on: self.on,
            reason: self.reason,
        };
        judge(state, fact)
    }

    fn target<'a>(&self, state: &'a TransitionFold) -> Result<&'a TransitionFact, Refusal> {
        let index = usize::try_from(self.corrects_version).ok().and_then(|v| v.checked_sub(1));
        index
            .and_then(|index| state.facts.get(index))
            .ok_or_else(|| Refusal::field("corrects", "is not a fact of this transition"))
    }

    fn check(&self, target: &TransitionFact) -> Result<(), Refusal> {
        let mut faults = Faults::default();
        faults.blank("reason", &self.reason);
        let is_record = matches!(target, TransitionFact::Recorded(_));
        let given = self.detail.is_some();
        faults.unless(
            !is_record || given,
            "detail",
            "is needed to correct the record; cancel one that was recorded in error",
        );
        faults.unless(is_record || !given, "detail", "is only for the record");
        let is_dated = matches!(target, TransitionFact::Arrived(_) | TransitionFact::NotArrived(_));
        let is_day_taken = is_dated || self.on.is_none();
        faults.unless(is_day_taken, "on", "is only for an arrival or a non-arrival");
        if let Some(on) = self.on {
            faults.future("on", on, self.now);
        }
        faults.finish()?;
        self.detail.as_ref().map_or(Ok(()), Detail::check)
    }
}

impl Correct {
    /// Each kind of particulars is a stored type of its own, and others rely on which one it was. What
    /// is derived from them may change: a middle school, where a secondary school was named.
    fn stays_of_its_kind(&self, target: &TransitionFact) -> Result<(), Refusal> {
        match (target, &self.detail) {
            (TransitionFact::Recorded(recorded), Some(detail))
                if discriminant(&recorded.detail) != discriminant(detail) =>
            {
                Err(Refusal::Rule {
                    reason: "KIND_CANNOT_CHANGE",
                    message: "these are particulars of another kind of move; cancel this one as \
                              recorded in error, and record the other"
                        .to_owned(),
                })
            }
            _ => Ok(()),
        }
    }
}

/// A repeat of the newest correction is done already; what does not count any more cannot be corrected.
fn judge(
    state: &TransitionFold,
    fact: TransitionCorrected,
) -> Result<Outcome<TransitionFact>, Refusal> {
    let standing = standing(&state.facts);
    let index = usize::try_from(fact.corrects_version).unwrap_or_default().saturating_sub(1);
    match standing.get(index).copied().flatten() {
        Some(newest) if *newest == fact => {
            let same = |held: &TransitionFact| matches!(held, TransitionFact::Corrected(held) if *held == fact);
            let place = state.facts.iter().rposition(same).unwrap_or_default();
            Ok(Outcome::AlreadyDone(place as Version + 1))
        }
        Some(newest) if newest.detail.is_none() && newest.on.is_none() => Err(Refusal::Rule {
            reason: "ALREADY_CORRECTED",
            message: "this was corrected already; correct that correction".to_owned(),
        }),
        _ => Ok(Outcome::one(TransitionFact::Corrected(fact))),
    }
}

#[cfg(test)]
mod tests;
