//! What kind of move a row of the transitions file is, and the particulars of that kind.
//!
//! The kinds of regulation 2(1) are derived from the two settings, so `transition_kind` stays empty for
//! them. It is filled for the others, and with them the columns that the kind needs.

use jiff::civil::Date;
use onward_domain::codes::kind::TransitionKind;
use onward_domain::codes::provision::SenProvision;
use onward_domain::codes::year::NcYear;
use onward_domain::learner::Setting;
use onward_domain::transition::detail::{
    AdultCare, ApprenticeshipStart, Detail, ElectiveHomeEducation, Employment,
    HigherEducationEntry, InYearMove, LocalAuthorityMove, NotInEducation, OfferStatus,
    PhaseTransfer, Planned, Post16Kind, Post16Move, SupportBasis,
};

use super::cells::Cells;
use super::placement;

/// What every kind of move has.
pub(super) struct Common {
    pub(super) source: String,
    pub(super) destination: Option<String>,
    pub(super) home_la: String,
    pub(super) planned: Planned,
    pub(super) provision: SenProvision,
    pub(super) nc_year: Option<NcYear>,
}

impl Common {
    pub(super) fn from(&self) -> Setting {
        numbered(&self.source)
    }

    pub(super) fn to(&self) -> Option<Setting> {
        self.destination.as_deref().map(numbered)
    }
}

/// The setting entered: its URN, or the UKPRN of a provider.
pub(super) fn destination(cells: &mut Cells<'_>) -> Option<String> {
    let (urn, ukprn) = (cells.setting("dest_urn"), cells.provider("provider_ukprn"));
    urn.or(ukprn)
}

/// The particulars, and whether a Disabled Students' Allowance case is opened.
pub(super) fn read(cells: &mut Cells<'_>, common: &Common) -> Option<(Detail, bool)> {
    use TransitionKind as K;
    let kind = match cells.line_of("transition_kind") {
        None => None,
        Some(_) => Some(cells.code::<K>("transition_kind")?),
    };
    let detail = match kind {
        None => phase_transfer(common),
        Some(K::SecondaryToPost16 | K::Post16ToPost16 | K::ToSupportedInternship) => {
            post16(cells, common, kind)
        }
        Some(K::ToApprenticeship) => apprenticeship(cells, common)?,
        Some(K::ToHe) => return higher_education(cells, common),
        Some(K::ApPlacement) => placement::read(cells, common)?,
        Some(K::LaMove) => authority_move(cells, common)?,
        Some(K::InYearMove | K::ApReturn) => Detail::InYearMove(InYearMove {
            from: common.from(),
            to: common.to(),
            planned: common.planned,
            nc_year: common.nc_year,
        }),
        Some(K::ToEmployment) => Detail::Employment(Employment {
            from: common.from(),
            employer_ref: cells.line_of("employer_ref"),
            planned: common.planned,
            hours_per_week: cells.whole("hours_per_week", 1..=80),
        }),
        Some(K::ToAdultCare) => Detail::AdultCare(AdultCare {
            from: common.from(),
            authority: Some(common.home_la.clone()),
            planned: common.planned,
        }),
        Some(K::ToEhe) => Detail::ElectiveHomeEducation(ElectiveHomeEducation {
            from: common.from(),
            planned: common.planned,
        }),
        Some(K::Neet | K::Unknown) => Detail::NotInEducation(NotInEducation {
            from: common.from(),
            planned: common.planned,
            activity_code: cells.line_of("activity_code"),
        }),
        Some(_) => {
            let message = "this kind is derived from the two settings; the cell is not needed";
            cells.warn("transition_kind", "kind_is_derived", message);
            phase_transfer(common)
        }
    };
    Some((detail, false))
}

