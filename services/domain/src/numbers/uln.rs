//! Unique learner number: ten digits, the last one a check modulo 11. Issued elsewhere, never here.

use super::digits::{digits, weighted};
use super::{Checked, Outcome};

/// Stands for "temporary or not known"; it would fail the check, so it is tested first.
const PLACEHOLDER: &str = "9999999999";

pub(super) fn check(cleaned: String) -> Checked {
    if cleaned == PLACEHOLDER {
        return Checked::new(Outcome::Special, cleaned);
    }
    match digits(&cleaned, 10) {
        Some(values) if values[0] != 0 => Checked::judged(check_digit_fits(&values), cleaned),
        _ => Checked::new(Outcome::InvalidFormat, cleaned),
    }
}

fn check_digit_fits(values: &[u32]) -> bool {
    let remainder = weighted(&values[..9], (2..=10).rev()) % 11;
    // A remainder of 0 would ask for the digit 10: no such number is issued.
    remainder != 0 && values[9] == 10 - remainder
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numbers::{Kind, check};
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("9276308686", Outcome::Valid)]
    #[case("3000000010", Outcome::Valid)]
    #[case("1000000009", Outcome::InvalidCheck)]
    #[case("0276308686", Outcome::InvalidFormat)]
    #[case("9999999999", Outcome::Special)]
    #[case("999 999 9999", Outcome::Special)]
    #[case("9999999998", Outcome::Valid)]
    #[case("1111111111", Outcome::InvalidCheck)]
    #[case("927630868", Outcome::InvalidFormat)]
    #[case("92763086860", Outcome::InvalidFormat)]
    #[case("927630868A", Outcome::InvalidFormat)]
    #[case("9276-308-686", Outcome::Valid)]
    fn vectors(#[case] raw: &str, #[case] outcome: Outcome) {
        assert_eq!(check(Kind::Uln, raw).outcome, outcome);
    }

    #[test]
    fn with_remainder_nought_no_digit_fits() {
        for last in 0..10 {
            let outcome = check(Kind::Uln, &format!("300000007{last}")).outcome;
            assert_eq!(outcome, Outcome::InvalidCheck);
        }
    }

    proptest! {
        /// Columns in the wrong order are found this way.
        #[test]
        fn never_valid_as_an_nhs_number_too(body in "[1-9][0-9]{8}") {
            for last in 0..10 {
                let text = format!("{body}{last}");
                let both = check(Kind::Uln, &text).is_valid() && check(Kind::Nhs, &text).is_valid();
                prop_assert!(!both);
            }
        }

        #[test]
        fn at_most_one_digit_fits(body in "[1-9][0-9]{8}") {
            let fitting = (0..10).filter(|last| check(Kind::Uln, &format!("{body}{last}")).is_valid());
            prop_assert!(fitting.count() <= 1);
        }
    }
}
