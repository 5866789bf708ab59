//! Official numbers of learners, settings and bodies: cleaning, shape, check digit.
//!
//! [`check`] judges any text and never fails, for files and for `check-id`. The typed values
//! ([`Upn`], [`Urn`], …) exist only when valid and are what the rest of the crate passes on.
//! Numbers that identify a learner never appear in `Debug` output and have no `Display`.

use std::fmt;

use crate::codes::closed_codes;

mod clean;
mod digits;
mod ey_urn;
mod husid;
mod laestab;
mod learn_aim_ref;
mod learn_ref_number;
mod nhs;
mod ods;
mod sid;
#[macro_use]
mod typed;
mod ukprn;
mod uln;
mod upn;
mod urn;

pub use clean::clean;
pub use typed::{
    EyUrn, Husid, Laestab, LearnAimRef, LearnRefNumber, NhsNumber, OdsCode, Sid, Ukprn, Uln, Upn,
    Urn,
};

closed_codes! {
    /// Kind of number.
    pub enum Kind("kind of number") {
        /// Unique pupil number.
        Upn = "upn",
        /// Unique learner number.
        Uln = "uln",
        /// NHS number.
        Nhs = "nhs",
        /// Unique reference number of an establishment.
        Urn = "urn",
        /// Number of an early-years setting.
        EyUrn = "ey_urn",
        /// Local authority and establishment number.
        Laestab = "laestab",
        /// UK provider reference number.
        Ukprn = "ukprn",
        /// HESA student identifier, from 2022/23.
        Sid = "sid",
        /// HESA unique student identifier, before 2022/23.
        Husid = "husid",
        /// NHS organisation code.
        Ods = "ods",
        /// Learning aim reference.
        LearnAimRef = "learn_aim_ref",
        /// A provider's own reference of a learner.
        LearnRefNumber = "learn_ref_number",
    }
}

closed_codes! {
    /// What became of a check.
    pub enum Outcome("outcome of a check") {
        /// A number that may be used.
        Valid = "valid",
        /// Wrong length, letter or shape.
        InvalidFormat = "invalid_format",
        /// Right shape, but the check digit or look-up fails.
        InvalidCheck = "invalid_check",
        /// A known placeholder, never a real identity.
        Special = "special",
    }
}

closed_codes! {
    /// What else is known about a valid number.
    pub enum Flag("flag of a number") {
        /// A temporary UPN, which a permanent one will replace.
        Temporary = "temporary",
        /// From the range set aside for tests.
        Synthetic = "synthetic",
        /// Outside the ranges that England issues.
        RangeUnusual = "range_unusual",
        /// From the range in which local authorities give out numbers.
        LaRange = "la_range",
    }
}

/// A judged number. `Debug` leaves the number out.
#[derive(Clone, PartialEq, Eq)]
pub struct Checked {
    /// The judgement.
    pub outcome: Outcome,
    /// The text after cleaning, in the form that is stored; empty when nothing was left.
    pub cleaned: String,
    /// What else is known; only about valid numbers.
    pub flags: Vec<Flag>,
}

/// Why a text is not a number of its kind. Never repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Wrong length, letter or shape.
    #[error("wrong length, letter or shape")]
    InvalidFormat,
    /// Right shape, but the check digit or look-up fails.
    #[error("the check digit or the look-up fails")]
    InvalidCheck,
    /// A known placeholder.
    #[error("a known placeholder, never a real identity")]
    Special,
}

/// Cleans and judges a text as a number of the given kind.
pub fn check(kind: Kind, raw: &str) -> Checked {
    if kind == Kind::LearnRefNumber {
        return learn_ref_number::check(raw.trim().to_owned());
    }
    let cleaned = clean(raw);
    if cleaned.is_empty() || !cleaned.is_ascii() {
        return Checked::new(Outcome::InvalidFormat, cleaned);
    }
    match kind {
        Kind::Upn => upn::check(cleaned),
        Kind::Uln => uln::check(cleaned),
        Kind::Nhs => nhs::check(cleaned),
        Kind::Urn => urn::check(cleaned),
        Kind::EyUrn => ey_urn::check(cleaned),
        Kind::Laestab => laestab::check(&cleaned),
        Kind::Ukprn => ukprn::check(cleaned),
        Kind::Sid => sid::check(cleaned),
        Kind::Husid => husid::check(cleaned),
        Kind::Ods => ods::check(cleaned),
        Kind::LearnAimRef => learn_aim_ref::check(cleaned),
        Kind::LearnRefNumber => learn_ref_number::check(cleaned),
    }
}

// === impl Kind ===

impl Kind {
    /// Whether a number of this kind names a person, and so stays out of logs and messages.
    pub const fn names_a_learner(self) -> bool {
        matches!(
            self,
            Self::Upn | Self::Uln | Self::Nhs | Self::Sid | Self::Husid | Self::LearnRefNumber
        )
    }
}

// === impl Checked ===

impl Checked {
    fn new(outcome: Outcome, cleaned: String) -> Self {
        Self { outcome, cleaned, flags: Vec::new() }
    }

    fn shaped(right_shape: bool, cleaned: String) -> Self {
        let outcome = if right_shape { Outcome::Valid } else { Outcome::InvalidFormat };
        Self::new(outcome, cleaned)
    }

    fn judged(right_check: bool, cleaned: String) -> Self {
        let outcome = if right_check { Outcome::Valid } else { Outcome::InvalidCheck };
        Self::new(outcome, cleaned)
    }

    fn flag_if(mut self, flag: Flag, applies: bool) -> Self {
        if applies && self.outcome == Outcome::Valid {
            self.flags.push(flag);
        }
        self
    }

    /// Whether the number may be used.
    pub fn is_valid(&self) -> bool {
        self.outcome == Outcome::Valid
    }

    /// Whether a flag is set.
    pub fn has(&self, flag: Flag) -> bool {
        self.flags.contains(&flag)
    }

    /// The number in the form that is stored.
    ///
    /// # Errors
    /// The [`Fault`] that the outcome stands for, when it is not valid.
    pub fn into_valid(self) -> Result<String, Fault> {
        match self.outcome {
            Outcome::Valid => Ok(self.cleaned),
            Outcome::InvalidFormat => Err(Fault::InvalidFormat),
            Outcome::InvalidCheck => Err(Fault::InvalidCheck),
            Outcome::Special => Err(Fault::Special),
        }
    }
}

impl fmt::Debug for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Checked({}, {:?}, …)", self.outcome, self.flags)
    }
}

// === impl Fault ===

impl Fault {
    /// The outcome that it stands for.
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::InvalidFormat => Outcome::InvalidFormat,
            Self::InvalidCheck => Outcome::InvalidCheck,
            Self::Special => Outcome::Special,
        }
    }
}

#[cfg(test)]
mod tests;
