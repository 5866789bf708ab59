//! Positions, moments and days as the 64-bit numbers that both databases hold.

use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan as _, Unit};
use onward_log::Position;

use crate::error::ViewError;

/// The number of a position. Positions stay far below 2^63.
pub(crate) fn of_position(position: Position) -> i64 {
    i64::try_from(position.get()).unwrap_or(i64::MAX)
}

/// The position of a number.
pub(crate) fn position(number: i64) -> Position {
    Position::new(u64::try_from(number).unwrap_or_default())
}

/// Nanoseconds since 1970. Moments of recording lie between 1970 and 2262.
pub(crate) fn of_moment(moment: Timestamp) -> i64 {
    let number = moment.as_nanosecond();
    i64::try_from(number).unwrap_or(if number < 0 { i64::MIN } else { i64::MAX })
}

/// The moment of a number.
///
/// # Errors
/// `Damaged`: cannot be for what [`of_moment`] wrote.
pub(crate) fn moment(number: i64) -> Result<Timestamp, ViewError> {
    Timestamp::from_nanosecond(i128::from(number))
        .map_err(|_| ViewError::Damaged("a moment out of range"))
}

/// Days since 1 January 1970.
pub(crate) fn of_day(day: Date) -> i64 {
    let since = date(1970, 1, 1).until((Unit::Day, day));
    since.map_or(0, |span| i64::from(span.get_days()))
}

/// The day of a number.
///
/// # Errors
/// `Damaged`: cannot be for what [`of_day`] wrote.
pub(crate) fn day(number: i64) -> Result<Date, ViewError> {
    let far = ViewError::Damaged("a day out of range");
    let days = i32::try_from(number).map_err(|_| ViewError::Damaged("a day out of range"))?;
    let span = 0.days().try_days(days).map_err(|_| ViewError::Damaged("a day out of range"))?;
    date(1970, 1, 1).checked_add(span).map_err(|_| far)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_moments_come_back() {
        for one in [date(1970, 1, 1), date(2026, 2, 28), date(1969, 12, 31), date(2055, 6, 1)] {
            assert_eq!(day(of_day(one)).ok(), Some(one));
        }
        assert_eq!(of_day(date(1970, 1, 2)), 1);
        let now = Timestamp::from_nanosecond(1_780_000_000_123_456_789).ok();
        assert_eq!(now.and_then(|now| moment(of_moment(now)).ok()), now);
        assert!(day(i64::MAX).is_err());
    }
}
