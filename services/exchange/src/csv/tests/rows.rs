//! What single rows need.

use super::*;

// === Rows ===

#[test]
fn reasons_have_line_column_and_code_and_repeat_nothing() {
    let bytes = fixture!("csv/bad_rows.csv");
    let faults = faults::<TransitionRow>(bytes);
    let told: Vec<_> = faults
        .iter()
        .map(|fault| {
            (
                fault.line,
                fault.reasons.iter().map(|note| (note.field, note.code)).collect::<Vec<_>>(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (3, vec![("dob", "date_invalid")]),
            (4, vec![("source_urn", "number_invalid"), ("sen_provision", "code_unknown")]),
            (6, vec![("surname", "missing"), ("la_code", "la_unknown")]),
        ]
    );
    for note in faults.iter().flat_map(|fault| &fault.reasons) {
        for value in ["30/02", "O'Neill", "\"Q\"", "999"] {
            assert!(!note.message.contains(value), "{note}");
        }
    }
    assert_eq!(faults[0].cells.len(), 19);
    let read = rows::<TransitionRow>(bytes);
    assert_eq!(read.iter().map(|read| read.line).collect::<Vec<_>>(), [2, 5]);
    assert_eq!(codes(&read[1].warnings), ["date_british", "upn_to_fix"]);
}

#[test]
fn the_rejects_file_has_reason_and_row() {
    let bytes = fixture!("csv/bad_rows.csv");
    let (_, reader) =
        open::<TransitionRow, _>(Cursor::new(bytes), Options::default()).expect("accepted");
    let mut out = Vec::new();
    let mut rejects = Rejects::new(&mut out, reader.headings()).expect("a vector takes it");
    for fault in faults::<TransitionRow>(bytes) {
        rejects.row(fault.line, &fault.reasons, &fault.cells).expect("a vector takes it");
    }
    rejects.flush().expect("a vector takes it");
    drop(rejects);
    let text = String::from_utf8(out).expect("UTF-8");
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].starts_with("reject_line,reject_column,reject_code,reject_message,upn,"));
    assert!(lines[1].starts_with("3,dob,date_invalid,") && lines[1].contains("30/02/2015"));
    assert!(lines[2].starts_with("4,source_urn; sen_provision,number_invalid; code_unknown,"));
}

#[test]
fn the_same_child_twice_is_seen_and_a_second_reading_gives_the_same_keys() {
    let bytes = fixture!("csv/same_child_twice.csv");
    let read = sound::<TransitionRow>(bytes);
    assert_eq!(read.iter().map(|read| read.repeats).collect::<Vec<_>>(), [None, Some(2), None]);
    let keys = |read: &[RowRead<TransitionRow>]| {
        read.iter().map(|read| read.row.row_key()).collect::<Vec<_>>()
    };
    assert_eq!(keys(&read), keys(&rows(bytes)));
    assert_eq!(keys(&read)[0], keys(&read)[1]);
}

/// A row of the template with other cells.
fn transition(changes: &[(&str, &str)]) -> Vec<u8> {
    let mut lines = template(Kind::Transitions).lines();
    let headings: Vec<_> = lines.next().expect("headings").split(',').collect();
    let cells: Vec<_> = lines.next().expect("a row").split(',').collect();
    let cell = |(heading, cell): (&&str, &&str)| {
        let change = changes.iter().find(|(column, _)| column == heading);
        format!("\"{}\"", change.map_or(*cell, |(_, value)| value))
    };
    let row: Vec<_> = headings.iter().zip(&cells).map(cell).collect();
    format!("{}\n{}\n", headings.join(","), row.join(",")).into_bytes()
}

fn reasons(changes: &[(&str, &str)]) -> Vec<(&'static str, &'static str)> {
    let faults = faults::<TransitionRow>(&transition(changes));
    faults
        .iter()
        .flat_map(|fault| fault.reasons.iter().map(|note| (note.field, note.code)))
        .collect()
}

