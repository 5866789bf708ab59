//! Add and end the identifiers of a learner.
//!
//! Rules of the identifiers page: an identifier is ended, never deleted; a permanent UPN replaces a
//! temporary one; of two permanent UPNs the first issued wins and the later one becomes a former UPN.

use jiff::civil::Date;

use super::{
    Identifier, IdentifierAdded, IdentifierEnded, LearnerFact, LearnerNumberKind, LearnerState,
};
use crate::codes::closed_codes;
use crate::codes::reason::IdentifierEnd;
use crate::decider::{Faults, Now, Outcome, Refusal};

closed_codes! {
    /// What an identifier is to its record.
    pub enum IdentifierState("state of an identifier") {
        /// The one to use and to send.
        Current = "CURRENT",
        /// Former or replaced: an alias, found by search, not sent as the current one.
        Alias = "ALIAS",
        /// Never this learner's: no alias.
        Wrong = "WRONG",
    }
}

impl Identifier {
    /// What it is to its record.
    pub fn stands(&self) -> IdentifierState {
        match &self.ended {
            Some(ended) if ended.fact.reason == IdentifierEnd::Wrong => IdentifierState::Wrong,
            Some(_) => IdentifierState::Alias,
            None if self.added.fact.former => IdentifierState::Alias,
            None => IdentifierState::Current,
        }
    }
}

/// Adds an identifier. The number has been cleaned and checked at the door.
#[derive(Clone)]
pub struct AddIdentifier {
    /// Which register.
    pub kind: LearnerNumberKind,
    /// The cleaned number.
    pub value: String,
    /// A former number: an alias from the start.
    pub former: bool,
    /// First day it applied, where known.
    pub from: Option<Date>,
    /// The moment of the command.
    pub now: Now,
}

impl AddIdentifier {
    pub(super) fn decide(self, state: &LearnerState) -> Result<Outcome<LearnerFact>, Refusal> {
        let learner = state.learner()?;
        let mut faults = Faults::default();
        faults.blank("value", &self.value);
        if let Some(from) = self.from {
            faults.future("from", from, self.now);
        }
        faults.finish()?;
        let AddIdentifier { kind, value, former, from, .. } = self;
        let mut wanted = IdentifierAdded { learner, kind, value, former, from };
        if let Some(held) = find(state, kind, &wanted.value) {
            return repeated(held, &wanted);
        }
        let mut facts = Vec::new();
        if let Some(held) = state.current(kind).filter(|_| !wanted.former) {
            match contest(held, &wanted)? {
                Contest::Replaced => facts.push(LearnerFact::IdentifierEnded(IdentifierEnded {
                    learner,
                    kind,
                    value: held.added.fact.value.clone(),
                    reason: IdentifierEnd::Superseded,
                })),
                Contest::Kept => wanted.former = true,
                Contest::Both => {}
            }
        }
        facts.push(LearnerFact::IdentifierAdded(wanted));
        Ok(Outcome::Recorded(facts))
    }
}

/// Ends an identifier, with a coded reason.
#[derive(Clone)]
pub struct EndIdentifier {
    /// Which register.
    pub kind: LearnerNumberKind,
    /// The cleaned number.
    pub value: String,
    /// Wrong (no alias) or superseded (stays an alias).
    pub reason: IdentifierEnd,
}

impl EndIdentifier {
    pub(super) fn decide(self, state: &LearnerState) -> Result<Outcome<LearnerFact>, Refusal> {
        let learner = state.learner()?;
        let EndIdentifier { kind, value, reason } = self;
        let held = find(state, kind, &value).ok_or_else(not_held)?;
        let fact = IdentifierEnded { learner, kind, value, reason };
        match &held.ended {
            Some(ended) if ended.fact == fact => Ok(Outcome::AlreadyDone(ended.version)),
            // An alias may turn out never to have been this learner's. Not the other way round.
            Some(ended) if ended.fact.reason == IdentifierEnd::Wrong => Err(was_wrong()),
            _ => Ok(Outcome::one(LearnerFact::IdentifierEnded(fact))),
        }
    }
}

