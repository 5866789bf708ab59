//! Learning aim reference: eight letters and digits.

use super::Checked;

pub(super) fn check(cleaned: String) -> Checked {
    let signs = cleaned.bytes().all(|sign| sign.is_ascii_uppercase() || sign.is_ascii_digit());
    Checked::shaped(signs && cleaned.len() == 8, cleaned)
}

#[cfg(test)]
mod tests {
    use crate::numbers::{Kind, Outcome, check};
    use rstest::rstest;

    #[rstest]
    #[case("Z0002347", Outcome::Valid, "Z0002347")]
    #[case("z0002347", Outcome::Valid, "Z0002347")]
    #[case("Z000234", Outcome::InvalidFormat, "Z000234")]
    #[case("Z00023471", Outcome::InvalidFormat, "Z00023471")]
    #[case("Z000234.", Outcome::InvalidFormat, "Z000234.")]
    fn vectors(#[case] raw: &str, #[case] outcome: Outcome, #[case] cleaned: &str) {
        let checked = check(Kind::LearnAimRef, raw);
        assert_eq!((checked.outcome, checked.cleaned.as_str()), (outcome, cleaned));
    }
}
