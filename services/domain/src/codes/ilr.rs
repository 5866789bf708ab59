//! LLDD categories of the individualised learner record, from `data/lldd.csv`.

use std::fmt;
use std::sync::LazyLock;

use jiff::civil::Date;

use super::table::{Table, in_force};

/// One line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LlddRow {
    /// Code as files write it.
    pub code: &'static str,
    /// Name in words.
    pub label: &'static str,
    /// First day of use, where known.
    pub valid_from: Option<Date>,
    /// Last day of use; none = in use.
    pub valid_to: Option<Date>,
    /// It may be flagged as the primary one.
    pub may_be_primary: bool,
}

/// LLDD category as recorded: a code of the table, current or ended, or kept as it came.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum LlddCategory {
    /// A code of the table.
    Known(&'static LlddRow),
    /// A code that the table does not have; kept and reported.
    Unknown(String),
}

static TABLE: LazyLock<Vec<LlddRow>> = LazyLock::new(|| {
    let table = Table::read(include_str!("../../data/lldd.csv"));
    let rows = table.rows().map(|row| LlddRow {
        code: row.text("code"),
        label: row.text("label"),
        valid_from: row.date("valid_from"),
        valid_to: row.date("valid_to"),
        may_be_primary: row.text("primary_flag") == "yes",
    });
    rows.collect()
});

impl LlddCategory {
    /// Every line of the table, the ended ones too.
    pub fn table() -> &'static [LlddRow] {
        &TABLE
    }

    /// Reads a code, trimmed. Never fails: what is not in the table is kept.
    pub fn read(raw: &str) -> Self {
        let code = raw.trim();
        match TABLE.iter().find(|row| row.code == code) {
            Some(row) => Self::Known(row),
            None => Self::Unknown(code.to_owned()),
        }
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(row) => row.code,
            Self::Unknown(code) => code,
        }
    }

    /// Whether the code was in use on a day. Unknown codes never are.
    pub fn is_current(&self, on: Date) -> bool {
        match self {
            Self::Known(row) => in_force(row.valid_from, row.valid_to, on),
            Self::Unknown(_) => false,
        }
    }
}

/// An unknown code is whatever a file held in that place: never printed.
impl fmt::Debug for LlddCategory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(row) => write!(f, "Known({})", row.code),
            Self::Unknown(_) => f.write_str("Unknown(…)"),
        }
    }
}

/// What is wrong with the categories of one learner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LlddFault {
    /// `LLDDHealthProb` 1 asks for at least one category.
    #[error("a learning difficulty is declared, but no category is given")]
    Missing,
    /// More than 22 categories.
    #[error("more than 22 categories are given")]
    TooMany,
    /// Exactly one category is the primary one, unless all are 98 or 99.
    #[error("exactly one category must be the primary one")]
    Primary,
}

/// Most categories that one learner may have.
pub const MOST_CATEGORIES: usize = 22;

/// Checks the categories of one learner, each with its primary flag, beside `LLDDHealthProb`
/// (`declared` = 1).
///
/// # Errors
/// The first [`LlddFault`] met.
pub fn check(declared: bool, categories: &[(LlddCategory, bool)]) -> Result<(), LlddFault> {
    if categories.is_empty() {
        return if declared { Err(LlddFault::Missing) } else { Ok(()) };
    }
    if categories.len() > MOST_CATEGORIES {
        return Err(LlddFault::TooMany);
    }
    let (mut primaries, mut needs_primary) = (0, false);
    for (category, primary) in categories {
        let may = !matches!(category, LlddCategory::Known(row) if !row.may_be_primary);
        needs_primary |= may;
        primaries += usize::from(*primary);
        if *primary && !may {
            return Err(LlddFault::Primary);
        }
    }
    if primaries == usize::from(needs_primary) { Ok(()) } else { Err(LlddFault::Primary) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use rstest::rstest;

    #[test]
    fn the_table_is_that_of_the_page() {
        assert_eq!(Table::read(include_str!("../../data/lldd.csv")).ragged(), Vec::<usize>::new());
        let codes: Vec<_> = LlddCategory::table().iter().map(|row| row.code).collect();
        let page = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 93 94 95 96 97 98 99";
        assert_eq!(codes.join(" "), page);
        let ended = LlddCategory::table().iter().filter(|row| row.valid_to.is_some());
        assert_eq!(ended.map(|row| row.code).collect::<Vec<_>>(), ["1", "2", "3", "15"]);
    }

    #[test]
    fn an_ended_code_stays_readable_and_an_unknown_one_is_kept() {
        let asperger = LlddCategory::read("15");
        assert!(asperger.is_current(date(2025, 7, 31)) && !asperger.is_current(date(2025, 8, 1)));
        let odd = LlddCategory::read(" 18 ");
        assert_eq!((odd.as_str(), odd.is_current(date(2026, 1, 1))), ("18", false));
        assert_eq!(format!("{odd:?} {asperger:?}"), "Unknown(…) Known(15)");
    }

    #[rstest]
    #[case(true, &[("12", true), ("17", false)], Ok(()))]
    #[case(true, &[("12", false), ("17", false)], Err(LlddFault::Primary))]
    #[case(true, &[("12", true), ("17", true)], Err(LlddFault::Primary))]
    #[case(true, &[("98", false)], Ok(()))]
    #[case(true, &[("99", true)], Err(LlddFault::Primary))]
    #[case(true, &[], Err(LlddFault::Missing))]
    #[case(false, &[], Ok(()))]
    fn one_primary(
        #[case] declared: bool,
        #[case] given: &[(&str, bool)],
        #[case] expected: Result<(), LlddFault>,
    ) {
        let given: Vec<_> =
            given.iter().map(|(code, one)| (LlddCategory::read(code), *one)).collect();
        assert_eq!(check(declared, &given), expected);
    }

    #[test]
    fn no_more_than_twenty_two() {
        let many = vec![(LlddCategory::read("98"), false); MOST_CATEGORIES + 1];
        assert_eq!(check(true, &many), Err(LlddFault::TooMany));
        assert_eq!(check(true, &many[1..]), Ok(()));
    }

    #[test]
    fn every_suggestion_of_the_need_types_is_a_category() {
        let needs = crate::codes::need::NeedType::table().iter();
        for suggestion in needs.flat_map(|row| &row.ilr_suggested) {
            assert!(matches!(LlddCategory::read(suggestion), LlddCategory::Known(_)));
        }
    }
}
