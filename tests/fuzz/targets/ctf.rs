//! Common Transfer Files.

use std::io::Cursor;

use onward_exchange::Note;
use onward_exchange::ctf::{self, Options, PupilOutcome};

use super::{Target, fixtures};
use crate::marker::{MARKER, MARKER_DIGITS, clean, said};

pub(super) const TARGET: Target = Target {
    name: "ctf",
    run,
    seeds: || fixtures("ctf"),
    words: &[
        b"<Pupil>",
        b"</Pupil>",
        b"<CTFpupilData>",
        b"<SENneeds>",
        b"<x>",
        b"</x>",
        b"<!DOCTYPE x [<!ENTITY a 'b'>]>",
        b"&a;",
        b"&#0;",
        b"&#x10FFFF;",
        b"<![CDATA[",
        b"]]>",
        b"<!--",
        b"-->",
        b"<?xml version=\"1.0\" encoding=\"utf-16\"?>",
        b"<UPN>A820432101001</UPN>",
        MARKER.as_bytes(),
        MARKER_DIGITS.as_bytes(),
    ],
};

fn run(bytes: &[u8]) {
    let day = jiff::civil::date(2026, 9, 1);
    let options = Options { today: Some(day), ..Options::default() };
    let (checked, mut reader) = match ctf::open(Cursor::new(bytes), options) {
        Ok(opened) => opened,
        Err(refusal) => return said("a refusal", &refusal),
    };
    notes(&checked.warnings, bytes);
    let (mut read, mut faults) = (0, 0);
    for outcome in reader.by_ref() {
        match outcome.expect("what was whole when it was checked is whole when it is read") {
            PupilOutcome::Read(pupil) => {
                read += 1;
                notes(&pupil.warnings, bytes);
                assert!(pupil.pupil.person.date_of_birth <= day, "born in the future");
                assert!(!pupil.pupil.row_key().is_empty(), "a pupil has a key");
                let _ = pupil.pupil.provision_on(day);
            }
            PupilOutcome::Fault(fault) => {
                faults += 1;
                assert!(!fault.reasons.is_empty(), "a fault has a reason");
                notes(&fault.reasons, bytes);
            }
        }
    }
    assert_eq!((read, faults), (checked.read, checked.faults), "two readings agree");
    assert!(read + faults > 0, "a file without a pupil is refused");
}

fn notes(notes: &[Note], bytes: &[u8]) {
    let lines = bytes.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() as u64 + 1;
    for note in notes {
        clean("a note", &format!("{note} {note:?}"));
        assert!((1..=lines).contains(&note.line), "line {} of {lines}", note.line);
    }
}
