//! What a stream is found by, and who is let in to it: the keys themselves, and what each fact changes in
//! them.
//!
//! The doors claim and release keys as they write ([`keys`]); [`changes`] says the same of a stored fact, so
//! that `verify` can tell from the events alone which keys must be there. A fact that gives keys up names
//! what it gives up by [`Heading`], so that nothing but the fact is needed.

mod directory;
mod learner;
mod moves;
mod shared;

pub mod keys;

use jiff::civil::Date;
use onward_domain::event::{Event, Provenance};
use uuid::Uuid;

use crate::claim_key::Key;

pub use moves::parties;

/// From and until which day a key counts.
pub(crate) type Days = (Option<Date>, Option<Date>);

/// What a stream holds a key for: what one fact claims under it, another gives up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heading {
    /// Stays as long as the stream does.
    Stays,
    /// The name and day of birth of a learner.
    Name,
    /// The organisation's own key of a learner.
    OwnRef,
    /// A number of a learner.
    Number,
    /// The settings and the authority of a move.
    Settings,
    /// There is one live handover, or open case, of its kind.
    Live,
    /// The receiver's access to the move that a handover is for.
    Move,
    /// A membership and its roles.
    Membership,
    /// The caller's own reference: claimed by some of the calls that say it.
    MayBe,
}

/// What a fact changes in the keys of its stream.
pub(crate) enum Change {
    /// The stream holds it from now on.
    Claim(Heading, Key, Days),
    /// It holds nothing under this heading any more.
    GiveUp(Heading),
    /// It does not hold this one any more.
    GiveUpKey(Key),
    /// The parties are those of the move as it is folded: a correction may undo another.
    Folded,
    /// The fact does not keep the caller's own reference, so that the stream may hold some of which no event
    /// tells.
    AnyReference,
}

impl Change {
    /// A claim that counts on every day.
    fn claim(heading: Heading, key: Key) -> Self {
        Self::Claim(heading, key, (None, None))
    }
}

/// What this fact of this stream changes. Total: a new kind of fact has to say what it claims.
pub(crate) fn changes(stream: Uuid, said: &Provenance, event: &Event) -> Vec<Change> {
    let mut changes = Vec::new();
    match event {
        Event::Organisation(fact) => directory::changes(said, fact, &mut changes),
        Event::Learner(fact) => learner::changes(stream, said, fact, &mut changes),
        Event::Transition(fact) => moves::changes(stream, said, fact, &mut changes),
        Event::Dsa(fact) => moves::changes_of_case(stream, said, fact, &mut changes),
        Event::Handover(fact) => shared::changes(stream, said, fact, &mut changes),
        Event::Referral(fact) => shared::changes_of_referral(stream, said, fact, &mut changes),
    }
    changes
}

/// The caller's own reference, which is owed where it was always claimed.
fn reference(said: &Provenance, area: &str, owed: bool, changes: &mut Vec<Change>) {
    if let Some(reference) = &said.external_ref {
        let key = keys::external_ref(said.organisation, area, reference);
        changes.push(Change::claim(if owed { Heading::Stays } else { Heading::MayBe }, key));
    }
}
