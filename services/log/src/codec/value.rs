//! Single values: ids, codes, days, moments, small numbers. Writing is total, reading refuses.

use std::fmt::Display;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use onward_contract::google::r#type::Date as WireDate;
use onward_domain::codes::{CodeSet, Open};
use onward_domain::ids::NotAnId;
use onward_domain::transition::Planned;

use super::DecodeError;

/// What reading answers.
pub(super) type Read<T> = Result<T, DecodeError>;

// === ids ===

/// An id that may be absent: empty text.
pub(super) fn id(id: Option<impl Display>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

/// An id that has to be there.
pub(super) fn read_id<T: FromStr<Err = NotAnId>>(text: &str) -> Read<T> {
    text.parse().map_err(|_| DecodeError::Malformed)
}

/// An id that may be absent.
pub(super) fn read_optional_id<T: FromStr<Err = NotAnId>>(text: &str) -> Read<Option<T>> {
    if text.is_empty() { Ok(None) } else { read_id(text).map(Some) }
}

// === codes ===

/// The official spelling of a code.
pub(super) fn code(code: impl CodeSet) -> String {
    code.code().to_owned()
}

/// A code that may be absent: empty text, which is no code of any set.
pub(super) fn optional_code(found: Option<impl CodeSet>) -> String {
    found.map(code).unwrap_or_default()
}

/// A code of a closed set.
pub(super) fn read_code<T: CodeSet>(text: &str) -> Read<T> {
    T::from_code(text).map_err(|_| DecodeError::Malformed)
}

/// A code of a closed set that may be absent.
pub(super) fn read_optional_code<T: CodeSet>(text: &str) -> Read<Option<T>> {
    if text.is_empty() { Ok(None) } else { read_code(text).map(Some) }
}

/// A code of a set that is held open: any text, spelled as it was written.
pub(super) fn read_open<T: CodeSet>(text: &str) -> Read<Open<T>> {
    read_optional_open(text).ok_or(DecodeError::Malformed)
}

/// The same where it may be absent.
pub(super) fn read_optional_open<T: CodeSet>(text: &str) -> Option<Open<T>> {
    let read = || T::from_code(text).map_or_else(|_| Open::Unknown(text.to_owned()), Open::Known);
    (!text.is_empty()).then(read)
}

// === days and moments ===

/// A civil day. A field of a message is always an `Option`, so this gives one.
pub(super) fn day(day: Date) -> Option<WireDate> {
    Some(WireDate {
        year: i32::from(day.year()),
        month: i32::from(day.month()),
        day: i32::from(day.day()),
    })
}

/// A civil day that may be absent.
pub(super) fn optional_day(found: Option<Date>) -> Option<WireDate> {
    found.and_then(day)
}

/// A civil day that has to be there.
pub(super) fn read_day(found: Option<WireDate>) -> Read<Date> {
    let WireDate { year, month, day } = found.ok_or(DecodeError::Malformed)?;
    Date::new(narrow(year)?, narrow(month)?, narrow(day)?).map_err(|_| DecodeError::Malformed)
}

/// A civil day that may be absent.
pub(super) fn read_optional_day(found: Option<WireDate>) -> Read<Option<Date>> {
    found.map(|found| read_day(Some(found))).transpose()
}

/// A planned day, or a month alone, whose day is 0.
pub(super) fn planned(planned: Planned) -> Option<WireDate> {
    match planned {
        Planned::Day(date) => day(date),
        Planned::Month { year, month } => {
            Some(WireDate { year: i32::from(year), month: i32::from(month), day: 0 })
        }
    }
}

/// Back from [`planned`].
pub(super) fn read_planned(found: Option<WireDate>) -> Read<Planned> {
    match found {
        Some(WireDate { year, month: month @ 1..=12, day: 0 }) => {
            Ok(Planned::Month { year: narrow(year)?, month: narrow(month)? })
        }
        other => read_day(other).map(Planned::Day),
    }
}

/// A moment, to the nanosecond.
pub(super) fn moment(at: Timestamp) -> Option<prost_types::Timestamp> {
    // The wire counts nanoseconds upwards from the second below, before 1970 too.
    let (second, below) = (at.as_second(), at.subsec_nanosecond());
    let (seconds, nanos) =
        if below < 0 { (second - 1, below + 1_000_000_000) } else { (second, below) };
    Some(prost_types::Timestamp { seconds, nanos })
}

/// A moment that has to be there.
pub(super) fn read_moment(found: Option<prost_types::Timestamp>) -> Read<Timestamp> {
    let prost_types::Timestamp { seconds, nanos } = found.ok_or(DecodeError::Malformed)?;
    if !(0..1_000_000_000).contains(&nanos) {
        return Err(DecodeError::Malformed);
    }
    Timestamp::new(seconds, nanos).map_err(|_| DecodeError::Malformed)
}

// === numbers ===

/// A number that fits into a smaller type of the domain.
pub(super) fn narrow<W, N: TryFrom<W>>(number: W) -> Read<N> {
    N::try_from(number).map_err(|_| DecodeError::Malformed)
}

/// A number that may be absent and fits into a smaller type of the domain.
pub(super) fn narrow_optional<W, N: TryFrom<W>>(number: Option<W>) -> Read<Option<N>> {
    number.map(narrow).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn moments_before_1970_count_upwards() {
        let at = Timestamp::new(-1, -250_000_000).expect("a moment");
        let wire = moment(at).expect("always there");
        assert_eq!((wire.seconds, wire.nanos), (-2, 750_000_000));
        assert_eq!(read_moment(Some(wire)), Ok(at));
        for extreme in [Timestamp::MIN, Timestamp::MAX, Timestamp::UNIX_EPOCH] {
            assert_eq!(read_moment(moment(extreme)), Ok(extreme));
        }
    }

    #[test]
    fn a_planned_month_is_no_day() {
        let month = Planned::Month { year: 2026, month: 9 };
        let first = Planned::Day(date(2026, 9, 1));
        assert_eq!(read_planned(planned(month)), Ok(month));
        assert_eq!(read_planned(planned(first)), Ok(first));
        assert_eq!(read_day(planned(month)), Err(DecodeError::Malformed));
    }

    #[test]
    fn days_and_moments_that_cannot_be_are_refused() {
        let day = |year, month, day| Some(WireDate { year, month, day });
        for wrong in [None, day(2026, 2, 30), day(2026, 13, 0), day(70_000, 1, 1), day(2026, 0, 0)]
        {
            assert_eq!(read_planned(wrong), Err(DecodeError::Malformed));
        }
        for (seconds, nanos) in [(0, -1), (0, 1_000_000_000), (i64::MAX, 0), (i64::MIN, 0)] {
            let wrong = prost_types::Timestamp { seconds, nanos };
            assert_eq!(read_moment(Some(wrong)), Err(DecodeError::Malformed));
        }
    }
}
