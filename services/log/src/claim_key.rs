//! Look-up keys: what must be found, or may be held by one stream only, without saying what it is.
//!
//! A key is kept as an HMAC of its parts under the key in `lookup.key`. It is claimed and released in
//! the append's transaction, and is never part of an event.

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use jiff::civil::Date;
use onward_domain::ids::OrganisationId;
use sha2::Sha256;
use uuid::Uuid;
use zeroize::Zeroizing;

/// What a key is about. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i16)]
pub enum Scope {
    /// (organisation, kind, value): a learner's number within one organisation. One holder.
    LearnerNumber = 1,
    /// (organisation, reference): the organisation's own key of a learner. One holder.
    OwnRef = 2,
    /// (organisation, normalised forename|surname|date of birth). Many holders.
    LearnerNameBirth = 3,
    /// (learner, receiver): the one live handover. One holder.
    LiveHandover = 4,
    /// (issuer, subject, organisation, role). One holder at a time.
    Membership = 5,
    /// (kind, value): one holder, but many where the kind is `la_code`.
    OrganisationNumber = 7,
    /// (stream, organisation, relation): who is party to what. Many holders.
    Party = 8,
    /// (organisation, area, reference): the caller's own reference. Many holders.
    ExternalRef = 9,
    /// (): the first operator. One holder.
    Operator = 10,
}

/// How an organisation is party to a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Relation {
    /// It keeps the record.
    Owner,
    /// The named to-setting or provider of a transition.
    Destination,
    /// The named from-setting.
    Source,
    /// The home authority.
    Authority,
    /// The receiver of a released handover; kept after a withdrawal.
    Receiver,
    /// The pathfinder of a referral's queue.
    Queue,
}

/// A key, before hashing. Cheap to clone. No `Debug`: its parts may be personal.
#[derive(Clone)]
pub struct Key {
    scope: Scope,
    parts: Arc<Zeroizing<Vec<u8>>>,
    unique: bool,
    /// Its keyed hash, where it was made ahead.
    hash: Option<[u8; 32]>,
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.scope == other.scope && self.parts == other.parts
    }
}

impl Eq for Key {}

/// A key as stored: scope, keyed hash, slot.
pub(crate) type KeyId = (i16, [u8; 32], Uuid);

/// Who holds a key, and from and until which day (yyyymmdd) it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Holder {
    pub stream: Uuid,
    pub valid_from: Option<i32>,
    pub valid_until: Option<i32>,
}

/// A claim in a proposal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyClaim {
    pub id: KeyId,
    pub scope: Scope,
    pub holder: Holder,
}

impl Scope {
    /// As stored.
    pub(crate) const fn number(self) -> i16 {
        self as i16
    }

    /// At most one stream holds such a key.
    const fn unique(self) -> bool {
        !matches!(self, Self::LearnerNameBirth | Self::Party | Self::ExternalRef)
    }
}

impl Relation {
    /// All of them, for a look-up of any relation.
    pub const ALL: [Self; 6] = [
        Self::Owner,
        Self::Destination,
        Self::Source,
        Self::Authority,
        Self::Receiver,
        Self::Queue,
    ];

    const fn name(self) -> &'static [u8] {
        match self {
            Self::Owner => b"OWNER",
            Self::Destination => b"DESTINATION",
            Self::Source => b"SOURCE",
            Self::Authority => b"AUTHORITY",
            Self::Receiver => b"RECEIVER",
            Self::Queue => b"QUEUE",
        }
    }
}

impl Key {
    /// A key of these parts, in the order that its scope lists.
    pub fn new(scope: Scope, parts: &[&[u8]]) -> Self {
        let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
        for part in parts {
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part);
        }
        // Many organisations share the code of their authority.
        let shared = scope == Scope::OrganisationNumber && parts.first() == Some(&&b"la_code"[..]);
        let parts = Arc::new(Zeroizing::new(bytes));
        Self { scope, parts, unique: scope.unique() && !shared, hash: None }
    }

    /// The key that says how an organisation is party to a stream.
    pub fn party(stream: Uuid, organisation: OrganisationId, relation: Relation) -> Self {
        let organisation = organisation.uuid();
        Self::new(Scope::Party, &[stream.as_bytes(), organisation.as_bytes(), relation.name()])
    }

    /// What the key is about.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    pub(crate) fn slot(&self, holder: Uuid) -> Uuid {
        if self.unique { Uuid::nil() } else { holder }
    }
}

