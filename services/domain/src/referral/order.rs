//! In which order a queue is worked: by a virtual day of receipt, fixed when a referral is accepted.

use jiff::ToSpan;
use jiff::civil::Date;

use super::Form;
use crate::codes::referral::Priority;

/// Days by which a priority level counts as received earlier. A product choice, kept as data: an urgent
/// referral comes level with a routine one that has waited 84 days longer, so that its turn is due at 42
/// of the 126 days of clock RC1, and a two-week referral with one that has waited 112 days longer, so
/// that its turn is due at 14.
pub const HEAD_START: [(Priority, i32); 3] =
    [(Priority::Routine, 0), (Priority::Urgent, 84), (Priority::TwoWeek, 112)];

/// The day that orders the queue: earlier is sooner.
pub fn order_day(received_on: Date, priority: Priority) -> Date {
    let days = HEAD_START.iter().find(|(level, _)| *level == priority).map_or(0, |(_, days)| *days);
    received_on.saturating_sub(days.days())
}

/// The lowest priority that a form may get. A swallowing or feeding concern is never queued as routine.
pub fn lowest_priority(form: &Form) -> Priority {
    let urgent_path = form.need_ticks.iter().any(|tick| tick.is_urgent_path());
    if urgent_path { Priority::Urgent } else { Priority::Routine }
}

#[cfg(test)]
mod tests {
    use super::super::tests::form;
    use super::*;
    use crate::codes::referral::NeedTick;
    use jiff::civil::date;
    use proptest::prelude::*;

    #[test]
    fn urgency_counts_as_days_of_waiting() {
        let received = date(2026, 9, 1);
        assert_eq!(order_day(received, Priority::Routine), received);
        assert_eq!(order_day(received, Priority::Urgent), date(2026, 6, 9));
        assert_eq!(order_day(received, Priority::TwoWeek), date(2026, 5, 12));
        assert_eq!(order_day(Date::MIN, Priority::TwoWeek), Date::MIN);
    }

    #[test]
    fn a_swallowing_concern_is_never_routine() {
        let mut form = form();
        assert_eq!(lowest_priority(&form), Priority::Routine);
        form.need_ticks.push(NeedTick::EatingDrinkingSwallowing);
        assert_eq!(lowest_priority(&form), Priority::Urgent);
    }

    proptest! {
        #[test]
        fn at_one_priority_who_came_first_is_first(earlier in 0i32..20_000, later in 0i32..20_000, level in 0usize..3) {
            let priority = Priority::ALL[level];
            let day = |days: i32| order_day(date(2000, 1, 1).saturating_add(days.days()), priority);
            prop_assert_eq!(earlier.cmp(&later), day(earlier).cmp(&day(later)));
        }
    }
}
