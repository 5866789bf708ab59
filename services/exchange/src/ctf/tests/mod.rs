//! Transfer files from `tests/fixtures/ctf`, and generated ones: what is read, refused, pointed out.

use std::io::{self, BufReader, Cursor, Read};

use jiff::civil::date;
use onward_domain::codes::provision::SenProvision;
use onward_domain::codes::year::NcYear;

use super::*;

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../../../../tests/fixtures/ctf/", $name)).as_slice()
    };
}

mod read;
mod refused;
mod samples;
mod tolerant;

/// Every pupil of a file, in order.
fn outcomes(bytes: &[u8]) -> Vec<PupilOutcome> {
    let (_, reader) = open(Cursor::new(bytes), Options::default()).expect("the file is accepted");
    reader.map(|outcome| outcome.expect("the file was checked before")).collect()
}

fn pupils(bytes: &[u8]) -> Vec<PupilRead> {
    let read = |outcome| match outcome {
        PupilOutcome::Read(read) => Some(*read),
        PupilOutcome::Fault(_) => None,
    };
    outcomes(bytes).into_iter().filter_map(read).collect()
}

fn faults(bytes: &[u8]) -> Vec<PupilFault> {
    let fault = |outcome| match outcome {
        PupilOutcome::Read(_) => None,
        PupilOutcome::Fault(fault) => Some(fault),
    };
    outcomes(bytes).into_iter().filter_map(fault).collect()
}

fn refusal(bytes: &[u8]) -> CtfRefusal {
    match open(Cursor::new(bytes), Options::default()) {
        Ok(_) => panic!("the file should have been refused"),
        Err(refusal) => refusal,
    }
}

fn codes(notes: &[crate::Note]) -> Vec<&'static str> {
    notes.iter().map(|note| note.code).collect()
}

/// A file with this inside `Pupil`, after the parts that every pupil needs.
fn one_pupil(more: &str) -> String {
    wrap(&format!(
        "<Pupil><UPN>H801200001001</UPN><Surname>Example</Surname><Forename>Ada</Forename>\
         <DOB>2015-03-04</DOB>{more}</Pupil>"
    ))
}

fn wrap(pupils: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<CTfile>\n<Header><CTFversion>24.0</CTFversion>\
         <DateTime>2026-07-20T10:00:00</DateTime><SourceSchool><LEA>302</LEA><Estab>2000</Estab>\
         </SourceSchool></Header>\n<CTFpupilData>{pupils}</CTFpupilData>\n</CTfile>\n"
    )
}

fn only(text: &str) -> PupilRead {
    let mut read = pupils(text.as_bytes());
    assert_eq!(read.len(), 1);
    read.remove(0)
}

/// A pupil with nothing but what is needed.
const ADA: &str =
    "<Pupil><Surname>Example</Surname><Forename>Ada</Forename><DOB>2015-03-04</DOB></Pupil>\n";
