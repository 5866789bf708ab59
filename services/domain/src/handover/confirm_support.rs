//! Answer for one line of support: in place, partly, not yet, or not needed.

use super::{
    HandoverFact, HandoverFold, HandoverStep, SupportAnswer, SupportAnswered, SupportItem,
};
use crate::decider::{Now, Outcome, Refusal, Steps, not_in_future};
use crate::ids::SupportItemId;

/// Answers for a line of the pack, or for one that the receiver adds with its answer. When no line is
/// left open, support is confirmed.
#[derive(Clone)]
pub struct ConfirmSupport {
    /// The line.
    pub item: SupportItemId,
    /// The line itself, where the receiver adds it.
    pub added: Option<SupportItem>,
    /// The answer. A day in place is not in the future.
    pub answer: SupportAnswer,
    /// The moment of the command.
    pub now: Now,
}

impl ConfirmSupport {
    pub(super) fn decide(self, state: &HandoverFold) -> Result<Outcome<HandoverFact>, Refusal> {
        let (drafted, stands) = state.stands(HandoverStep::ConfirmSupport)?;
        if let Some(version) = self.is_said_already(state) {
            return Ok(Outcome::AlreadyDone(version));
        }
        HandoverStep::ConfirmSupport.require(stands)?;
        let added = self.new_line(state)?;
        if let SupportAnswer::InPlace(since) = self.answer {
            not_in_future("answer.in_place", since, self.now)?;
        }
        if let SupportAnswer::NotYet(by) = self.answer
            && by < self.now.today
        {
            let message = "lies in the past; say by when it will be in place";
            return Err(Refusal::field("answer.not_yet", message));
        }
        let others_open = state.open_items().any(|open| open.item != self.item);
        Ok(Outcome::one(HandoverFact::SupportAnswered(SupportAnswered {
            handover: drafted.handover,
            learner: drafted.learner,
            item: self.item,
            added,
            all_answered: !others_open && !self.answer.leaves_open(),
            answer: self.answer,
        })))
    }

    /// The version of the last answer for the line, if it was this one.
    fn is_said_already(&self, state: &HandoverFold) -> Option<u64> {
        let last = state.answers.iter().find(|held| held.fact.item == self.item)?;
        let same_line = match &self.added {
            Some(added) => state.items().any(|item| item == added),
            None => true,
        };
        (last.fact.answer == self.answer && same_line).then_some(last.version)
    }

    /// The line to add; none where it is there already.
    fn new_line(&self, state: &HandoverFold) -> Result<Option<SupportItem>, Refusal> {
        let known = state.items().find(|item| item.item == self.item);
        match (&self.added, known) {
            (None, Some(_)) => Ok(None),
            (None, None) => Err(Refusal::field("item", "is not a line of this handover")),
            (Some(added), Some(known)) if added == known => Ok(None),
            (Some(_), Some(_)) => Err(Refusal::Exists {
                reason: "EXISTS_WITH_OTHER_CONTENT",
                message: "this line of support is there already and says something else".to_owned(),
                existing: Some(self.item.uuid()),
            }),
            (Some(added), None) if added.item != self.item => {
                Err(Refusal::field("added.item", "is not the line that is answered"))
            }
            (Some(added), None) if added.text.trim().is_empty() => {
                Err(Refusal::field("added.text", "is empty"))
            }
            (Some(added), None) => Ok(Some(added.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::accepted;
    use super::*;
    use crate::codes::handover::NotNeededReason;
    use crate::scenario::{id, now};
    use jiff::civil::date;

    fn say(item: u128, answer: SupportAnswer) -> ConfirmSupport {
        ConfirmSupport { item: id(item), added: None, answer, now: now() }
    }

    fn in_place() -> SupportAnswer {
        SupportAnswer::InPlace(date(2026, 9, 2))
    }

    #[test]
    fn support_is_confirmed_when_no_line_is_open() {
        // The pack has two lines, 61 and 62.
        let first = accepted().and(say(61, in_place()));
        assert_eq!(first.state.open_items().count(), 1);
        let partly = first.and(say(62, SupportAnswer::Partly));
        assert_eq!(partly.state.open_items().count(), 1, "partly leaves the line open");
        assert_eq!(partly.possible_now(), ["confirm_support"]);
        let reason = NotNeededReason::NeedChanged;
        let confirmed = partly.and(say(62, SupportAnswer::NotNeeded(reason)));
        assert_eq!(confirmed.stands(), "SUPPORT_CONFIRMED");
        confirmed.when(say(62, SupportAnswer::NotNeeded(reason))).then_already(8);
        confirmed.when(say(61, in_place())).then_already(6);
        confirmed.when(say(61, SupportAnswer::Partly)).then_illegal("SUPPORT_CONFIRMED");
    }

    #[test]
    fn a_line_that_opens_again_holds_the_confirmation_back() {
        let reopened = accepted()
            .and(say(61, in_place()))
            .and(say(61, SupportAnswer::NotYet(date(2026, 10, 1))))
            .and(say(62, in_place()));
        assert_eq!(reopened.stands(), "ACCEPTED");
    }

    #[test]
    fn the_receiver_adds_a_line_of_its_own() {
        let line = SupportItem { item: id(70), text: "A quiet room".to_owned(), week_one: false };
        let add = ConfirmSupport { added: Some(line.clone()), ..say(70, SupportAnswer::Partly) };
        let added = accepted().and(add.clone());
        assert_eq!(added.state.items().count(), 3);
        added.when(add.clone()).then_already(6);
        added.when(say(70, SupportAnswer::Partly)).then_already(6);
        let other = SupportItem { text: "Something else".to_owned(), ..line.clone() };
        let other = ConfirmSupport { added: Some(other), ..say(70, in_place()) };
        added.when(other).then_rule("EXISTS_WITH_OTHER_CONTENT");
        let elsewhere = ConfirmSupport { added: Some(line), ..say(71, in_place()) };
        added.when(elsewhere).then_invalid(&["added.item"]);
    }

    #[test]
    fn lines_and_days_must_be_real() {
        accepted().when(say(99, in_place())).then_invalid(&["item"]);
        let tomorrow = SupportAnswer::InPlace(date(2026, 9, 4));
        accepted().when(say(61, tomorrow)).then_invalid(&["answer.in_place"]);
        let past = SupportAnswer::NotYet(date(2026, 9, 1));
        accepted().when(say(61, past)).then_invalid(&["answer.not_yet"]);
        let blank = SupportItem { item: id(70), text: " ".to_owned(), week_one: false };
        let blank = ConfirmSupport { added: Some(blank), ..say(70, in_place()) };
        accepted().when(blank).then_invalid(&["added.text"]);
    }
}
