//! `onward check-id`: cleans and checks identifiers, a line at a time.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use onward_domain::numbers::{self, Checked, Kind};

use crate::cli::{CheckIdArgs, Output};
use crate::lifecycle::Misuse;
use crate::output::Rows;

/// Longest line of a file that is read, in bytes; no identifier is near it.
const LONGEST_LINE: u64 = 4096;

/// Checks the values. Exit code 1 when one of them is not valid.
pub fn run(args: CheckIdArgs, output: Output) -> anyhow::Result<ExitCode> {
    let misuse = |_| {
        let known = "upn, uln, nhs, urn, ey_urn, laestab, ukprn, sid, husid or ods";
        Misuse(format!("{} is not a kind of identifier: {known}", args.kind))
    };
    let kind: Kind = args.kind.parse().map_err(misuse)?;
    let mut rows = Rows::new(&["value", "result", "cleaned", "flags"]);
    let mut all_valid = true;
    let mut check = |value: &str| {
        let checked = numbers::check(kind, value);
        all_valid &= checked.outcome == numbers::Outcome::Valid;
        rows.push_texts(row(value, &checked));
    };
    match &args.file {
        Some(file) => each_line(file, &mut check)?,
        None => args.values.iter().for_each(|value| check(value)),
    }
    rows.print(output)?;
    Ok(if all_valid { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn row(value: &str, checked: &Checked) -> [String; 4] {
    let flags: Vec<&str> = checked.flags.iter().map(|flag| flag.as_str()).collect();
    [
        value.to_owned(),
        checked.outcome.as_str().to_owned(),
        checked.cleaned.clone(),
        flags.join(" "),
    ]
}

fn each_line(file: &Path, check: &mut dyn FnMut(&str)) -> anyhow::Result<()> {
    let mut reader: Box<dyn BufRead> = if file == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        let file =
            File::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
        Box::new(BufReader::new(file))
    };
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = io::Read::take(&mut reader, LONGEST_LINE).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&line);
        // A line's own end is not part of the value; what is inside it is.
        check(
            text.strip_suffix('\n').map_or(&*text, |text| text.strip_suffix('\r').unwrap_or(text)),
        );
    }
}
