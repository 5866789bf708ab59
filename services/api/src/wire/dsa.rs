//! Cases of Disabled Students' Allowance.

use onward_contract::transition::v1 as wire;
use onward_contract::transition::v1::record_step_request::Reason;
use onward_domain::codes::dsa::{DsaAction, DsaDecline, DsaEnd, DsaIneligible};
use onward_domain::decider::Refusal;
use onward_domain::dsa::DsaFold;

use super::code::{self, wire_enums};

wire_enums!(
    wire::DsaState => "DSA_STATE_",
    wire::DsaStep => "DSA_STEP_",
    wire::DsaIneligibleReason => "DSA_INELIGIBLE_REASON_",
    wire::DsaDeclineReason => "DSA_DECLINE_REASON_",
    wire::DsaEndReason => "DSA_END_REASON_",
);

/// The coded reason of a step, in the spelling of its set.
///
/// # Errors
/// Not one of the contract's values, or not the kind of reason that the step takes.
pub fn reason(action: DsaAction, said: Option<&Reason>) -> Result<Option<String>, Refusal> {
    let Some(said) = said else { return Ok(None) };
    let (field, belongs_to, code) = match said {
        Reason::IneligibleReason(number) => {
            let field = "ineligible_reason";
            let code = code::parse::<wire::DsaIneligibleReason, DsaIneligible>(field, *number)?;
            (field, DsaAction::DecideIneligible, code.as_str())
        }
        Reason::DeclineReason(number) => {
            let field = "decline_reason";
            let code = code::parse::<wire::DsaDeclineReason, DsaDecline>(field, *number)?;
            (field, DsaAction::DeclineAward, code.as_str())
        }
        Reason::EndReason(number) => {
            let field = "end_reason";
            let code = code::parse::<wire::DsaEndReason, DsaEnd>(field, *number)?;
            (field, DsaAction::End, code.as_str())
        }
    };
    if action != belongs_to {
        return Err(Refusal::field(field, "is not taken by this step"));
    }
    Ok(Some(code.to_owned()))
}

/// Why a case came to its state, as far as a step said: ineligible, declined, ended.
pub fn reasons_shown(fold: &DsaFold) -> (i32, i32, i32) {
    let of = |action| {
        let step = fold.steps.get(&action);
        step.and_then(|step| step.fact.reason.as_deref()).unwrap_or_default()
    };
    (
        code::text_number::<wire::DsaIneligibleReason>(of(DsaAction::DecideIneligible)),
        code::text_number::<wire::DsaDeclineReason>(of(DsaAction::DeclineAward)),
        code::text_number::<wire::DsaEndReason>(of(DsaAction::End)),
    )
}

/// The supplier that was named last.
pub fn supplier(fold: &DsaFold) -> String {
    let named = fold.steps.values().filter(|step| step.fact.supplier.is_some());
    let last = named.max_by_key(|step| step.version);
    last.and_then(|step| step.fact.supplier.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use onward_domain::codes::dsa::DsaState;

    #[test]
    fn every_state_and_step_has_a_value() {
        for state in DsaState::ALL {
            assert_ne!(code::number::<wire::DsaState, _>(*state), 0, "{state}");
        }
        for action in DsaAction::ALL {
            let number = code::number::<wire::DsaStep, _>(*action);
            assert_eq!(code::parse::<wire::DsaStep, DsaAction>("step", number), Ok(*action));
        }
    }

    #[test]
    fn a_reason_goes_with_its_step_only() {
        let residency = Reason::IneligibleReason(wire::DsaIneligibleReason::Residency as i32);
        let read = reason(DsaAction::DecideIneligible, Some(&residency));
        assert_eq!(read, Ok(Some("RESIDENCY".to_owned())));
        assert!(reason(DsaAction::End, Some(&residency)).is_err());
        assert_eq!(reason(DsaAction::Apply, None), Ok(None));
        assert!(reason(DsaAction::End, Some(&Reason::EndReason(0))).is_err());
    }

    #[test]
    fn a_case_without_steps_has_no_reason() {
        assert_eq!(reasons_shown(&DsaFold::default()), (0, 0, 0));
        assert_eq!(supplier(&DsaFold::default()), "");
    }
}
