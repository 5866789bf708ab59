//! What became of the rows: new, changed, same, failed; the bar; the rejects file.

use std::fs::File;
use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};
use onward_exchange::Note;
use onward_exchange::csv::Rejects;

use crate::cli::Output;
use crate::output::Rows;

/// What became of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Recorded now.
    New,
    /// Recorded now, where something else was before.
    Changed,
    /// Recorded before with the same content.
    Same,
    /// Not recorded: stable code and sentence.
    Failed {
        /// Stable reason.
        code: String,
        /// One sentence.
        message: String,
    },
}

/// One row that was not recorded, or that somebody has to look at.
struct Remark {
    line: u64,
    field: String,
    code: String,
    message: String,
}

/// The count, and what is said about single rows.
pub struct Tally {
    new: u64,
    changed: u64,
    same: u64,
    failed: u64,
    remarks: Vec<Remark>,
    rejects: Option<File>,
    writer: Option<Rejects<File>>,
    bar: Option<ProgressBar>,
}

/// Most remarks that are printed; the rejects file has all of them.
const MOST_PRINTED: usize = 200;

impl Tally {
    /// Nothing yet.
    pub fn new(rejects: Option<File>) -> Self {
        Self {
            new: 0,
            changed: 0,
            same: 0,
            failed: 0,
            remarks: Vec::new(),
            rejects,
            writer: None,
            bar: None,
        }
    }

    /// A file begins.
    pub fn begin(&mut self, name: &str) {
        if std::io::stderr().is_terminal() {
            let bar = ProgressBar::no_length().with_message(name.to_owned());
            if let Ok(style) =
                ProgressStyle::with_template("{msg} [{bar:30}] {pos}/{len} {per_sec} {eta}")
            {
                bar.set_style(style);
            }
            self.bar = Some(bar);
        }
    }

    /// How many rows the file has.
    pub fn expect(&mut self, rows: u64, headings: &[String]) -> anyhow::Result<()> {
        if let Some(bar) = &self.bar {
            bar.set_length(rows);
        }
        // The first file's headings serve for all: files of one import are of one kind.
        if let Some(file) = self.rejects.take() {
            self.writer = Some(Rejects::new(file, headings)?);
        }
        Ok(())
    }

    /// A file has ended.
    pub fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    /// Counts a row.
    pub fn count(&mut self, line: u64, cells: &[String], outcome: Outcome) -> anyhow::Result<()> {
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
        match outcome {
            Outcome::New => self.new += 1,
            Outcome::Changed => self.changed += 1,
            Outcome::Same => self.same += 1,
            Outcome::Failed { code, message } => {
                self.failed += 1;
                if let Some(writer) = &mut self.writer {
                    writer.said(line, "", &code, &message, cells)?;
                }
                self.remark(line, "", &code, &message);
            }
        }
        Ok(())
    }

    /// Counts a row that could not even be read.
    pub fn fault(&mut self, line: u64, reasons: &[Note], cells: &[String]) -> anyhow::Result<()> {
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
        self.failed += 1;
        if let Some(writer) = &mut self.writer {
            writer.row(line, reasons, cells)?;
        }
        for note in reasons {
            self.remark(note.line, note.field, note.code, &note.message);
        }
        Ok(())
    }

    /// Keeps warnings: the row was recorded, and somebody should look at it.
    pub fn warn(&mut self, notes: &[Note]) {
        for note in notes {
            self.remark(note.line, note.field, note.code, &note.message);
        }
    }

    /// One warning.
    pub fn warn_line(&mut self, line: u64, code: &str, message: &str) {
        self.remark(line, "", code, message);
    }

    /// Rows that were not recorded.
    pub fn failed(&self) -> u64 {
        self.failed
    }

    /// Prints the counts and the remarks.
    ///
    /// # Errors
    /// Standard output or the rejects file is closed.
    pub fn print(&mut self, output: Output, dry_run: bool) -> anyhow::Result<()> {
        if let Some(writer) = &mut self.writer {
            writer.flush()?;
        }
        let mut counts = Rows::new(&["new", "changed", "same", "failed", "dry_run"]);
        counts.push(vec![
            self.new.into(),
            self.changed.into(),
            self.same.into(),
            self.failed.into(),
            dry_run.into(),
        ]);
        let mut remarks = Rows::new(&["line", "field", "code", "message"]);
        for remark in self.remarks.iter().take(MOST_PRINTED) {
            remarks.push(vec![
                remark.line.into(),
                remark.field.clone().into(),
                remark.code.clone().into(),
                remark.message.clone().into(),
            ]);
        }
        match output {
            // One document: a program that reads it wants both at once.
            Output::Json => print_json(&counts, &remarks),
            _ => {
                counts.print(output)?;
                if self.remarks.is_empty() { Ok(()) } else { remarks.print(output) }
            }
        }
    }

    fn remark(&mut self, line: u64, field: &str, code: &str, message: &str) {
        if self.remarks.len() < MOST_PRINTED {
            self.remarks.push(Remark {
                line,
                field: field.to_owned(),
                code: code.to_owned(),
                message: message.to_owned(),
            });
        }
    }
}

fn print_json(counts: &Rows, remarks: &Rows) -> anyhow::Result<()> {
    use std::io::Write;
    let document = serde_json::json!({
        "counts": counts.to_json().first(),
        "remarks": remarks.to_json(),
    });
    let mut stdout = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut stdout, &document)?;
    writeln!(stdout)?;
    Ok(())
}
