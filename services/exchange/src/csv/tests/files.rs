//! Shapes and sizes of files.

use super::*;

// === Shapes of a file ===

#[test]
fn a_byte_order_mark_and_crlf_change_nothing() {
    let read = sound::<TransitionRow>(fixture!("csv/bom_crlf.csv"));
    assert_eq!(read.iter().map(|read| read.line).collect::<Vec<_>>(), [2, 3, 4, 5]);
    assert!(read[0].row.learner.person.forename == "Zoë");
}

#[test]
fn quoted_line_breaks_keep_rows_and_lines_right() {
    let read = sound::<ReferralRow>(fixture!("csv/quoted_newlines.csv"));
    assert_eq!(read.iter().map(|read| read.line).collect::<Vec<_>>(), [2, 6]);
    assert!(
        read[0].row.form.reason
            == "First line, with a comma\nSecond line \"with quotes\"\n\nFourth line"
    );
}

#[test]
fn blank_lines_are_passed_over_and_counted() {
    let file = "kind,name\r\n\r\n\r\nOTHER,\"One\r\nmore\"\r\n,\r\nOTHER,Two";
    let read = sound::<OrganisationRow>(file.as_bytes());
    assert_eq!(read.iter().map(|read| read.line).collect::<Vec<_>>(), [4, 7]);
}

#[test]
fn a_missing_required_column_refuses_the_file_before_any_row() {
    let bytes = fixture!("csv/missing_column.csv");
    assert!(CsvReader::<_, TransitionRow>::new(bytes, Options::default()).is_err());
    let refusal = refusal::<TransitionRow>(bytes);
    assert_eq!(refusal.code(), "missing_columns");
    assert!(refusal.to_string().contains("dob, la_code"), "{refusal}");
}

#[test]
fn columns_may_be_reordered_renamed_and_more() {
    let bytes = fixture!("csv/extra_reordered.csv");
    let (checked, _) =
        open::<TransitionRow, _>(Cursor::new(bytes), Options::default()).expect("accepted");
    assert_eq!((checked.read, codes(&checked.warnings)), (4, vec!["unknown_columns"]));
    assert!(checked.warnings[0].message.ends_with("Tutor Group, Notes"));
    let here = sound::<TransitionRow>(bytes);
    let there = rows::<TransitionRow>(fixture!("csv/bom_crlf.csv"));
    assert!(here.iter().zip(&there).all(|(here, there)| here.row == there.row));
}

#[test]
fn a_file_with_nothing_in_it_is_refused() {
    assert_eq!(refusal::<ReferralRow>(b"").code(), "empty");
    let headings = template(Kind::Referrals).lines().next().expect("headings").to_owned();
    assert_eq!(refusal::<ReferralRow>(headings.as_bytes()).code(), "no_rows");
    assert_eq!(refusal::<ReferralRow>(format!("{headings}\n,,,\n\n").as_bytes()).code(), "no_rows");
    assert_eq!(refusal::<OrganisationRow>(b"kind,name,Kind\nICB,x,y\n").code(), "doubled_column");
    assert_eq!(refusal::<OrganisationRow>(b"<CTfile/>").code(), "missing_columns");
    assert_eq!(refusal::<OrganisationRow>(b"PK\x03\x04a workbook").code(), "not_text");
}

#[test]
fn windows_1252_is_read_with_a_warning() {
    let bytes = fixture!("csv/windows1252.csv");
    let (checked, _) =
        open::<TransitionRow, _>(Cursor::new(bytes), Options::default()).expect("accepted");
    assert_eq!(codes(&checked.warnings), ["encoding"]);
    assert_eq!(checked.warnings[0].line, 2);
    assert!(rows::<TransitionRow>(bytes)[0].row.learner.person.surname == "Brontë-Okafor");
}

