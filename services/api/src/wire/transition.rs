//! Moves between settings: codes and planned dates.

use onward_contract::transition::v1 as wire;
use onward_contract::transition::v1::planned_date::Planned as Said;
use onward_domain::codes::kind::{PhaseTransferKind, TransitionKind};
use onward_domain::decider::Refusal;
use onward_domain::transition::{OfferStatus, Planned, Post16Kind, ReportedBy, SupportBasis};

use super::code::wire_enums;
use super::date;

wire_enums!(
    wire::TransitionState => "TRANSITION_STATE_",
    wire::TransitionKind => "TRANSITION_KIND_",
    wire::TransitionCancelReason => "TRANSITION_CANCEL_REASON_",
    wire::TransitionRescheduleReason => "TRANSITION_RESCHEDULE_REASON_",
    wire::TransitionEndReason => "TRANSITION_END_REASON_",
    wire::AlternativeProvisionTier => "ALTERNATIVE_PROVISION_TIER_",
);

/// A domain enum without codes and the contract's, side by side.
macro_rules! pairs {
    ($($(#[$doc:meta])* $read:ident, $write:ident: $domain:ty = $wire:ty { $($ours:ident = $theirs:ident,)+ })+) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// Not one of the contract's values.
        pub fn $read(field: &str, number: i32) -> Result<$domain, Refusal> {
            match <$wire>::try_from(number) {
                $(Ok(<$wire>::$theirs) => Ok(<$domain>::$ours),)+
                _ => Err(Refusal::field(field, "must be one of the values of the contract")),
            }
        }

        /// The other way.
        pub fn $write(value: $domain) -> i32 {
            let value = match value {
                $(<$domain>::$ours => <$wire>::$theirs,)+
            };
            value as i32
        }
    )+};
}

pairs! {
    /// On what the support rests.
    basis, basis_number: SupportBasis = wire::SupportBasis {
        EhcPlan = EhcPlan,
        SenSupport = SenSupport,
        None = None,
    }
    /// Kind of post-16 setting.
    post16, post16_number: Post16Kind = wire::Post16Destination {
        College = College,
        SixthForm = SixthForm,
        SpecialPost16 = SpecialPost16,
        Training = Training,
        SupportedInternship = SupportedInternship,
    }
    /// How far an offer has come.
    said_offer, offer_number: OfferStatus = wire::OfferStatus {
        None = None,
        Conditional = Conditional,
        Unconditional = Unconditional,
        Accepted = Accepted,
        Declined = Declined,
    }
    /// Who reported a step.
    reported_by, reported_by_number: ReportedBy = wire::ReportedBy {
        SettingLeft = SendingSetting,
        SettingEntered = ReceivingSetting,
        Authority = Authority,
    }
    /// Phase transfer of regulation 2(1).
    letter, letter_number: PhaseTransferKind = wire::PhaseTransferKind {
        A = EarlyYearsToSchool,
        B = InfantToJunior,
        C = PrimaryToMiddle,
        D = PrimaryToSecondary,
        E = MiddleToSecondary,
        F = SecondaryToPost16,
    }
}

/// How far an offer has come; unspecified: no offer yet.
///
/// # Errors
/// Not one of the contract's values.
pub fn offer(field: &str, number: i32) -> Result<OfferStatus, Refusal> {
    if number == 0 { Ok(OfferStatus::None) } else { said_offer(field, number) }
}

/// Which phase transfer it is in law; the contract says so where it is none.
pub fn phase_transfer(letter: Option<PhaseTransferKind>) -> i32 {
    letter.map_or(wire::PhaseTransferKind::None as i32, letter_number)
}

/// When a move is planned.
///
/// # Errors
/// Missing, or no day of the calendar.
pub fn planned(field: &str, said: Option<&wire::PlannedDate>) -> Result<Planned, Refusal> {
    let missing = || Refusal::field(field, "must be given, as a day or a month");
    match said.and_then(|said| said.planned.as_ref()).ok_or_else(missing)? {
        Said::Day(day) => Ok(Planned::Day(date::required(&format!("{field}.day"), Some(day))?)),
        Said::Month(month) => {
            let fault =
                || Refusal::field(format!("{field}.month"), "must be a month of the calendar");
            let year = i16::try_from(month.year).map_err(|_| fault())?;
            let month = i8::try_from(month.month).map_err(|_| fault())?;
            Ok(Planned::Month { year, month })
        }
    }
}

/// A planned date as the contract shows it.
pub fn planned_shown(planned: Planned) -> wire::PlannedDate {
    let planned = match planned {
        Planned::Day(day) => Said::Day(date::wire(day)),
        Planned::Month { year, month } => {
            Said::Month(wire::YearMonth { year: i32::from(year), month: i32::from(month) })
        }
    };
    wire::PlannedDate { planned: Some(planned) }
}

/// The kind of move that a post-16 destination of a placement stands for.
pub fn post16_leads_to(kind: Post16Kind) -> TransitionKind {
    match kind {
        Post16Kind::College | Post16Kind::SixthForm | Post16Kind::SpecialPost16 => {
            TransitionKind::SecondaryToPost16
        }
        Post16Kind::Training => TransitionKind::ToApprenticeship,
        Post16Kind::SupportedInternship => TransitionKind::ToSupportedInternship,
    }
}

/// The other way, as far as a fact tells.
pub fn post16_of(kind: TransitionKind) -> Post16Kind {
    match kind {
        TransitionKind::ToApprenticeship => Post16Kind::Training,
        TransitionKind::ToSupportedInternship => Post16Kind::SupportedInternship,
        // A fact has the kind of move, not of place.
        _ => Post16Kind::College,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::code;
    use onward_domain::transition::TransitionState;

    #[test]
    fn every_state_and_kind_of_move_has_a_value() {
        for state in TransitionState::ALL {
            assert_ne!(code::number::<wire::TransitionState, _>(*state), 0, "{state}");
        }
        for kind in TransitionKind::ALL {
            assert_ne!(code::number::<wire::TransitionKind, _>(*kind), 0, "{kind}");
        }
        assert_eq!(phase_transfer(None), wire::PhaseTransferKind::None as i32);
        for kind in PhaseTransferKind::ALL {
            assert_eq!(letter("kind", letter_number(*kind)), Ok(*kind));
        }
    }

    #[test]
    fn planned_dates_go_both_ways() {
        let month = Planned::Month { year: 2026, month: 9 };
        assert_eq!(planned("planned", Some(&planned_shown(month))), Ok(month));
        let day = Planned::Day(jiff::civil::date(2026, 9, 1));
        assert_eq!(planned("planned", Some(&planned_shown(day))), Ok(day));
        let partial = onward_contract::google::r#type::Date { year: 2026, month: 9, day: 0 };
        let partial = wire::PlannedDate { planned: Some(Said::Day(partial)) };
        assert!(planned("planned", Some(&partial)).is_err(), "a day is a full date");
        assert!(planned("planned", None).is_err());
    }

    #[test]
    fn an_offer_that_was_not_said_is_none() {
        assert_eq!(offer("offer_status", 0), Ok(OfferStatus::None));
        assert!(offer("offer_status", 99).is_err());
    }
}
