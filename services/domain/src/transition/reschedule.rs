//! Change the planned date.

use super::{Planned, TransitionFact, TransitionFold, TransitionRescheduled, TransitionStep};
use crate::codes::reason::TransitionReschedule;
use crate::decider::{Faults, Outcome, Refusal, Steps};

/// Changes the planned date, to a day or a month, for a coded reason.
#[derive(Clone, Copy)]
pub struct Reschedule {
    /// The new date.
    pub planned: Planned,
    /// Why.
    pub reason: TransitionReschedule,
}

impl Reschedule {
    pub(super) fn decide(self, state: &TransitionFold) -> Result<Outcome<TransitionFact>, Refusal> {
        let (recorded, stands) = state.stands()?;
        let Reschedule { planned, reason } = self;
        let (transition, learner) = (recorded.transition, recorded.learner);
        let fact = TransitionRescheduled { transition, learner, planned, reason };
        // The table keeps the state, so a repeat is known by what it would change: nothing.
        if let Some(last) = state.rescheduled.as_ref().filter(|last| last.fact == fact) {
            return Ok(Outcome::AlreadyDone(last.version));
        }
        TransitionStep::Reschedule.require(stands)?;
        let mut faults = Faults::default();
        let first = planned.first_day();
        faults.unless(first.is_some(), "planned", "is not a month of the calendar");
        faults.unless(state.planned != Some(planned), "planned", "is the planned date already");
        let before_end = match (first, recorded.detail.planned_end()) {
            (Some(first), Some(end)) => first < end,
            _ => true,
        };
        faults.unless(before_end, "planned", "is not before the planned end");
        faults.finish()?;
        Ok(Outcome::one(TransitionFact::Rescheduled(fact)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{arrive, placement, planned, record, reschedule};
    use super::super::{Detail, Record, Transition};
    use super::*;
    use crate::scenario::given;
    use jiff::civil::date;

    #[test]
    fn a_date_moves_to_and_fro() {
        let first = reschedule(date(2026, 9, 7));
        let moved = planned().and(first);
        moved.when(first).then_already(2);
        let other = Reschedule { reason: TransitionReschedule::Other, ..first };
        moved.when(other).then_invalid(&["planned"]);
        let back = moved.and(reschedule(date(2026, 9, 1))).and(first);
        assert_eq!(back.state.planned, Some(Planned::Day(date(2026, 9, 7))));
        back.and(arrive()).when(first).then_already(4);
        planned().and(arrive()).when(first).then_illegal("ARRIVED");
    }

    #[test]
    fn a_date_is_real_and_before_the_end_of_a_placement() {
        let never = Planned::Month { year: 2026, month: 13 };
        planned()
            .when(Reschedule { planned: never, ..reschedule(date(2026, 9, 7)) })
            .then_invalid(&["planned"]);
        let detail = Detail::AlternativeProvision(placement());
        let placed = given::<Transition>(vec![]).and(Record { detail, ..record() });
        placed.when(reschedule(placement().planned_end)).then_invalid(&["planned"]);
    }
}
