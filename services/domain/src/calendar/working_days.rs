//! Working days: not a Saturday, a Sunday or a bank holiday (conventions C3 and C4).

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::civil::{Date, Weekday};

use crate::codes::table::Table;

/// The days off of England and Wales, for the years that the file covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    holidays: BTreeSet<Date>,
    years: BTreeSet<i16>,
    version: String,
}

/// The calendar says nothing about this year; "no holidays" would be a guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bank holidays of {year} are not in the calendar")]
pub struct YearOutsideCalendar {
    /// The year asked about.
    pub year: i16,
}

/// A calendar file that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CalendarFault {
    /// A line, counted from 2, whose `date` is not an ISO date.
    #[error("line {line}: not a date of the form 2026-12-25")]
    NotADate {
        /// Line of the file, blank lines not counted.
        line: usize,
    },
    /// No day at all.
    #[error("no bank holidays in the file")]
    Empty,
}

static ENGLAND_AND_WALES: LazyLock<Calendar> = LazyLock::new(|| {
    let text = include_str!("../../data/bank_holidays.csv");
    Calendar::from_csv(text).unwrap_or_else(|_| Calendar::of(BTreeSet::new()))
});

impl Calendar {
    /// The built-in calendar of England and Wales.
    pub fn england_and_wales() -> &'static Self {
        &ENGLAND_AND_WALES
    }

    /// Reads a file with the columns `date,title`.
    ///
    /// # Errors
    /// [`CalendarFault`] for a line without a date, or a file without days.
    pub fn from_csv(text: &str) -> Result<Self, CalendarFault> {
        let mut holidays = BTreeSet::new();
        for (index, row) in Table::read(text).rows().enumerate() {
            let day = row.date("date").ok_or(CalendarFault::NotADate { line: index + 2 })?;
            holidays.insert(day);
        }
        if holidays.is_empty() {
            return Err(CalendarFault::Empty);
        }
        Ok(Self::of(holidays))
    }

    fn of(holidays: BTreeSet<Date>) -> Self {
        let years: BTreeSet<i16> = holidays.iter().map(|day| day.year()).collect();
        let version = version(&holidays, &years);
        Self { holidays, years, version }
    }

    /// Names this set of days; stored with every deadline computed from it. Changes when any day
    /// does.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether a day is a working day.
    ///
    /// # Errors
    /// [`YearOutsideCalendar`] when the file has no day of that year.
    pub fn is_working_day(&self, day: Date) -> Result<bool, YearOutsideCalendar> {
        if !self.years.contains(&day.year()) {
            return Err(YearOutsideCalendar { year: day.year() });
        }
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        Ok(!weekend && !self.holidays.contains(&day))
    }

    /// The first working day on or after a day.
    ///
    /// # Errors
    /// [`YearOutsideCalendar`] when the count leaves the calendar.
    pub fn on_or_after(&self, day: Date) -> Result<Date, YearOutsideCalendar> {
        let mut day = day;
        while !self.is_working_day(day)? {
            day = next(day)?;
        }
        Ok(day)
    }

    /// The first working day after a day.
    ///
    /// # Errors
    /// [`YearOutsideCalendar`] when the count leaves the calendar.
    pub fn after(&self, day: Date) -> Result<Date, YearOutsideCalendar> {
        self.on_or_after(next(day)?)
    }

    /// C3, "n working days beginning with": the first working day on or after the event is day 1.
    /// Nought days end there as well.
    ///
    /// # Errors
    /// [`YearOutsideCalendar`] when the count leaves the calendar.
    pub fn working_days_starting_with(
        &self,
        event: Date,
        days: u16,
    ) -> Result<Date, YearOutsideCalendar> {
        self.count_on(self.on_or_after(event)?, days)
    }

    /// C4, "n working days of": the first working day after the event is day 1. Nought days end
    /// there as well.
    ///
    /// # Errors
    /// [`YearOutsideCalendar`] when the count leaves the calendar.
    pub fn working_days_of(&self, event: Date, days: u16) -> Result<Date, YearOutsideCalendar> {
        self.count_on(self.after(event)?, days)
    }

    /// Working days after one day and up to another, the second included.
    ///
    /// # Errors
    /// [`YearOutsideCalendar`] when the count leaves the calendar.
    pub fn working_days_between(&self, from: Date, to: Date) -> Result<u32, YearOutsideCalendar> {
        let (mut day, mut count) = (from, 0);
        while day < to {
            day = next(day)?;
            count += u32::from(self.is_working_day(day)?);
        }
        Ok(count)
    }

    fn count_on(&self, first: Date, days: u16) -> Result<Date, YearOutsideCalendar> {
        (1..days).try_fold(first, |day, _| self.after(day))
    }
}

