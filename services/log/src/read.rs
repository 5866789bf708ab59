//! Reading: by stream, by position, by key; and opening what is sealed.

use std::collections::HashMap;

use jiff::civil::Date;
use onward_domain::decider::Decider;
use onward_domain::event::Event;
use onward_domain::ids::LearnerId;
use uuid::Uuid;

use crate::claim_key::{Key, day_of};
use crate::codec::{DecodeError, Kind, Known};
use crate::error::{Cause, LogError, OpenFault};
use crate::keys::Held;
use crate::log::Log;
use crate::position::Position;
use crate::recorded::{Opened, Recorded};
use crate::seal::Bound;
use crate::sql::log_fault;
use crate::unit::Loaded;

/// A holder of a key that was looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Which of the keys asked for.
    pub key_index: usize,
    /// The stream that holds it.
    pub stream: Uuid,
    /// First day it counts.
    pub valid_from: Option<Date>,
    /// Last day it counts.
    pub valid_until: Option<Date>,
}

impl Found {
    /// The key counts on this day.
    pub fn counts_on(&self, day: Date) -> bool {
        self.valid_from.is_none_or(|from| from <= day)
            && self.valid_until.is_none_or(|until| day <= until)
    }
}

impl Log {
    /// Events after a position, in order and without gaps; none at the end of the log.
    ///
    /// # Errors
    /// When the log cannot be read, or has a gap: [`LogError::Damaged`].
    pub async fn read(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, LogError> {
        let events = self.store().after(after, limit).await.map_err(|error| log_fault(&error))?;
        let mut expected = after;
        for event in &events {
            expected = expected.next();
            if event.position != expected {
                return Err(LogError::Damaged(expected));
            }
        }
        Ok(events)
    }

    /// As [`Log::read`], for whoever follows the log: what this process has just committed comes from memory.
    ///
    /// # Errors
    /// As [`Log::read`].
    pub async fn read_new(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, LogError> {
        let recent = self.0.recent.after(after, limit);
        if recent.is_empty() { self.read(after, limit).await } else { Ok(recent) }
    }

    /// Events of a stream, first first; none where it does not exist.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn stream(&self, stream: Uuid) -> Result<Vec<Recorded>, LogError> {
        self.store().stream(stream).await.map_err(|error| log_fault(&error))
    }

    /// A key that will be asked for again and again, hashed once. It is of use with this log only.
    pub fn hashed(&self, key: Key) -> Key {
        self.lookup().ahead(key)
    }

    /// Holders of keys, in no order. A key that nobody holds is absent.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn find(&self, keys: &[Key]) -> Result<Vec<Found>, LogError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let hashed: Vec<_> =
            keys.iter().map(|key| (key.scope().number(), self.lookup().key(key))).collect();
        let found = self.finder().find(hashed).await?;
        let found = found.into_iter().map(|(key_index, holder)| Found {
            key_index,
            stream: holder.stream,
            valid_from: holder.valid_from.and_then(day_of),
            valid_until: holder.valid_until.and_then(day_of),
        });
        Ok(found.collect())
    }

    /// Loads and folds a stream, for a read. A write loads through its unit.
    ///
    /// # Errors
    /// When the stream cannot be read, or opened: erased, damaged, or written by a newer binary.
    pub async fn load<D: Decider>(&self, stream: Uuid) -> Result<Loaded<D>, LogError> {
        let events = self.stream(stream).await?;
        let mut loaded = Loaded::<D>::none(stream);
        for (recorded, opened) in events.iter().zip(self.open_events(&events).await) {
            let fact = fact_of::<D>(recorded, opened)?;
            D::evolve(&mut loaded.state, &fact);
            loaded.version = recorded.version;
            loaded.position = recorded.position;
            loaded.about = recorded.learner.map(LearnerId::uuid);
        }
        Ok(loaded)
    }

