//! HESA unique student identifier, before 2022/23: year 2, institution 4, serial 6, check 1. The
//! institution is not looked up.

use super::digits::{digits, hesa_check};
use super::{Checked, Outcome};

pub(super) fn check(cleaned: String) -> Checked {
    match digits(&cleaned, 13) {
        Some(values) => Checked::judged(hesa_check(&values), cleaned),
        None => Checked::new(Outcome::InvalidFormat, cleaned),
    }
}

#[cfg(test)]
mod tests {
    use crate::numbers::{Kind, Outcome, check};
    use rstest::rstest;

    #[rstest]
    #[case("9511560001233", Outcome::Valid, "9511560001233")]
    #[case("9511560001234", Outcome::InvalidCheck, "9511560001234")]
    #[case("951156000123", Outcome::InvalidFormat, "951156000123")]
    #[case("25100077740000016", Outcome::InvalidFormat, "25100077740000016")]
    fn vectors(#[case] raw: &str, #[case] outcome: Outcome, #[case] cleaned: &str) {
        let checked = check(Kind::Husid, raw);
        assert_eq!((checked.outcome, checked.cleaned.as_str()), (outcome, cleaned));
    }
}
