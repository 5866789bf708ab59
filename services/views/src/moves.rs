//! What views need to know of the particulars of a transition: from where, to where, from which day.

use jiff::civil::{Date, date};
use onward_domain::ids::OrganisationId;
use onward_domain::learner::Setting;
use onward_domain::transition::{Detail, Planned};

/// The organisation that is left, where it is one of the house.
pub(crate) fn source(detail: &Detail) -> Option<OrganisationId> {
    let from = match detail {
        Detail::PhaseTransfer(of) => &of.from,
        Detail::Post16Move(of) => &of.from,
        Detail::ApprenticeshipStart(of) => &of.from,
        Detail::HigherEducationEntry(of) => &of.from,
        Detail::AlternativeProvision(of) => &of.from,
        Detail::InYearMove(of) => &of.from,
        Detail::Employment(of) => &of.from,
        Detail::AdultCare(of) => &of.from,
        Detail::ElectiveHomeEducation(of) => &of.from,
        Detail::NotInEducation(of) => &of.from,
        Detail::LocalAuthorityMove(_) => return None,
    };
    from.organisation
}

/// The organisation that is entered, where it is one of the house.
pub(crate) fn destination(detail: &Detail) -> Option<OrganisationId> {
    let to = match detail {
        Detail::PhaseTransfer(of) => of.to.as_ref(),
        Detail::Post16Move(of) => of.to.as_ref(),
        Detail::LocalAuthorityMove(of) => of.to.as_ref(),
        Detail::InYearMove(of) => of.to.as_ref(),
        Detail::ApprenticeshipStart(of) => Some(&of.provider),
        Detail::HigherEducationEntry(of) => Some(&of.provider),
        Detail::AlternativeProvision(of) => Some(&of.to),
        Detail::Employment(_)
        | Detail::AdultCare(_)
        | Detail::ElectiveHomeEducation(_)
        | Detail::NotInEducation(_) => None,
    };
    to.and_then(|to: &Setting| to.organisation)
}

/// The learner's first day as far as it is planned; the first of the month where only that is known.
pub(crate) fn first_day(detail: &Detail) -> Option<Date> {
    match detail {
        Detail::PhaseTransfer(of) => planned_day(of.planned),
        Detail::Post16Move(of) => planned_day(of.planned),
        Detail::ApprenticeshipStart(of) => Some(of.start),
        Detail::HigherEducationEntry(of) => Some(of.start),
        Detail::AlternativeProvision(of) => Some(of.start),
        Detail::LocalAuthorityMove(of) => planned_day(of.planned),
        Detail::InYearMove(of) => planned_day(of.planned),
        Detail::Employment(of) => planned_day(of.planned),
        Detail::AdultCare(of) => planned_day(of.planned),
        Detail::ElectiveHomeEducation(of) => planned_day(of.planned),
        Detail::NotInEducation(of) => planned_day(of.planned),
    }
}

/// The day of a plan; the first of the month where only the month is known.
pub(crate) fn planned_day(planned: Planned) -> Option<Date> {
    match planned {
        Planned::Day(day) => Some(day),
        Planned::Month { year, month } if (1..=12).contains(&month) => Some(date(year, month, 1)),
        Planned::Month { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_counts_from_its_first_day() {
        let month = Planned::Month { year: 2026, month: 9 };
        assert_eq!(planned_day(month), Some(date(2026, 9, 1)));
        assert_eq!(planned_day(Planned::Month { year: 2026, month: 13 }), None);
    }
}
