//! Compulsory school age, and who holds the rights over a plan.

use jiff::civil::{Date, Weekday, date};

use super::academic_year::{AcademicYear, Sector};
use super::age::birthday;
use super::arithmetic::{days_before, within_days};

/// Who holds the rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RightHolder {
    /// The parent, until compulsory school age ends.
    Parent,
    /// The young person, from the next day; without capacity, through a representative.
    YoungPerson,
}

impl RightHolder {
    /// `parent` or `yp`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Parent => "parent",
            Self::YoungPerson => "yp",
        }
    }
}

/// First day of compulsory school age: the prescribed day (31 August, 31 December, 31 March) on or
/// next after the fifth birthday.
pub fn compulsory_school_age_start(date_of_birth: Date) -> Date {
    let fifth = birthday(date_of_birth, 5);
    let year = fifth.year();
    let prescribed = [date(year, 3, 31), date(year, 8, 31), date(year, 12, 31)];
    // 31 December is on or after every day of its year.
    prescribed.into_iter().find(|day| *day >= fifth).unwrap_or(fifth)
}

/// Last day of compulsory school age: the last Friday of June of the school year (1 September to
/// 31 August) in which the child turns 16.
pub fn compulsory_school_age_end(date_of_birth: Date) -> Date {
    let sixteenth = birthday(date_of_birth, 16);
    let year = AcademicYear::of(Sector::Schools, sixteenth);
    last_friday_of_june(year.start_year() + 1)
}

/// Who holds the rights on a day: not the sixteenth birthday decides, but the end of compulsory
/// school age.
pub fn right_holder(date_of_birth: Date, on: Date) -> RightHolder {
    if on <= compulsory_school_age_end(date_of_birth) {
        RightHolder::Parent
    } else {
        RightHolder::YoungPerson
    }
}

/// First day on which the young person holds the rights.
pub fn right_holder_switch(date_of_birth: Date) -> Date {
    within_days(compulsory_school_age_end(date_of_birth), 1)
}

fn last_friday_of_june(year: i16) -> Date {
    let last = date(year, 6, 30);
    let past = Weekday::Friday.until(last.weekday());
    days_before(last, u16::from(past.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::birthday_itself_counts(date(2020, 8, 31), date(2025, 8, 31))]
    #[case::next_day(date(2020, 9, 1), date(2025, 12, 31))]
    #[case::new_year(date(2020, 1, 1), date(2025, 3, 31))]
    #[case::last_of_march(date(2020, 3, 31), date(2025, 3, 31))]
    #[case::first_of_april(date(2020, 4, 1), date(2025, 8, 31))]
    #[case::last_of_december(date(2020, 12, 31), date(2025, 12, 31))]
    #[case::leap_day(date(2020, 2, 29), date(2025, 3, 31))]
    fn starts(#[case] born: Date, #[case] start: Date) {
        assert_eq!(compulsory_school_age_start(born), start);
    }

    #[rstest]
    #[case::youngest_of_the_year(date(2009, 8, 31), date(2025, 6, 27))]
    #[case::oldest_of_the_next(date(2009, 9, 1), date(2026, 6, 26))]
    #[case::same_year(date(2010, 8, 31), date(2026, 6, 26))]
    #[case::thirtieth_is_a_friday(date(2007, 1, 1), date(2023, 6, 30))]
    #[case::leap_day(date(2008, 2, 29), date(2024, 6, 28))]
    #[case::turns_sixteen_in_july(date(2010, 7, 15), date(2026, 6, 26))]
    fn ends_on_the_last_friday_of_june(#[case] born: Date, #[case] end: Date) {
        assert_eq!(compulsory_school_age_end(born), end);
        assert_eq!(right_holder(born, end), RightHolder::Parent);
        assert_eq!(right_holder(born, right_holder_switch(born)), RightHolder::YoungPerson);
        assert_eq!(right_holder_switch(born), within_days(end, 1));
    }

    #[test]
    fn the_sixteenth_birthday_changes_nothing() {
        let born = date(2009, 9, 1);
        assert_eq!(right_holder(born, date(2025, 9, 1)), RightHolder::Parent);
        assert_eq!(RightHolder::Parent.as_str(), "parent");
        assert_eq!(RightHolder::YoungPerson.as_str(), "yp");
    }

    proptest! {
        #[test]
        fn the_end_is_the_last_friday_of_a_june(offset in 0_u16..14_000) {
            let born = within_days(date(1995, 1, 1), offset);
            let end = compulsory_school_age_end(born);
            prop_assert_eq!((end.month(), end.weekday()), (6, Weekday::Friday));
            prop_assert_eq!(within_days(end, 7).month(), 7);
            prop_assert!((15..=17).contains(&(end.year() - born.year())));
            let start = compulsory_school_age_start(born);
            prop_assert!(start >= birthday(born, 5) && start <= within_days(birthday(born, 5), 152));
        }
    }
}
