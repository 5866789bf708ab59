//! `onward check-id`: the vectors of every identifier, through the binary, from a file.

use std::fmt::Write as _;

use super::{onward, onward_with};

/// Kind, value, result, flags.
const VECTORS: &[(&str, &str, &str, &str)] = &[
    ("upn", "H801200001001", "valid", ""),
    ("upn", "Z82221002600B", "valid", "temporary"),
    ("upn", "A801200001001", "invalid_check", ""),
    ("upn", "I801200001001", "invalid_format", ""),
    ("upn", "h801200001001", "valid", ""),
    ("upn", "H80120000100", "invalid_format", ""),
    ("upn", "", "invalid_format", ""),
    ("upn", "\u{feff} H801 2000\u{a0}01001 ", "valid", ""),
    ("upn", "H８０１２０００01001", "invalid_format", ""),
    ("uln", "9276308686", "valid", ""),
    ("uln", "3000000010", "valid", ""),
    ("uln", "3000000070", "invalid_check", ""),
    ("uln", "3000000079", "invalid_check", ""),
    ("uln", "1000000009", "invalid_check", ""),
    ("uln", "0276308686", "invalid_format", ""),
    ("uln", "9999999999", "special", ""),
    ("nhs", "9434765919", "valid", "range_unusual"),
    ("nhs", "9990000018", "valid", "synthetic range_unusual"),
    ("nhs", "9990000050", "valid", "synthetic range_unusual"),
    ("nhs", "9434765910", "invalid_check", ""),
    ("nhs", "9990000000", "invalid_check", ""),
    ("nhs", "9990000009", "invalid_check", ""),
    ("nhs", "943 476 5919", "valid", "range_unusual"),
    ("nhs", "1111111111", "special", ""),
    ("urn", "100000", "valid", ""),
    ("urn", "12345", "invalid_format", ""),
    ("ey_urn", "500000", "valid", "la_range"),
    ("ey_urn", "EY400123", "valid", ""),
    ("ey_urn", "2500123", "valid", ""),
    ("ey_urn", "EY40012", "invalid_format", ""),
    ("ey_urn", "50000", "invalid_format", ""),
    ("laestab", "302/2000", "valid", ""),
    ("laestab", "999/2000", "invalid_check", ""),
    ("laestab", "302/200", "invalid_format", ""),
    ("ukprn", "10007774", "valid", ""),
    ("ukprn", "1000777", "invalid_format", ""),
    ("ods", "QWE", "valid", ""),
    ("ods", "S1Y5D", "valid", ""),
    ("ods", "QW", "invalid_format", ""),
    ("husid", "9511560001233", "valid", ""),
    ("husid", "9511560001234", "invalid_check", ""),
    ("sid", "25100077740000016", "valid", ""),
    ("sid", "25100077740000017", "invalid_check", ""),
];

#[tokio::test]
async fn every_vector_is_judged_from_a_file() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let kinds = ["upn", "uln", "nhs", "urn", "ey_urn", "laestab", "ukprn", "sid", "husid", "ods"];
    for kind in kinds {
        let vectors: Vec<_> = VECTORS.iter().filter(|(of, ..)| *of == kind).collect();
        assert!(!vectors.is_empty(), "{kind}");
        let mut lines = String::new();
        for (at, (_, value, ..)) in vectors.iter().enumerate() {
            // Files of both systems' line ends are read alike.
            write!(lines, "{value}{}", if at % 2 == 0 { "\n" } else { "\r\n" })?;
        }
        let file = folder.path().join(kind);
        std::fs::write(&file, lines)?;
        let file = file.to_string_lossy();
        let said = onward(&["check-id", kind, "--file", &file, "--output", "json"]).await?;
        assert_eq!(said.code, Some(1), "one of them is not valid");
        let rows = said.rows();
        assert_eq!(rows.len(), vectors.len(), "a line each");
        for (row, (_, value, result, flags)) in rows.iter().zip(vectors) {
            assert_eq!(row["result"], *result, "{kind} {value:?}");
            assert_eq!(row["flags"], *flags, "{kind} {value:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn values_are_cleaned_and_the_exit_code_says_whether_all_are_valid() -> anyhow::Result<()> {
    let good = onward(&["check-id", "upn", " h801-2000 01001", "--output", "csv"]).await?.done();
    assert_eq!(good.out.lines().next(), Some("value,result,cleaned,flags"));
    assert!(good.out.contains(",valid,H801200001001,"), "{}", good.out);
    let table = onward(&["check-id", "nhs", "9990000018"]).await?.done();
    assert!(table.out.contains("synthetic"), "{}", table.out);
    let mixed = onward(&["check-id", "upn", "H801200001001", "A801200001001"]).await?;
    assert_eq!(mixed.code, Some(1));
    let piped = onward_with(
        &["check-id", "uln", "--file", "-", "--output", "json"],
        &[],
        b"9276308686\n3000000010\n",
    );
    assert_eq!(piped.await?.done().rows().len(), 2);
    onward(&["check-id", "shoe-size", "43"]).await?.misused().says(&["shoe-size", "upn"]);
    onward(&["check-id", "upn", "--file", "/nowhere/at/all"]).await?.refused(&["/nowhere/at/all"]);
    onward(&["check-id", "upn"]).await?.misused();
    Ok(())
}
