//! The kind of phase transfer under regulation 2(1), derived from the two settings and never asked.

use crate::codes::closed_codes;
use crate::codes::kind::PhaseTransferKind;
use crate::codes::setting::{OrganisationKind, Phase};
use crate::codes::year::NcYear;

closed_codes! {
    /// What a setting is for the rules of phase transfers; spelt as facts files spell it.
    pub enum SettingPhase("phase of a setting") {
        /// Nursery, pre-school, childminder.
        EarlyYears = "early_years",
        /// Primary school for under-eights.
        Infant = "infant",
        /// Primary school for eight and over.
        Junior = "junior",
        /// First school of a three-tier area.
        First = "first",
        /// Primary school.
        Primary = "primary",
        /// Middle school, whatever it is deemed.
        Middle = "middle",
        /// Upper school of a three-tier area.
        Upper = "upper",
        /// Secondary school.
        Secondary = "secondary",
        /// School for primary and secondary years.
        AllThrough = "all_through",
        /// Special school.
        Special = "special",
        /// Sixth form of a school.
        SixthForm = "sixth_form",
        /// College, sixth-form college, other post-16 provider.
        College = "college",
        /// Specialist post-16 institution.
        SpecialistPost16 = "specialist_post16",
        /// Apprenticeship.
        Apprenticeship = "apprenticeship",
        /// Higher education.
        He = "he",
    }
}

/// How a sixth form in another school is treated. It is a school, not a post-16 institution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SixthFormElsewhere {
    /// As a phase transfer (f): the default.
    #[default]
    PhaseTransfer,
    /// As no phase transfer.
    NoTransfer,
}

/// A move between two settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhaseMove {
    /// Setting left.
    pub from: SettingPhase,
    /// Setting entered.
    pub to: SettingPhase,
    /// Both carry the same URN: then nothing is transferred.
    pub same_urn: bool,
    /// Year group at the setting left; none = not known.
    pub nc_year: Option<NcYear>,
}

/// First year group from which a move to a post-16 institution is a phase transfer.
const LAST_COMPULSORY_YEAR: i8 = 11;

impl SettingPhase {
    /// A school, as opposed to early years, post-16 and higher education.
    pub const fn is_school(self) -> bool {
        matches!(
            self,
            Self::Infant
                | Self::Junior
                | Self::First
                | Self::Primary
                | Self::Middle
                | Self::Upper
                | Self::Secondary
                | Self::AllThrough
                | Self::Special
        )
    }

    /// A post-16 institution, or an apprenticeship, which authorities treat as one.
    pub const fn is_post16(self) -> bool {
        matches!(self, Self::College | Self::SpecialistPost16 | Self::Apprenticeship)
    }

    /// A school with secondary years, which its learners leave at 16.
    const fn has_year_11(self) -> bool {
        matches!(self, Self::Secondary | Self::Upper | Self::AllThrough | Self::Special)
    }

    /// The phase that an organisation's entry in the directory amounts to. Ages are whole years.
    /// None where the entry does not say enough.
    pub fn of_organisation(
        kind: OrganisationKind,
        phase: Option<Phase>,
        low_age: Option<u8>,
        high_age: Option<u8>,
    ) -> Option<Self> {
        match kind {
            OrganisationKind::EarlyYears => Some(Self::EarlyYears),
            OrganisationKind::College | OrganisationKind::TrainingProvider => Some(Self::College),
            OrganisationKind::University => Some(Self::He),
            OrganisationKind::School => {
                phase.and_then(|phase| Self::of_school(phase, low_age, high_age))
            }
            _ => None,
        }
    }

    fn of_school(phase: Phase, low_age: Option<u8>, high_age: Option<u8>) -> Option<Self> {
        match phase {
            Phase::NotApplicable => None,
            Phase::Nursery => Some(Self::EarlyYears),
            Phase::Primary => Some(Self::of_primary(low_age, high_age)),
            Phase::MiddleDeemedPrimary | Phase::MiddleDeemedSecondary => Some(Self::Middle),
            Phase::Secondary if low_age.is_some_and(|age| age >= 13) => Some(Self::Upper),
            Phase::Secondary => Some(Self::Secondary),
            Phase::SixteenPlus => Some(Self::College),
            Phase::AllThrough => Some(Self::AllThrough),
        }
    }