/// A short name of the kind, for keys.
pub(super) fn label(detail: &Detail) -> &'static str {
    match detail {
        Detail::PhaseTransfer(_) => "phase_transfer",
        Detail::Post16Move(_) => "post16_move",
        Detail::ApprenticeshipStart(_) => "apprenticeship_start",
        Detail::HigherEducationEntry(_) => "higher_education_entry",
        Detail::AlternativeProvision(_) => "alternative_provision",
        Detail::LocalAuthorityMove(_) => "local_authority_move",
        Detail::InYearMove(_) => "in_year_move",
        Detail::Employment(_) => "employment",
        Detail::AdultCare(_) => "adult_care",
        Detail::ElectiveHomeEducation(_) => "elective_home_education",
        Detail::NotInEducation(_) => "not_in_education",
    }
}

/// The day, or the month, as text.
pub(super) fn first_day(planned: Planned) -> String {
    match planned {
        Planned::Day(day) => day.to_string(),
        Planned::Month { year, month } => format!("{year}-{month:02}"),
    }
}

fn numbered(number: &str) -> Setting {
    Setting { organisation: None, number: Some(number.to_owned()), name: None }
}

fn phase_transfer(common: &Common) -> Detail {
    let basis = match common.provision {
        SenProvision::E | SenProvision::S => SupportBasis::EhcPlan,
        SenProvision::K | SenProvision::A | SenProvision::P => SupportBasis::SenSupport,
        SenProvision::N => SupportBasis::None,
    };
    Detail::PhaseTransfer(PhaseTransfer {
        from: common.from(),
        to: common.to(),
        nc_year: common.nc_year,
        planned: common.planned,
        basis,
    })
}

fn post16(cells: &mut Cells<'_>, common: &Common, kind: Option<TransitionKind>) -> Detail {
    let internship = kind == Some(TransitionKind::ToSupportedInternship);
    let named = cells.line_of("post16_kind");
    let kind = named.as_deref().map_or(Some(Post16Kind::College), post16_kind);
    if kind.is_none() {
        let message = "write COLLEGE, SIXTH_FORM, SPECIAL_POST16, TRAINING or SUPPORTED_INTERNSHIP";
        cells.refuse("post16_kind", "code_unknown", message);
    }
    let named = cells.line_of("offer");
    let offer = named.as_deref().map_or(Some(OfferStatus::None), offer_status);
    if offer.is_none() {
        let message = "write NONE, CONDITIONAL, UNCONDITIONAL, ACCEPTED or DECLINED";
        cells.refuse("offer", "code_unknown", message);
    }
    Detail::Post16Move(Post16Move {
        from: common.from(),
        to: common.to(),
        kind: match internship {
            true => Post16Kind::SupportedInternship,
            false => kind.unwrap_or(Post16Kind::College),
        },
        programme: cells.line_of("programme"),
        planned: common.planned,
        offer: offer.unwrap_or(OfferStatus::None),
    })
}

fn post16_kind(text: &str) -> Option<Post16Kind> {
    match text.to_ascii_uppercase().replace([' ', '-'], "_").as_str() {
        "COLLEGE" => Some(Post16Kind::College),
        "SIXTH_FORM" => Some(Post16Kind::SixthForm),
        "SPECIAL_POST16" => Some(Post16Kind::SpecialPost16),
        "TRAINING" => Some(Post16Kind::Training),
        "SUPPORTED_INTERNSHIP" => Some(Post16Kind::SupportedInternship),
        _ => None,
    }
}

fn offer_status(text: &str) -> Option<OfferStatus> {
    match text.to_ascii_uppercase().as_str() {
        "NONE" => Some(OfferStatus::None),
        "CONDITIONAL" => Some(OfferStatus::Conditional),
        "UNCONDITIONAL" => Some(OfferStatus::Unconditional),
        "ACCEPTED" => Some(OfferStatus::Accepted),
        "DECLINED" => Some(OfferStatus::Declined),
        _ => None,
    }
}

