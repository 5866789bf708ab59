//! The learner that a row is about.

use onward_domain::codes::year::NcYear;
use onward_domain::codes::{LONGEST_CODE, Open};
use onward_domain::learner::{Person, folded};
use onward_domain::numbers::{Fault, NhsNumber, Uln, Upn};

use super::cells::Cells;
use crate::values;

/// A learner as a row names one. No `Debug`: it must never reach a log line.
#[derive(Clone, PartialEq)]
pub struct LearnerRef {
    /// Unique pupil number; absent where the row has none or where it was no UPN.
    pub upn: Option<Upn>,
    /// What stood in the place of the UPN, where it was no UPN: for the sender's list of numbers to mend.
    pub upn_to_fix: Option<String>,
    /// The sender's own key: the same again is the same learner.
    pub own_ref: Option<String>,
    /// Unique learner number.
    pub uln: Option<Uln>,
    /// NHS number; in files of health only.
    pub nhs_number: Option<NhsNumber>,
    /// Who the learner is.
    pub person: Person,
}

impl LearnerRef {
    /// See [`learner_key`].
    pub fn key(&self) -> String {
        learner_key(self.upn.as_ref(), self.own_ref.as_deref(), &self.person)
    }
}

/// The same for the same learner of one organisation: the UPN, else the organisation's own key, else
/// name and date of birth, the name as the server compares it ([`folded`]). The forename counts: twins
/// share the rest. Personal: for comparing and deriving ids, never for showing.
pub fn learner_key(upn: Option<&Upn>, own_ref: Option<&str>, person: &Person) -> String {
    if let Some(upn) = upn {
        return format!("upn {}", upn.as_str());
    }
    if let Some(own_ref) = own_ref {
        return format!("own {own_ref}");
    }
    let (surname, forename) = (folded(&person.surname), folded(&person.forename));
    format!("name {surname}|{forename}|{}", person.date_of_birth)
}

/// Reads the columns about the learner that a file has; the others are absent.
pub(super) fn read(cells: &mut Cells<'_>) -> Option<LearnerRef> {
    let person = person(cells);
    let upn = mendable(cells, "upn", "UPN", "upn_to_fix", Upn::parse);
    let uln = mendable(cells, "uln", "ULN", "uln_to_fix", Uln::parse);
    let nhs_number = mendable(cells, "nhs_number", "NHS number", "nhs_to_fix", NhsNumber::parse);
    let upn_to_fix = if upn.is_none() { cells.line_of("upn") } else { None };
    if upn.as_ref().is_some_and(Upn::is_temporary) {
        let message = "the UPN is a temporary one; a permanent one will replace it";
        cells.warn("upn", "upn_temporary", message);
    }
    let own_ref = cells.line_of("own_ref");
    if own_ref.as_ref().is_some_and(|own_ref| own_ref.len() > 64) {
        cells.refuse("own_ref", "too_long", "this key is longer than 64 characters");
    }
    let person = person?;
    let named = upn.is_some() || upn_to_fix.is_some() || own_ref.is_some() || nhs_number.is_some();
    if !named && person.postcode.is_none() {
        let message = "a UPN, an own reference, an NHS number or a postcode is needed, so that the \
                       child is not mistaken for another";
        cells.refuse("upn", "learner_not_named", message);
    }
    Some(LearnerRef { upn, upn_to_fix, own_ref, uln, nhs_number, person })
}

/// A number of a learner: a wrong one does not keep the learner out, it is left out and pointed out.
fn mendable<T>(
    cells: &mut Cells<'_>,
    column: &'static str,
    what: &str,
    code: &'static str,
    parse: fn(&str) -> Result<T, Fault>,
) -> Option<T> {
    let text = cells.line_of(column)?;
    match parse(&text) {
        Ok(number) => Some(number),
        // The placeholder of a ULN says "not known".
        Err(Fault::Special) if column == "uln" => None,
        Err(fault) => {
            let message = format!("{what} to fix: {}", values::fault_message(what, fault));
            cells.warn(column, code, message);
            None
        }
    }
}

fn person(cells: &mut Cells<'_>) -> Option<Person> {
    let surname = cells.name("surname");
    let forename = cells.name("forename");
    let date_of_birth = cells.needed_date("dob");
    if let (Some(born), Some(today)) = (date_of_birth, cells.today())
        && born > today
    {
        cells.refuse("dob", "dob_in_future", "the date of birth lies in the future");
    }
    let nc_year = nc_year(cells);
    Some(Person {
        surname: surname?,
        forename: forename?,
        known_as: None,
        date_of_birth: date_of_birth?,
        sex: cells.line_of("sex").map(|sex| sex.to_ascii_uppercase()),
        postcode: cells.line_of("postcode").map(|postcode| postcode.to_ascii_uppercase()),
        nc_year,
        home_language: cells.line_of("home_language"),
        looked_after: None,
        sensitive: false,
    })
}

fn nc_year(cells: &mut Cells<'_>) -> Option<Open<NcYear>> {
    let text = cells.line_of("nc_year")?;
    // People write "Year 7" where the code is 7.
    let bare = text.strip_prefix("Year ").or_else(|| text.strip_prefix("Y")).unwrap_or(&text);
    let year = NcYear::read(bare).map_or_else(|_| Open::read(&text), Open::Known);
    if year.as_str().chars().count() > LONGEST_CODE {
        let message = "this is not a year group: R, 1 to 14, N1, N2, E1, E2, X";
        cells.refuse("nc_year", "code_unknown", message);
    } else if year.known().is_none() {
        let message =
            "this is not a year group (R, 1 to 14, N1, N2, E1, E2, X); it is kept as it came";
        cells.warn("nc_year", "nc_year_unknown", message);
    }
    Some(year)
}
