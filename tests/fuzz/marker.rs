//! A planted name: it stands for everything personal that an input holds, and no text about a fault may
//! repeat it.

use std::fmt::{Debug, Display};

/// The name. No code, heading, element or key is called so.
pub const MARKER: &str = "Zephyrine";

/// The name as part of an official number, where letters would be refused at once.
pub const MARKER_DIGITS: &str = "8675309";

/// A text for people or logs holds none of what was planted.
///
/// # Panics
/// It does.
pub fn clean(what: &str, text: &str) {
    let lower = text.to_lowercase();
    let leaks = lower.contains("zephyrine") || text.contains(MARKER_DIGITS);
    assert!(!leaks, "{what} repeats the input: {text}");
}

/// Neither form of a value's text holds what was planted.
///
/// # Panics
/// One does.
pub fn said<T: Debug + Display>(what: &str, value: &T) {
    clean(what, &value.to_string());
    clean(what, &format!("{value:?}"));
}