/// The column `start`, else the planned day.
pub(super) fn start(cells: &mut Cells<'_>, common: &Common) -> Option<Date> {
    if cells.line_of("start").is_some() {
        return cells.date("start");
    }
    match common.planned {
        Planned::Day(day) => Some(day),
        Planned::Month { .. } => {
            let message = "this kind of move needs a day, here or as the planned date";
            cells.refuse("start", "missing", message);
            None
        }
    }
}

/// The planned last day; it must lie after the first.
pub(super) fn planned_end(cells: &mut Cells<'_>, start: Option<Date>) -> Option<Date> {
    let end = cells.date("planned_end")?;
    if start.is_some_and(|start| end <= start) {
        cells.refuse("planned_end", "out_of_order", "the planned end does not lie after the start");
    }
    Some(end)
}

pub(super) fn needed_destination(
    cells: &mut Cells<'_>,
    common: &Common,
    column: &'static str,
) -> Option<Setting> {
    let setting = common.to();
    if setting.is_none() {
        cells.refuse(column, "missing", "this kind of move needs the place it leads to");
    }
    setting
}

fn apprenticeship(cells: &mut Cells<'_>, common: &Common) -> Option<Detail> {
    let provider = needed_destination(cells, common, "provider_ukprn");
    let standard_code = cells.needed("standard_code");
    cells.needed("level");
    let level = cells.whole("level", 2..=7);
    let start = start(cells, common);
    let planned_end = planned_end(cells, start);
    let learning_support_need = cells.flag("learning_support").unwrap_or(false);
    Some(Detail::ApprenticeshipStart(ApprenticeshipStart {
        from: common.from(),
        provider: provider?,
        employer_ref: cells.line_of("employer_ref"),
        standard_code: standard_code?,
        level: level?,
        start: start?,
        planned_end,
        learning_support_need,
        evidence: cells.text("evidence"),
    }))
}

fn higher_education(cells: &mut Cells<'_>, common: &Common) -> Option<(Detail, bool)> {
    let provider = needed_destination(cells, common, "provider_ukprn");
    let course = cells.needed("course");
    let start = start(cells, common);
    let academic_year = academic_year(cells, start);
    let plan_end = cells.date("plan_end");
    let opens_dsa_case = cells.flag("dsa").unwrap_or(false);
    let detail = Detail::HigherEducationEntry(HigherEducationEntry {
        from: common.from(),
        provider: provider?,
        course: course?,
        start: start?,
        academic_year: academic_year?,
        plan_end,
        dsa_case: None,
    });
    Some((detail, opens_dsa_case))
}

/// `2026/27`, as written or from the start.
fn academic_year(cells: &mut Cells<'_>, start: Option<Date>) -> Option<String> {
    let Some(text) = cells.line_of("academic_year") else {
        let start = start?;
        let first = if start.month() < 8 { start.year() - 1 } else { start.year() };
        return Some(format!("{first}/{:02}", (first + 1) % 100));
    };
    let parts = text.split_once('/');
    let years = parts.and_then(|(first, second)| {
        Some((first.parse::<i16>().ok()?, second.parse::<i16>().ok()?))
    });
    if !years.is_some_and(|(first, second)| text.len() == 7 && (first + 1) % 100 == second) {
        cells.refuse("academic_year", "year_invalid", "write the academic year as 2026/27");
    }
    Some(text)
}

fn authority_move(cells: &mut Cells<'_>, common: &Common) -> Option<Detail> {
    cells.needed("to_la");
    let to_la = cells.authority("to_la");
    let from_la = cells.authority("from_la").unwrap_or_else(|| common.home_la.clone());
    if to_la.as_ref() == Some(&from_la) {
        cells.refuse("to_la", "same_la", "this is the authority that is left");
    }
    Some(Detail::LocalAuthorityMove(LocalAuthorityMove {
        from_la,
        to_la: to_la?,
        planned: common.planned,
        to: common.to(),
    }))
}
