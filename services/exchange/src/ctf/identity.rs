//! Who a pupil of a transfer file is: names, date of birth, numbers.

use jiff::civil::Date;
use onward_domain::codes::Open;
use onward_domain::codes::year::NcYear;
use onward_domain::learner::{LookedAfter, Person, holds_unseen};
use onward_domain::numbers::{Fault, Uln, Upn};

use super::sen::short;
use super::tree::Node;
use crate::Note;
use crate::values;

/// Personal details. None, with the reasons, where one that is needed is missing or impossible.
pub(super) fn person(
    node: &Node,
    file_date: Option<Date>,
    reasons: &mut Vec<Note>,
    warnings: &mut Vec<Note>,
) -> Option<Person> {
    let surname = name(node, "Surname", "surname_missing", reasons);
    let forename = name(node, "Forename", "forename_missing", reasons);
    let date_of_birth = birth(node, file_date, reasons);
    Some(Person {
        surname: surname?,
        forename: forename?,
        known_as: detail(node, "PreferredForename"),
        date_of_birth: date_of_birth?,
        sex: node.text_of("Sex").or_else(|| node.text_of("Gender")).map(str::to_ascii_uppercase),
        postcode: postcode(node),
        nc_year: nc_year(node, warnings),
        home_language: home_language(node),
        looked_after: looked_after(node, warnings),
        sensitive: false,
    })
}

/// The number in use, or what stood in its place.
pub(super) fn upn(node: &Node, warnings: &mut Vec<Note>) -> (Option<Upn>, Option<String>) {
    let Some(element) = node.find("UPN").filter(|element| !element.text.is_empty()) else {
        let message = "the pupil has no UPN";
        warnings.push(Note::new(node.line, "UPN", "upn_missing", message));
        return (None, None);
    };
    match Upn::parse(&element.text) {
        Ok(upn) => {
            if upn.is_temporary() {
                let message = "the UPN is a temporary one; a permanent one will replace it";
                warnings.push(Note::new(element.line, "UPN", "upn_temporary", message));
            }
            (Some(upn), None)
        }
        Err(fault) => {
            let message = format!("UPN to fix: {}", values::fault_message("UPN", fault));
            warnings.push(Note::new(element.line, "UPN", "upn_to_fix", message));
            (None, Some(element.text.clone()))
        }
    }
}

/// Earlier numbers, each once, without the one in use.
pub(super) fn former_upns(
    node: &Node,
    current: Option<&Upn>,
    warnings: &mut Vec<Note>,
) -> Vec<Upn> {
    let mut elements = Vec::new();
    node.anywhere("FormerUPN", &mut elements);
    let mut upns: Vec<Upn> = Vec::new();
    for element in elements {
        // Some systems wrap each former number once more.
        let raw = element.text_of("UPN").unwrap_or(&element.text);
        if raw.is_empty() {
            continue;
        }
        match Upn::parse(raw) {
            Ok(upn) if Some(&upn) != current && !upns.contains(&upn) => upns.push(upn),
            Ok(_) => {}
            Err(fault) => {
                let message = values::fault_message("UPN", fault);
                warnings.push(Note::new(element.line, "FormerUPN", "former_upn_dropped", message));
            }
        }
    }
    upns
}

/// Unique learner number. The placeholder of nines means "not known".
pub(super) fn uln(node: &Node, warnings: &mut Vec<Note>) -> Option<Uln> {
    let element = node.find("UniqueLearnerNumber").filter(|element| !element.text.is_empty())?;
    match Uln::parse(&element.text) {
        Ok(uln) => Some(uln),
        Err(Fault::Special) => None,
        Err(fault) => {
            let message = format!("ULN to fix: {}", values::fault_message("ULN", fault));
            warnings.push(Note::new(element.line, "UniqueLearnerNumber", "uln_to_fix", message));
            None
        }
    }
}

