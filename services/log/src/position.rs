//! A place in the log.

use std::fmt;
use std::str::FromStr;

/// Digits of a position's text: enough for every `u64`, so that byte order is the log's order.
const DIGITS: usize = 20;

/// No position is higher: there is always a place after it, and SQL can hold both.
const HIGHEST: u64 = i64::MAX.cast_unsigned() - 1;

/// The place of an event in the log: 1, 2, 3, … without gaps. 0 is the place before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position(u64);

/// The text was not a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a position: twenty digits are expected")]
pub struct NotAPosition;

impl Position {
    /// Before the first event.
    pub const START: Self = Self(0);

    /// The position with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The place after this one.
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// As SQL keeps it. Positions stay far below 2⁶³; a text that says otherwise does not parse, since
    /// here it would come out negative and mean "from the beginning".
    pub(crate) const fn sql(self) -> i64 {
        self.0.cast_signed()
    }

    pub(crate) const fn from_sql(number: i64) -> Self {
        Self(number.cast_unsigned())
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0width$}", self.0, width = DIGITS)
    }
}

impl FromStr for Position {
    type Err = NotAPosition;

    fn from_str(text: &str) -> Result<Self, NotAPosition> {
        if text.len() != DIGITS || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotAPosition);
        }
        let number = text.parse().map_err(|_| NotAPosition)?;
        if number > HIGHEST { Err(NotAPosition) } else { Ok(Self(number)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_sorts_as_numbers_do_and_comes_back() {
        let (nine, ten) = (Position::new(9), Position::new(10));
        assert!(nine.to_string() < ten.to_string());
        assert_eq!(ten.to_string(), "00000000000000000010");
        assert_eq!(ten.to_string().parse(), Ok(ten));
        for other in [
            "",
            "10",
            "+0000000000000000010",
            "99999999999999999999",
            "18446744073709551615",
            "09223372036854775807",
        ] {
            assert_eq!(other.parse::<Position>(), Err(NotAPosition), "{other:?}");
        }
    }
}
