//! A code of a closed set, or another that somebody wrote in its place.
//!
//! The rules know the codes of the set. A census, though, adds codes before this house hears of them, and
//! what a school wrote about a child is not dropped for that: it is kept as it came and pointed out.

use std::fmt;

use super::CodeSet;

/// Most characters of a code that is kept. No set comes near it; what is longer is no code.
pub const LONGEST_CODE: usize = 64;

/// A code: one of the set, or another.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Open<C> {
    /// One of the set.
    Known(C),
    /// Any other text, trimmed and in ASCII upper case; never one that the set has.
    Unknown(String),
}

impl<C: CodeSet> Open<C> {
    /// Reads a code as files write it: trimmed, in any case. Never fails: what the set does not have is
    /// kept.
    pub fn read(raw: &str) -> Self {
        let cleaned = raw.trim().to_ascii_uppercase();
        C::from_code(&cleaned).map_or(Self::Unknown(cleaned), Self::Known)
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(known) => (*known).code(),
            Self::Unknown(code) => code,
        }
    }

    /// The member of the set; none for another code, about which no rule says anything.
    pub fn known(&self) -> Option<C> {
        match self {
            Self::Known(known) => Some(*known),
            Self::Unknown(_) => None,
        }
    }

    /// Whether it is this member of the set.
    pub fn is(&self, member: C) -> bool {
        self.known() == Some(member)
    }
}

impl<C> From<C> for Open<C> {
    fn from(known: C) -> Self {
        Self::Known(known)
    }
}

/// An unknown code is whatever somebody wrote in that place, a name perhaps: never printed.
impl<C: fmt::Debug> fmt::Debug for Open<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(known) => write!(f, "Known({known:?})"),
            Self::Unknown(_) => f.write_str("Unknown(…)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::provision::SenProvision;

    #[test]
    fn a_code_of_the_set_is_known_in_any_case() {
        let read = Open::<SenProvision>::read(" k ");
        assert_eq!((read.known(), read.as_str()), (Some(SenProvision::K), "K"));
        assert!(read.is(SenProvision::K) && !read.is(SenProvision::E));
    }

    #[test]
    fn another_code_is_kept_and_not_printed() {
        let read = Open::<SenProvision>::read("smith");
        assert_eq!((read.known(), read.as_str()), (None, "SMITH"));
        assert_eq!(format!("{read:?}"), "Unknown(…)");
    }
}
