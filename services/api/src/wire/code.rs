//! Enum values ⇄ code sets. The contract spells a value `<PREFIX><CODE>` with the official code in
//! UPPER_SNAKE, so one rule serves all of them.

use onward_domain::codes::CodeSet;
use onward_domain::decider::Refusal;

/// A generated enum that is spelled `<PREFIX><CODE>`.
pub trait WireEnum: Copy + TryFrom<i32> + Into<i32> {
    /// What every value begins with, `MEMBER_ROLE_` for example.
    const PREFIX: &'static str;

    /// The value's name in the contract.
    fn name(self) -> &'static str;

    /// The value with this name.
    fn named(name: &str) -> Option<Self>;
}

/// Implements [`WireEnum`] for generated enums.
macro_rules! wire_enums {
    ($($wire:ty => $prefix:literal),* $(,)?) => {$(
        impl $crate::wire::code::WireEnum for $wire {
            const PREFIX: &'static str = $prefix;

            fn name(self) -> &'static str {
                self.as_str_name()
            }

            fn named(name: &str) -> Option<Self> {
                Self::from_str_name(name)
            }
        }
    )*};
}
pub(crate) use wire_enums;

/// The code that an enum value stands for.
///
/// # Errors
/// `Refusal::Invalid` for the zero value, an unknown number, or a value outside the set.
pub fn parse<W: WireEnum, C: CodeSet>(field: &str, value: i32) -> Result<C, Refusal> {
    optional::<W, C>(field, value)?.ok_or_else(|| Refusal::field(field, "must be given"))
}

/// The code that an enum value stands for; `None` for the zero value.
///
/// # Errors
/// `Refusal::Invalid` for an unknown number or a value outside the set.
pub fn optional<W: WireEnum, C: CodeSet>(field: &str, value: i32) -> Result<Option<C>, Refusal> {
    if value == 0 {
        return Ok(None);
    }
    let fault = || Refusal::field(field, "must be one of the values of the contract");
    let wire = W::try_from(value).map_err(|_| fault())?;
    let code = wire.name().strip_prefix(W::PREFIX).ok_or_else(fault)?;
    let found = C::ALL.iter().copied().find(|member| spelled(member.code()) == code);
    found.map(Some).ok_or_else(fault)
}

/// The enum value of a code; zero where the contract has none.
pub fn number<W: WireEnum, C: CodeSet>(code: C) -> i32 {
    text_number::<W>(code.code())
}

/// The enum value of a code's text; zero where the contract has none.
pub fn text_number<W: WireEnum>(code: &str) -> i32 {
    W::named(&format!("{}{}", W::PREFIX, spelled(code))).map_or(0, Into::into)
}

/// A code as the contract spells it: `needs_assessment_booked` → `NEEDS_ASSESSMENT_BOOKED`.
fn spelled(code: &str) -> String {
    code.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
        .collect()
}

#[cfg(test)]
mod tests {
    use onward_contract::transition::v1 as wire;
    use onward_domain::codes::dsa::DsaState;

    use super::*;

    #[test]
    fn codes_of_any_case_are_spelled_in_one_way() {
        for state in DsaState::ALL {
            let number = number::<wire::DsaState, _>(*state);
            assert_ne!(number, 0, "{state}");
            assert_eq!(parse::<wire::DsaState, DsaState>("state", number), Ok(*state));
        }
    }

    #[test]
    fn the_zero_value_and_unknown_numbers_are_no_codes() {
        assert_eq!(optional::<wire::DsaState, DsaState>("state", 0), Ok(None));
        assert!(parse::<wire::DsaState, DsaState>("state", 0).is_err());
        assert!(optional::<wire::DsaState, DsaState>("state", 9_999).is_err());
    }
}
