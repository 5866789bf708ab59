//! A provider's own reference of a learner: one to twelve letters, digits and spaces. Only trimmed
//! at both ends: its case and its inner spaces are part of it.

use super::Checked;

pub(super) fn check(trimmed: String) -> Checked {
    let signs = trimmed.bytes().all(|sign| sign.is_ascii_alphanumeric() || sign == b' ');
    Checked::shaped(signs && (1..=12).contains(&trimmed.len()), trimmed)
}

#[cfg(test)]
mod tests {
    use crate::numbers::{Kind, Outcome, check};
    use rstest::rstest;

    #[rstest]
    #[case("AB 0012", Outcome::Valid, "AB 0012")]
    #[case("AB-0012", Outcome::InvalidFormat, "AB-0012")]
    #[case("  ab  0012\n", Outcome::Valid, "ab  0012")]
    #[case("", Outcome::InvalidFormat, "")]
    #[case("   ", Outcome::InvalidFormat, "")]
    #[case("ABCDEFGHIJKL", Outcome::Valid, "ABCDEFGHIJKL")]
    #[case("ABCDEFGHIJKLM", Outcome::InvalidFormat, "ABCDEFGHIJKLM")]
    #[case("AB\t0012", Outcome::InvalidFormat, "AB\t0012")]
    #[case("É1", Outcome::InvalidFormat, "É1")]
    fn vectors(#[case] raw: &str, #[case] outcome: Outcome, #[case] cleaned: &str) {
        let checked = check(Kind::LearnRefNumber, raw);
        assert_eq!((checked.outcome, checked.cleaned.as_str()), (outcome, cleaned));
    }
}
