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

pub use academic_year::{AcademicYear, Sector};
pub use age::Age;
pub use arithmetic::{
    Timeliness, add_months, days_before, days_starting_with, judge, within_days, within_weeks,
};
pub use school_age::{
    RightHolder, compulsory_school_age_end, compulsory_school_age_start, right_holder,
};
pub use working_days::{Calendar, CalendarFault, YearOutsideCalendar};
