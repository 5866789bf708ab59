//! Dates as the rules count them: working days, months, academic years, school age.
//!
//! All dates are civil dates of Europe/London; which day "today" is, comes in with the command. The
//! names C1 to C6 are those of the conventions that the rules page numbers.

pub mod academic_year;
pub mod age;
pub mod arithmetic;
pub mod glance;
pub mod school_age;
pub mod working_days;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

pub use academic_year::{AcademicYear, Sector};
pub use age::Age;
pub use arithmetic::{
    Timeliness, add_months, days_before, days_starting_with, judge, within_days, within_weeks,
};
pub use school_age::{
    RightHolder, compulsory_school_age_end, compulsory_school_age_start, right_holder,
};
pub use working_days::{Calendar, CalendarFault, YearOutsideCalendar};

/// The civil day in England of a moment (convention C7 of the rules); the zone's data are compiled in.
pub fn day_in_england(at: Timestamp) -> Date {
    at.to_zoned_datetime(TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC)).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summer_night_belongs_to_the_next_day() {
        let at = |text: &str| text.parse().expect("a moment");
        assert_eq!(day_in_england(at("2026-07-01T22:59:59Z")), jiff::civil::date(2026, 7, 1));
        assert_eq!(day_in_england(at("2026-07-01T23:00:00Z")), jiff::civil::date(2026, 7, 2));
        assert_eq!(day_in_england(at("2026-12-01T23:59:59Z")), jiff::civil::date(2026, 12, 1));
    }
}
