//! National Curriculum year groups.

use jiff::civil::Date;

use super::{Open, UnknownCode};

closed_codes! {
    /// Year group, as `NCyearActual` codes it.
    pub enum NcYear("year group") {
        /// Early years, first year.
        E1 = "E1",
        /// Early years, second year.
        E2 = "E2",
        /// Nursery, first year.
        N1 = "N1",
        /// Nursery, second year.
        N2 = "N2",
        /// Reception.
        R = "R",
        /// Year 1.
        Y1 = "1",
        /// Year 2.
        Y2 = "2",
        /// Year 3.
        Y3 = "3",
        /// Year 4.
        Y4 = "4",
        /// Year 5.
        Y5 = "5",
        /// Year 6.
        Y6 = "6",
        /// Year 7.
        Y7 = "7",
        /// Year 8.
        Y8 = "8",
        /// Year 9.
        Y9 = "9",
        /// Year 10.
        Y10 = "10",
        /// Year 11.
        Y11 = "11",
        /// Year 12.
        Y12 = "12",
        /// Year 13.
        Y13 = "13",
        /// Year 14.
        Y14 = "14",
        /// Does not follow the National Curriculum years.
        X = "X",
    }
}

impl NcYear {
    /// Reads a year as files write it: trimmed, any case, leading zeros dropped (`07`).
    ///
    /// # Errors
    /// [`UnknownCode`] for any other text.
    pub fn read(raw: &str) -> Result<Self, UnknownCode> {
        let cleaned = raw.trim().to_ascii_uppercase();
        let digits = cleaned.trim_start_matches('0');
        Self::parse(digits)
    }

    /// The same, and what is no year group is kept as it came.
    pub fn read_open(raw: &str) -> Open<Self> {
        Self::read(raw).map_or_else(|_| Open::read(raw), Open::Known)
    }

    /// Years counted from reception = 0: nursery is below it, `X` has none.
    pub fn number(self) -> Option<i8> {
        let place = Self::ALL.iter().position(|year| *year == self)?;
        match self {
            Self::X => None,
            _ => i8::try_from(place).ok().map(|place| place - 4),
        }
    }

    /// Age in whole years on 31 August before the year begins, for the usual learner (N2 = 3).
    pub fn usual_age(self) -> Option<u8> {
        let number = self.number()?;
        // Only N2 and above have a usual age in the source; earlier years differ from place to
        // place.
        (number >= -1).then_some(number + 4).and_then(|age| u8::try_from(age).ok())
    }

    /// The usual year group of a learner in the school year that begins on 1 September of `start`.
    /// None below N2 and above year 14. Never a reason to refuse: out-of-year learners exist.
    pub fn usual(date_of_birth: Date, start: i16) -> Option<Self> {
        let born_late = (date_of_birth.month(), date_of_birth.day()) > (8, 31);
        let age = start - date_of_birth.year() - i16::from(born_late);
        let age = u8::try_from(age).ok()?;
        Self::ALL.iter().copied().find(|year| year.usual_age() == Some(age))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::assert_set;
    use jiff::civil::date;
    use rstest::rstest;

    #[test]
    fn the_set_is_that_of_the_page() {
        assert_set::<NcYear>("E1, E2, N1, N2, R, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, X");
    }

    #[rstest]
    #[case("N2", Some(3))]
    #[case("R", Some(4))]
    #[case("1", Some(5))]
    #[case("6", Some(10))]
    #[case("7", Some(11))]
    #[case("11", Some(15))]
    #[case("14", Some(18))]
    #[case("X", None)]
    #[case("E1", None)]
    fn usual_ages(#[case] code: &str, #[case] age: Option<u8>) {
        assert_eq!(NcYear::parse(code).map(NcYear::usual_age), Ok(age));
    }

    #[test]
    fn born_on_31_august_and_1_september_are_a_year_apart() {
        assert_eq!(NcYear::usual(date(2014, 8, 31), 2025), Some(NcYear::Y7));
        assert_eq!(NcYear::usual(date(2014, 9, 1), 2025), Some(NcYear::Y6));
        assert_eq!(NcYear::usual(date(2025, 1, 1), 2025), None);
        assert_eq!(NcYear::usual(date(2026, 1, 1), 2025), None);
        assert_eq!(NcYear::usual(date(1990, 1, 1), 2025), None);
    }

    #[test]
    fn files_write_years_in_several_ways() {
        assert_eq!(NcYear::read(" 07 "), Ok(NcYear::Y7));
        assert_eq!(NcYear::read("r"), Ok(NcYear::R));
        assert!(
            NcYear::read("15").is_err() && NcYear::read("").is_err() && NcYear::read("0").is_err()
        );
    }
}
