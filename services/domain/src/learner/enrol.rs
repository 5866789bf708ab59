//! Put a learner on a setting's roll, and take them off it. Several enrolments may run at once.

use jiff::civil::Date;

use super::{Enrolment, EnrolmentEnded, EnrolmentRecorded, LearnerFact, LearnerState, Setting};
use crate::codes::closed_codes;
use crate::codes::setting::EnrolmentKind;
use crate::decider::{At, Faults, Now, Outcome, Refusal, Steps};
use crate::ids::EnrolmentId;

closed_codes! {
    /// Whether an enrolment runs.
    pub enum EnrolmentState("state of an enrolment") {
        /// It runs, or will.
        Open = "OPEN",
        /// It was ended.
        Ended = "ENDED",
    }
}

closed_codes! {
    /// Step of an enrolment.
    pub enum EnrolmentStep("step of an enrolment") {
        /// End it.
        End = "end",
    }
}

impl Steps for EnrolmentStep {
    type State = EnrolmentState;
    const CONCEPT: &'static str = "enrolment";

    fn possible_from(self, state: EnrolmentState) -> bool {
        match self {
            Self::End => state == EnrolmentState::Open,
        }
    }
}

impl Enrolment {
    /// Whether it runs.
    pub fn stands(&self) -> EnrolmentState {
        if self.ended.is_some() { EnrolmentState::Ended } else { EnrolmentState::Open }
    }
}

impl Setting {
    /// Whether anything names it.
    pub fn is_named(&self) -> bool {
        let said =
            |text: &Option<String>| text.as_ref().is_some_and(|text| !text.trim().is_empty());
        self.organisation.is_some() || said(&self.number) || said(&self.name)
    }

    /// Whether both surely are one place: the same organisation, or the same number.
    pub fn is_same_as(&self, other: &Self) -> bool {
        match (self.organisation, other.organisation) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => self.number.is_some() && self.number == other.number,
        }
    }
}

/// Records an enrolment. It may lie ahead: places are given before a term begins.
#[derive(Clone)]
pub struct RecordEnrolment {
    /// The enrolment.
    pub enrolment: EnrolmentId,
    /// Where.
    pub setting: Setting,
    /// Kind of enrolment.
    pub kind: EnrolmentKind,
    /// First day.
    pub from: Date,
    /// Last day, where known.
    pub to: Option<Date>,
    /// For AWAY: when the learner is expected back.
    pub expected_return: Option<Date>,
}

impl RecordEnrolment {
    pub(super) fn decide(self, state: &LearnerState) -> Result<Outcome<LearnerFact>, Refusal> {
        let learner = state.learner()?;
        self.check()?;
        let RecordEnrolment { enrolment, setting, kind, from, to, expected_return } = self;
        let fact =
            EnrolmentRecorded { learner, enrolment, setting, kind, from, to, expected_return };
        let known =
            state.enrolments.iter().map(|held| &held.recorded).find(|held| {
                held.fact.enrolment == enrolment || is_the_same_place(&held.fact, &fact)
            });
        match known {
            None => Ok(Outcome::one(LearnerFact::EnrolmentRecorded(fact))),
            Some(held) if says_the_same(&held.fact, &fact) => {
                Ok(Outcome::AlreadyDone(held.version))
            }
            Some(held) => Err(Refusal::Exists {
                reason: "EXISTS_WITH_OTHER_CONTENT",
                message: "this enrolment is recorded with other particulars".to_owned(),
                existing: Some(held.fact.enrolment.uuid()),
            }),
        }
    }

    fn check(&self) -> Result<(), Refusal> {
        let mut faults = Faults::default();
        faults.unless(self.setting.is_named(), "setting", "names no place");
        let ordered = self.to.is_none_or(|to| self.from <= to);
        faults.unless(ordered, "to", "is before the first day");
        let away = self.kind == EnrolmentKind::Away;
        let expected = self.expected_return;
        faults.unless(away || expected.is_none(), "expected_return", "is only for a learner away");
        let returns = expected.is_none_or(|back| self.from <= back);
        faults.unless(returns, "expected_return", "is before the first day");
        faults.finish()
    }
}