    /// Infant to 7, first to 9 or 10, junior from 7: the usual ages of the school register.
    fn of_primary(low_age: Option<u8>, high_age: Option<u8>) -> Self {
        match (low_age, high_age) {
            (_, Some(high)) if high <= 8 => Self::Infant,
            (Some(low), _) if low >= 7 => Self::Junior,
            (_, Some(9 | 10)) => Self::First,
            _ => Self::Primary,
        }
    }
}

/// The kind of phase transfer, if the move is one. Never refuses on age: out-of-year learners are
/// legitimate, and a year group of `X` or none counts as old enough for a post-16 institution.
pub fn phase_transfer(
    step: PhaseMove,
    sixth_form: SixthFormElsewhere,
) -> Option<PhaseTransferKind> {
    use PhaseTransferKind::{A, B, C, D, E, F};
    use SettingPhase::{EarlyYears, First, Infant, Junior, Middle, Primary, Secondary, Upper};
    if step.same_urn {
        return None;
    }
    match (step.from, step.to) {
        (EarlyYears, to) if to.is_school() => Some(A),
        (Infant, Junior) => Some(B),
        (Primary | First, Middle) => Some(C),
        (Primary | Junior | First, Secondary) => Some(D),
        (Middle, Secondary | Upper) => Some(E),
        (from, to) if from.has_year_11() && to.is_post16() => leaves_school(step).then_some(F),
        (from, _) if from.has_year_11() && sixth_form == SixthFormElsewhere::PhaseTransfer => {
            enters_sixth_form(step).then_some(F)
        }
        _ => None,
    }
}

fn leaves_school(step: PhaseMove) -> bool {
    let year = step.nc_year.and_then(NcYear::number);
    year.is_none_or(|year| year >= LAST_COMPULSORY_YEAR)
}