/// The key under which look-up keys and request bodies are hashed: an HMAC that has taken its key in, so
/// that a hash costs the text alone. Wiped when dropped.
pub(crate) struct LookupKey(Option<Hmac<Sha256>>);

impl LookupKey {
    pub(crate) fn new(key: Zeroizing<[u8; 32]>) -> Self {
        // HMAC takes a key of any length.
        Self(Hmac::new_from_slice(key.as_slice()).ok())
    }

    /// The keyed hash of a look-up key.
    pub(crate) fn key(&self, key: &Key) -> [u8; 32] {
        let hash = || self.hash(b"onward.key.v1", &[&key.scope.number().to_be_bytes(), &key.parts]);
        key.hash.unwrap_or_else(hash)
    }

    /// The key with its hash: whoever asks for it again and again need not hash it again.
    pub(crate) fn ahead(&self, key: Key) -> Key {
        let hash = Some(self.key(&key));
        Key { hash, ..key }
    }

    /// The keyed hash of a request.
    pub(crate) fn request(&self, method: &str, body: &[u8]) -> [u8; 32] {
        self.hash(b"onward.request.v1", &[method.as_bytes(), body])
    }

    /// The keyed hash of a person's identity.
    pub(crate) fn person(&self, issuer: &str, subject: &str) -> [u8; 32] {
        self.hash(b"onward.person.v1", &[issuer.as_bytes(), subject.as_bytes()])
    }

    /// A value by which the key itself can be recognised, and nothing else.
    pub(crate) fn check(&self) -> [u8; 32] {
        self.hash(b"onward.check.v1", &[])
    }

    fn hash(&self, tag: &[u8], parts: &[&[u8]]) -> [u8; 32] {
        let Some(mut mac) = self.0.clone() else { return [0; 32] };
        mac.update(tag);
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

/// A civil day as stored.
pub(crate) fn day_number(day: Date) -> i32 {
    i32::from(day.year()) * 10_000 + i32::from(day.month()) * 100 + i32::from(day.day())
}

/// The civil day of a stored number.
pub(crate) fn day_of(number: i32) -> Option<Date> {
    let year = i16::try_from(number / 10_000).ok()?;
    let month = i8::try_from(number / 100 % 100).ok()?;
    let day = i8::try_from(number % 100).ok()?;
    Date::new(year, month, day).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(byte: u8) -> LookupKey {
        LookupKey::new(Zeroizing::new([byte; 32]))
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        let one = Key::new(Scope::OwnRef, &[b"ab", b"c"]);
        let two = Key::new(Scope::OwnRef, &[b"a", b"bc"]);
        assert_ne!(lookup(1).key(&one), lookup(1).key(&two));
        assert_ne!(lookup(1).key(&one), lookup(2).key(&one), "the key counts");
        let other = Key::new(Scope::ExternalRef, &[b"ab", b"c"]);
        assert_ne!(lookup(1).key(&one), lookup(1).key(&other), "the scope counts");
    }

    #[test]
    fn one_holder_or_many() {
        let holder = Uuid::from_u128(7);
        assert_eq!(Key::new(Scope::OwnRef, &[]).slot(holder), Uuid::nil());
        assert_eq!(Key::new(Scope::Party, &[]).slot(holder), holder);
        let urn = Key::new(Scope::OrganisationNumber, &[b"urn", b"100000"]);
        assert_eq!(urn.slot(holder), Uuid::nil());
        let code = Key::new(Scope::OrganisationNumber, &[b"la_code", b"202"]);
        assert_eq!(code.slot(holder), holder);
    }

    #[test]
    fn days_come_back() {
        let day = jiff::civil::date(2026, 2, 28);
        assert_eq!(day_number(day), 20_260_228);
        assert_eq!(day_of(20_260_228), Some(day));
        assert_eq!(day_of(20_260_230), None);
    }
}
