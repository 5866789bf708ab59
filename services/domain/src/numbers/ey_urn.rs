//! Number of an early-years setting: six or seven digits, or six after `EY` or `VC`; no check
//! digit. Six digits may also be a school's URN: the caller names the kind.

use super::digits::digits;
use super::{Checked, Flag};

pub(super) fn check(cleaned: String) -> Checked {
    let prefixed = cleaned.strip_prefix("EY").or_else(|| cleaned.strip_prefix("VC"));
    let right = match prefixed {
        Some(rest) => digits(rest, 6).is_some(),
        None => digits(&cleaned, 6).or_else(|| digits(&cleaned, 7)).is_some(),
    };
    let la_range = is_la_range(&cleaned);
    Checked::shaped(right, cleaned).flag_if(Flag::LaRange, la_range)
}

/// Local authorities give out 500000 to 799999. An Ofsted number may lie there too, so the flag
/// tells where a number lies, not who gave it.
fn is_la_range(cleaned: &str) -> bool {
    cleaned.len() == 6 && matches!(cleaned.as_bytes()[0], b'5' | b'6' | b'7')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numbers::{Kind, Outcome, check};
    use rstest::rstest;

    #[rstest]
    #[case("500000", Outcome::Valid, true)]
    #[case("799999", Outcome::Valid, true)]
    #[case("499999", Outcome::Valid, false)]
    #[case("800000", Outcome::Valid, false)]
    #[case("EY400123", Outcome::Valid, false)]
    #[case("ey 400123", Outcome::Valid, false)]
    #[case("VC500123", Outcome::Valid, false)]
    #[case("2500123", Outcome::Valid, false)]
    #[case("5001234", Outcome::Valid, false)]
    #[case("EY40012", Outcome::InvalidFormat, false)]
    #[case("EY4001234", Outcome::InvalidFormat, false)]
    #[case("50000", Outcome::InvalidFormat, false)]
    #[case("50000X", Outcome::InvalidFormat, false)]
    #[case("EYVC400123", Outcome::InvalidFormat, false)]
    fn vectors(#[case] raw: &str, #[case] outcome: Outcome, #[case] la_range: bool) {
        let checked = check(Kind::EyUrn, raw);
        assert_eq!((checked.outcome, checked.has(Flag::LaRange)), (outcome, la_range));
    }
}
