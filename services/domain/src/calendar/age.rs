//! A learner's age on a day, in completed months.

use std::fmt;

use jiff::civil::{Date, date};

/// Completed months since birth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Age {
    months: u16,
}

/// The day on which somebody completes this many years. Born on 29 February, they do so on 1 March
/// of a common year, not a day early.
pub fn birthday(date_of_birth: Date, years: i16) -> Date {
    let year = date_of_birth.year().saturating_add(years).clamp(1, 9998);
    let same = Date::new(year, date_of_birth.month(), date_of_birth.day());
    same.unwrap_or_else(|_| date(year, 3, 1))
}

impl Age {
    /// This many completed months.
    pub const fn from_months(months: u16) -> Self {
        Self { months }
    }

    /// Age on a day; none before birth. A month is completed on the day of the same number, and
    /// where the month has none, on the first of the next.
    pub fn on(date_of_birth: Date, on: Date) -> Option<Self> {
        let index = |day: Date| i32::from(day.year()) * 12 + i32::from(day.month());
        let begun = index(on) - index(date_of_birth);
        let completed = begun - i32::from(on.day() < date_of_birth.day());
        u16::try_from(completed).ok().map(Self::from_months)
    }

    /// Reads `2y6m`, `2;6` (years; months), `2y`, `6m` or `2`. None for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (years, months) = if let Some((years, months)) = text.split_once(';') {
            (years, months)
        } else if let Some((years, rest)) = text.split_once('y') {
            (years, if rest.is_empty() { "0" } else { rest.strip_suffix('m')? })
        } else if let Some(months) = text.strip_suffix('m') {
            ("0", months)
        } else {
            (text, "0")
        };
        let (years, months) = (number(years)?, number(months)?);
        (months < 12 || years == 0).then_some(Self { months: years * 12 + months })
    }

    /// Completed months.
    pub const fn months(self) -> u16 {
        self.months
    }

    /// Completed years.
    pub const fn years(self) -> u16 {
        self.months / 12
    }
}

/// Up to three digits, nothing else: no sign, no space.
fn number(text: &str) -> Option<u16> {
    let digits =
        !text.is_empty() && text.len() <= 3 && text.bytes().all(|sign| sign.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// `2y6m`.
impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}y{}m", self.years(), self.months % 12)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case(date(2024, 3, 15), date(2026, 9, 14), Some("2y5m"))]
    #[case(date(2024, 3, 15), date(2026, 9, 15), Some("2y6m"))]
    #[case(date(2024, 3, 15), date(2024, 3, 15), Some("0y0m"))]
    #[case(date(2024, 3, 15), date(2024, 3, 14), None)]
    #[case::leap_day_in_a_common_year(date(2020, 2, 29), date(2025, 2, 28), Some("4y11m"))]
    #[case::leap_day_the_day_after(date(2020, 2, 29), date(2025, 3, 1), Some("5y0m"))]
    #[case::leap_day_in_a_leap_year(date(2020, 2, 29), date(2024, 2, 29), Some("4y0m"))]
    #[case::short_month(date(2026, 1, 31), date(2026, 2, 28), Some("0y0m"))]
    #[case::after_a_short_month(date(2026, 1, 31), date(2026, 3, 1), Some("0y1m"))]
    fn completed_months(#[case] born: Date, #[case] on: Date, #[case] age: Option<&str>) {
        assert_eq!(Age::on(born, on).map(|age| age.to_string()).as_deref(), age);
    }

    #[rstest]
    #[case("2y6m", Some(30))]
    #[case("11y0m", Some(132))]
    #[case("6y", Some(72))]
    #[case("2;6", Some(30))]
    #[case("7", Some(84))]
    #[case("18m", Some(18))]
    #[case(" 3y0m ", Some(36))]
    #[case("2y12m", None)]
    #[case("2;12", None)]
    #[case("-2", None)]
    #[case("+2", None)]
    #[case("y", None)]
    #[case("2y6", None)]
    #[case("", None)]
    #[case("9999", None)]
    #[case("two", None)]
    fn ages_are_read(#[case] text: &str, #[case] months: Option<u16>) {
        assert_eq!(Age::parse(text).map(Age::months), months);
    }

    proptest! {
        #[test]
        fn a_year_is_completed_on_the_birthday(offset in 0_i16..366, years in 0_i16..30) {
            let born = super::super::within_days(date(2020, 1, 1), offset.unsigned_abs());
            let day = birthday(born, years);
            let age = Age::on(born, day).expect("after birth");
            prop_assert_eq!(age.months(), years.unsigned_abs() * 12);
            let eve = Age::on(born, super::super::days_before(day, 1));
            prop_assert!(eve < Some(age));
        }

        #[test]
        fn what_is_written_is_read(months in 0_u16..400) {
            let age = Age::from_months(months);
            prop_assert_eq!(Age::parse(&age.to_string()), Some(age));
        }
    }
}
