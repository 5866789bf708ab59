//! NHS organisation code: three to ten letters and digits. Whether it is in use on a day is a dated
//! look-up of its own; the length is no guide, since newer boards have five.

use super::Checked;

pub(super) fn check(cleaned: String) -> Checked {
    let signs = cleaned.bytes().all(|sign| sign.is_ascii_uppercase() || sign.is_ascii_digit());
    Checked::shaped(signs && (3..=10).contains(&cleaned.len()), cleaned)
}

#[cfg(test)]
mod tests {
    use crate::numbers::{Kind, Outcome, check};
    use rstest::rstest;

    #[rstest]
    #[case("QWE", Outcome::Valid, "QWE")]
    #[case("S1Y5D", Outcome::Valid, "S1Y5D")]
    #[case("s1y5d", Outcome::Valid, "S1Y5D")]
    #[case("QW", Outcome::InvalidFormat, "QW")]
    #[case("ABCDEFGHIJ", Outcome::Valid, "ABCDEFGHIJ")]
    #[case("ABCDEFGHIJK", Outcome::InvalidFormat, "ABCDEFGHIJK")]
    #[case("Q/E", Outcome::InvalidFormat, "Q/E")]
    fn vectors(#[case] raw: &str, #[case] outcome: Outcome, #[case] cleaned: &str) {
        let checked = check(Kind::Ods, raw);
        assert_eq!((checked.outcome, checked.cleaned.as_str()), (outcome, cleaned));
    }
}
