//! The kind of a transition, derived from the particulars and the two settings, and never asked.

use super::{Detail, PhaseTransfer, Post16Kind};
use crate::codes::kind::{PhaseTransferKind, TransitionKind};
use crate::codes::year::NcYear;
use crate::routing::{PhaseMove, SettingPhase, SixthFormElsewhere, phase_transfer};

/// What the directory knows of the two settings. Looked up before the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SettingsKnown {
    /// Phase of the setting left, where it is known.
    pub from: Option<SettingPhase>,
    /// Phase of the setting entered, where it is known.
    pub to: Option<SettingPhase>,
    /// The setting left is an alternative provider: leaving it for a school is a return.
    pub from_alternative_provider: bool,
    /// Both carry the same URN: then nothing is transferred.
    pub same_urn: bool,
    /// How this installation treats a sixth form in another school.
    pub sixth_form: SixthFormElsewhere,
}

/// Derives the kind, and which of the six phase transfers of regulation 2(1) it is, if one.
pub fn derive(
    detail: &Detail,
    settings: SettingsKnown,
) -> (TransitionKind, Option<PhaseTransferKind>) {
    let kind = match detail {
        Detail::PhaseTransfer(detail) => return of_phase_transfer(detail, settings),
        Detail::Post16Move(detail) => return of_post16(detail.kind, settings),
        Detail::ApprenticeshipStart(_) => {
            let letter = into_post16(SettingPhase::Apprenticeship, settings);
            return (TransitionKind::ToApprenticeship, letter);
        }
        Detail::HigherEducationEntry(_) => TransitionKind::ToHe,
        Detail::AlternativeProvision(_) => TransitionKind::ApPlacement,
        Detail::LocalAuthorityMove(_) => TransitionKind::LaMove,
        Detail::InYearMove(_) if settings.from_alternative_provider => TransitionKind::ApReturn,
        Detail::InYearMove(_) => TransitionKind::InYearMove,
        Detail::Employment(_) => TransitionKind::ToEmployment,
        Detail::AdultCare(_) => TransitionKind::ToAdultCare,
        Detail::ElectiveHomeEducation(_) => TransitionKind::ToEhe,
        Detail::NotInEducation(_) => TransitionKind::Neet,
    };
    (kind, None)
}

fn of_phase_transfer(
    detail: &PhaseTransfer,
    settings: SettingsKnown,
) -> (TransitionKind, Option<PhaseTransferKind>) {
    let Some(from) = settings.from.filter(|_| !settings.same_urn) else {
        return (TransitionKind::Unknown, None);
    };
    let letter = match settings.to {
        Some(to) => {
            let step = PhaseMove { from, to, same_urn: false, nc_year: detail.nc_year };
            phase_transfer(step, settings.sixth_form)
        }
        None => expected(from, detail.nc_year),
    };
    match (letter, settings.to) {
        (Some(letter), _) => (letter.transition(), Some(letter)),
        (None, None) => (TransitionKind::Unknown, None),
        (None, Some(SettingPhase::He)) => (TransitionKind::ToHe, None),
        (None, Some(to)) if from.is_post16() && to.is_post16() => {
            (TransitionKind::Post16ToPost16, None)
        }
        (None, Some(_)) => (TransitionKind::InYearMove, None),
    }
}

/// While the setting entered is not known: the transfer that the year group leads to. The plan has to
/// name the next placement by its deadline, known or not, so the duty cannot wait for the answer.
fn expected(from: SettingPhase, nc_year: Option<NcYear>) -> Option<PhaseTransferKind> {
    let year = nc_year.and_then(NcYear::number);
    match from {
        SettingPhase::EarlyYears => Some(PhaseTransferKind::A),
        SettingPhase::Infant => Some(PhaseTransferKind::B),
        SettingPhase::First => Some(PhaseTransferKind::C),
        SettingPhase::Junior => Some(PhaseTransferKind::D),
        SettingPhase::Primary => year.is_none_or(|year| year >= 6).then_some(PhaseTransferKind::D),
        SettingPhase::Middle => Some(PhaseTransferKind::E),
        SettingPhase::Secondary | SettingPhase::Upper => Some(PhaseTransferKind::F),
        // These teach across the phases: only the year group tells.
        SettingPhase::AllThrough | SettingPhase::Special => {
            year.is_some_and(|year| year >= 11).then_some(PhaseTransferKind::F)
        }
        _ => None,
    }
}

