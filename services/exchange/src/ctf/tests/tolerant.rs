//! Faults that cost a pupil a need or a rank, and never the pupil; pupils that must not go unnoticed.

use super::*;

/// Needs with these ranks and codes, after a spell of one provision that goes on.
fn pupil(provision: &str, needs: &[(&str, &str)]) -> PupilRead {
    let need = |(rank, code): &(&str, &str)| {
        format!("<SENneed><SENtypeRank>{rank}</SENtypeRank><SENtype>{code}</SENtype></SENneed>\n")
    };
    let needs: String = needs.iter().map(need).collect();
    only(&one_pupil(&format!(
        "<SENhistory><SEN><StartDate>2023-09-04</StartDate><SENprovision>{provision}</SENprovision>\
         </SEN></SENhistory><SENneeds>{needs}</SENneeds>"
    )))
}

fn ranked(read: &PupilRead) -> Vec<(u8, String)> {
    let needs = read.pupil.needs.iter();
    needs.map(|need| (need.rank, need.need.as_str().to_owned())).collect()
}

fn expect(read: &PupilRead, needs: &[(u8, &str)], code: &str) {
    let needs: Vec<_> = needs.iter().map(|(rank, need)| (*rank, (*need).to_owned())).collect();
    assert_eq!(ranked(read), needs);
    assert!(codes(&read.warnings).contains(&code), "{code} in {:?}", codes(&read.warnings));
}

#[test]
fn a_rank_that_is_taken_moves_down() {
    let read = pupil("K", &[("1", "SLCN"), ("1", "ASD"), ("2", "HI")]);
    expect(&read, &[(1, "SLCN"), (2, "ASD"), (3, "HI")], "rank_twice");
    let warning = read.warnings.iter().find(|note| note.code == "rank_twice");
    assert!(warning.is_some_and(|note| note.line > read.line), "with its own line");
}

#[test]
fn what_cannot_be_held_is_left_out_and_said() {
    expect(&pupil("K", &[("1", "SLCN"), ("2", "NSA")]), &[(1, "SLCN")], "nsa_not_primary");
    expect(&pupil("E", &[("1", "NSA")]), &[], "nsa_without_sen_support");
    let other = "ABCDEFGHIJKLM";
    expect(&pupil("K", &[("1", other)]), &[(1, other)], "need_unknown");
    expect(&pupil("K", &[("1", &"A".repeat(65))]), &[], "need_too_long");
    expect(&pupil("K", &[("1", "ZZZ")]), &[(1, "ZZZ")], "need_unknown");
    assert_eq!(ranked(&pupil("K", &[("1", "NSA*")])), [(1, "NSA".to_owned())]);
    let many: Vec<(String, String)> =
        (1..=120).map(|number| (number.to_string(), format!("Q{number}"))).collect();
    let many: Vec<(&str, &str)> =
        many.iter().map(|(rank, code)| (rank.as_str(), code.as_str())).collect();
    let read = pupil("K", &many);
    assert_eq!(read.pupil.needs.len(), 99);
    assert!(codes(&read.warnings).contains(&"too_many_needs"));
}

#[test]
fn a_need_that_is_there_twice_is_kept_once() {
    let read = only(&one_pupil(
        "<SENneeds><SENneed><NeedStartDate>2020-09-01</NeedStartDate>\
         <NeedEndDate>2021-07-20</NeedEndDate><SENtypeRank>1</SENtypeRank><SENtype>SLCN</SENtype>\
         </SENneed><SENneed><NeedStartDate>2022-09-01</NeedStartDate><SENtypeRank>2</SENtypeRank>\
         <SENtype>SLCN</SENtype></SENneed></SENneeds>",
    ));
    expect(&read, &[(1, "SLCN")], "need_twice");
    let need = &read.pupil.needs[0];
    assert_eq!((need.from, need.to), (Some(date(2022, 9, 1)), None));
}

#[test]
fn a_provision_years_ahead_is_pointed_out() {
    let read = |start: &str| {
        let spell = format!(
            "<SENhistory><SEN><StartDate>{start}</StartDate><SENprovision>K</SENprovision></SEN>\
             </SENhistory>"
        );
        let read = only(&one_pupil(&spell));
        assert_eq!(read.pupil.sen_history.len(), 1, "kept");
        codes(&read.warnings).contains(&"sen_start_far_ahead")
    };
    assert!(read("2030-09-04"));
    assert!(!read("2026-09-04"), "what begins in September");
}

#[test]
fn a_name_that_cannot_be_seen_refuses_the_pupil() {
    for name in ["A&#1;B", "A&#27;[31mB", "\u{200b}", "\u{202e}Ab"] {
        let text = one_pupil("").replace("Example", name);
        let faults = faults(text.as_bytes());
        assert_eq!(faults.len(), 1, "{name:?}");
        assert_eq!(codes(&faults[0].reasons), ["name_unseen"]);
    }
    let wrapped = only(&one_pupil("").replace("Example", "A&#10;B\n C"));
    assert_eq!(wrapped.pupil.person.surname, "A B C");
    let decomposed = only(&one_pupil("").replace("Example", "E\u{301}mile O\u{2019}Neil"));
    assert_eq!(decomposed.pupil.person.surname, "\u{c9}mile O'Neil");
}

#[test]
fn a_pupil_outside_the_container_refuses_the_file() {
    let text = one_pupil("");
    let after = |more: &str| {
        let more = format!("</CTFpupilData>\n{more}\n</CTfile>");
        text.replace("</CTFpupilData>\n</CTfile>", &more)
    };
    let second = after(&format!("<CTFpupilData>{ADA}</CTFpupilData>"));
    assert!(matches!(refusal(second.as_bytes()), CtfRefusal::SecondContainer { line: 5 }));
    let beside = [
        after(&format!("<OtherData>{ADA}</OtherData>")),
        after(ADA),
        text.replace("<CTFpupilData>", &format!("<Extra>{ADA}</Extra><CTFpupilData>")),
        text.replace("<CTFpupilData>", &format!("<CTFpupilData><Group>{ADA}</Group>")),
    ];
    for text in beside {
        let refused = refusal(text.as_bytes());
        assert!(matches!(refused, CtfRefusal::PupilElsewhere { .. }), "{refused}");
    }
    // What holds no pupil is passed over as before.
    assert_eq!(pupils(after("<OtherData><a/></OtherData>").as_bytes()).len(), 1);
}
