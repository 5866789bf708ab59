//! The header of a transfer file: who sent it, to whom, when, in which version.

use jiff::civil::{Date, DateTime};
use onward_domain::numbers::Laestab;

use super::tree::Node;
use crate::Note;
use crate::values;

/// What the header says. Read from here, never from the file's name.
#[derive(Clone, PartialEq)]
pub struct CtfHeader {
    /// Version as written, `24.0` for example.
    pub version: Option<String>,
    /// When the file was made, in the sender's local time.
    pub date_time: Option<DateTime>,
    /// `full` or `partial`.
    pub qualifier: Option<String>,
    /// Number of the sending school.
    pub source: Option<Laestab>,
    /// Number of the receiving school; absent where the destination is not known.
    pub dest: Option<Laestab>,
    /// Name of the sending school.
    pub source_name: Option<String>,
    /// Academic year, by its first calendar year.
    pub academic_year: Option<i16>,
    /// System that made the file.
    pub supplier: Option<String>,
    /// Name of the document type.
    pub document_name: Option<String>,
}

impl CtfHeader {
    /// Day on which the file was made.
    pub fn date(&self) -> Option<Date> {
        self.date_time.map(DateTime::date)
    }

    /// Reads the header; what is missing or odd in it is a warning.
    pub(super) fn read(node: &Node, versions: (u16, u16), warnings: &mut Vec<Note>) -> Self {
        let source = node.find("SourceSchool");
        let header = Self {
            version: text(node, "CTFversion"),
            date_time: node.text_of("DateTime").and_then(date_time),
            qualifier: text(node, "DocumentQualifier"),
            source: source.and_then(|school| laestab(school, "SourceSchool", warnings)),
            dest: node
                .find("DestSchool")
                .and_then(|school| laestab(school, "DestSchool", warnings)),
            source_name: source.and_then(|school| text(school, "SchoolName")),
            academic_year: source
                .and_then(|school| school.text_of("AcademicYear"))
                .or_else(|| node.text_of("AcademicYear"))
                .and_then(|year| year.get(..4)?.parse().ok()),
            supplier: text(node, "SupplierID"),
            document_name: text(node, "DocumentName"),
        };
        header.remark(node.line, versions, warnings);
        header
    }

    fn remark(&self, line: u64, versions: (u16, u16), warnings: &mut Vec<Note>) {
        let major = self.version.as_deref().and_then(major);
        if !major.is_some_and(|major| (versions.0..=versions.1).contains(&major)) {
            let message = format!(
                "the version is not one of those known ({} to {}); the file is read all the same",
                versions.0, versions.1
            );
            warnings.push(Note::new(line, "CTFversion", "unknown_version", message));
        }
        if self.date_time.is_none() {
            let message = "there is no readable date of the file, so dates of birth are not checked \
                           against it";
            warnings.push(Note::new(line, "DateTime", "no_file_date", message));
        }
        if self.source.is_none() {
            let message = "the sending school's number is missing";
            warnings.push(Note::new(line, "SourceSchool", "no_source", message));
        }
    }
}

fn text(node: &Node, name: &str) -> Option<String> {
    node.text_of(name).map(values::tidy)
}

fn major(version: &str) -> Option<u16> {
    version.split('.').next()?.trim().parse().ok()
}

/// Local date and time as written: an offset is dropped, a bare date is midnight.
fn date_time(raw: &str) -> Option<DateTime> {
    let local = raw.strip_suffix('Z').unwrap_or(raw);
    local.parse::<DateTime>().ok()
}

/// Number of a school from its two parts. Letters stand for "not known", "outside the maintained
/// sector" or "the authority": no number, and no warning.
fn laestab(school: &Node, field: &'static str, warnings: &mut Vec<Note>) -> Option<Laestab> {
    let (la, estab) = (school.text_of("LEA")?, school.text_of("Estab")?);
    let placeholder =
        |part: &str| part.chars().all(|c| matches!(c, 'X' | 'M' | 'L' | 'x' | 'm' | 'l'));
    if placeholder(la) || placeholder(estab) {
        return None;
    }
    match values::laestab(&format!("{la}{estab}")) {
        Ok(number) => Some(number),
        Err(()) => {
            let message = "the authority and school numbers are not those of a school";
            warnings.push(Note::new(school.line, field, "laestab_unknown", message));
            None
        }
    }
}
