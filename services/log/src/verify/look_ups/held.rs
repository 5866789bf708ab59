//! What the streams of one share must hold by their events.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::claim_key::{Key, LookupKey, Scope, day_number};
use crate::look_up::{Change, Days, Heading};
use crate::position::Position;
use crate::sql::snapshot::KeyRow;

/// What is kept of a row: all of it counts.
type Row = [u8; 16];

/// A key that a stream must hold.
struct Claimed {
    row: Row,
    /// The event that claimed it.
    position: u64,
    scope: Scope,
    heading: Heading,
}

/// What a stream must hold.
#[derive(Default)]
pub(super) struct OfStream {
    keys: Vec<Claimed>,
    /// Its newest event.
    pub last: u64,
    /// It may still hold what it held before its learner was erased.
    pub unfinished: bool,
    /// Not every event of it is known.
    pub left_out: bool,
    /// Not every event of it keeps the caller's own reference.
    any_reference: bool,
    /// Its parties have to be folded.
    corrected: bool,
}

/// What the streams of one share must hold.
#[derive(Default)]
pub(super) struct Held {
    streams: HashMap<Uuid, OfStream>,
    /// Who holds a key that passes on once its days are over, by the key alone.
    holders: HashMap<Row, (Uuid, Row)>,
}

impl Held {
    /// The stream, of which there is an event at this position.
    pub(super) fn of(&mut self, stream: Uuid, position: u64) -> &mut OfStream {
        let held = self.streams.entry(stream).or_default();
        held.last = held.last.max(position);
        held
    }

    /// Takes in what an event changes.
    pub(super) fn change(
        &mut self,
        lookup: &LookupKey,
        stream: Uuid,
        position: u64,
        changes: Vec<Change>,
    ) {
        self.of(stream, position);
        for change in changes {
            if let Change::Claim(heading, key, days) = change {
                let row = row_of(lookup, &key, stream, days);
                self.take_over(lookup, &key, stream, row);
                self.of(stream, position).claim(heading, key.scope(), row, position);
                continue;
            }
            let held = self.of(stream, position);
            match change {
                Change::GiveUp(heading) => held.keys.retain(|one| one.heading != heading),
                Change::GiveUpKey(key) => {
                    let row = row_of(lookup, &key, stream, (None, None));
                    held.keys.retain(|one| one.row != row);
                }
                Change::Folded => held.corrected = true,
                Change::AnyReference => held.any_reference = true,
                Change::Claim(..) => {}
            }
        }
    }

    /// Whoever held the key alone until now holds it no more.
    fn take_over(&mut self, lookup: &LookupKey, key: &Key, stream: Uuid, row: Row) {
        let passes_on = matches!(key.scope(), Scope::Membership | Scope::OrganisationNumber);
        if !passes_on || !key.slot(stream).is_nil() {
            return;
        }
        let alone = row_of(lookup, key, Uuid::nil(), (None, None));
        if let Some((before, old)) = self.holders.insert(alone, (stream, row))
            && before != stream
            && let Some(held) = self.streams.get_mut(&before)
        {
            held.keys.retain(|one| one.row != old);
        }
    }

    /// Streams whose parties have to be folded.
    pub(super) fn corrected(&self) -> Vec<Uuid> {
        let corrected = self.streams.iter().filter(|(_, held)| held.corrected && !held.left_out);
        corrected.map(|(stream, _)| *stream).collect()
    }

    /// Whether the row of the table is as it must be. Each is asked for once.
    pub(super) fn has(&mut self, row: &KeyRow) -> bool {
        let Some(held) = self.streams.get_mut(&row.3) else { return false };
        if held.left_out || held.unfinished {
            held.keys.retain(|one| one.row != digest(row));
            return true;
        }
        let wanted = digest(row);
        if let Some(place) = held.keys.iter().position(|one| one.row == wanted) {
            held.keys.swap_remove(place);
            return true;
        }
        held.any_reference && row.0 == i64::from(Scope::ExternalRef.number())
    }