/// The identifier with this number; the newest where it came more than once.
fn find<'a>(
    state: &'a LearnerState,
    kind: LearnerNumberKind,
    value: &str,
) -> Option<&'a Identifier> {
    let same = |held: &&Identifier| held.added.fact.kind == kind && held.added.fact.value == value;
    state.identifiers.iter().rev().find(same)
}

/// A number that the record has had already: a file that brings it again changes nothing, and one that
/// was found wrong does not come back with the next file.
fn repeated(held: &Identifier, wanted: &IdentifierAdded) -> Result<Outcome<LearnerFact>, Refusal> {
    match held.stands() {
        IdentifierState::Wrong => Err(was_wrong()),
        // The house itself may have made a former number of it; the caller said the same as before.
        IdentifierState::Alias => Ok(Outcome::AlreadyDone(held.added.version)),
        IdentifierState::Current if wanted.former => Err(Refusal::Rule {
            reason: "IDENTIFIER_IS_CURRENT",
            message: "this is the record's current number; end it as superseded".to_owned(),
        }),
        IdentifierState::Current => Ok(Outcome::AlreadyDone(held.added.version)),
    }
}

/// What becomes of the current number when another of its kind comes.
enum Contest {
    /// The new one takes its place.
    Replaced,
    /// It stays, and the new one is a former number.
    Kept,
    /// Both are current.
    Both,
}

fn contest(held: &Identifier, wanted: &IdentifierAdded) -> Result<Contest, Refusal> {
    match wanted.kind {
        LearnerNumberKind::Upn => Ok(upn_contest(&held.added.fact, wanted)),
        LearnerNumberKind::Uln | LearnerNumberKind::Nhs => Err(Refusal::Rule {
            reason: "IDENTIFIER_CONFLICT",
            message: "the record has another current number of this kind; end it first".to_owned(),
        }),
        // A student has one at each institution.
        LearnerNumberKind::Sid | LearnerNumberKind::Husid => Ok(Contest::Both),
    }
}

fn upn_contest(held: &IdentifierAdded, wanted: &IdentifierAdded) -> Contest {
    match (is_temporary(&held.value), is_temporary(&wanted.value)) {
        (true, _) => Contest::Replaced,
        (false, true) => Contest::Kept,
        (false, false) if issued_before(wanted, held) => Contest::Replaced,
        (false, false) => Contest::Kept,
    }
}

/// A temporary UPN ends in a letter.
fn is_temporary(upn: &str) -> bool {
    upn.ends_with(|last: char| last.is_ascii_alphabetic())
}

/// Which UPN was issued first: by the days given, else by the year of allocation inside the number
/// (places 9 and 10), else the one that the record had first.
fn issued_before(wanted: &IdentifierAdded, held: &IdentifierAdded) -> bool {
    match wanted.from.zip(held.from) {
        Some((wanted, held)) => wanted < held,
        None => allocated(&wanted.value)
            .zip(allocated(&held.value))
            .is_some_and(|(wanted, held)| wanted < held),
    }
}

/// Year of allocation. UPNs began in 1997, so two digits are enough until 2097.
fn allocated(upn: &str) -> Option<u16> {
    let year: u16 = upn.get(8..10)?.parse().ok()?;
    Some(if year >= 97 { 1900 + year } else { 2000 + year })
}

fn not_held() -> Refusal {
    Refusal::Rule {
        reason: "IDENTIFIER_NOT_HELD",
        message: "the record does not have this number".to_owned(),
    }
}

fn was_wrong() -> Refusal {
    Refusal::Rule {
        reason: "IDENTIFIER_WAS_WRONG",
        message: "this number was ended as never this learner's".to_owned(),
    }
}

#[cfg(test)]
mod tests;
