//! What holds for every kind of number.

use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::codes::assert_set;

/// Every kind that is cleaned, with a valid number of it.
const VALID: [(Kind, &str); 11] = [
    (Kind::Upn, "H801200001001"),
    (Kind::Uln, "9276308686"),
    (Kind::Nhs, "9434765919"),
    (Kind::Urn, "100000"),
    (Kind::EyUrn, "2500123"),
    (Kind::Laestab, "3022000"),
    (Kind::Ukprn, "10007774"),
    (Kind::Sid, "25100077740000016"),
    (Kind::Husid, "9511560001233"),
    (Kind::Ods, "S1Y5D"),
    (Kind::LearnAimRef, "Z0002347"),
];

fn outcomes(change: impl Fn(&str) -> String) -> Vec<Outcome> {
    VALID.iter().map(|(kind, number)| check(*kind, &change(number)).outcome).collect()
}

#[test]
fn the_names_are_those_of_the_pages() {
    assert_set::<Kind>(
        "upn, uln, nhs, urn, ey_urn, laestab, ukprn, sid, husid, ods, learn_aim_ref, \
         learn_ref_number",
    );
    assert_set::<Outcome>("valid, invalid_format, invalid_check, special");
    assert_set::<Flag>("temporary, synthetic, range_unusual, la_range");
}

#[test]
fn what_cleaning_removes_never_matters() {
    let spellings: [fn(&str) -> String; 4] = [
        |number| format!("\u{FEFF}\r\n {number}\u{A0}"),
        |number| format!("{}\u{200B}-{}", &number[..2], &number[2..]),
        |number| format!("{}\u{202F}\u{2013}{}", &number[..3], &number[3..]),
        str::to_ascii_lowercase,
    ];
    for spelling in spellings {
        assert_eq!(outcomes(spelling), [Outcome::Valid; 11]);
    }
}

/// What cleaning keeps is a wrong shape, whatever the kind.
#[rstest]
#[case::full_width(|number: &str| number.replace('0', "０"))]
#[case::arabic_indic(|number: &str| number.replace('0', "٠"))]
#[case::inner_line_break(|number: &str| format!("{}\n{}", &number[..2], &number[2..]))]
#[case::inner_carriage_return(|number: &str| format!("{}\r{}", &number[..2], &number[2..]))]
#[case::zero_width_joiner(|number: &str| format!("{}\u{200D}{}", &number[..2], &number[2..]))]
#[case::em_dash(|number: &str| format!("{}\u{2014}{}", &number[..2], &number[2..]))]
#[case::inner_byte_order_mark(|number: &str| format!("{}\u{FEFF}{}", &number[..2], &number[2..]))]
#[case::dot(|number: &str| format!("{}.{}", &number[..2], &number[2..]))]
#[case::nul(|number: &str| format!("{number}\0"))]
#[case::empty(|_: &str| String::new())]
#[case::only_spaces(|_: &str| " \u{200B}- ".to_owned())]
fn what_cleaning_keeps_is_a_wrong_shape(#[case] change: fn(&str) -> String) {
    for (kind, number) in VALID {
        let changed = change(number);
        if changed != number {
            assert_eq!(check(kind, &changed).outcome, Outcome::InvalidFormat, "{kind}");
        }
    }
}

#[rstest]
#[case(Kind::Upn, "Н801200001001")]
#[case(Kind::EyUrn, "ЕY400123")]
#[case(Kind::Ods, "ЅIY")]
#[case(Kind::Ods, "ſſſ")]
#[case(Kind::Upn, "ı801200001001")]
fn look_alikes_are_not_folded(#[case] kind: Kind, #[case] raw: &str) {
    assert_eq!(check(kind, raw).outcome, Outcome::InvalidFormat);
}

#[test]
fn a_judgement_prints_without_the_number() {
    let printed = format!("{:?}", check(Kind::Upn, "Z82221002600B"));
    assert_eq!(printed, "Checked(valid, [Temporary], …)");
}

#[test]
fn kinds_that_name_a_learner() {
    let personal = Kind::ALL.iter().filter(|kind| kind.names_a_learner()).count();
    assert_eq!(personal, 6);
}

proptest! {
    #[test]
    fn any_text_is_judged_without_a_fault(raw in "\\PC{0,24}|[A-Z0-9/\u{200B}\n ]{0,20}") {
        for kind in Kind::ALL {
            let once = check(*kind, &raw);
            // What is stored is judged as what was given.
            if once.is_valid() {
                prop_assert_eq!(check(*kind, &once.cleaned), once);
            }
        }
    }
}