    /// What is wrong with a row that is not as it must be, and of which stream and position.
    pub(super) fn what_is_wrong(&self, row: &KeyRow) -> (Uuid, Option<Position>, &'static str) {
        for (stream, held) in &self.streams {
            let mut moved = row.clone();
            if moved.2 == moved.3 {
                moved.2 = *stream;
            }
            moved.3 = *stream;
            let wanted = digest(&moved);
            if let Some(claimed) = held.keys.iter().find(|one| one.row == wanted) {
                let position = Some(Position::new(claimed.position));
                return (*stream, position, "its row names another stream");
            }
        }
        match self.streams.get(&row.3) {
            Some(held) => {
                let what = "no event up to there gave the stream what its row says";
                (row.3, Some(Position::new(held.last)), what)
            }
            None => (row.3, None, "its row names a stream that no event is of"),
        }
    }

    /// The first key that was not found: its stream, the event that claimed it, and its scope.
    pub(super) fn first_missing(&self) -> Option<(Uuid, Position, i64)> {
        let mut first: Option<(Uuid, &Claimed)> = None;
        for (stream, held) in self.streams.iter().filter(|(_, held)| !held.left_out) {
            let owed = held.keys.iter().filter(|one| one.heading != Heading::MayBe);
            for claimed in owed {
                if first.is_none_or(|(_, known)| claimed.position < known.position) {
                    first = Some((*stream, claimed));
                }
            }
        }
        first.map(|(stream, claimed)| {
            (stream, Position::new(claimed.position), i64::from(claimed.scope.number()))
        })
    }

    /// Streams whose keys were not compared.
    pub(super) fn left_out(&self) -> u64 {
        self.streams.values().filter(|held| held.left_out).count() as u64
    }
}

impl OfStream {
    fn claim(&mut self, heading: Heading, scope: Scope, row: Row, position: u64) {
        match self.keys.iter_mut().find(|one| one.row == row) {
            // What is owed stays owed.
            Some(held) if heading != Heading::MayBe => held.heading = heading,
            Some(_) => {}
            None => self.keys.push(Claimed { row, position, scope, heading }),
        }
    }
}

fn row_of(lookup: &LookupKey, key: &Key, stream: Uuid, days: Days) -> Row {
    let (from, until) = days;
    let day = |day| i64::from(day_number(day));
    digest(&(
        i64::from(key.scope().number()),
        lookup.key(key).to_vec(),
        key.slot(stream),
        stream,
        from.map(day),
        until.map(day),
    ))
}

fn digest((scope, hash, slot, stream, from, until): &KeyRow) -> Row {
    let mut all = Sha256::new();
    all.update(scope.to_be_bytes());
    all.update((hash.len() as u64).to_be_bytes());
    all.update(hash);
    all.update(slot.as_bytes());
    all.update(stream.as_bytes());
    for day in [from, until] {
        all.update([u8::from(day.is_some())]);
        all.update(day.unwrap_or_default().to_be_bytes());
    }
    let all: [u8; 32] = all.finalize().into();
    let mut row = Row::default();
    row.copy_from_slice(&all[..16]);
    row
}

/// What keys of a scope are about, in words.
pub(super) fn scope_name(number: i64) -> &'static str {
    const NAMES: [(Scope, &str); 9] = [
        (Scope::LearnerNumber, "a learner's number"),
        (Scope::OwnRef, "an organisation's own key of a learner"),
        (Scope::LearnerNameBirth, "a learner's name and day of birth"),
        (Scope::LiveHandover, "a live handover or open case"),
        (Scope::Membership, "a membership"),
        (Scope::OrganisationNumber, "an organisation's number"),
        (Scope::Party, "a party"),
        (Scope::ExternalRef, "a caller's own reference, or of what belongs together"),
        (Scope::Operator, "the first operator"),
    ];
    let known = NAMES.iter().find(|(scope, _)| i64::from(scope.number()) == number);
    known.map_or("a kind that there is not", |(_, name)| name)
}
