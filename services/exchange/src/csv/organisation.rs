//! A row of the organisations file.

use jiff::civil::Date;
use onward_domain::codes::setting::{OrganisationKind, Phase};
use onward_domain::numbers::{EyUrn, Laestab, OdsCode, Ukprn, Urn};
use onward_domain::organisation::{OrganisationNumber, OrganisationNumberKind};

use super::cells::Cells;
use super::reader::Row;
use super::template::Kind;

/// An organisation to register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganisationRow {
    /// What kind of organisation it is.
    pub kind: OrganisationKind,
    /// Its public name.
    pub name: String,
    /// Its official numbers, cleaned.
    pub numbers: Vec<OrganisationNumber>,
    /// Phase of education, for settings.
    pub phase: Option<Phase>,
    /// Youngest age taught.
    pub low_age: Option<u8>,
    /// Oldest age taught.
    pub high_age: Option<u8>,
    /// First day it is open.
    pub open_from: Option<Date>,
    /// Last day it is open.
    pub open_to: Option<Date>,
    /// A number of the organisation that it succeeds.
    pub successor_of: Option<String>,
    /// What is due before this day is history.
    pub go_live: Option<Date>,
    /// Who can be reached in the holidays.
    pub holiday_contact: Option<String>,
}

impl Row for OrganisationRow {
    const KIND: Kind = Kind::Organisations;

    fn read(cells: &mut Cells<'_>) -> Option<Self> {
        let kind = cells.needed_code("kind");
        let name = cells.needed("name");
        let numbers = numbers(cells);
        let (low_age, high_age) = (cells.whole("low_age", 0..=99), cells.whole("high_age", 0..=99));
        let (open_from, open_to) = (cells.date("open_from"), cells.date("open_to"));
        if let (Some(low), Some(high)) = (low_age, high_age)
            && high < low
        {
            cells.refuse("high_age", "out_of_order", "the oldest age is below the youngest");
        }
        if let (Some(from), Some(to)) = (open_from, open_to)
            && to < from
        {
            cells.refuse("open_to", "out_of_order", "the last day lies before the first");
        }
        let row = Self {
            kind: kind?,
            name: name?,
            numbers,
            phase: phase(cells),
            low_age,
            high_age,
            open_from,
            open_to,
            successor_of: cells.line_of("successor_of"),
            go_live: cells.date("go_live"),
            holiday_contact: cells.line_of("holiday_contact"),
        };
        row.judge(cells);
        Some(row)
    }

    /// Its most telling number, else kind and name.
    fn row_key(&self) -> String {
        use OrganisationNumberKind as N;
        let order = match self.kind {
            OrganisationKind::LocalAuthority => [N::LaCode, N::Ukprn, N::OdsCode].as_slice(),
            _ => &[N::Urn, N::EyUrn, N::Ukprn, N::OdsCode, N::PathfinderKey, N::Laestab],
        };
        match order.iter().find_map(|kind| self.number(*kind)) {
            Some(number) => format!("{} {number}", self.kind),
            None => format!("{} {}", self.kind, self.name.to_lowercase()),
        }
    }
}

impl OrganisationRow {
    /// Its number in a register.
    pub fn number(&self, kind: OrganisationNumberKind) -> Option<&str> {
        self.numbers.iter().find(|number| number.kind == kind).map(|number| number.value.as_str())
    }

    /// What its kind makes necessary, so that files and queues find it.
    fn judge(&self, cells: &mut Cells<'_>) {
        use OrganisationNumberKind as N;
        let (column, number) = match self.kind {
            OrganisationKind::LocalAuthority => ("la_code", N::LaCode),
            OrganisationKind::Pathfinder => ("pathfinder_key", N::PathfinderKey),
            OrganisationKind::Icb => ("ods_code", N::OdsCode),
            _ => return,
        };
        if self.number(number).is_none() {
            cells.refuse(column, "missing", "an organisation of this kind needs it");
        }
    }
}

fn numbers(cells: &mut Cells<'_>) -> Vec<OrganisationNumber> {
    use OrganisationNumberKind as N;
    let urn = cells.number("urn", "URN", Urn::parse).map(|urn| urn.as_str().to_owned());
    let ey_urn = cells.number("ey_urn", "early-years URN", EyUrn::parse);
    let laestab = cells.number("laestab", "LAESTAB", Laestab::parse);
    let ukprn = cells.number("ukprn", "UKPRN", Ukprn::parse);
    let ods_code = cells.number("ods_code", "ODS code", OdsCode::parse);
    let found = [
        (N::Urn, urn),
        (N::EyUrn, ey_urn.map(|number| number.as_str().to_owned())),
        (N::Laestab, laestab.map(|number| number.as_str().to_owned())),
        (N::Ukprn, ukprn.map(|number| number.as_str().to_owned())),
        (N::OdsCode, ods_code.map(|number| number.as_str().to_owned())),
        (N::LaCode, cells.authority("la_code")),
        (N::PathfinderKey, cells.line_of("pathfinder_key").map(|key| key.to_ascii_lowercase())),
    ];
    let found = found.into_iter();
    found.filter_map(|(kind, value)| Some(OrganisationNumber { kind, value: value? })).collect()
}

fn phase(cells: &mut Cells<'_>) -> Option<Phase> {
    let text = cells.line_of("phase")?;
    let phase = Phase::read(&text).ok();
    if phase.is_none() {
        cells.refuse("phase", "code_unknown", "this is not the name of a phase of education");
    }
    phase
}
