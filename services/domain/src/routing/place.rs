//! Postcodes, and which board's part of a split authority they lie in (`data/la_places.csv`).

use std::sync::LazyLock;

use crate::codes::table::Table;

/// A postcode area or district of a split authority.
struct Place {
    la_code: &'static str,
    prefix: &'static str,
    /// Empty where the district straddles two boards.
    icb_code: &'static str,
}

static TABLE: LazyLock<Vec<Place>> = LazyLock::new(|| {
    let table = Table::read(include_str!("../../data/la_places.csv"));
    let rows = table.rows().map(|row| Place {
        la_code: row.text("la_code"),
        prefix: row.text("postcode"),
        icb_code: row.text("icb_code"),
    });
    rows.collect()
});

/// The outward half of a postcode (`SO23` of `so23 8uj`), from a whole one or from that half alone.
/// None for a text that is neither.
pub fn outward(postcode: &str) -> Option<String> {
    let text: String = postcode.chars().filter(|sign| !sign.is_whitespace()).collect();
    let text = text.to_ascii_uppercase();
    if is_outward(&text) {
        return Some(text);
    }
    let cut = text.len().checked_sub(3)?;
    let (outward, inward) = text.split_at_checked(cut)?;
    (is_outward(outward) && is_inward(inward)).then(|| outward.to_owned())
}

/// The board of a postcode inside a split authority: the district decides, else the area. None
/// where the table does not say, or the district straddles.
pub fn board(la_code: &str, postcode: &str) -> Option<&'static str> {
    let outward = outward(postcode)?;
    let area = outward.trim_end_matches(|sign: char| !sign.is_ascii_alphabetic());
    let area: String = area.chars().take_while(char::is_ascii_alphabetic).collect();
    let row =
        |prefix: &str| TABLE.iter().find(|one| one.la_code == la_code && one.prefix == prefix);
    let place = row(&outward).or_else(|| row(&area))?;
    (!place.icb_code.is_empty()).then_some(place.icb_code)
}

/// One or two letters, a digit, perhaps a second digit or a letter.
fn is_outward(text: &str) -> bool {
    let letters = text.bytes().take_while(u8::is_ascii_uppercase).count();
    let rest = text.as_bytes().get(letters..).unwrap_or_default();
    let shape = match rest {
        [first] => first.is_ascii_digit(),
        [first, second] => {
            first.is_ascii_digit() && (second.is_ascii_digit() || second.is_ascii_uppercase())
        }
        _ => false,
    };
    (1..=2).contains(&letters) && shape
}

/// A digit and two letters.
fn is_inward(text: &str) -> bool {
    matches!(text.as_bytes(), [digit, one, two]
        if digit.is_ascii_digit() && one.is_ascii_uppercase() && two.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::super::icb::Icb;
    use super::*;
    use jiff::civil::date;
    use rstest::rstest;

    #[rstest]
    #[case("so23 8uj", Some("SO23"))]
    #[case("SO238UJ", Some("SO23"))]
    #[case(" w1a 1aa ", Some("W1A"))]
    #[case("M1 1AE", Some("M1"))]
    #[case("EC1A1BB", Some("EC1A"))]
    #[case("LA18", Some("LA18"))]
    #[case("B1", Some("B1"))]
    #[case("SO23 8U", None)]
    #[case("SO", None)]
    #[case("12345", None)]
    #[case("", None)]
    #[case("ÉÉ1 1AA", None)]
    #[case("SO23 8UJX", None)]
    fn outward_halves(#[case] postcode: &str, #[case] expected: Option<&str>) {
        assert_eq!(outward(postcode).as_deref(), expected);
    }

    #[rstest]
    #[case("815", "BD23 1AA", Some("QWO"))]
    #[case("815", "YO7 1AA", Some("QOQ"))]
    #[case("815", "LS29 0AA", None)]
    #[case("815", "LS24 9AA", Some("QOQ"))]
    #[case("942", "LA18 4AA", Some("QE1"))]
    #[case("942", "CA2 4AA", Some("QHM"))]
    #[case("943", "CA11 7AA", Some("QHM"))]
    #[case("943", "LA9 4AA", Some("QE1"))]
    #[case("919", "SG8 7AA", Some("QUE"))]
    #[case("919", "SG1 1AA", Some("QM7"))]
    #[case("881", "CM17 9AA", Some("QM7"))]
    #[case("881", "CM1 1AA", Some("QH8"))]
    #[case("881", "CO15 1AA", Some("QJG"))]
    #[case("881", "CO6 1AA", None)]
    #[case("935", "NR33 0AA", Some("QMM"))]
    #[case("936", "GU15 3AA", Some("QNQ"))]
    #[case("850", "SW1A 1AA", None)]
    fn parts_of_split_authorities(
        #[case] la_code: &str,
        #[case] postcode: &str,
        #[case] expected: Option<&str>,
    ) {
        assert_eq!(board(la_code, postcode), expected);
    }

    #[test]
    fn the_table_names_only_boards_that_have_covered_the_authority() {
        let text = include_str!("../../data/la_places.csv");
        assert_eq!(Table::read(text).ragged(), Vec::<usize>::new());
        for place in TABLE.iter().filter(|place| !place.icb_code.is_empty()) {
            let days = [date(2022, 7, 1), date(2026, 3, 31), date(2026, 4, 1)];
            let covered = days.iter().any(|day| {
                let boards = Icb::covering(place.la_code, *day);
                boards.len() > 1 && boards.iter().any(|icb| icb.code == place.icb_code)
            });
            assert!(covered, "{} {} {}", place.la_code, place.prefix, place.icb_code);
        }
    }
}
