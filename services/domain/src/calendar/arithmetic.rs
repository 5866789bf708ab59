//! Days and months from an event, and what being late means (conventions C1, C2, C3, C5, C6).
//!
//! C5: no function here moves a date off a weekend or holiday; a rule that does says so and asks
//! the [`Calendar`](super::Calendar). Results beyond the year 9999 stop at its last day.

use jiff::{ToSpan, civil::Date};

/// C1, "within n days of": the event is day 0.
pub fn within_days(event: Date, days: u16) -> Date {
    event.saturating_add(i64::from(days).days())
}

/// C1, "within n weeks of": 7n calendar days.
pub fn within_weeks(event: Date, weeks: u16) -> Date {
    event.saturating_add((i64::from(weeks) * 7).days())
}

/// The day n days before an event, for what has to be done ahead of it.
pub fn days_before(event: Date, days: u16) -> Date {
    event.saturating_sub(i64::from(days).days())
}

/// C2: the same day number n months on (back, when negative), else the month's last day. Always
/// counted from the original date, never month by month.
pub fn add_months(from: Date, months: i32) -> Date {
    from.saturating_add(months.months())
}

/// C3, "n days beginning with": the event is day 1. Nought days end on the event as well.
pub fn days_starting_with(event: Date, days: u16) -> Date {
    within_days(event, days.saturating_sub(1))
}

/// Whether something was done in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timeliness {
    /// On the last good day or before.
    OnTime,
    /// This many days after the last good day.
    Late(u32),
}

/// C6: judges a deed against a deadline. `strict` reads the deadline as "before", which moves the
/// last good day one day earlier.
pub fn judge(done: Date, deadline: Date, strict: bool) -> Timeliness {
    let last_good = if strict { days_before(deadline, 1) } else { deadline };
    match u32::try_from(days_between(last_good, done)) {
        Ok(0) | Err(_) => Timeliness::OnTime,
        Ok(late) => Timeliness::Late(late),
    }
}

/// Calendar days from one date to another; negative when the second is earlier.
pub fn days_between(from: Date, to: Date) -> i64 {
    to.duration_since(from).as_hours() / 24
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;
    use rstest::rstest;

    #[test]
    fn the_event_is_day_nought_or_day_one() {
        let event = date(2026, 6, 1);
        assert_eq!(within_days(event, 14), date(2026, 6, 15));
        assert_eq!(within_weeks(event, 20), date(2026, 10, 19));
        assert_eq!(within_weeks(event, 20), within_days(event, 140));
        assert_eq!(days_starting_with(event, 15), date(2026, 6, 15));
        assert_eq!((days_starting_with(event, 1), days_starting_with(event, 0)), (event, event));
        assert_eq!(days_before(event, 14), date(2026, 5, 18));
    }

    #[rstest]
    #[case(date(2026, 1, 31), 1, date(2026, 2, 28))]
    #[case(date(2028, 1, 31), 1, date(2028, 2, 29))]
    #[case(date(2026, 1, 31), 2, date(2026, 3, 31))]
    #[case(date(2026, 7, 31), -5, date(2026, 2, 28))]
    #[case(date(2028, 2, 29), 12, date(2029, 2, 28))]
    #[case(date(2028, 2, 29), 48, date(2032, 2, 29))]
    #[case(date(2026, 9, 1), -5, date(2026, 4, 1))]
    #[case(date(2026, 11, 30), 3, date(2027, 2, 28))]
    #[case(date(2026, 5, 5), 0, date(2026, 5, 5))]
    fn months_are_clamped(#[case] from: Date, #[case] months: i32, #[case] expected: Date) {
        assert_eq!(add_months(from, months), expected);
    }

    #[test]
    fn months_are_counted_from_the_original_date() {
        let from = date(2026, 1, 31);
        assert_ne!(add_months(add_months(from, 1), 1), add_months(from, 2));
    }

    #[rstest]
    #[case(date(2030, 2, 15), false, Timeliness::OnTime)]
    #[case(date(2030, 2, 15), true, Timeliness::Late(1))]
    #[case(date(2030, 2, 14), true, Timeliness::OnTime)]
    #[case(date(2030, 2, 20), false, Timeliness::Late(5))]
    #[case(date(2030, 2, 20), true, Timeliness::Late(6))]
    #[case(date(2029, 1, 1), true, Timeliness::OnTime)]
    fn strict_moves_the_last_good_day(
        #[case] done: Date,
        #[case] strict: bool,
        #[case] expected: Timeliness,
    ) {
        assert_eq!(judge(done, date(2030, 2, 15), strict), expected);
    }

    proptest! {
        #[test]
        fn days_there_and_back(days in 0_u16..5000, offset in 0_u16..5000) {
            let event = within_days(date(2020, 1, 1), offset);
            let later = within_days(event, days);
            prop_assert_eq!(days_between(event, later), i64::from(days));
            prop_assert_eq!(days_between(later, event), -i64::from(days));
            prop_assert_eq!(days_before(later, days), event);
        }

        #[test]
        fn months_never_leave_their_month(months in -600_i32..600, offset in 0_u16..5000) {
            let from = within_days(date(2020, 1, 1), offset);
            let to = add_months(from, months);
            let index = |day: Date| i32::from(day.year()) * 12 + i32::from(day.month());
            prop_assert_eq!(index(to) - index(from), months);
            prop_assert!(to.day() == from.day() || to == to.last_of_month());
        }
    }
}