fn name(
    node: &Node,
    field: &'static str,
    code: &'static str,
    reasons: &mut Vec<Note>,
) -> Option<String> {
    let raw = node.text_of(field);
    // White space is white space in XML: files are wrapped and indented.
    let broken = |c: char| matches!(c, '\n' | '\r' | '\t');
    if raw.is_some_and(|raw| holds_unseen(&raw.replace(broken, " "))) {
        let line = node.find(field).map_or(node.line, |element| element.line);
        reasons.push(Note::new(line, field, "name_unseen", values::UNSEEN));
        return None;
    }
    let name = raw.map(values::tidy).filter(|name| !name.is_empty());
    if name.is_none() {
        reasons.push(Note::new(node.line, field, code, "the pupil has none, and it is needed"));
    }
    name
}

fn birth(node: &Node, file_date: Option<Date>, reasons: &mut Vec<Note>) -> Option<Date> {
    let Some(element) = node.find("DOB").filter(|element| !element.text.is_empty()) else {
        let message = "the pupil has no date of birth, and it is needed";
        reasons.push(Note::new(node.line, "DOB", "dob_missing", message));
        return None;
    };
    let fault = match values::date(&element.text) {
        None => Note::new(element.line, "DOB", "dob_invalid", "this is not a date of the calendar"),
        Some(read) if file_date.is_some_and(|day| read.date > day) => {
            let message = "the date of birth lies after the date of the file";
            Note::new(element.line, "DOB", "dob_after_file", message)
        }
        Some(read) => return Some(read.date),
    };
    reasons.push(fault);
    None
}

/// An element of the basic details, or the same beside them.
fn detail(node: &Node, name: &str) -> Option<String> {
    let inside = node.find("BasicDetails").and_then(|details| details.text_of(name));
    inside.or_else(|| node.text_of(name)).map(values::tidy)
}

fn nc_year(node: &Node, warnings: &mut Vec<Note>) -> Option<Open<NcYear>> {
    let raw = detail(node, "NCyearActual").filter(|raw| !raw.is_empty())?;
    let year = NcYear::read_open(&raw);
    let (code, message) = if !short(&year) {
        ("nc_year_too_long", "this is longer than any year group; it is left out")
    } else if year.known().is_none() {
        ("nc_year_unknown", "the year group is not one of the list; it is kept as it came")
    } else {
        return Some(year);
    };
    warnings.push(Note::new(node.line, "NCyearActual", code, message));
    short(&year).then_some(year)
}

fn postcode(node: &Node) -> Option<String> {
    let mut found = Vec::new();
    node.find("Address")?.anywhere("PostCode", &mut found);
    let text = found.first().map(|element| values::tidy(&element.text).to_ascii_uppercase())?;
    (!text.is_empty()).then_some(text)
}

/// The language of the home: the one typed `H`, else the first.
fn home_language(node: &Node) -> Option<String> {
    let languages = node.find("BasicDetails").and_then(|details| details.find("Languages"));
    let languages = languages.or_else(|| node.find("Languages"))?;
    let types: Vec<_> = languages.all("Type").collect();
    let home = types.iter().find(|kind| kind.text_of("LanguageType") == Some("H"));
    let chosen = home.or(types.first())?;
    let text = chosen.text_of("Language").unwrap_or(&chosen.text);
    Some(values::tidy(text)).filter(|text| !text.is_empty())
}

fn looked_after(node: &Node, warnings: &mut Vec<Note>) -> Option<LookedAfter> {
    let element = node.find("LookedAfter")?;
    let raw = element.text_of("InCare")?;
    let Some(in_care) = values::flag(raw) else {
        let message = "whether the pupil is in care is neither true nor false; it is left out";
        warnings.push(Note::new(element.line, "InCare", "in_care_unreadable", message));
        return None;
    };
    Some(LookedAfter {
        in_care,
        care_authority: element.text_of("CareAuthority").map(values::tidy),
    })
}