    /// Opens one event.
    ///
    /// # Errors
    /// Why it cannot be opened.
    pub async fn open_event(&self, recorded: &Recorded) -> Result<Opened, OpenFault> {
        let keys = self.keys_for(std::slice::from_ref(recorded)).await?;
        self.opened(recorded, &keys)
    }

    /// Opens many events: one look at the key store for all of them. One that cannot be opened hinders no
    /// other.
    pub async fn open_events(&self, events: &[Recorded]) -> Vec<Result<Opened, OpenFault>> {
        match self.keys_for(events).await {
            Ok(keys) => events.iter().map(|recorded| self.opened(recorded, &keys)).collect(),
            Err(fault) => events.iter().map(|_| Err(fault)).collect(),
        }
    }

    /// Opens sealed bytes that were copied out of the log, with what was stored beside them.
    ///
    /// # Errors
    /// Why they cannot be opened.
    pub async fn open_copy(&self, copy: &Recorded) -> Result<Opened, OpenFault> {
        self.open_event(copy).await
    }

    /// Of an erased learner nothing is opened but the fact that says so, not even what is public.
    fn opened(&self, recorded: &Recorded, keys: &HashMap<Uuid, Held>) -> Result<Opened, OpenFault> {
        let gone = self.keys().is_erased(recorded.subject());
        if gone && recorded.event_type != Kind::LearnerErased.event_type() {
            return Err(OpenFault::Erased);
        }
        open(&self.0.known, recorded, keys)
    }

    async fn keys_for(&self, events: &[Recorded]) -> Result<HashMap<Uuid, Held>, OpenFault> {
        let sealed = events.iter().filter(|event| !event.sealed.is_empty());
        let keys = self.keys().for_reading(sealed.map(Recorded::subject)).await;
        keys.map_err(|_| OpenFault::Store)
    }
}

fn open(
    known: &Known,
    recorded: &Recorded,
    keys: &HashMap<Uuid, Held>,
) -> Result<Opened, OpenFault> {
    let subject = recorded.subject();
    let clear = if recorded.sealed.is_empty() {
        zeroize::Zeroizing::new(Vec::new())
    } else {
        let key = match keys.get(&subject) {
            Some(Held::Key(key)) => key,
            Some(Held::Destroyed) => return Err(OpenFault::Erased),
            Some(Held::Unusable) | None => return Err(OpenFault::NoKey),
        };
        let bound = Bound {
            subject,
            event_id: recorded.event_id.uuid(),
            event_type: &recorded.event_type,
            schema_version: recorded.schema_version,
        };
        key.open(&recorded.sealed, &bound.bytes()).map_err(|_| OpenFault::Malformed)?
    };
    let (kind, schema) = (recorded.event_type.as_str(), recorded.schema_version);
    match known.decode(kind, schema, &recorded.public, &clear) {
        Ok((provenance, event)) => Ok(Opened { provenance, event }),
        Err(DecodeError::UnknownType) => Err(OpenFault::UnknownType),
        Err(DecodeError::NewerVersion) => Err(OpenFault::NewerVersion),
        Err(DecodeError::Malformed) => Err(OpenFault::Malformed),
    }
}

fn fact_of<D: Decider>(
    recorded: &Recorded,
    opened: Result<Opened, OpenFault>,
) -> Result<D::Fact, LogError> {
    let damaged = LogError::Damaged(recorded.position);
    let event: Event = match opened {
        Ok(opened) => opened.event,
        Err(OpenFault::Erased) => return Err(LogError::Erased),
        Err(OpenFault::Malformed) => return Err(damaged),
        Err(OpenFault::Store | OpenFault::NoKey) => {
            return Err(LogError::Unavailable(Cause::Keys));
        }
        Err(OpenFault::UnknownType | OpenFault::NewerVersion) => {
            return Err(LogError::Newer(recorded.position));
        }
    };
    // Another concept's fact in this stream: the caller asked for the wrong kind of stream.
    D::Fact::try_from(event).map_err(|_| damaged)
}