#[test]
fn each_kind_asks_for_what_it_needs() {
    let kind = |kind, more: &[(&'static str, &'static str)]| {
        reasons(&[&[("transition_kind", kind), ("dest_urn", "")], more].concat())
    };
    assert_eq!(kind("", &[]), []);
    assert_eq!(kind("PRIMARY_TO_SECONDARY", &[]), []);
    assert_eq!(kind("to he", &[]), [("provider_ukprn", "missing"), ("course", "missing")]);
    assert_eq!(
        kind("TO_APPRENTICESHIP", &[("level", "9"), ("planned_date", "2026-09")]),
        [
            ("provider_ukprn", "missing"),
            ("standard_code", "missing"),
            ("level", "number_invalid"),
            ("start", "missing"),
        ]
    );
    assert_eq!(kind("LA_MOVE", &[]), [("to_la", "missing")]);
    assert_eq!(kind("LA_MOVE", &[("to_la", "380")]), []);
    assert_eq!(kind("NO_SUCH_KIND", &[]), [("transition_kind", "code_unknown")]);
    for plain in
        ["IN_YEAR_MOVE", "AP_RETURN", "TO_EMPLOYMENT", "TO_ADULT_CARE", "TO_EHE", "NEET", "UNKNOWN"]
    {
        assert_eq!(kind(plain, &[]), [], "{plain}");
    }
}

#[test]
fn a_placement_needs_tier_end_destination_and_a_review_inside() {
    let placement = |more: &[(&'static str, &'static str)]| {
        let base =
            [("transition_kind", "AP_PLACEMENT"), ("start", "2026-09-07"), ("tier", "TIER2")];
        reasons(&[base.as_slice(), more].concat())
    };
    let sound = [("planned_end", "2026-12-18"), ("review_dates", "2026-10-07")];
    assert_eq!(placement(&sound), []);
    assert_eq!(placement(&[]), [("planned_end", "missing"), ("review_dates", "missing")]);
    let outside = [("planned_end", "2026-12-18"), ("review_dates", "2027-10-07; 2026-09-01")];
    assert_eq!(placement(&outside), [("review_dates", "outside")]);
    let backwards = [("planned_end", "2026-09-07"), ("review_dates", "2026-09-07")];
    assert_eq!(placement(&backwards), [("planned_end", "out_of_order")]);
    let elsewhere = [("destination_kind", "NEW_SCHOOL"), ("destination_urn", "199909")];
    assert_eq!(placement(&[&sound[..], &elsewhere].concat()), []);
    let first = [
        &[("transition_kind", "AP_PLACEMENT"), ("start", "2026-09-07"), ("tier", "TIER1")],
        &sound[..],
        &elsewhere,
    ];
    assert_eq!(reasons(&first.concat()), [("destination_kind", "not_of_tier")]);
    let third = [("tier", "TIER3"), ("destination_kind", "")];
    let third = reasons(
        &[&[("transition_kind", "AP_PLACEMENT"), ("start", "2026-09-07")], &third[..], &sound]
            .concat(),
    );
    assert_eq!(third, [("destination_kind", "missing")]);
}

#[test]
fn a_learner_must_be_named_well_enough() {
    let unnamed = [("upn", ""), ("own_ref", ""), ("postcode", "")];
    assert_eq!(reasons(&unnamed), [("upn", "learner_not_named")]);
    assert_eq!(reasons(&[("upn", ""), ("own_ref", "")]), []);
    assert_eq!(reasons(&[("upn", "A801200001001"), ("own_ref", ""), ("postcode", "")]), []);
}

#[test]
fn a_birth_after_the_day_of_reading_is_a_fault() {
    let options = Options { today: Some(date(2026, 11, 1)), ..Options::default() };
    let bytes = transition(&[("dob", "2026-11-02")]);
    let checked = check::<TransitionRow, _>(bytes.as_slice(), options).expect("accepted");
    assert_eq!((checked.read, checked.faults), (0, 1));
}

#[test]
fn an_unquoted_comma_and_a_huge_cell_are_faults_of_their_row() {
    let file = format!("kind,name\nOTHER,One,two\nOTHER,{}\nOTHER,Three\n", "x".repeat(20_000));
    let faults = faults::<OrganisationRow>(file.as_bytes());
    assert_eq!(
        faults.iter().map(|fault| fault.reasons[0].code).collect::<Vec<_>>(),
        ["too_many_cells", "too_long"]
    );
    assert_eq!(rows::<OrganisationRow>(file.as_bytes()).len(), 1);
}

#[test]
fn organisations_need_what_their_kind_is_found_by() {
    let file = "kind,name,la_code,open_from,open_to\nPATHFINDER,A,302,,\nICB,B,,,\n\
                LOCAL_AUTHORITY,C,,,\nOTHER,D,,2026-01-02,2026-01-01\nSchool,E,302,,\n";
    let faults = faults::<OrganisationRow>(file.as_bytes());
    let fields: Vec<_> = faults.iter().map(|fault| fault.reasons[0].field).collect();
    assert_eq!(fields, ["pathfinder_key", "ods_code", "la_code", "open_to"]);
    assert_eq!(rows::<OrganisationRow>(file.as_bytes()).len(), 1);
}
