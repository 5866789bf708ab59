//! The ELSEC pathfinder partnerships (`data/pathfinders.csv`).

use std::sync::LazyLock;

use jiff::civil::Date;

use crate::calendar::age::Age;
use crate::codes::table::{Table, in_force};

/// One partnership.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pathfinder {
    /// Its key, `elsec-london` for example.
    pub key: &'static str,
    /// Region of England.
    pub region: &'static str,
    /// Code of the authority that leads it.
    pub lead_la: &'static str,
    /// Codes of the authorities in it.
    pub la_codes: Vec<&'static str>,
    /// Who delivers the therapy; empty where it is not known.
    pub delivery_provider: &'static str,
    /// Youngest age, inclusive; none = not known.
    pub age_from: Option<Age>,
    /// Oldest age, inclusive; none = not known.
    pub age_to: Option<Age>,
    /// First day.
    pub valid_from: Option<Date>,
    /// Last day; none = current.
    pub valid_to: Option<Date>,
    /// What of the row is from a source, and what is not.
    pub confidence: &'static str,
}

static TABLE: LazyLock<Vec<Pathfinder>> = LazyLock::new(|| {
    let table = Table::read(include_str!("../../data/pathfinders.csv"));
    let rows = table.rows().map(|row| Pathfinder {
        key: row.text("key"),
        region: row.text("region"),
        lead_la: row.text("lead_la"),
        la_codes: row.list("la_codes"),
        delivery_provider: row.text("delivery_provider"),
        age_from: Age::parse(row.text("age_from")),
        age_to: Age::parse(row.text("age_to")),
        valid_from: row.date("valid_from"),
        valid_to: row.date("valid_to"),
        confidence: row.text("confidence"),
    });
    rows.collect()
});

impl Pathfinder {
    /// Every partnership.
    pub fn all() -> &'static [Self] {
        &TABLE
    }

    /// The partnership with this key.
    pub fn find(key: &str) -> Option<&'static Self> {
        TABLE.iter().find(|pathfinder| pathfinder.key == key)
    }

    /// The partnership that holds an authority on a day.
    pub fn of(la_code: &str, on: Date) -> Option<&'static Self> {
        let holds = |one: &&Self| one.la_codes.contains(&la_code) && one.is_current(on);
        TABLE.iter().find(holds)
    }

    /// Whether it exists on a day.
    pub fn is_current(&self, on: Date) -> bool {
        in_force(self.valid_from, self.valid_to, on)
    }

    /// Whether it takes children of this age, both ends inclusive; none where its ages are not
    /// known.
    pub fn takes(&self, age: Age) -> Option<bool> {
        let (from, to) = (self.age_from?, self.age_to?);
        Some((from..=to).contains(&age))
    }
}

#[cfg(test)]
mod tests {
    use super::super::authority::Authority;
    use super::*;
    use jiff::civil::date;
    use rstest::rstest;
    use std::collections::BTreeSet;

    #[test]
    fn the_table_is_whole() {
        let table = Table::read(include_str!("../../data/pathfinders.csv"));
        assert_eq!(table.ragged(), Vec::<usize>::new());
        assert_eq!(Pathfinder::all().len(), 9);
        let held: Vec<_> = Pathfinder::all().iter().flat_map(|one| &one.la_codes).collect();
        let distinct: BTreeSet<_> = held.iter().collect();
        assert_eq!((held.len(), distinct.len()), (31, 31));
        for one in Pathfinder::all() {
            assert!(one.la_codes.contains(&one.lead_la));
            let mut authorities = one.la_codes.iter().filter_map(|code| Authority::find(code));
            assert!(authorities.all(|authority| authority.region == one.region), "{}", one.key);
        }
    }

    #[test]
    fn from_september_2023() {
        assert_eq!(Pathfinder::of("302", date(2023, 8, 31)), None);
        let london = Pathfinder::of("302", date(2023, 9, 1)).expect("Barnet is in a partnership");
        assert_eq!(london.key, "elsec-london");
        assert_eq!(Pathfinder::find("elsec-london"), Some(london));
        assert_eq!(Pathfinder::of("303", date(2026, 9, 1)), None);
    }

    #[rstest]
    #[case("elsec-yorkshire-humber", 29, Some(false))]
    #[case("elsec-yorkshire-humber", 30, Some(true))]
    #[case("elsec-yorkshire-humber", 84, Some(true))]
    #[case("elsec-yorkshire-humber", 85, Some(false))]
    #[case("elsec-west-midlands", 83, Some(true))]
    #[case("elsec-west-midlands", 84, Some(false))]
    #[case("elsec-north-east", 40, None)]
    fn ages(#[case] key: &str, #[case] months: u16, #[case] takes: Option<bool>) {
        let pathfinder = Pathfinder::find(key).expect("a key of the table");
        assert_eq!(pathfinder.takes(Age::from_months(months)), takes);
    }
}
