//! CSV files from `tests/fixtures/csv`, and generated ones: what is read, refused, pointed out.

use std::collections::BTreeSet;
use std::io::{self, BufReader, Cursor, Read};

use jiff::civil::date;
use onward_domain::codes::placement::{ApDestination, ApTier};
use onward_domain::codes::referral::Priority;
use onward_domain::codes::setting::OrganisationKind;
use onward_domain::numbers::Laestab;
use onward_domain::organisation::OrganisationNumberKind;
use onward_domain::transition::detail::{Detail, Planned, Post16Kind, SupportBasis};

use super::*;
use crate::ctf;

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../../../../tests/fixtures/", $name)).as_slice()
    };
}

mod doubts;
mod files;
mod rows;
mod samples;

fn outcomes<T: Row>(bytes: &[u8]) -> Vec<RowOutcome<T>> {
    let (_, reader) =
        open::<T, _>(Cursor::new(bytes), Options::default()).expect("the file is accepted");
    reader.map(|outcome| outcome.expect("the file was checked before")).collect()
}

fn rows<T: Row>(bytes: &[u8]) -> Vec<RowRead<T>> {
    let read = |outcome| match outcome {
        RowOutcome::Read(read) => Some(*read),
        RowOutcome::Fault(_) => None,
    };
    outcomes(bytes).into_iter().filter_map(read).collect()
}

fn faults<T: Row>(bytes: &[u8]) -> Vec<RowFault> {
    let fault = |outcome| match outcome {
        RowOutcome::Read(_) => None,
        RowOutcome::Fault(fault) => Some(fault),
    };
    outcomes::<T>(bytes).into_iter().filter_map(fault).collect()
}

/// All rows of a file that should have no fault.
fn sound<T: Row>(bytes: &[u8]) -> Vec<RowRead<T>> {
    let told: Vec<_> = faults::<T>(bytes).iter().flat_map(|fault| fault.reasons.clone()).collect();
    assert_eq!(told, []);
    rows(bytes)
}

fn refusal<T: Row>(bytes: &[u8]) -> CsvRefusal {
    match open::<T, _>(Cursor::new(bytes), Options::default()) {
        Ok(_) => panic!("the file should have been refused"),
        Err(refusal) => refusal,
    }
}

fn codes(notes: &[crate::Note]) -> Vec<&'static str> {
    notes.iter().map(|note| note.code).collect()
}
