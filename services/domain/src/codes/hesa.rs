//! HESA disability codes, from `data/hesa_disability.csv`.

use std::fmt;
use std::sync::LazyLock;

use jiff::civil::Date;

use super::table::{Table, in_force};

/// One line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HesaRow {
    /// Code as files write it.
    pub code: &'static str,
    /// Name in words.
    pub label: &'static str,
    /// First day of use, where known.
    pub valid_from: Option<Date>,
    /// Last day of use; none = in use.
    pub valid_to: Option<Date>,
    /// It counts towards the disability indicator.
    pub is_disability: bool,
}

/// HESA disability as recorded: a code of the table, current or ended, or kept as it came.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum HesaDisability {
    /// A code of the table.
    Known(&'static HesaRow),
    /// A code that the table does not have; kept and reported.
    Unknown(String),
}

static TABLE: LazyLock<Vec<HesaRow>> = LazyLock::new(|| {
    let table = Table::read(include_str!("../../data/hesa_disability.csv"));
    let rows = table.rows().map(|row| HesaRow {
        code: row.text("code"),
        label: row.text("label"),
        valid_from: row.date("valid_from"),
        valid_to: row.date("valid_to"),
        is_disability: row.text("disability") == "yes",
    });
    rows.collect()
});

impl HesaDisability {
    /// Every line of the table, the ended ones too.
    pub fn table() -> &'static [HesaRow] {
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

    /// Whether the code counts towards the disability indicator. An unknown code does not.
    pub fn indicates_disability(&self) -> bool {
        matches!(self, Self::Known(row) if row.is_disability)
    }
}

/// An unknown code is whatever a file held in that place: never printed.
impl fmt::Debug for HesaDisability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(row) => write!(f, "Known({})", row.code),
            Self::Unknown(_) => f.write_str("Unknown(…)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_table_is_that_of_the_page() {
        let text = include_str!("../../data/hesa_disability.csv");
        assert_eq!(Table::read(text).ragged(), Vec::<usize>::new());
        let codes: Vec<_> = HesaDisability::table().iter().map(|row| row.code).collect();
        assert_eq!(codes.join(" "), "00 08 09 51 53 54 55 56 57 58 59 95 96 98 99");
    }

    #[test]
    fn the_indicator_is_false_for_four_codes() {
        let rows = HesaDisability::table().iter();
        let without: Vec<_> = rows.filter(|row| !row.is_disability).map(|row| row.code).collect();
        assert_eq!(without, ["00", "95", "98", "99"]);
        assert!(HesaDisability::read("55").indicates_disability());
        assert!(!HesaDisability::read("52").indicates_disability());
    }

    #[test]
    fn an_unknown_code_is_kept() {
        let odd = HesaDisability::read("52 ");
        assert_eq!((odd.as_str(), odd.is_current(date(2026, 1, 1))), ("52", false));
        assert_eq!(format!("{odd:?}"), "Unknown(…)");
        assert!(HesaDisability::read("00").is_current(date(2026, 1, 1)));
    }
}