#[test]
fn formula_cells_are_text_and_leave_as_harmless_text() {
    let bytes = fixture!("csv/formula.csv");
    let read = sound::<TransitionRow>(bytes);
    assert!(read[0].row.learner.person.surname.starts_with("=HYPERLINK("));
    assert!(read[1].row.learner.person.forename == "+Elin");
    assert_eq!(codes(&read[1].warnings), ["upn_to_fix"]);
    let (_, reader) =
        open::<TransitionRow, _>(Cursor::new(bytes), Options::default()).expect("accepted");
    let mut out = Vec::new();
    let mut rejects = Rejects::new(&mut out, reader.headings()).expect("a vector takes it");
    for read in &read {
        rejects
            .said(read.line, "", "example", "=not a formula", &read.cells)
            .expect("a vector takes it");
    }
    assert_eq!(rejects.count(), 2);
    rejects.flush().expect("a vector takes it");
    drop(rejects);
    let text = String::from_utf8(out.clone()).expect("UTF-8");
    assert!(
        text.contains("'@SUM(A1:A9)") && text.contains("'=HYPERLINK") && text.contains(",'-Otis,")
    );
    assert!(text.contains(",'=not a formula,"));
    // And it comes back as it was, with nothing to say about our own columns.
    let (again, reader) = open::<TransitionRow, _>(Cursor::new(out.as_slice()), Options::default())
        .expect("accepted");
    assert_eq!(again.warnings, []);
    let back: Vec<_> = reader.filter_map(Result::ok).collect();
    assert!(matches!(&back[0], RowOutcome::Read(back) if back.row == read[0].row));
}

// === Size ===

/// Rows made as they are read, so that nothing but the reader under test can hold them.
struct Rows {
    next: u64,
    last: u64,
    pending: Vec<u8>,
    given: u64,
}

impl Rows {
    fn new(last: u64) -> Self {
        let headings = b"own_ref,forename,surname,dob,setting_urn,referrer_role,need_ticks,reason,\
                         consent_at,consent_method\n";
        Self { next: 1, last, pending: headings.to_vec(), given: 0 }
    }
}

impl Read for Rows {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.pending.is_empty() && self.next <= self.last {
            let row = self.next;
            self.pending = format!(
                "R{row},Ada,Example,2022-03-04,EY999902,EARLY_YEARS,EXPRESSIVE,\"Says\nlittle\",\
                 2026-09-01,SIGNED\n"
            )
            .into_bytes();
            self.next += 1;
        }
        let amount = buf.len().min(self.pending.len());
        buf[..amount].copy_from_slice(&self.pending[..amount]);
        self.pending.drain(..amount);
        self.given += amount as u64;
        Ok(amount)
    }
}

#[test]
fn a_hundred_thousand_rows_are_streamed() {
    let mut source = Rows::new(100_000);
    let input = BufReader::new(&mut source);
    let mut reader = CsvReader::<_, ReferralRow>::new(input, Options::default()).expect("accepted");
    assert!(matches!(reader.next(), Some(Ok(RowOutcome::Read(_)))));
    drop(reader);
    assert!(source.given < 100_000, "the first row comes out before the file is read");
    let input = BufReader::new(Rows::new(100_000));
    let reader = CsvReader::<_, ReferralRow>::new(input, Options::default()).expect("accepted");
    let (mut rows, mut last) = (0, 0);
    for outcome in reader {
        let Ok(RowOutcome::Read(read)) = outcome else { panic!("every row is sound") };
        assert_eq!(read.repeats, None);
        rows += 1;
        last = read.line;
    }
    assert_eq!((rows, last), (100_000, 200_000));
}

#[test]
fn one_row_more_is_refused() {
    let options = Options { most_rows: 10, ..Options::default() };
    let at_limit = check::<ReferralRow, _>(BufReader::new(Rows::new(10)), options);
    assert_eq!(at_limit.expect("accepted").read, 10);
    let above = check::<ReferralRow, _>(BufReader::new(Rows::new(11)), options);
    assert_eq!(above.expect_err("refused").code(), "too_many_rows");
    assert_eq!(Options::default().most_rows, 100_000);
}

#[test]
fn a_lost_quote_does_not_swallow_the_file() {
    let head = Cursor::new(b"kind,name\nOTHER,\"lost".to_vec());
    let endless = BufReader::new(head.chain(io::repeat(b'x')));
    let refusal = check::<OrganisationRow, _>(endless, Options::default()).expect_err("refused");
    assert_eq!(refusal.code(), "endless");
}

#[test]
fn damage_anywhere_is_survived() {
    let whole = fixture!("csv/quoted_newlines.csv");
    for at in 0..whole.len() {
        for byte in [b'"', b',', b'\n', 0xFF] {
            let mut damaged = whole.to_vec();
            damaged[at] = byte;
            if let Ok(checked) = check::<ReferralRow, _>(damaged.as_slice(), Options::default()) {
                assert!(checked.read + checked.faults > 0);
            }
        }
    }
}
