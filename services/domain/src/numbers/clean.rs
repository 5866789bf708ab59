//! Cleaning of numbers, the same for every kind but a provider's own learner reference.

/// Signs that people and spreadsheets put inside numbers: spaces of several widths, hyphens,
/// dashes.
const REMOVED: [char; 10] = [
    ' ', '\t', '\u{A0}', '\u{2009}', '\u{202F}', '\u{200B}', '-', '\u{2010}', '\u{2011}',
    '\u{2013}',
];

/// Drops a leading byte order mark and white space at both ends, then the removed signs anywhere,
/// then raises ASCII letters. Nothing else is folded: Unicode upper-casing would turn `ſ` into `S`
/// and `ı` into `I`, and a look-alike letter or a foreign digit is a different number, not a
/// spelling.
pub fn clean(raw: &str) -> String {
    let text = raw.strip_prefix('\u{FEFF}').unwrap_or(raw).trim();
    let kept = text.chars().filter(|sign| !REMOVED.contains(sign));
    kept.map(|sign| sign.to_ascii_uppercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("\u{FEFF} h801200001001\r\n", "H801200001001")]
    #[case("943 476 5919", "9434765919")]
    #[case("943\u{A0}476\u{2009}59\u{202F}1\u{200B}9\t", "9434765919")]
    #[case("943-476\u{2010}59\u{2011}1\u{2013}9", "9434765919")]
    #[case("\u{3000}100000\u{2003}", "100000")]
    #[case("ſı", "ſı")]
    #[case("１２３", "１２３")]
    #[case("94\n34", "94\n34")]
    #[case("94\u{2014}34", "94\u{2014}34")]
    #[case("94.34/5,6", "94.34/5,6")]
    #[case(" \u{FEFF}1", "\u{FEFF}1")]
    #[case("\u{200B}\n1", "\n1")]
    #[case("", "")]
    #[case(" - ", "")]
    fn in_this_order(#[case] raw: &str, #[case] cleaned: &str) {
        assert_eq!(clean(raw), cleaned);
    }

    proptest! {
        #[test]
        fn spaces_and_hyphens_between_digits_never_matter(
            digits in "[0-9]{1,17}",
            sign in prop::sample::select(REMOVED.to_vec()),
        ) {
            let spaced: String = digits.chars().flat_map(|digit| [digit, sign]).collect();
            prop_assert_eq!(clean(&spaced), digits);
        }
    }
}
