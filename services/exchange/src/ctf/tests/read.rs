//! What is read, with a warning or without, and pupils that are not.

use super::*;

// === Read with a warning ===

#[test]
fn other_encodings_are_read() {
    let read = pupils(fixture!("windows1252.xml"));
    assert!(read[0].pupil.person.surname == "Brontë-Okafor");
    assert!(read[1].pupil.person.surname == "O'Neill");
    let text = wrap(
        "<Pupil><Surname>Brontë</Surname><Forename>Zoë</Forename><DOB>2015-01-01</DOB></Pupil>",
    );
    let mut utf16 = vec![0xFF, 0xFE];
    utf16.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    let marked = format!("\u{FEFF}{text}");
    for bytes in [utf16.as_slice(), marked.as_bytes()] {
        let (checked, _) = open(Cursor::new(bytes), Options::default()).expect("accepted");
        assert_eq!(checked.warnings, []);
        assert!(pupils(bytes)[0].pupil.person.forename == "Zoë");
    }
}

#[test]
fn windows_1252_under_a_false_declaration_is_read_with_a_warning() {
    let mut bytes = fixture!("windows1252.xml").to_vec();
    let at = bytes.windows(12).position(|word| word == b"windows-1252").expect("declared");
    bytes.splice(at..at + 12, *b"utf-8");
    let (checked, _) = open(Cursor::new(bytes.as_slice()), Options::default()).expect("accepted");
    assert_eq!(codes(&checked.warnings), ["encoding"]);
    assert!(checked.warnings[0].line > 10);
    assert!(pupils(&bytes)[0].pupil.person.forename == "Zoë");
}

#[test]
fn an_unknown_version_and_unknown_elements_are_warned_of() {
    let bytes = fixture!("unknown_version.xml");
    let (checked, _) = open(Cursor::new(bytes), Options::default()).expect("accepted");
    assert_eq!((checked.read, codes(&checked.warnings)), (2, vec!["unknown_version"]));
    let bytes = fixture!("unknown_elements.xml");
    let (checked, _) = open(Cursor::new(bytes), Options::default()).expect("accepted");
    assert_eq!((checked.read, codes(&checked.warnings)), (2, vec!["unknown_elements"]));
    let names: Vec<_> = checked.unknown.by_name().collect();
    assert_eq!(names, [("CTFsignature", 1), ("WellbeingScore", 2)]);
}

// === One pupil among others ===

#[test]
fn one_bad_pupil_does_not_stop_the_others() {
    let bytes = fixture!("one_bad_pupil.xml");
    let outcomes = outcomes(bytes);
    let kinds: Vec<_> = outcomes.iter().map(|one| matches!(one, PupilOutcome::Read(_))).collect();
    assert_eq!(kinds, [true, false, true]);
    let fault = &faults(bytes)[0];
    assert_eq!(codes(&fault.reasons), ["surname_missing"]);
    let text = std::str::from_utf8(bytes).expect("UTF-8");
    let line = text.lines().nth(fault.line as usize - 1).expect("the line exists");
    assert_eq!(line.trim(), "<Pupil>", "the line is the pupil's");
}

#[test]
fn impossible_births_are_faults_with_a_line() {
    let faults = faults(fixture!("bad_pupils.xml"));
    let reasons: Vec<_> =
        faults.iter().map(|fault| (fault.reasons[0].field, fault.reasons[0].code)).collect();
    assert_eq!(
        reasons,
        [("Surname", "surname_missing"), ("DOB", "dob_after_file"), ("DOB", "dob_invalid")]
    );
    assert!(faults.iter().all(|fault| !fault.reasons[0].message.contains("2015")));
    let nobody = wrap("<Pupil/>");
    let fault = &self::faults(nobody.as_bytes())[0];
    assert_eq!(codes(&fault.reasons), ["surname_missing", "forename_missing", "dob_missing"]);
}

