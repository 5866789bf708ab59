//! What became of the rows: new, changed, same, failed; the bar; the rejects file.

use std::fs::File;
use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};
use onward_exchange::Note;
use onward_exchange::csv::Rejects;

use super::files::Replacing;
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
    file: usize,
    line: u64,
    field: String,
    code: String,
    message: String,
}

/// What became of the rows of a file, or of all.
#[derive(Default, Clone, Copy)]
struct Counts {
    new: u64,
    changed: u64,
    same: u64,
    failed: u64,
}

/// The count, and what is said about single rows.
pub struct Tally {
    files: Vec<(String, Counts)>,
    remarks: Vec<Remark>,
    place: Option<Replacing>,
    rejects: Option<File>,
    writer: Option<Rejects<File>>,
    bar: Option<ProgressBar>,
}

/// Most remarks that are printed; the rejects file has all of them.
const MOST_PRINTED: usize = 200;

impl Tally {
    /// Nothing yet; what is rejected goes into the file that takes its place at the end.
    ///
    /// # Errors
    /// There are no more files to open.
    pub fn new(place: Option<Replacing>) -> anyhow::Result<Self> {
        let rejects = place.as_ref().map(Replacing::handle).transpose()?;
        Ok(Self { files: Vec::new(), remarks: Vec::new(), place, rejects, writer: None, bar: None })
    }

    /// A file begins.
    pub fn begin(&mut self, name: &str) {
        self.files.push((name.to_owned(), Counts::default()));
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
        let counts = self.counts();
        match outcome {
            Outcome::New => counts.new += 1,
            Outcome::Changed => counts.changed += 1,
            Outcome::Same => counts.same += 1,
            Outcome::Failed { code, message } => {
                counts.failed += 1;
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
        self.counts().failed += 1;
        if let Some(writer) = &mut self.writer {
            writer.row(line, reasons, cells)?;
        }
        for note in reasons {
            // The line is the pupil's or row's, as in the rejects file; the place within it follows.
            let message = match note.line == line {
                true => note.message.to_string(),
                false => format!("{} (line {})", note.message, note.line),
            };
            self.remark(line, note.field, note.code, &message);
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
        self.total().failed
    }

    fn counts(&mut self) -> &mut Counts {
        if self.files.is_empty() {
            self.files.push((String::new(), Counts::default()));
        }
        let last = self.files.len() - 1;
        &mut self.files[last].1
    }

    fn total(&self) -> Counts {
        self.files.iter().fold(Counts::default(), |total, (_, file)| Counts {
            new: total.new + file.new,
            changed: total.changed + file.changed,
            same: total.same + file.same,
            failed: total.failed + file.failed,
        })
    }

    /// Prints the counts of each file and of all, and the remarks; the rejects file takes its place.
    ///
    /// # Errors
    /// Standard output or the rejects file is closed.
    pub fn print(&mut self, output: Output, dry_run: bool) -> anyhow::Result<()> {
        if let Some(writer) = &mut self.writer {
            writer.flush()?;
        }
        // Where no file could be read there is nothing to put in the place of what stands there.
        if let Some(place) = self.place.take().filter(|_| self.writer.is_some()) {
            place.finish()?;
        }
        let total = count_rows([self.total()], dry_run);
        let each = self.each(dry_run);
        let remarks = self.remark_rows();
        match output {
            // One document: a program that reads it wants all at once.
            Output::Json => print_json(&total, &each, &remarks),
            _ => {
                if self.files.len() > 1 {
                    each.print(output)?;
                }
                total.print(output)?;
                if self.remarks.is_empty() { Ok(()) } else { remarks.print(output) }
            }
        }
    }

    fn each(&self, dry_run: bool) -> Rows {
        let mut each = Rows::new(&["file", "new", "changed", "same", "failed", "dry_run"]);
        for (name, counts) in &self.files {
            each.push(vec![
                name.clone().into(),
                counts.new.into(),
                counts.changed.into(),
                counts.same.into(),
                counts.failed.into(),
                dry_run.into(),
            ]);
        }
        each
    }

    fn remark_rows(&self) -> Rows {
        let several = self.files.len() > 1;
        let columns: &[&'static str] = match several {
            true => &["file", "line", "field", "code", "message"],
            false => &["line", "field", "code", "message"],
        };
        let mut rows = Rows::new(columns);
        for remark in &self.remarks {
            let mut row = vec![
                remark.line.into(),
                remark.field.clone().into(),
                remark.code.clone().into(),
                remark.message.clone().into(),
            ];
            if several {
                let name = self.files.get(remark.file).map(|(name, _)| name.clone());
                row.insert(0, name.unwrap_or_default().into());
            }
            rows.push(row);
        }
        rows
    }

    fn remark(&mut self, line: u64, field: &str, code: &str, message: &str) {
        if self.remarks.len() < MOST_PRINTED {
            self.remarks.push(Remark {
                file: self.files.len().saturating_sub(1),
                line,
                field: field.to_owned(),
                code: code.to_owned(),
                message: message.to_owned(),
            });
        }
    }
}

fn count_rows(counts: impl IntoIterator<Item = Counts>, dry_run: bool) -> Rows {
    let mut rows = Rows::new(&["new", "changed", "same", "failed", "dry_run"]);
    for Counts { new, changed, same, failed } in counts {
        rows.push(vec![new.into(), changed.into(), same.into(), failed.into(), dry_run.into()]);
    }
    rows
}

fn print_json(total: &Rows, each: &Rows, remarks: &Rows) -> anyhow::Result<()> {
    use std::io::Write;
    let document = serde_json::json!({
        "counts": total.to_json().first(),
        "files": each.to_json(),
        "remarks": remarks.to_json(),
    });
    let mut stdout = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut stdout, &document)?;
    writeln!(stdout)?;
    Ok(())
}
