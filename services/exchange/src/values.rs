//! Values as files write them: names, dates, yes and no.

use jiff::civil::Date;
use onward_domain::numbers::{Fault, Laestab};
use onward_domain::routing::authority::Authority;
use unicode_normalization::UnicodeNormalization;

/// A date, and whether it was written the British way (`04/03/2015`), as spreadsheets leave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReadDate {
    pub(crate) date: Date,
    pub(crate) british: bool,
}

/// Said of a name that holds what nobody sees.
pub(crate) const UNSEEN: &str =
    "the name holds a control character, a line break or another character that cannot be seen";

/// One line in its one spelling: white space at the ends removed, runs of it made one space, control
/// characters dropped, accents composed, apostrophes straight.
pub(crate) fn tidy(raw: &str) -> String {
    let words = raw.split(|c: char| c.is_whitespace() || c.is_control());
    one_spelling(&words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "))
}

/// `2015-03-04`, with or without a time after it, or `04/03/2015`. None: no date of the calendar.
pub(crate) fn date(raw: &str) -> Option<ReadDate> {
    let raw = raw.trim();
    if let Some((day, rest)) = raw.split_once('/') {
        let (month, year) = rest.split_once('/')?;
        let date = Date::new(number(year, 4)?, number(month, 2)?, number(day, 2)?).ok()?;
        return Some(ReadDate { date, british: true });
    }
    let day = raw.split(['T', ' ']).next()?;
    let mut parts = day.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || month.len() != 2 || day.len() != 2 {
        return None;
    }
    let date = Date::new(number(year, 4)?, number(month, 2)?, number(day, 2)?).ok()?;
    Some(ReadDate { date, british: false })
}

/// `2026-09`: a year and a month.
pub(crate) fn month(raw: &str) -> Option<(i16, i8)> {
    let (year, month) = raw.trim().split_once('-')?;
    let (year, month) = (number(year, 4)?, number::<i8>(month, 2)?);
    (1..=12).contains(&month).then_some((year, month))
}

/// Digits only, at most `longest` of them (exactly four for a year).
fn number<T: std::str::FromStr>(digits: &str, longest: usize) -> Option<T> {
    let right_length = match longest {
        4 => digits.len() == 4,
        longest => (1..=longest).contains(&digits.len()),
    };
    (right_length && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// Yes or no, in the ways that systems and people write them.
pub(crate) fn flag(raw: &str) -> Option<bool> {
    match raw.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "y" | "t" => Some(true),
        "false" | "0" | "no" | "n" | "f" => Some(false),
        _ => None,
    }
}

/// Authority and school number in one.
pub(crate) fn laestab(raw: &str) -> Result<Laestab, ()> {
    Laestab::parse(raw).map_err(drop)
}

/// A name in its one spelling: composed accents, and the straight apostrophe for those that word
/// processors put in its place.
pub fn one_spelling(name: &str) -> String {
    let straight = |c| if matches!(c, '\u{2018}' | '\u{2019}' | '\u{2bc}') { '\'' } else { c };
    name.nfc().map(straight).collect()
}

/// Code of a local authority of England, current or retired.
pub(crate) fn authority(raw: &str) -> Option<String> {
    let code = tidy(raw);
    Authority::find(&code).map(|_| code)
}

/// What is wrong with a number, in words; never the number.
pub(crate) fn fault_message(what: &str, fault: Fault) -> String {
    match fault {
        Fault::InvalidFormat => format!("this is not the shape of a {what}"),
        Fault::InvalidCheck => {
            format!(
                "this looks like a {what}, but its check digit or look-up fails: a typing slip?"
            )
        }
        Fault::Special => format!("this is a placeholder, not a {what}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date as civil;

    #[test]
    fn dates_in_the_ways_files_write_them() {
        let read = |raw| date(raw).map(|read| (read.date, read.british));
        assert_eq!(read("2015-03-04"), Some((civil(2015, 3, 4), false)));
        assert_eq!(read(" 2015-03-04T00:00:00 "), Some((civil(2015, 3, 4), false)));
        assert_eq!(read("4/3/2015"), Some((civil(2015, 3, 4), true)));
        for none in
            ["", "2015-02-30", "31/02/2015", "2015-3-4", "15-03-04", "03-04-2015", "2015-03"]
        {
            assert_eq!(read(none), None, "{none}");
        }
        assert_eq!(read("+015-03-04"), None);
    }

    #[test]
    fn months_and_flags() {
        assert_eq!(month("2026-09"), Some((2026, 9)));
        assert_eq!((month("2026-13"), month("2026-09-01"), month("Sep-26")), (None, None, None));
        assert_eq!((flag("Yes"), flag("0"), flag("maybe")), (Some(true), Some(false), None));
    }

    #[test]
    fn names_become_one_line() {
        assert_eq!(tidy("  Anne\u{a0}Marie \r\n O'Neill\t"), "Anne Marie O'Neill");
        assert_eq!(tidy("\u{0}"), "");
        assert_eq!(tidy("E\u{301}mile  O\u{2019}Neil"), "\u{c9}mile O'Neil");
    }
}
