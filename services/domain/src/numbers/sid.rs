//! HESA student identifier, from 2022/23: year 2, UKPRN 8, serial 6, check 1. The UKPRN is not
//! looked up.

use super::digits::{digits, hesa_check};
use super::{Checked, Outcome};

pub(super) fn check(cleaned: String) -> Checked {
    match digits(&cleaned, 17) {
        Some(values) => Checked::judged(hesa_check(&values), cleaned),
        None => Checked::new(Outcome::InvalidFormat, cleaned),
    }
}

#[cfg(test)]
mod tests {
    use crate::numbers::{Kind, Outcome, check};
    use rstest::rstest;

    #[rstest]
    #[case("25100077740000016", Outcome::Valid, "25100077740000016")]
    #[case("25100077740000017", Outcome::InvalidCheck, "25100077740000017")]
    #[case("2510007774000001", Outcome::InvalidFormat, "2510007774000001")]
    #[case("2510007774000001X", Outcome::InvalidFormat, "2510007774000001X")]
    #[case("9511560001233", Outcome::InvalidFormat, "9511560001233")]
    fn vectors(#[case] raw: &str, #[case] outcome: Outcome, #[case] cleaned: &str) {
        let checked = check(Kind::Sid, raw);
        assert_eq!((checked.outcome, checked.cleaned.as_str()), (outcome, cleaned));
    }
}
