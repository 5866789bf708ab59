//! The two sample files.

use super::*;

// === The two sample files ===

#[test]
fn a_leaving_year_six_is_read() {
    let bytes = fixture!("year6.xml");
    let (checked, reader) = open(Cursor::new(bytes), Options::default()).expect("accepted");
    assert_eq!((checked.read, checked.faults), (8, 0));
    assert_eq!(checked.warnings, []);
    let header = reader.header();
    assert_eq!(header.source.as_ref().map(ToString::to_string).as_deref(), Some("302/2991"));
    assert_eq!(header.dest.as_ref().map(ToString::to_string).as_deref(), Some("302/4991"));
    assert_eq!(header.date(), Some(date(2026, 7, 17)));
    assert_eq!(header.academic_year, Some(2025));
    assert_eq!(header.qualifier.as_deref(), Some("full"));
    let read = pupils(bytes);
    assert!(read.iter().all(|read| read.pupil.needs.len() >= 2), "several needs each");
    assert!(read.iter().all(|read| read.pupil.person.nc_year == Some(NcYear::Y6.into())));
    assert!(read.iter().all(|read| read.pupil.person.postcode.is_some()));
}

#[test]
fn numbers_of_year_six() {
    let read = pupils(fixture!("year6.xml"));
    assert_eq!(read[0].pupil.former_upns.len(), 1);
    assert_eq!(read[7].pupil.former_upns.len(), 2);
    let tomasz = &read[5];
    assert!(tomasz.pupil.upn.as_ref().is_some_and(|upn| upn.is_temporary()));
    assert_eq!(codes(&tomasz.warnings), ["upn_temporary"]);
    let grace = &read[6];
    assert!(grace.pupil.upn.is_none(), "created without it");
    assert!(grace.pupil.upn_to_fix.is_some(), "and listed");
    assert_eq!(codes(&grace.warnings), ["upn_to_fix"]);
    assert!(!grace.warnings[0].message.contains("3022991"), "a warning repeats nothing");
}

#[test]
fn names_and_twins_of_year_six() {
    let read = pupils(fixture!("year6.xml"));
    assert!(
        read[1].pupil.person.surname == "Brontë-Okafor" && read[1].pupil.person.forename == "Zoë"
    );
    assert!(read[2].pupil.person.surname == "O'Neill");
    let (noor, nadia) = (&read[3].pupil, &read[4].pupil);
    assert!(noor.person.surname == nadia.person.surname);
    assert!(noor.person.date_of_birth == nadia.person.date_of_birth);
    assert!(noor.person.postcode == nadia.person.postcode);
    assert!(noor.row_key() != nadia.row_key());
    let care = read[2].pupil.person.looked_after.as_ref().expect("in care");
    assert!(care.in_care && care.care_authority.as_deref() == Some("302"));
    assert!(read[7].pupil.person.known_as.as_deref() == Some("Luc"));
    assert!(read[7].pupil.person.sex.as_deref() == Some("M"), "Gender of older files");
}

#[test]
fn provision_of_year_six() {
    let read = pupils(fixture!("year6.xml"));
    let connor = &read[2].pupil.sen_history;
    assert_eq!(connor[0].end, Some(date(2022, 7, 21)));
    assert_eq!(connor[1].end, None);
    assert_eq!(read[2].pupil.provision_on(date(2023, 1, 1)), None);
    assert_eq!(read[0].pupil.provision_on(date(2026, 7, 17)), Some(&SenProvision::E.into()));
    let luca = &read[7].pupil;
    assert_eq!(luca.needs.len(), 2, "SENneeds inside SENhistory");
    assert_eq!(luca.sen_history[1].end, None, "no EndDate at all");
    let ranks: Vec<_> =
        read[0].pupil.needs.iter().map(|need| (need.rank, need.need.as_str())).collect();
    assert_eq!(ranks, [(1, "SLCN"), (2, "ASD"), (3, "SEMH")]);
}

#[test]
fn a_leaving_year_eleven_is_read() {
    let bytes = fixture!("year11.xml");
    let (checked, reader) = open(Cursor::new(bytes), Options::default()).expect("accepted");
    assert_eq!((checked.read, checked.faults), (6, 0));
    assert!(reader.header().dest.is_none(), "the destination is not known, and that is no fault");
    assert_eq!(checked.warnings, []);
    let read = pupils(bytes);
    assert_eq!(read.iter().filter(|read| read.pupil.uln.is_some()).count(), 5);
    assert_eq!(read[5].warnings, [], "the placeholder of a ULN is read as unknown");
    assert_eq!(
        read[3].pupil.sen_history[0].provision,
        SenProvision::S.into(),
        "a statement is history"
    );
}
