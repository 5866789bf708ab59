//! Unique pupil number: check letter, ten digits of place and year, serial; the last sign is a
//! letter in a temporary one. Nothing about today's authority or school follows from it, so no part
//! is looked up.

use super::{Checked, Flag, Outcome};

/// I, O and S never occur.
const ALPHABET: &str = "ABCDEFGHJKLMNPQRTUVWXYZ";

pub(super) fn check(cleaned: String) -> Checked {
    let Some((letter, sum)) = read(&cleaned) else {
        return Checked::new(Outcome::InvalidFormat, cleaned);
    };
    let temporary = is_temporary(&cleaned);
    Checked::judged(sum % 23 == letter, cleaned).flag_if(Flag::Temporary, temporary)
}

/// Whether the last sign is a letter.
pub(super) fn is_temporary(cleaned: &str) -> bool {
    cleaned.ends_with(|sign: char| sign.is_ascii_alphabetic())
}

/// The value of the check letter, and the sum over places 2 to 13 of value × place.
fn read(text: &str) -> Option<(u32, u32)> {
    if text.len() != 13 {
        return None;
    }
    let mut signs = text.chars();
    let letter = letter_value(signs.next()?)?;
    let mut sum = 0;
    for (place, sign) in (2..=13).zip(signs) {
        let last_letter = if place == 13 { letter_value(sign) } else { None };
        sum += place * sign.to_digit(10).or(last_letter)?;
    }
    Some((letter, sum))
}

fn letter_value(sign: char) -> Option<u32> {
    ALPHABET.find(sign).and_then(|place| u32::try_from(place).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numbers::{Kind, check};
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("H801200001001", Outcome::Valid, &[])]
    #[case("Z82221002600B", Outcome::Valid, &[Flag::Temporary])]
    #[case("A801200001001", Outcome::InvalidCheck, &[])]
    #[case("I801200001001", Outcome::InvalidFormat, &[])]
    #[case("h801200001001", Outcome::Valid, &[])]
    #[case("H80120000100", Outcome::InvalidFormat, &[])]
    #[case("H8012000010010", Outcome::InvalidFormat, &[])]
    #[case("H80120000A001", Outcome::InvalidFormat, &[])]
    #[case("H80120000100S", Outcome::InvalidFormat, &[])]
    #[case("H80120000100I", Outcome::InvalidFormat, &[])]
    #[case("H80120000100O", Outcome::InvalidFormat, &[])]
    #[case("1801200001001", Outcome::InvalidFormat, &[])]
    #[case("A82221002600B", Outcome::InvalidCheck, &[])]
    #[case("H801/2000/01001", Outcome::InvalidFormat, &[])]
    fn vectors(#[case] raw: &str, #[case] outcome: Outcome, #[case] flags: &[Flag]) {
        let checked = check(Kind::Upn, raw);
        assert_eq!((checked.outcome, checked.flags.as_slice()), (outcome, flags));
    }

    #[test]
    fn the_sum_of_the_page() {
        assert_eq!(read("H801200001001"), Some((7, 53)));
    }

    /// The one check letter that fits the rest.
    fn letter_for(rest: &str) -> Option<usize> {
        let mut letters = ALPHABET.chars().enumerate();
        let fits = |letter: char| check(Kind::Upn, &format!("{letter}{rest}")).is_valid();
        letters.find(|(_, letter)| fits(*letter)).map(|(value, _)| value)
    }

    proptest! {
        #[test]
        fn exactly_one_check_letter_fits(rest in "[0-9]{11}[0-9A-HJ-NP-RT-Z]") {
            let fitting = ALPHABET.chars().filter(|letter| {
                check(Kind::Upn, &format!("{letter}{rest}")).is_valid()
            });
            prop_assert_eq!(fitting.count(), 1);
        }

        #[test]
        fn the_last_letter_weighs_thirteen(digits in "[0-9]{11}", value in 0_usize..22) {
            let at = |value: usize| format!("{digits}{}", &ALPHABET[value..=value]);
            let here = letter_for(&at(value)).expect("one letter fits");
            let next = letter_for(&at(value + 1)).expect("one letter fits");
            prop_assert_eq!((here + 13) % 23, next);
        }

        #[test]
        fn any_single_wrong_digit_is_found(rest in "[0-9]{12}", place in 0_usize..12, by in 1_u32..10) {
            let letter = letter_for(&rest).expect("one letter fits");
            let mut signs: Vec<char> = rest.chars().collect();
            let digit = (signs[place].to_digit(10).expect("a digit") + by) % 10;
            signs[place] = char::from_digit(digit, 10).expect("a digit");
            let wrong: String = signs.into_iter().collect();
            prop_assert_ne!(letter_for(&wrong), Some(letter));
        }
    }
}
