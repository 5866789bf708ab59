//! What the particulars of a transition must keep to, whether recorded or corrected; and what every kind
//! of them can tell: when, from where, to where.

use jiff::civil::Date;

use super::{AlternativeProvision, ApprenticeshipStart, Detail, Planned};
use crate::codes::placement::{ApDestination, ApTier};
use crate::decider::{Faults, Refusal};
use crate::dsa::is_academic_year;
use crate::learner::Setting;

impl Planned {
    /// The day that counts for deadlines: the day, or the first of the month. None for a month that
    /// the calendar does not have.
    pub fn first_day(self) -> Option<Date> {
        match self {
            Self::Day(day) => Some(day),
            Self::Month { year, month } => Date::new(year, month, 1).ok(),
        }
    }

    /// The day that counts for non-arrival: the day, or the last of the month.
    pub fn last_day(self) -> Option<Date> {
        match self {
            Self::Day(day) => Some(day),
            Self::Month { .. } => self.first_day().map(Date::last_of_month),
        }
    }
}

impl Detail {
    /// When the move is planned, as recorded.
    pub fn planned(&self) -> Planned {
        match self {
            Self::PhaseTransfer(detail) => detail.planned,
            Self::Post16Move(detail) => detail.planned,
            Self::ApprenticeshipStart(detail) => Planned::Day(detail.start),
            Self::HigherEducationEntry(detail) => Planned::Day(detail.start),
            Self::AlternativeProvision(detail) => Planned::Day(detail.start),
            Self::LocalAuthorityMove(detail) => detail.planned,
            Self::InYearMove(detail) => detail.planned,
            Self::Employment(detail) => detail.planned,
            Self::AdultCare(detail) => detail.planned,
            Self::ElectiveHomeEducation(detail) => detail.planned,
            Self::NotInEducation(detail) => detail.planned,
        }
    }

    /// The setting left; none for a move of authority.
    pub fn from(&self) -> Option<&Setting> {
        match self {
            Self::PhaseTransfer(detail) => Some(&detail.from),
            Self::Post16Move(detail) => Some(&detail.from),
            Self::ApprenticeshipStart(detail) => Some(&detail.from),
            Self::HigherEducationEntry(detail) => Some(&detail.from),
            Self::AlternativeProvision(detail) => Some(&detail.from),
            Self::LocalAuthorityMove(_) => None,
            Self::InYearMove(detail) => Some(&detail.from),
            Self::Employment(detail) => Some(&detail.from),
            Self::AdultCare(detail) => Some(&detail.from),
            Self::ElectiveHomeEducation(detail) => Some(&detail.from),
            Self::NotInEducation(detail) => Some(&detail.from),
        }
    }

    /// The setting entered, where there is one and it is known.
    pub fn to(&self) -> Option<&Setting> {
        match self {
            Self::PhaseTransfer(detail) => detail.to.as_ref(),
            Self::Post16Move(detail) => detail.to.as_ref(),
            Self::ApprenticeshipStart(detail) => Some(&detail.provider),
            Self::HigherEducationEntry(detail) => Some(&detail.provider),
            Self::AlternativeProvision(detail) => Some(&detail.to),
            Self::LocalAuthorityMove(detail) => detail.to.as_ref(),
            Self::InYearMove(detail) => detail.to.as_ref(),
            Self::Employment(_)
            | Self::AdultCare(_)
            | Self::ElectiveHomeEducation(_)
            | Self::NotInEducation(_) => None,
        }
    }

    /// The learner may be nowhere, or nobody knows where, before a move of this kind.
    fn may_come_from_nowhere(&self) -> bool {
        matches!(
            self,
            Self::ApprenticeshipStart(_)
                | Self::HigherEducationEntry(_)
                | Self::Employment(_)
                | Self::AdultCare(_)
                | Self::NotInEducation(_)
        )
    }

    /// The planned last day of a placement, where there is one.
    pub fn planned_end(&self) -> Option<Date> {
        match self {
            Self::ApprenticeshipStart(detail) => detail.planned_end,
            Self::AlternativeProvision(detail) => Some(detail.planned_end),
            _ => None,
        }
    }

    /// Refuses particulars that cannot be. Age is never a reason.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] with every faulty field.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        let mut faults = Faults::default();
        let real = self.planned().first_day().is_some();
        faults.unless(real, "detail.planned", "is not a month of the calendar");
        if let Some(from) = self.from() {
            let given = from.is_named() || self.may_come_from_nowhere();
            faults.unless(given, "detail.from", "names no setting");
        }
        if let Some(to) = self.to() {
            faults.unless(to.is_named(), "detail.to", "names no setting");
        }
        match self {
            Self::ApprenticeshipStart(detail) => check_apprenticeship(detail, &mut faults),
            Self::AlternativeProvision(detail) => check_placement(detail, &mut faults),
            Self::HigherEducationEntry(detail) => {
                faults.blank("detail.course", &detail.course);
                let year = is_academic_year(&detail.academic_year);
                faults.unless(year, "detail.academic_year", "is not of the form 2026/27");
            }
            Self::LocalAuthorityMove(detail) => {
                faults.unless(is_la(&detail.from_la), "detail.from_la", NOT_LA);
                faults.unless(is_la(&detail.to_la), "detail.to_la", NOT_LA);
                let moved = detail.from_la != detail.to_la;
                faults.unless(moved, "detail.to_la", "is the authority left");
            }
            Self::Employment(detail) => {
                let hours = detail.hours_per_week.is_none_or(|hours| hours <= 168);
                faults.unless(hours, "detail.hours_per_week", "is more than a week has");
            }
            Self::AdultCare(detail) => {
                let la = detail.authority.as_deref().is_none_or(is_la);
                faults.unless(la, "detail.authority", NOT_LA);
            }
            _ => {}
        }
        faults.finish()
    }
}