/// One setting, kind and first day are one enrolment, whatever id a second import minted for it.
fn is_the_same_place(held: &EnrolmentRecorded, fact: &EnrolmentRecorded) -> bool {
    held.setting == fact.setting && held.kind == fact.kind && held.from == fact.from
}

fn says_the_same(held: &EnrolmentRecorded, fact: &EnrolmentRecorded) -> bool {
    is_the_same_place(held, fact)
        && held.to == fact.to
        && held.expected_return == fact.expected_return
}

/// Ends an enrolment.
#[derive(Clone, Copy)]
pub struct EndEnrolment {
    /// The enrolment.
    pub enrolment: EnrolmentId,
    /// Last day. Not in the future.
    pub on: Date,
    /// The moment of the command.
    pub now: Now,
}

impl EndEnrolment {
    pub(super) fn decide(self, state: &LearnerState) -> Result<Outcome<LearnerFact>, Refusal> {
        let learner = state.learner()?;
        let held = state.enrolment(self.enrolment).ok_or(Refusal::NotFound)?;
        let mut faults = Faults::default();
        faults.future("on", self.on, self.now);
        faults.unless(held.recorded.fact.from <= self.on, "on", "is before the first day");
        faults.finish()?;
        let fact = EnrolmentEnded { learner, enrolment: self.enrolment, on: self.on };
        let last: Option<&At<EnrolmentEnded>> = held.ended.as_ref();
        let outcome = EnrolmentStep::End.take(held.stands(), last, fact)?;
        Ok(outcome.map(LearnerFact::EnrolmentEnded))
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::registered;
    use super::*;
    use crate::scenario::{id, now};
    use jiff::civil::date;

    fn enrol(number: u128) -> RecordEnrolment {
        RecordEnrolment {
            enrolment: id(number),
            setting: Setting { organisation: Some(id(1)), ..Setting::default() },
            kind: EnrolmentKind::Main,
            from: date(2022, 9, 5),
            to: None,
            expected_return: None,
        }
    }

    fn end(number: u128, on: Date) -> EndEnrolment {
        EndEnrolment { enrolment: id(number), on, now: now() }
    }

    #[test]
    fn one_place_kind_and_first_day_are_one_enrolment() {
        let on_roll = registered().and(enrol(5));
        on_roll.when(enrol(5)).then_already(2);
        on_roll.when(enrol(6)).then_already(2);
        let longer = RecordEnrolment { to: Some(date(2026, 7, 20)), ..enrol(5) };
        on_roll.when(longer).then_rule("EXISTS_WITH_OTHER_CONTENT");
        let guest = RecordEnrolment { kind: EnrolmentKind::Guest, ..enrol(7) };
        assert_eq!(on_roll.and(guest).state.enrolments.len(), 2, "several run at once");
    }

    #[test]
    fn only_a_learner_away_is_expected_back() {
        let back = RecordEnrolment { expected_return: Some(date(2022, 9, 1)), ..enrol(5) };
        let away = RecordEnrolment { kind: EnrolmentKind::Away, ..back.clone() };
        registered().when(back).then_invalid(&["expected_return", "expected_return"]);
        registered().when(away).then_invalid(&["expected_return"]);
        let nowhere = RecordEnrolment { setting: Setting::default(), ..enrol(5) };
        registered().when(nowhere).then_invalid(&["setting"]);
    }

    #[test]
    fn an_enrolment_ends_once() {
        let on_roll = registered().and(enrol(5));
        on_roll.when(end(5, date(2026, 9, 4))).then_invalid(&["on"]);
        on_roll.when(end(5, date(2022, 9, 4))).then_invalid(&["on"]);
        assert_eq!(on_roll.when(end(6, date(2026, 7, 20))).refusal(), Refusal::NotFound);
        let left = on_roll.and(end(5, date(2026, 7, 20)));
        left.when(end(5, date(2026, 7, 20))).then_already(3);
        left.when(end(5, date(2026, 7, 21))).then_illegal("ENDED");
    }
}
