//! Local authorities, current and retired (`data/la.csv`).

use std::sync::LazyLock;

use jiff::civil::Date;

use crate::codes::table::{Table, in_force};

/// One local authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// Three digits.
    pub code: &'static str,
    /// Name.
    pub name: &'static str,
    /// Region of England.
    pub region: &'static str,
    /// First day, where a predecessor's end gives it.
    pub valid_from: Option<Date>,
    /// Last day; none = current.
    pub valid_to: Option<Date>,
    /// Codes of the authorities that follow it, where they are known.
    pub successors: Vec<&'static str>,
}

static TABLE: LazyLock<Vec<Authority>> = LazyLock::new(|| {
    let table = Table::read(include_str!("../../data/la.csv"));
    let rows = table.rows().map(|row| Authority {
        code: row.text("code"),
        name: row.text("name"),
        region: row.text("region"),
        valid_from: row.date("valid_from"),
        valid_to: row.date("valid_to"),
        successors: row.list("successors"),
    });
    rows.collect()
});

impl Authority {
    /// Every authority, the retired ones too.
    pub fn all() -> &'static [Self] {
        &TABLE
    }

    /// The authority with this code, retired or not.
    pub fn find(code: &str) -> Option<&'static Self> {
        TABLE.iter().find(|authority| authority.code == code)
    }

    /// Whether it exists on a day.
    pub fn is_current(&self, on: Date) -> bool {
        in_force(self.valid_from, self.valid_to, on)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use std::collections::BTreeSet;

    #[test]
    fn the_table_is_whole() {
        let table = Table::read(include_str!("../../data/la.csv"));
        assert_eq!(table.ragged(), Vec::<usize>::new());
        let codes: BTreeSet<_> = Authority::all().iter().map(|authority| authority.code).collect();
        assert_eq!(codes.len(), 160);
        assert!(codes.iter().all(|code| code.len() == 3 && code.parse::<u16>().is_ok()));
        let current = Authority::all().iter().filter(|one| one.is_current(date(2026, 9, 1)));
        assert_eq!(current.count(), 153);
        let regions: BTreeSet<_> = Authority::all().iter().map(|one| one.region).collect();
        assert_eq!(regions.len(), 9);
    }

    #[test]
    fn successors_exist_and_begin_when_the_predecessor_ends() {
        for authority in Authority::all() {
            for code in &authority.successors {
                let next = Authority::find(code).expect("a successor has its own row");
                let last = authority.valid_to.expect("a predecessor has ended");
                assert!(next.valid_from.is_some_and(|first| first > last), "{code}");
            }
        }
    }

    #[test]
    fn surrey_ends_without_successors_yet() {
        let surrey = Authority::find("936").expect("Surrey has a row");
        assert!(surrey.is_current(date(2027, 3, 31)) && !surrey.is_current(date(2027, 4, 1)));
        assert!(surrey.successors.is_empty());
        assert!(Authority::find("999").is_none());
    }
}
