//! What a queue shows of a child before a claim: initials and a band of ages, never more.

use super::age::Age;

/// Bands from the age of four: a year band of one year would single children out in a small
/// setting.
const BANDS: [(u16, u16); 6] = [(4, 5), (6, 7), (8, 9), (10, 11), (12, 15), (16, 18)];

/// The band that an age falls into: half years below the age of four, when needs change fast
/// (`2y6m–2y11m`), then whole years, both completed and inclusive (`4–5`), then `19+`.
pub fn age_band(age: Age) -> String {
    let years = age.years();
    if years < 4 {
        let half = age.months() / 6 * 6;
        return format!("{}–{}", Age::from_months(half), Age::from_months(half + 5));
    }
    match BANDS.iter().find(|(first, last)| (*first..=*last).contains(&years)) {
        Some((first, last)) => format!("{first}–{last}"),
        None => "19+".to_owned(),
    }
}

/// First letter of the forename and of the surname, in capitals (`AE`); what is no letter is passed
/// over. A name without a letter gives `?`.
pub fn initials(forename: &str, surname: &str) -> String {
    [forename, surname].into_iter().map(initial).collect()
}

fn initial(name: &str) -> String {
    match name.chars().find(|sign| sign.is_alphabetic()) {
        Some(letter) => letter.to_uppercase().collect(),
        None => "?".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case(0, "0y0m–0y5m")]
    #[case(30, "2y6m–2y11m")]
    #[case(35, "2y6m–2y11m")]
    #[case(36, "3y0m–3y5m")]
    #[case(47, "3y6m–3y11m")]
    #[case(48, "4–5")]
    #[case(71, "4–5")]
    #[case(72, "6–7")]
    #[case(191, "12–15")]
    #[case(192, "16–18")]
    #[case(228, "19+")]
    fn bands(#[case] months: u16, #[case] band: &str) {
        assert_eq!(age_band(Age::from_months(months)), band);
    }

    #[rstest]
    #[case("Ada", "Example", "AE")]
    #[case("zoë", "o'Brien", "ZO")]
    #[case("Éloïse", "'t Hooft", "ÉT")]
    #[case("-", "", "??")]
    #[case("Mary-Jane", "van der Berg", "MV")]
    fn first_letters(#[case] forename: &str, #[case] surname: &str, #[case] expected: &str) {
        assert_eq!(initials(forename, surname), expected);
    }

    proptest! {
        /// A band never narrows a child down to less than half a year.
        #[test]
        fn neighbours_share_a_band(months in 0_u16..300) {
            let band = age_band(Age::from_months(months));
            let lower = months / 6 * 6;
            for other in lower..lower + 6 {
                prop_assert_eq!(&age_band(Age::from_months(other)), &band);
            }
        }
    }
}