fn of_post16(
    kind: Post16Kind,
    settings: SettingsKnown,
) -> (TransitionKind, Option<PhaseTransferKind>) {
    let to = match kind {
        Post16Kind::SixthForm => SettingPhase::SixthForm,
        Post16Kind::SpecialPost16 => SettingPhase::SpecialistPost16,
        Post16Kind::College | Post16Kind::Training | Post16Kind::SupportedInternship => {
            SettingPhase::College
        }
    };
    let letter = into_post16(to, settings);
    let from_post16 = settings.from.is_some_and(SettingPhase::is_post16);
    let transition = match (kind, letter) {
        (Post16Kind::SupportedInternship, _) => TransitionKind::ToSupportedInternship,
        (_, Some(letter)) => letter.transition(),
        (_, None) if from_post16 => TransitionKind::Post16ToPost16,
        (_, None) => TransitionKind::Unknown,
    };
    (transition, letter)
}

/// The letter of a move into post-16 education or training. A setting whose phase is not known counts
/// as a secondary school: the earlier of the two duties.
fn into_post16(to: SettingPhase, settings: SettingsKnown) -> Option<PhaseTransferKind> {
    let from = settings.from.unwrap_or(SettingPhase::Secondary);
    let step = PhaseMove { from, to, same_urn: settings.same_urn, nc_year: None };
    phase_transfer(step, settings.sixth_form)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{in_year_move, phase_transfer_to, post16};
    use super::*;
    use SettingPhase as P;
    use rstest::rstest;

    fn between(from: Option<P>, to: Option<P>) -> SettingsKnown {
        SettingsKnown { from, to, ..SettingsKnown::default() }
    }

    #[rstest]
    #[case(Some(P::Primary), Some(P::Secondary), "6", "PRIMARY_TO_SECONDARY", Some("d"))]
    #[case(Some(P::Primary), None, "6", "PRIMARY_TO_SECONDARY", Some("d"))]
    #[case(Some(P::Primary), None, "4", "UNKNOWN", None)]
    #[case(Some(P::EarlyYears), None, "N2", "EY_TO_SCHOOL", Some("a"))]
    #[case(Some(P::Special), None, "11", "SECONDARY_TO_POST16", Some("f"))]
    #[case(Some(P::Special), None, "9", "UNKNOWN", None)]
    #[case(Some(P::Primary), Some(P::Primary), "3", "IN_YEAR_MOVE", None)]
    #[case(Some(P::College), Some(P::College), "13", "POST16_TO_POST16", None)]
    #[case(Some(P::College), Some(P::He), "13", "TO_HE", None)]
    #[case(None, Some(P::Secondary), "6", "UNKNOWN", None)]
    fn phase_transfers(
        #[case] from: Option<P>,
        #[case] to: Option<P>,
        #[case] year: &str,
        #[case] kind: &str,
        #[case] letter: Option<&str>,
    ) {
        let detail = phase_transfer_to(NcYear::parse(year).ok());
        let (derived, lettered) = derive(&detail, between(from, to));
        assert_eq!(derived.as_str(), kind);
        assert_eq!(lettered.map(PhaseTransferKind::as_str), letter);
    }

    #[rstest]
    #[case(Post16Kind::College, Some(P::Secondary), "SECONDARY_TO_POST16", Some("f"))]
    #[case(Post16Kind::College, None, "SECONDARY_TO_POST16", Some("f"))]
    #[case(Post16Kind::College, Some(P::College), "POST16_TO_POST16", None)]
    #[case(Post16Kind::SixthForm, Some(P::Secondary), "SECONDARY_TO_POST16", Some("f"))]
    #[case(Post16Kind::SupportedInternship, Some(P::Special), "TO_SUPPORTED_INTERNSHIP", Some("f"))]
    #[case(Post16Kind::SupportedInternship, Some(P::College), "TO_SUPPORTED_INTERNSHIP", None)]
    fn post16_moves(
        #[case] to: Post16Kind,
        #[case] from: Option<P>,
        #[case] kind: &str,
        #[case] letter: Option<&str>,
    ) {
        let (derived, lettered) = derive(&post16(to), between(from, None));
        assert_eq!(derived.as_str(), kind);
        assert_eq!(lettered.map(PhaseTransferKind::as_str), letter);
    }

    #[test]
    fn the_school_s_own_sixth_form_is_no_transfer() {
        let same = SettingsKnown { same_urn: true, ..between(Some(P::Secondary), None) };
        assert_eq!(derive(&post16(Post16Kind::SixthForm), same), (TransitionKind::Unknown, None));
    }

    #[test]
    fn leaving_an_alternative_provider_is_a_return() {
        let back = SettingsKnown { from_alternative_provider: true, ..SettingsKnown::default() };
        assert_eq!(derive(&in_year_move(), back).0, TransitionKind::ApReturn);
        assert_eq!(derive(&in_year_move(), between(None, None)).0, TransitionKind::InYearMove);
    }
}
