//! Local authority and establishment number, stored as `NNN/NNNN`. The number is unique only inside
//! the authority, and boundary changes renumber.

use super::digits::digits;
use super::{Checked, Outcome};
use crate::routing::authority::Authority;

/// Establishment numbers start here.
const LOWEST_ESTABLISHMENT: &str = "1000";

pub(super) fn check(cleaned: &str) -> Checked {
    let Some((la_code, establishment)) = parts(cleaned) else {
        return Checked::new(Outcome::InvalidFormat, cleaned.to_owned());
    };
    // A retired authority's number is still a number that was given.
    let known = Authority::find(la_code).is_some();
    Checked::judged(known, format!("{la_code}/{establishment}"))
}

fn parts(text: &str) -> Option<(&str, &str)> {
    let (la_code, rest) = text.split_at_checked(3)?;
    let establishment = rest.strip_prefix('/').unwrap_or(rest);
    digits(la_code, 3)?;
    digits(establishment, 4)?;
    (establishment >= LOWEST_ESTABLISHMENT).then_some((la_code, establishment))
}

#[cfg(test)]
mod tests {
    use crate::numbers::{Kind, Outcome, check};
    use rstest::rstest;

    #[rstest]
    #[case("302/2000", Outcome::Valid, "302/2000")]
    #[case("3022000", Outcome::Valid, "302/2000")]
    #[case("302 2000", Outcome::Valid, "302/2000")]
    #[case("302-2000", Outcome::Valid, "302/2000")]
    #[case("909/2000", Outcome::Valid, "909/2000")]
    #[case("999/2000", Outcome::InvalidCheck, "999/2000")]
    #[case("9992000", Outcome::InvalidCheck, "999/2000")]
    #[case("302/200", Outcome::InvalidFormat, "302/200")]
    #[case("302/0999", Outcome::InvalidFormat, "302/0999")]
    #[case("302/1000", Outcome::Valid, "302/1000")]
    #[case("302//2000", Outcome::InvalidFormat, "302//2000")]
    #[case("30/22000", Outcome::InvalidFormat, "30/22000")]
    #[case("302/20000", Outcome::InvalidFormat, "302/20000")]
    #[case("30", Outcome::InvalidFormat, "30")]
    fn vectors(#[case] raw: &str, #[case] outcome: Outcome, #[case] cleaned: &str) {
        let checked = check(Kind::Laestab, raw);
        assert_eq!((checked.outcome, checked.cleaned.as_str()), (outcome, cleaned));
    }
}
