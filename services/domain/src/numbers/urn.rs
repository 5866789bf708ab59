//! Unique reference number of an establishment: six digits, the first one 1; no check digit. An
//! academy conversion gives a new one, linked to its predecessor.

use super::Checked;
use super::digits::starts_with_one;

pub(super) fn check(cleaned: String) -> Checked {
    Checked::shaped(starts_with_one(&cleaned, 6), cleaned)
}

#[cfg(test)]
mod tests {
    use crate::numbers::{Kind, Outcome, check};
    use rstest::rstest;

    #[rstest]
    #[case("100000", Outcome::Valid, "100000")]
    #[case(" 134 909 ", Outcome::Valid, "134909")]
    #[case("12345", Outcome::InvalidFormat, "12345")]
    #[case("200000", Outcome::InvalidFormat, "200000")]
    #[case("1000000", Outcome::InvalidFormat, "1000000")]
    #[case("10000x", Outcome::InvalidFormat, "10000X")]
    fn vectors(#[case] raw: &str, #[case] outcome: Outcome, #[case] cleaned: &str) {
        let checked = check(Kind::Urn, raw);
        assert_eq!((checked.outcome, checked.cleaned.as_str()), (outcome, cleaned));
    }
}