/// Into another school after year 11. A school alone says nothing, so the year group has to be
/// known.
fn enters_sixth_form(step: PhaseMove) -> bool {
    let year = step.nc_year.and_then(NcYear::number);
    let after_year_11 = year.is_some_and(|year| year >= LAST_COMPULSORY_YEAR);
    match step.to {
        SettingPhase::SixthForm => leaves_school(step),
        to => to.has_year_11() && after_year_11,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::assert_set;
    use rstest::rstest;

    fn kind(from: &str, to: &str, year: &str) -> Option<&'static str> {
        let step = PhaseMove {
            from: SettingPhase::parse(from).expect("a phase"),
            to: SettingPhase::parse(to).expect("a phase"),
            same_urn: false,
            nc_year: NcYear::parse(year).ok(),
        };
        phase_transfer(step, SixthFormElsewhere::default()).map(PhaseTransferKind::as_str)
    }

    #[test]
    fn the_names_are_those_of_facts_files() {
        assert_set::<SettingPhase>(
            "early_years, infant, junior, first, primary, middle, upper, secondary, all_through, \
             special, sixth_form, college, specialist_post16, apprenticeship, he",
        );
    }

    #[rstest]
    #[case("early_years", "primary", "N2", Some("a"))]
    #[case("early_years", "special", "N2", Some("a"))]
    #[case("early_years", "all_through", "N2", Some("a"))]
    #[case("infant", "junior", "2", Some("b"))]
    #[case("primary", "middle", "4", Some("c"))]
    #[case("first", "middle", "4", Some("c"))]
    #[case("primary", "secondary", "6", Some("d"))]
    #[case("junior", "secondary", "6", Some("d"))]
    #[case("first", "secondary", "6", Some("d"))]
    #[case("middle", "secondary", "8", Some("e"))]
    #[case("middle", "upper", "8", Some("e"))]
    #[case("secondary", "college", "11", Some("f"))]
    #[case("special", "specialist_post16", "13", Some("f"))]
    #[case("special", "college", "X", Some("f"))]
    #[case("upper", "college", "11", Some("f"))]
    #[case("all_through", "college", "11", Some("f"))]
    #[case("secondary", "apprenticeship", "11", Some("f"))]
    #[case("secondary", "secondary", "11", Some("f"))]
    #[case("secondary", "sixth_form", "11", Some("f"))]
    fn phase_transfers(
        #[case] from: &str,
        #[case] to: &str,
        #[case] year: &str,
        #[case] expected: Option<&str>,
    ) {
        assert_eq!(kind(from, to, year), expected);
    }

    #[rstest]
    #[case("primary", "primary", "3")]
    #[case("infant", "primary", "2")]
    #[case("primary", "all_through", "6")]
    #[case("primary", "special", "6")]
    #[case("secondary", "secondary", "9")]
    #[case("secondary", "secondary", "X")]
    #[case("secondary", "college", "10")]
    #[case("college", "college", "13")]
    #[case("college", "specialist_post16", "13")]
    #[case("college", "he", "13")]
    #[case("secondary", "he", "13")]
    #[case("secondary", "primary", "7")]
    #[case("early_years", "early_years", "N1")]
    #[case("early_years", "college", "N1")]
    fn no_phase_transfer(#[case] from: &str, #[case] to: &str, #[case] year: &str) {
        assert_eq!(kind(from, to, year), None);
    }

    #[test]
    fn age_is_never_a_reason_to_refuse() {
        assert_eq!(kind("primary", "secondary", "8"), Some("d"));
        assert_eq!(kind("infant", "junior", ""), Some("b"));
        assert_eq!(kind("secondary", "college", ""), Some("f"));
    }

    #[test]
    fn staying_at_one_school_is_no_transfer() {
        for from in SettingPhase::ALL {
            for to in SettingPhase::ALL {
                let step =
                    PhaseMove { from: *from, to: *to, same_urn: true, nc_year: Some(NcYear::Y11) };
                assert_eq!(phase_transfer(step, SixthFormElsewhere::PhaseTransfer), None);
            }
        }
    }

    #[test]
    fn a_sixth_form_elsewhere_is_a_setting_of_the_installation() {
        for to in [SettingPhase::SixthForm, SettingPhase::Secondary] {
            let step = PhaseMove {
                from: SettingPhase::Secondary,
                to,
                same_urn: false,
                nc_year: Some(NcYear::Y11),
            };
            assert_eq!(phase_transfer(step, SixthFormElsewhere::NoTransfer), None);
        }
    }

    #[rstest]
    #[case(OrganisationKind::School, Some(Phase::Primary), Some(4), Some(7), Some("infant"))]
    #[case(OrganisationKind::School, Some(Phase::Primary), Some(7), Some(11), Some("junior"))]
    #[case(OrganisationKind::School, Some(Phase::Primary), Some(4), Some(9), Some("first"))]
    #[case(OrganisationKind::School, Some(Phase::Primary), Some(4), Some(11), Some("primary"))]
    #[case(OrganisationKind::School, Some(Phase::Primary), None, None, Some("primary"))]
    #[case(OrganisationKind::School, Some(Phase::Secondary), Some(13), Some(18), Some("upper"))]
    #[case(OrganisationKind::School, Some(Phase::Secondary), Some(11), Some(16), Some("secondary"))]
    #[case(OrganisationKind::School, Some(Phase::Nursery), None, None, Some("early_years"))]
    #[case(OrganisationKind::School, Some(Phase::SixteenPlus), None, None, Some("college"))]
    #[case(OrganisationKind::School, Some(Phase::NotApplicable), None, None, None)]
    #[case(OrganisationKind::School, None, None, None, None)]
    #[case(OrganisationKind::EarlyYears, None, None, None, Some("early_years"))]
    #[case(OrganisationKind::College, Some(Phase::SixteenPlus), None, None, Some("college"))]
    #[case(OrganisationKind::University, None, None, None, Some("he"))]
    #[case(OrganisationKind::Trust, None, None, None, None)]
    fn from_the_directory(
        #[case] kind: OrganisationKind,
        #[case] phase: Option<Phase>,
        #[case] low_age: Option<u8>,
        #[case] high_age: Option<u8>,
        #[case] expected: Option<&str>,
    ) {
        let found = SettingPhase::of_organisation(kind, phase, low_age, high_age);
        assert_eq!(found.map(SettingPhase::as_str), expected);
    }
}
