//! Integrated care boards (`data/icb.csv`), and which of them cover an authority
//! (`data/la_icb.csv`).

use std::sync::LazyLock;

use jiff::civil::Date;

use crate::codes::table::{Table, in_force};

/// One integrated care board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Icb {
    /// ODS code: three characters before 2026, five since.
    pub code: &'static str,
    /// Name.
    pub name: &'static str,
    /// First day.
    pub valid_from: Option<Date>,
    /// Last day; none = current.
    pub valid_to: Option<Date>,
    /// Codes of the boards that follow it; several = it was split, and the place decides.
    pub successors: Vec<&'static str>,
}

/// One authority's cover by one board.
struct Cover {
    la_code: &'static str,
    icb_code: &'static str,
    valid_from: Option<Date>,
    valid_to: Option<Date>,
}

static TABLE: LazyLock<Vec<Icb>> = LazyLock::new(|| {
    let table = Table::read(include_str!("../../data/icb.csv"));
    let rows = table.rows().map(|row| Icb {
        code: row.text("code"),
        name: row.text("name"),
        valid_from: row.date("valid_from"),
        valid_to: row.date("valid_to"),
        successors: row.list("successors"),
    });
    rows.collect()
});

static COVER: LazyLock<Vec<Cover>> = LazyLock::new(|| {
    let table = Table::read(include_str!("../../data/la_icb.csv"));
    let rows = table.rows().map(|row| Cover {
        la_code: row.text("la_code"),
        icb_code: row.text("icb_code"),
        valid_from: row.date("valid_from"),
        valid_to: row.date("valid_to"),
    });
    rows.collect()
});

impl Icb {
    /// Every board, the ended ones too.
    pub fn all() -> &'static [Self] {
        &TABLE
    }

    /// The board with this code, ended or not.
    pub fn find(code: &str) -> Option<&'static Self> {
        TABLE.iter().find(|icb| icb.code == code)
    }

    /// Whether it exists on a day.
    pub fn is_current(&self, on: Date) -> bool {
        in_force(self.valid_from, self.valid_to, on)
    }

    /// The boards that cover an authority on a day; several = the authority is split.
    pub fn covering(la_code: &str, on: Date) -> Vec<&'static Self> {
        let cover = COVER.iter().filter(|cover| cover.la_code == la_code);
        let on_that_day = cover.filter(|cover| in_force(cover.valid_from, cover.valid_to, on));
        on_that_day.filter_map(|cover| Self::find(cover.icb_code)).collect()
    }

    /// The boards that stand in its place on a day: itself while it lasts, else its successors, and
    /// theirs. Several = it was split, and the place decides, never the old code.
    pub fn standing(&'static self, on: Date) -> Vec<&'static Self> {
        if self.valid_to.is_none_or(|last| on <= last) {
            return vec![self];
        }
        let successors = self.successors.iter().filter_map(|code| Self::find(code));
        successors.flat_map(|next| next.standing(on)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::authority::Authority;
    use super::*;
    use jiff::civil::date;
    use std::collections::BTreeSet;

    fn codes(boards: &[&Icb]) -> Vec<&'static str> {
        boards.iter().map(|icb| icb.code).collect()
    }

    #[test]
    fn the_tables_are_whole() {
        for text in [include_str!("../../data/icb.csv"), include_str!("../../data/la_icb.csv")] {
            assert_eq!(Table::read(text).ragged(), Vec::<usize>::new());
        }
        let on = |day: Date| Icb::all().iter().filter(|icb| icb.is_current(day)).count();
        assert_eq!((on(date(2026, 3, 31)), on(date(2026, 4, 1))), (42, 36));
        let known: BTreeSet<_> = Icb::all().iter().map(|icb| icb.code).collect();
        assert!(COVER.iter().all(|cover| known.contains(cover.icb_code)));
        assert!(Icb::all().iter().flat_map(|icb| &icb.successors).all(|code| known.contains(code)));
    }

    #[test]
    fn every_authority_is_covered_while_it_lasts_and_by_living_boards_only() {
        for day in [date(2022, 7, 1), date(2023, 4, 1), date(2026, 3, 31), date(2026, 4, 1)] {
            for authority in Authority::all() {
                let boards = Icb::covering(authority.code, day);
                let covered = !boards.is_empty();
                assert_eq!(covered, authority.is_current(day), "{} {day}", authority.code);
                assert!(boards.iter().all(|icb| icb.is_current(day)), "{} {day}", authority.code);
            }
        }
    }

    #[test]
    fn successors_on_the_day_after() {
        let frimley = Icb::find("QNQ").expect("Frimley has a row");
        assert_eq!(codes(&frimley.standing(date(2026, 3, 31))), ["QNQ"]);
        assert_eq!(codes(&frimley.standing(date(2026, 4, 1))), ["S0E4D", "S9B9J", "QRL"]);
        let surrey = Icb::find("QXU").expect("Surrey Heartlands has a row");
        assert_eq!(codes(&surrey.standing(date(2026, 4, 1))), ["S9B9J"]);
    }
}
