//! NHS number: ten digits, the last one a check modulo 11. Optional, masked by default, never a
//! key.

use super::digits::{digits, weighted};
use super::{Checked, Flag, Outcome};

pub(super) fn check(cleaned: String) -> Checked {
    let Some(values) = digits(&cleaned, 10) else {
        return Checked::new(Outcome::InvalidFormat, cleaned);
    };
    // Ten identical digits always pass the arithmetic, and always mean "none".
    if values.iter().all(|value| *value == values[0]) {
        return Checked::new(Outcome::Special, cleaned);
    }
    let (synthetic, unusual) = (is_synthetic(&cleaned), !is_usual(&values));
    Checked::judged(check_digit_fits(&values), cleaned)
        .flag_if(Flag::Synthetic, synthetic)
        .flag_if(Flag::RangeUnusual, unusual)
}

/// Numbers starting 999 are set aside for tests.
pub(super) fn is_synthetic(cleaned: &str) -> bool {
    cleaned.starts_with("999")
}

/// Of a range that England issues, by the first nine digits: 400–499 and 600–799 million.
fn is_usual(values: &[u32]) -> bool {
    matches!(values[0], 4 | 6 | 7)
}

fn check_digit_fits(values: &[u32]) -> bool {
    let complement = 11 - weighted(&values[..9], (2..=10).rev()) % 11;
    // 11 stands for 0; 10 is no digit, so that number is not issued.
    complement != 10 && values[9] == complement % 11
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numbers::{Kind, check};
    use rstest::rstest;

    #[rstest]
    #[case("9434765919", Outcome::Valid, &[Flag::RangeUnusual])]
    #[case("9990000018", Outcome::Valid, &[Flag::Synthetic, Flag::RangeUnusual])]
    #[case("9990000050", Outcome::Valid, &[Flag::Synthetic, Flag::RangeUnusual])]
    #[case("9434765910", Outcome::InvalidCheck, &[])]
    #[case("943 476 5919", Outcome::Valid, &[Flag::RangeUnusual])]
    #[case("4010232137", Outcome::Valid, &[])]
    #[case("943476591", Outcome::InvalidFormat, &[])]
    #[case("943476591X", Outcome::InvalidFormat, &[])]
    fn vectors(#[case] raw: &str, #[case] outcome: Outcome, #[case] flags: &[Flag]) {
        let checked = check(Kind::Nhs, raw);
        assert_eq!((checked.outcome, checked.flags.as_slice()), (outcome, flags));
    }

    #[test]
    fn with_complement_ten_no_digit_fits() {
        for last in 0..10 {
            let outcome = check(Kind::Nhs, &format!("999000000{last}")).outcome;
            assert_eq!(outcome, Outcome::InvalidCheck);
        }
    }

    #[test]
    fn ten_identical_digits_are_a_placeholder() {
        for digit in 0..10 {
            let text = digit.to_string().repeat(10);
            assert_eq!(check(Kind::Nhs, &text).outcome, Outcome::Special);
        }
    }

    #[test]
    fn a_leading_nought_is_a_right_shape() {
        let valid = (0..10).filter(|last| check(Kind::Nhs, &format!("012345678{last}")).is_valid());
        assert_eq!(valid.count(), 1);
    }

    #[rstest]
    #[case("399999999", true)]
    #[case("400000000", false)]
    #[case("499999999", false)]
    #[case("500000000", true)]
    #[case("599999999", true)]
    #[case("600000000", false)]
    #[case("799999999", false)]
    #[case("800000000", true)]
    fn edges_of_the_ranges(#[case] body: &str, #[case] unusual: bool) {
        let values = digits(body, 9).expect("nine digits");
        assert_eq!(!is_usual(&values), unusual);
    }
}
