//! What is refused as a whole.

use super::*;

// === Refused as a whole ===

#[test]
fn a_dtd_and_an_entity_are_refused_before_any_pupil() {
    for bytes in [fixture!("dtd.xml"), fixture!("entity.xml")] {
        assert!(matches!(refusal(bytes), CtfRefusal::Dtd { line: 2 }));
        assert!(CtfReader::new(bytes, Options::default()).is_err(), "in one pass too");
    }
    let undeclared =
        one_pupil("<BasicDetails><PreferredForename>&name;</PreferredForename></BasicDetails>");
    assert!(matches!(refusal(undeclared.as_bytes()), CtfRefusal::Entity { .. }));
    let late = one_pupil("").replace("<CTFpupilData>", "<!DOCTYPE x><CTFpupilData>");
    assert!(matches!(refusal(late.as_bytes()), CtfRefusal::Dtd { .. }));
    let open_ended = "<!DOCTYPE CTfile [<!ENTITY a 'b'>";
    assert_eq!(refusal(open_ended.as_bytes()).code(), "dtd");
}

#[test]
fn a_cut_off_file_is_refused_with_its_line_and_no_pupil_comes_out() {
    let bytes = fixture!("truncated.xml");
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
    let refusal = refusal(bytes);
    assert_eq!((refusal.code(), refusal.line()), ("truncated", Some(lines)));
    assert!(refusal.to_string().contains(&format!("line {lines}")));
    // Wherever it is cut.
    let whole = fixture!("year6.xml");
    let whole = whole.trim_ascii_end();
    for length in (0..whole.len()).step_by(97).chain([whole.len() - 1]) {
        assert!(
            open(Cursor::new(&whole[..length]), Options::default()).is_err(),
            "cut at {length}"
        );
    }
}

#[test]
fn another_root_or_container_is_refused_and_never_nought_pupils() {
    assert!(matches!(refusal(fixture!("wrong_root.xml")), CtfRefusal::WrongRoot { line: 2 }));
    assert_eq!(refusal(fixture!("wrong_container.xml")).code(), "no_pupil_data");
    assert_eq!(refusal(fixture!("empty.xml")).code(), "no_pupils");
    let none = wrap("<Person/>");
    assert_eq!(refusal(none.as_bytes()).code(), "no_pupils");
    let headless = "<CTfile><CTFpupilData><Pupil/></CTFpupilData></CTfile>";
    assert_eq!(refusal(headless.as_bytes()).code(), "no_header");
    for nothing in ["", "   \n", "<?xml version='1.0'?>", "upn,surname\n1,2\n"] {
        assert_eq!(refusal(nothing.as_bytes()).code(), "malformed", "{nothing:?}");
    }
}

#[test]
fn what_is_not_xml_is_refused_without_repeating_it() {
    let cases = [
        one_pupil("<Sex>Secret</Gender>"),
        one_pupil("<Sex>Secret & Sons</Sex>"),
        one_pupil("<Sex>&#0;</Sex>"),
        format!("{}<Secret/>", one_pupil("")),
        format!("{}Secret", one_pupil("")),
        one_pupil("<!Secret>"),
    ];
    for text in cases {
        let refusal = refusal(text.as_bytes());
        assert_eq!(refusal.code(), "malformed", "{text}");
        assert!(refusal.line().is_some() && !refusal.to_string().contains("Secret"), "{refusal}");
    }
}

#[test]
fn depth_is_bounded() {
    let deep = one_pupil(&format!("{}{}", "<a>".repeat(40), "</a>".repeat(40)));
    assert_eq!(refusal(deep.as_bytes()).code(), "too_deep");
}

// === Size ===

/// A file that never ends: a header, then pupils and long comments for ever. Counts what it gave.
struct Endless {
    pending: Vec<u8>,
    next: Vec<u8>,
    given: u64,
}

impl Endless {
    fn new(next: String) -> Self {
        let text = wrap("");
        let (head, _) = text.split_once("</CTFpupilData>").expect("the wrapping has a container");
        Self { pending: head.as_bytes().to_vec(), next: next.into_bytes(), given: 0 }
    }
}

impl Read for Endless {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.pending.is_empty() {
            self.pending = self.next.clone();
        }
        let amount = buf.len().min(self.pending.len());
        buf[..amount].copy_from_slice(&self.pending[..amount]);
        self.pending.drain(..amount);
        self.given += amount as u64;
        Ok(amount)
    }
}

#[test]
fn more_than_64_mib_is_refused_while_reading() {
    let mut endless = Endless::new(format!("{ADA}<!--{}-->\n", "x".repeat(500_000)));
    let input = BufReader::new(&mut endless);
    let refusal = check(input, Options::default()).expect_err("it never ends");
    assert_eq!(refusal.code(), "too_large");
    assert!(refusal.to_string().contains("64 MiB"), "{refusal}");
    assert!(endless.given < 65 * 1024 * 1024, "it stopped at the limit");
}

#[test]
fn pupils_come_out_while_the_file_is_still_being_read() {
    let mut endless = Endless::new(ADA.repeat(10));
    let mut reader =
        CtfReader::new(BufReader::new(&mut endless), Options::default()).expect("a header");
    assert!(matches!(reader.next(), Some(Ok(PupilOutcome::Read(_)))));
    drop(reader);
    assert!(endless.given < 100_000, "only a little was read ahead");
}

#[test]
fn one_endless_text_or_tag_is_refused() {
    for start in ["<Surname>", "<Surname a='", "<!--", "<![CDATA["] {
        let endless = Endless {
            pending: wrap(&format!("<Pupil>{start}")).into_bytes(),
            next: vec![b'x'; 4096],
            given: 0,
        };
        let cut = wrap("<Pupil>").find("</CTFpupilData>").expect("a container");
        let mut endless = endless;
        endless.pending.truncate(cut + start.len());
        let refusal =
            check(BufReader::new(endless), Options::default()).expect_err("it never ends");
        assert_eq!(refusal.code(), "endless", "{start}");
    }
}

#[test]
fn a_pupil_with_too_much_is_a_fault_and_the_others_go_on() {
    let long = "x".repeat(5_000);
    let many = "<SEN/>".repeat(5_000);
    let text = wrap(&format!(
        "<Pupil><Surname>{long}</Surname><Forename>A</Forename><DOB>2015-01-01</DOB></Pupil>\
         <Pupil><Surname>B</Surname><Forename>B</Forename><DOB>2015-01-01</DOB>\
         <SENhistory>{many}</SENhistory></Pupil>{ADA}"
    ));
    let faults = faults(text.as_bytes());
    assert_eq!(
        faults.iter().map(|fault| fault.reasons[0].code).collect::<Vec<_>>(),
        ["too_long", "too_many_elements"]
    );
    assert_eq!(pupils(text.as_bytes()).len(), 1);
}

#[test]
fn damage_anywhere_is_survived() {
    let whole = fixture!("one_bad_pupil.xml");
    for at in (0..whole.len()).step_by(5) {
        for byte in [b'<', b'&', 0xFF] {
            let mut damaged = whole.to_vec();
            damaged[at] = byte;
            if let Err(refusal) = check(damaged.as_slice(), Options::default()) {
                assert!(refusal.line().is_some(), "{refusal}");
            }
        }
    }
}