const NOT_LA: &str = "is not a three-digit code of an authority";

/// Three digits.
pub(super) fn is_la(code: &str) -> bool {
    code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_digit())
}

fn check_apprenticeship(detail: &ApprenticeshipStart, faults: &mut Faults) {
    faults.blank("detail.standard_code", &detail.standard_code);
    faults.unless((2..=7).contains(&detail.level), "detail.level", "is not between 2 and 7");
    let ends = detail.planned_end.is_none_or(|end| end > detail.start);
    faults.unless(ends, "detail.planned_end", "is not after the start");
}

/// Section 8 of the rules. That there is a destination is a matter of the type.
fn check_placement(detail: &AlternativeProvision, faults: &mut Faults) {
    let ends = detail.planned_end > detail.start;
    faults.unless(ends, "detail.planned_end", "is not after the start");
    let placement = detail.start..=detail.planned_end;
    let reviewed = detail.review_dates.iter().any(|review| placement.contains(review));
    faults.unless(reviewed, "detail.review_dates", "has no day inside the placement");
    if detail.tier == ApTier::Tier1 {
        // Targeted support inside the mainstream school: the learner never leaves it.
        let stays = detail.destination == ApDestination::OwnSchool;
        faults.unless(stays, "detail.destination", "of tier 1 is the learner's own school");
        let inside = detail.to.is_same_as(&detail.from) || detail.to == detail.from;
        faults.unless(inside, "detail.to", "of tier 1 is the learner's own school");
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{apprenticeship, placement, university};
    use super::super::{Employment, LocalAuthorityMove};
    use super::*;
    use crate::scenario::id;
    use jiff::civil::date;

    fn faults(detail: Detail) -> Vec<String> {
        match detail.check() {
            Err(Refusal::Invalid(faults)) => faults.into_iter().map(|fault| fault.field).collect(),
            Err(_) => vec!["another refusal".to_owned()],
            Ok(()) => vec![],
        }
    }

    #[test]
    fn a_month_counts_from_its_first_day_to_its_last() {
        let month = Planned::Month { year: 2028, month: 2 };
        assert_eq!(month.first_day(), Some(date(2028, 2, 1)));
        assert_eq!(month.last_day(), Some(date(2028, 2, 29)));
        assert_eq!(Planned::Month { year: 2028, month: 13 }.first_day(), None);
        assert_eq!(Planned::Day(date(2026, 9, 1)).last_day(), Some(date(2026, 9, 1)));
    }

    #[test]
    fn an_apprenticeship_has_a_level_and_ends_after_it_starts() {
        assert_eq!(faults(Detail::ApprenticeshipStart(apprenticeship())), [""; 0]);
        for (level, good) in [(1, false), (2, true), (7, true), (8, false)] {
            let detail = ApprenticeshipStart { level, ..apprenticeship() };
            assert_eq!(Detail::ApprenticeshipStart(detail).check().is_ok(), good, "level {level}");
        }
        let start = apprenticeship().start;
        let detail = ApprenticeshipStart {
            planned_end: Some(start),
            standard_code: String::new(),
            provider: Setting::default(),
            ..apprenticeship()
        };
        assert_eq!(
            faults(Detail::ApprenticeshipStart(detail)),
            ["detail.to", "detail.standard_code", "detail.planned_end"]
        );
    }

    #[test]
    fn a_placement_ends_after_it_starts_and_is_reviewed_inside() {
        assert_eq!(faults(Detail::AlternativeProvision(placement())), [""; 0]);
        let never = AlternativeProvision { review_dates: vec![], ..placement() };
        assert_eq!(faults(Detail::AlternativeProvision(never)), ["detail.review_dates"]);
        let late = AlternativeProvision {
            review_dates: vec![placement().planned_end.tomorrow().expect("a day")],
            ..placement()
        };
        assert_eq!(faults(Detail::AlternativeProvision(late)), ["detail.review_dates"]);
        let backwards = AlternativeProvision { planned_end: placement().start, ..placement() };
        assert!(
            faults(Detail::AlternativeProvision(backwards)).contains(&"detail.planned_end".into())
        );
    }

    #[test]
    fn tier_1_stays_at_the_own_school() {
        let tier1 = AlternativeProvision { tier: ApTier::Tier1, ..placement() };
        assert_eq!(
            faults(Detail::AlternativeProvision(tier1.clone())),
            ["detail.destination", "detail.to"]
        );
        let inside = AlternativeProvision {
            to: tier1.from.clone(),
            destination: ApDestination::OwnSchool,
            ..tier1
        };
        assert_eq!(faults(Detail::AlternativeProvision(inside)), [""; 0]);
    }

    #[test]
    fn other_particulars() {
        assert_eq!(faults(Detail::HigherEducationEntry(university())), [""; 0]);
        let moved = LocalAuthorityMove {
            from_la: "801".to_owned(),
            to_la: "801".to_owned(),
            planned: Planned::Month { year: 2026, month: 0 },
            to: None,
        };
        assert_eq!(
            faults(Detail::LocalAuthorityMove(moved.clone())),
            ["detail.planned", "detail.to_la"]
        );
        let good = LocalAuthorityMove {
            to_la: "302".to_owned(),
            planned: Planned::Day(date(2026, 9, 1)),
            ..moved
        };
        assert_eq!(faults(Detail::LocalAuthorityMove(good)), [""; 0]);
        let busy = Employment {
            from: Setting { organisation: Some(id(1)), ..Setting::default() },
            employer_ref: None,
            planned: Planned::Day(date(2026, 9, 1)),
            hours_per_week: Some(169),
        };
        assert_eq!(faults(Detail::Employment(busy)), ["detail.hours_per_week"]);
    }
}
