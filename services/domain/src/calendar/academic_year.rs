//! Academic years: schools from 1 September to 31 August, further education from 1 August to 31
//! July.

use std::fmt;

use jiff::civil::{Date, date};

/// Whose year is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sector {
    /// 1 September to 31 August.
    Schools,
    /// 1 August to 31 July.
    FurtherEducation,
}

/// One academic year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AcademicYear {
    sector: Sector,
    start: i16,
}

impl Sector {
    const fn first_month(self) -> i8 {
        match self {
            Self::Schools => 9,
            Self::FurtherEducation => 8,
        }
    }
}

impl AcademicYear {
    /// The year that begins in this calendar year.
    ///
    /// Years outside 1 to 9997 are brought to the nearest of them, so that both ends are dates.
    pub fn starting(sector: Sector, start: i16) -> Self {
        Self { sector, start: start.clamp(1, 9997) }
    }

    /// The year that holds a day.
    pub fn of(sector: Sector, day: Date) -> Self {
        let begun = day.month() >= sector.first_month();
        Self::starting(sector, if begun { day.year() } else { day.year() - 1 })
    }

    /// Calendar year of its first day.
    pub const fn start_year(self) -> i16 {
        self.start
    }

    /// Its first day.
    pub fn first_day(self) -> Date {
        date(self.start, self.sector.first_month(), 1)
    }

    /// Its last day.
    pub fn last_day(self) -> Date {
        date(self.start + 1, self.sector.first_month() - 1, 1).last_of_month()
    }

    /// Whether it holds a day.
    pub fn contains(self, day: Date) -> bool {
        (self.first_day()..=self.last_day()).contains(&day)
    }

    /// The year after it.
    pub fn next(self) -> Self {
        Self::starting(self.sector, self.start + 1)
    }
}

/// `2026/27`.
impl fmt::Display for AcademicYear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:02}", self.start, (self.start + 1) % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(Sector::Schools, date(2026, 8, 31), 2025)]
    #[case(Sector::Schools, date(2026, 9, 1), 2026)]
    #[case(Sector::FurtherEducation, date(2026, 7, 31), 2025)]
    #[case(Sector::FurtherEducation, date(2026, 8, 1), 2026)]
    #[case(Sector::Schools, date(2026, 1, 1), 2025)]
    fn the_day_after_the_last_is_the_next_year(
        #[case] sector: Sector,
        #[case] day: Date,
        #[case] start: i16,
    ) {
        let year = AcademicYear::of(sector, day);
        assert_eq!(year.start_year(), start);
        assert!(year.contains(day) && !year.next().contains(day));
    }

    #[test]
    fn its_ends_and_its_name() {
        let schools = AcademicYear::starting(Sector::Schools, 2026);
        assert_eq!(schools.first_day(), date(2026, 9, 1));
        assert_eq!(schools.last_day(), date(2027, 8, 31));
        assert_eq!(schools.to_string(), "2026/27");
        let colleges = AcademicYear::starting(Sector::FurtherEducation, 2099);
        assert_eq!(colleges.last_day(), date(2100, 7, 31));
        assert_eq!(colleges.to_string(), "2099/00");
        assert_eq!(AcademicYear::of(Sector::Schools, Date::MAX).start_year(), 9997);
    }
}
