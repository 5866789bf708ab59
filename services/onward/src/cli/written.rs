//! Values as a person writes them: positions and spans of time.

use std::time::Duration;

/// A position as the contract writes it, of one that a person writes: `5` is the same as
/// `00000000000000000005`.
pub(super) fn position(text: &str) -> Result<String, String> {
    let number: u64 = text.parse().map_err(|_| "a position is a whole number".to_owned())?;
    Ok(format!("{number:020}"))
}

/// Reads `90s`, `15m`, `1h`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let split = text.len().saturating_sub(1);
    let (number, unit) = text.split_at_checked(split).ok_or("not a time such as 15m")?;
    let number: u64 = number.parse().map_err(|_| "not a time such as 90s, 15m or 1h")?;
    let seconds = match unit {
        "s" => Some(number),
        "m" => number.checked_mul(60),
        "h" => number.checked_mul(3600),
        _ => None,
    };
    seconds
        .filter(|seconds| *seconds > 0)
        .map(Duration::from_secs)
        .ok_or_else(|| "not a time such as 90s, 15m or 1h".to_owned())
}