fn next(day: Date) -> Result<Date, YearOutsideCalendar> {
    day.tomorrow().map_err(|_| YearOutsideCalendar { year: day.year() })
}

/// First and last year, and an FNV-1a hash of the days.
fn version(holidays: &BTreeSet<Date>, years: &BTreeSet<i16>) -> String {
    let text: String = holidays.iter().map(Date::to_string).collect();
    let hash = text
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let edge = |year: Option<&i16>| year.copied().unwrap_or_default();
    format!("england-and-wales-{}-{}-{hash:08x}", edge(years.first()), edge(years.last()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use rstest::rstest;

    fn calendar() -> &'static Calendar {
        Calendar::england_and_wales()
    }

    #[test]
    fn the_file_is_whole() {
        let text = include_str!("../../data/bank_holidays.csv");
        assert_eq!(Table::read(text).ragged(), Vec::<usize>::new());
        let read = Calendar::from_csv(text).expect("the embedded file is a calendar");
        assert_eq!(&read, calendar());
        assert_eq!(read.years, (2019..=2028).collect());
        assert_eq!(read.holidays.len(), 83);
        assert!(read.version().starts_with("england-and-wales-2019-2028-"));
    }

    #[rstest]
    #[case(date(2026, 12, 25), false)]
    #[case(date(2026, 12, 26), false)]
    #[case(date(2026, 12, 28), false)]
    #[case(date(2026, 12, 29), true)]
    #[case(date(2026, 4, 3), false)]
    #[case(date(2022, 9, 19), false)]
    #[case(date(2026, 9, 5), false)]
    #[case(date(2026, 9, 6), false)]
    #[case(date(2026, 9, 7), true)]
    fn weekends_and_holidays(#[case] day: Date, #[case] working: bool) {
        assert_eq!(calendar().is_working_day(day), Ok(working));
    }

    #[rstest]
    #[case(date(2018, 12, 31), 2018)]
    #[case(date(2029, 1, 1), 2029)]
    fn another_year_is_a_fault(#[case] day: Date, #[case] year: i16) {
        assert_eq!(calendar().is_working_day(day), Err(YearOutsideCalendar { year }));
    }

    #[test]
    fn a_count_that_leaves_the_calendar_is_a_fault() {
        let last = date(2028, 12, 29);
        assert_eq!(calendar().after(last), Err(YearOutsideCalendar { year: 2029 }));
        assert_eq!(calendar().working_days_of(last, 15), Err(YearOutsideCalendar { year: 2029 }));
        assert_eq!(calendar().working_days_starting_with(last, 1), Ok(last));
        let end = calendar().on_or_after(Date::MAX);
        assert_eq!(end, Err(YearOutsideCalendar { year: 9999 }));
    }

    /// Around Easter 2026: Friday 3 and Monday 6 April are holidays.
    #[test]
    fn beginning_with_counts_the_event_and_of_does_not() {
        let thursday = date(2026, 4, 2);
        assert_eq!(calendar().working_days_starting_with(thursday, 1), Ok(thursday));
        assert_eq!(calendar().working_days_starting_with(thursday, 2), Ok(date(2026, 4, 7)));
        assert_eq!(calendar().working_days_of(thursday, 1), Ok(date(2026, 4, 7)));
        let saturday = date(2026, 4, 4);
        assert_eq!(calendar().working_days_starting_with(saturday, 1), Ok(date(2026, 4, 7)));
        assert_eq!(calendar().working_days_of(saturday, 1), Ok(date(2026, 4, 7)));
        assert_eq!(calendar().working_days_starting_with(thursday, 15), Ok(date(2026, 4, 24)));
        assert_eq!(calendar().working_days_of(thursday, 15), Ok(date(2026, 4, 27)));
    }

    #[test]
    fn between_is_what_of_counts() {
        let event = date(2026, 12, 23);
        for days in 1..40 {
            let end = calendar().working_days_of(event, days).expect("inside the calendar");
            assert_eq!(calendar().working_days_between(event, end), Ok(u32::from(days)));
        }
        assert_eq!(calendar().working_days_between(event, event), Ok(0));
    }

    #[test]
    fn faults_of_a_file() {
        assert_eq!(Calendar::from_csv("date,title\n"), Err(CalendarFault::Empty));
        let bad = "date,title\n2026-01-01,New Year's Day\n25/12/2026,Christmas Day\n";
        assert_eq!(Calendar::from_csv(bad), Err(CalendarFault::NotADate { line: 3 }));
        let good = Calendar::from_csv("date,title\n2026-01-01,New Year's Day\n").expect("a file");
        assert_ne!(good.version(), calendar().version());
        assert_eq!(good.is_working_day(date(2026, 12, 25)), Ok(true));
    }
}
