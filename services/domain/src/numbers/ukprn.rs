//! UK provider reference number: eight digits, the first one 1; no check digit.

use super::Checked;
use super::digits::starts_with_one;

pub(super) fn check(cleaned: String) -> Checked {
    Checked::shaped(starts_with_one(&cleaned, 8), cleaned)
}

#[cfg(test)]
mod tests {
    use crate::numbers::{Kind, Outcome, check};
    use rstest::rstest;

    #[rstest]
    #[case("10007774", Outcome::Valid, "10007774")]
    #[case("1000 7774", Outcome::Valid, "10007774")]
    #[case("1000777", Outcome::InvalidFormat, "1000777")]
    #[case("20007774", Outcome::InvalidFormat, "20007774")]
    fn vectors(#[case] raw: &str, #[case] outcome: Outcome, #[case] cleaned: &str) {
        let checked = check(Kind::Ukprn, raw);
        assert_eq!((checked.outcome, checked.cleaned.as_str()), (outcome, cleaned));
    }
}
