//! Digits and weighted sums, shared by the check digits.

/// The values of a text of exactly `length` ASCII digits.
pub(super) fn digits(text: &str, length: usize) -> Option<Vec<u32>> {
    if text.len() != length {
        return None;
    }
    text.chars().map(|sign| sign.to_digit(10)).collect()
}

/// Whether a text is `length` ASCII digits, the first of them 1.
pub(super) fn starts_with_one(text: &str, length: usize) -> bool {
    digits(text, length).is_some_and(|values| values.first() == Some(&1))
}

/// Sum of value × weight, pair by pair.
pub(super) fn weighted(values: &[u32], weights: impl IntoIterator<Item = u32>) -> u32 {
    values.iter().zip(weights).map(|(value, weight)| value * weight).sum()
}

/// The HESA check: weights 1, 3, 7, 9 in turn over all but the last digit, which brings the sum to
/// a multiple of ten.
pub(super) fn hesa_check(values: &[u32]) -> bool {
    let Some((last, body)) = values.split_last() else { return false };
    let sum = weighted(body, [1, 3, 7, 9].into_iter().cycle());
    (10 - sum % 10) % 10 == *last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ascii_digits_of_the_right_length() {
        assert_eq!(digits("0129", 4), Some(vec![0, 1, 2, 9]));
        for other in ["012", "01290", "01a9", "-129", "+129", ""] {
            assert_eq!(digits(other, 4), None);
        }
        assert!(starts_with_one("1234", 4) && !starts_with_one("0234", 4));
    }

    #[test]
    fn weights_are_taken_pair_by_pair() {
        assert_eq!(weighted(&[1, 2, 3], [10, 9, 8]), 10 + 18 + 24);
        assert!(hesa_check(&[0, 0]) && hesa_check(&[1, 9]) && !hesa_check(&[1, 8]));
        assert!(!hesa_check(&[]));
    }
}
