//! Rows that are not what they seem: an open quote, a name with something hidden, a child written in two
//! ways.

use super::*;

const MOVES: &str = "upn,surname,forename,dob,postcode,sex,nc_year,source_urn,planned_date,\
                     sen_provision,need1,need2,la_code\n";

fn moved(surname: &str, forename: &str, need1: &str, need2: &str) -> String {
    format!(
        ",{surname},{forename},2015-03-04,ZZ99 1AB,F,6,199901,2026-09-02,K,{need1},{need2},302\n"
    )
}

#[test]
fn a_quote_that_is_never_closed_names_its_line() {
    let text = [
        MOVES,
        &moved("One", "Ada", "SLCN", ""),
        &moved("\"Two", "Bea", "SLCN", ""),
        &moved("Three", "Cyd", "SLCN", ""),
    ]
    .concat();
    for text in [text.as_str(), text.trim_end()] {
        let faults = faults::<TransitionRow>(text.as_bytes());
        assert_eq!(faults.len(), 1);
        assert_eq!((faults[0].line, codes(&faults[0].reasons)), (3, vec!["quote_not_closed"]));
        assert!(faults[0].reasons[0].message.contains("line 3"));
        assert_eq!(rows::<TransitionRow>(text.as_bytes()).len(), 1, "the row before is kept");
    }
    // A last cell in quotes, closed, over two lines.
    let closed = [MOVES, &moved("One", "Ada", "SLCN", "").replace("302", "\"302\n\"")].concat();
    assert_eq!(rows::<TransitionRow>(closed.as_bytes()).len(), 1);
    assert_eq!(rows::<TransitionRow>(closed.trim_end().as_bytes()).len(), 1);
}

#[test]
fn a_name_with_something_hidden_is_refused() {
    for name in ["A\u{0}B", "A\u{1b}[1mB", "\"A\nB\"", "\u{200b}"] {
        let text = [MOVES, &moved(name, "Ada", "SLCN", "")].concat();
        let faults = faults::<TransitionRow>(text.as_bytes());
        assert_eq!(faults.len(), 1, "{name:?}");
        assert_eq!(codes(&faults[0].reasons), ["name_unseen"], "{name:?}");
    }
}

#[test]
fn one_child_has_one_key_however_it_is_written() {
    let key = |surname: &str, forename: &str| {
        let text = [MOVES, &moved(surname, forename, "SLCN", "")].concat();
        rows::<TransitionRow>(text.as_bytes()).remove(0).row.row_key()
    };
    let first = key("O'Neil", "\u{c9}mile");
    assert_eq!(key("O\u{2019}NEIL", "E\u{301}mile"), first);
    assert_ne!(key("O'Neil", "Emil"), first);
}

#[test]
fn a_need_that_cannot_be_held_does_not_cost_the_row() {
    for (first, second, code, left) in [
        ("SLCN", "SLCN", "need_twice", 1),
        ("SLCN", "NSA", "nsa_left_out", 1),
        ("ABCDEFGHIJKLM", "", "need_unknown", 1),
        (&"A".repeat(65), "", "need_too_long", 0),
    ] {
        let text = [MOVES, &moved("One", "Ada", first, second)].concat();
        let row = sound::<TransitionRow>(text.as_bytes()).remove(0);
        assert!(codes(&row.warnings).contains(&code), "{code}: {:?}", codes(&row.warnings));
        assert_eq!(row.row.needs.len(), left, "{code}");
    }
}

#[test]
fn nobody_is_referred_before_birth() {
    let text = "own_ref,forename,surname,dob,setting_urn,received_on,referrer_role,need_ticks,reason,\
                consent_at,consent_method\nR1,Maya,Osei,2020-01-15,199901,2019-01-01,SENCO_SCHOOL,\
                EXPRESSIVE,Because,2026-09-16,SIGNED\n";
    let faults = faults::<ReferralRow>(text.as_bytes());
    assert_eq!(codes(&faults[0].reasons), ["received_before_birth"]);
}