#[test]
fn any_order_namespaces_cdata_and_references_are_understood() {
    let text = wrap(
        "<c:Pupil xmlns:c='urn:x'><c:DOB>2015-03-04T00:00:00</c:DOB>\
         <c:Forename><![CDATA[Ada]]>&#8217;s</c:Forename><!-- c --><c:SENneeds><c:SENneed>\
         <c:SENtype>pld</c:SENtype></c:SENneed></c:SENneeds>\
         <c:Surname>Smith &amp;\n  Jones</c:Surname><c:UPN/></c:Pupil>",
    );
    let read = only(&text);
    assert!(read.pupil.person.surname == "Smith & Jones", "one line");
    assert!(read.pupil.person.forename == "Ada's");
    assert_eq!(read.pupil.needs[0].need.as_str(), "SPLD");
    assert_eq!(read.pupil.needs[0].rank, 1);
    assert_eq!(codes(&read.warnings), ["upn_missing", "rank_missing", "need_without_provision"]);
}

#[test]
fn provision_that_cannot_be_used_is_pointed_out() {
    let spell = |start, end, code| {
        format!(
            "<SEN><StartDate>{start}</StartDate><EndDate>{end}</EndDate><SENprovision>{code}</SENprovision></SEN>"
        )
    };
    let spells = [
        spell("2020-01-01", "2019-01-01", "K"),
        spell("", "", "K"),
        spell("2021-02-30", "", "K"),
        spell("2021-01-01", "", "Q"),
        spell("2012-01-01", "2013-01-01", "a"),
        spell("2020-01-01", "", "K"),
        "<SEN/>".to_owned(),
    ];
    let read = only(&one_pupil(&format!("<SENhistory>{}</SENhistory>", spells.concat())));
    let kept: Vec<_> = read.pupil.sen_history.iter().map(|spell| spell.provision.known()).collect();
    assert_eq!(kept, [Some(SenProvision::A), Some(SenProvision::K), None]);
    assert_eq!(read.pupil.sen_history[2].provision.as_str(), "Q", "kept as it came");
    assert_eq!(
        codes(&read.warnings),
        [
            "end_before_start",
            "sen_start_missing",
            "sen_start_invalid",
            "sen_start_missing",
            "provision_unknown"
        ]
    );
}

#[test]
fn unknown_needs_are_kept_and_reported() {
    let need = |code, rank| {
        format!("<SENneed><SENtypeRank>{rank}</SENtypeRank><SENtype>{code}</SENtype></SENneed>")
    };
    let read = only(&one_pupil(&format!(
        "<SENhistory><SEN><StartDate>2020-01-01</StartDate><SENprovision>K</SENprovision></SEN></SENhistory>\
         <SENneeds>{}{}{}</SENneeds>",
        need("QQQ", "2"),
        need("SLCN", "1"),
        need("BESD", "3")
    )));
    let kept: Vec<_> = read.pupil.needs.iter().map(|need| need.need.as_str()).collect();
    assert_eq!(kept, ["SLCN", "QQQ", "BESD"]);
    assert_eq!(codes(&read.warnings), ["need_unknown", "need_ended"]);
}

#[test]
fn former_numbers_are_kept_once_and_never_the_current_one() {
    let former = |upn| format!("<FormerUPN>{upn}</FormerUPN>");
    let read = only(&one_pupil(&format!(
        "<BasicDetails>{}{}{}{}</BasicDetails>",
        former("Z82221002600B"),
        former("z82221002600b"),
        former("H801200001001"),
        former("A801200001001")
    )));
    assert_eq!(read.pupil.former_upns.len(), 1);
    assert_eq!(codes(&read.warnings), ["former_upn_dropped"]);
}

#[test]
fn the_same_file_gives_the_same_keys() {
    let keys = |bytes| pupils(bytes).iter().map(|read| read.pupil.row_key()).collect::<Vec<_>>();
    let first = keys(fixture!("year6.xml"));
    assert_eq!(first, keys(fixture!("year6.xml")));
    let distinct: std::collections::BTreeSet<_> = first.iter().collect();
    assert_eq!(distinct.len(), 8);
}

#[test]
fn a_header_with_less_in_it_is_read_with_warnings() {
    let text = wrap(ADA)
        .replace("<DateTime>2026-07-20T10:00:00</DateTime>", "<DateTime/>")
        .replace("<LEA>302</LEA>", "<LEA>999</LEA>");
    let (checked, reader) =
        open(Cursor::new(text.as_bytes()), Options::default()).expect("accepted");
    assert_eq!(codes(&checked.warnings), ["laestab_unknown", "no_file_date", "no_source"]);
    assert!(reader.header().source.is_none() && reader.header().date().is_none());
}
