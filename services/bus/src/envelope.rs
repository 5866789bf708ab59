//! A stored event as a message and back: CloudEvents in binary mode, with the log's own numbers
//! beside it. Headers hold opaque ids, types and moments only.

use std::str::FromStr;

use async_nats::HeaderMap;
use bytes::Bytes;
use jiff::Timestamp;
use onward_contract::event::v1::CarriedEvent;
use onward_log::{EventHash, Linked, Position, Recorded};
use prost::Message;
use uuid::Uuid;

use crate::batch::Outgoing;
use crate::subject;

/// What every type begins with in `ce-type`.
const TYPE_ROOT: &str = "org.onward.";

/// Where events come from, as `ce-source` says it.
const SOURCE: &str = "urn:onward:log";

/// The version of CloudEvents.
const SPEC: &str = "1.0";

/// What the body is.
const CONTENT: &str = "application/protobuf";

mod header {
    pub(super) const SPEC: &str = "ce-specversion";
    pub(super) const ID: &str = "ce-id";
    pub(super) const TYPE: &str = "ce-type";
    pub(super) const SOURCE: &str = "ce-source";
    pub(super) const TIME: &str = "ce-time";
    pub(super) const SUBJECT: &str = "ce-subject";
    pub(super) const CONTENT: &str = "content-type";
    pub(super) const POSITION: &str = "onward-position";
    pub(super) const PARTITION: &str = "onward-partition";
    pub(super) const PARTITION_SEQUENCE: &str = "onward-partition-sequence";
    pub(super) const HASH: &str = "onward-hash";
}

/// Why a message on our subjects is not one of our events.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeFault {
    /// A header is missing.
    #[error("the message has no header {0}")]
    Missing(&'static str),
    /// A header cannot be read.
    #[error("the header {0} cannot be read")]
    Unreadable(&'static str),
    /// A header, or the subject, says something else than the event that the message carries.
    #[error("{0} is not the event's")]
    Altered(&'static str),
    /// The body cannot be read.
    #[error("the body cannot be read")]
    Body,
    /// The position is not the sequence at which the message is stored.
    #[error("the message says it is position {position} and is stored at sequence {sequence}")]
    OutOfPlace {
        /// What it says.
        position: u64,
        /// Where it is.
        sequence: u64,
    },
}

/// Both directions.
pub struct Envelope;

impl Envelope {
    /// The message that carries a stored event.
    pub(crate) fn outgoing(event: &Recorded) -> Outgoing {
        let mut headers = HeaderMap::new();
        let (area, name) = event.event_type.split_once('.').unwrap_or(("", &event.event_type));
        headers.insert(header::SPEC, SPEC);
        headers.insert(header::ID, event.event_id.to_string().as_str());
        headers.insert(
            header::TYPE,
            format!("{TYPE_ROOT}{area}.{name}.v{}", event.schema_version).as_str(),
        );
        headers.insert(header::SOURCE, SOURCE);
        headers.insert(header::TIME, event.recorded_at.to_string().as_str());
        headers.insert(header::SUBJECT, event.stream.to_string().as_str());
        headers.insert(header::CONTENT, CONTENT);
        headers.insert(header::POSITION, event.position.to_string().as_str());
        headers.insert(header::PARTITION, event.partition.to_string().as_str());
        headers.insert(header::PARTITION_SEQUENCE, event.partition_sequence.to_string().as_str());
        headers.insert(header::HASH, hex::encode(event.hash).as_str());
        let body = CarriedEvent {
            public_part: event.public.to_vec(),
            sealed_part: event.sealed.to_vec(),
            stream_version: event.version,
            learner_id: event.learner.map(|id| id.to_string()).unwrap_or_default(),
            schema_version: u32::from(event.schema_version),
            previous_position: event.previous.get(),
        };
        Outgoing {
            subject: subject::of_event(event.partition, &event.event_type),
            headers,
            payload: Bytes::from(body.encode_to_vec()),
        }
    }

    /// The stored event that a message at `sequence` carries. What the headers say beside it, and the subject,
    /// must follow from it: others read nothing else.
    ///
    /// # Errors
    /// The message is not one of ours, or not in its place.
    pub fn incoming(
        sequence: u64,
        subject: &str,
        headers: Option<&HeaderMap>,
        payload: &[u8],
    ) -> Result<Recorded, EnvelopeFault> {
        let headers = headers.ok_or(EnvelopeFault::Missing(header::POSITION))?;
        let event = Self::carried(sequence, headers, payload)?;
        for (name, value) in
            [(header::SPEC, SPEC), (header::SOURCE, SOURCE), (header::CONTENT, CONTENT)]
        {
            if text(headers, name)? != value {
                return Err(EnvelopeFault::Altered(name));
            }
        }
        if version(headers)? != event.schema_version {
            return Err(EnvelopeFault::Altered(header::TYPE));
        }
        if subject != subject::of_event(event.partition, &event.event_type) {
            return Err(EnvelopeFault::Altered("the subject"));
        }
        Ok(event)
    }

    fn carried(
        sequence: u64,
        headers: &HeaderMap,
        payload: &[u8],
    ) -> Result<Recorded, EnvelopeFault> {
        let position: Position = parsed(headers, header::POSITION)?;
        if position.get() != sequence {
            return Err(EnvelopeFault::OutOfPlace { position: position.get(), sequence });
        }
        let body = CarriedEvent::decode(payload).map_err(|_| EnvelopeFault::Body)?;
        let learner = match body.learner_id.as_str() {
            "" => None,
            id => Some(id.parse().map_err(|_| EnvelopeFault::Body)?),
        };
        Ok(Recorded {
            position,
            previous: Position::new(body.previous_position),
            partition: parsed(headers, header::PARTITION)?,
            partition_sequence: parsed(headers, header::PARTITION_SEQUENCE)?,
            stream: parsed::<Uuid>(headers, header::SUBJECT)?,
            version: body.stream_version,
            event_id: parsed(headers, header::ID)?,
            learner,
            event_type: event_type(headers)?.into(),
            schema_version: body.schema_version.try_into().map_err(|_| EnvelopeFault::Body)?,
            recorded_at: parsed::<Timestamp>(headers, header::TIME)?,
            public: body.public_part.into(),
            sealed: body.sealed_part.into(),
            hash: hash(headers)?,
        })
    }

    /// The hash that the event must have when `before` is the hash of the event below it.
    pub(crate) fn hash_after(before: &EventHash, event: &Recorded) -> EventHash {
        let linked = Linked {
            position: event.position.get(),
            partition: event.partition,
            partition_sequence: event.partition_sequence,
            stream: event.stream,
            version: event.version,
            event_id: event.event_id.uuid(),
            learner: event.learner.map(Into::into),
            event_type: &event.event_type,
            schema_version: event.schema_version,
            recorded_at: event.recorded_at.as_microsecond(),
            public: &event.public,
            sealed: &event.sealed,
        };
        onward_log::event_hash(before, &linked)
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a str, EnvelopeFault> {
    headers.get(name).map(|value| value.as_str()).ok_or(EnvelopeFault::Missing(name))
}

fn parsed<T: FromStr>(headers: &HeaderMap, name: &'static str) -> Result<T, EnvelopeFault> {
    text(headers, name)?.parse().map_err(|_| EnvelopeFault::Unreadable(name))
}

fn event_type(headers: &HeaderMap) -> Result<&str, EnvelopeFault> {
    let full = text(headers, header::TYPE)?;
    full.strip_prefix(TYPE_ROOT)
        .and_then(|rest| rest.rsplit_once(".v"))
        .map(|(event_type, _)| event_type)
        .ok_or(EnvelopeFault::Unreadable(header::TYPE))
}

fn version(headers: &HeaderMap) -> Result<u16, EnvelopeFault> {
    let version = text(headers, header::TYPE)?.rsplit_once(".v");
    let version = version.and_then(|(_, version)| version.parse().ok());
    version.ok_or(EnvelopeFault::Unreadable(header::TYPE))
}

fn hash(headers: &HeaderMap) -> Result<EventHash, EnvelopeFault> {
    let mut hash = [0; 32];
    hex::decode_to_slice(text(headers, header::HASH)?, &mut hash)
        .map_err(|_| EnvelopeFault::Unreadable(header::HASH))?;
    Ok(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Recorded {
        Recorded {
            position: Position::new(42),
            previous: Position::new(40),
            partition: 7,
            partition_sequence: 3,
            stream: Uuid::from_u128(1),
            version: 2,
            event_id: Uuid::from_u128(2).into(),
            learner: Some(Uuid::from_u128(3).into()),
            event_type: "handover.handover_released".into(),
            schema_version: 1,
            recorded_at: Timestamp::from_microsecond(1_790_000_000_123_456).expect("a moment"),
            public: Bytes::from_static(b"public"),
            sealed: Bytes::from_static(b"sealed"),
            hash: [9; 32],
        }
    }

    #[test]
    fn what_goes_out_comes_back() {
        let sent = event();
        let message = Envelope::outgoing(&sent);
        assert_eq!(message.subject, "onward.v1.7.handover.handover_released");
        let back =
            Envelope::incoming(42, &message.subject, Some(&message.headers), &message.payload)
                .expect("ours");
        assert_eq!((back.position, back.previous), (sent.position, sent.previous));
        assert_eq!(back.recorded_at, sent.recorded_at);
        assert_eq!((back.partition, back.partition_sequence, back.version), (7, 3, 2));
        assert_eq!(
            (back.stream, back.event_id, back.learner),
            (sent.stream, sent.event_id, sent.learner)
        );
        assert_eq!(back.event_type, sent.event_type);
        assert_eq!(
            (&back.public[..], &back.sealed[..], back.hash),
            (&b"public"[..], &b"sealed"[..], [9; 32])
        );
    }

    #[test]
    fn a_message_out_of_place_or_foreign_is_not_ours() {
        let message = Envelope::outgoing(&event());
        let (headers, subject) = (Some(&message.headers), &message.subject);
        assert_eq!(
            Envelope::incoming(43, subject, headers, &message.payload).err(),
            Some(EnvelopeFault::OutOfPlace { position: 42, sequence: 43 })
        );
        assert!(Envelope::incoming(42, subject, None, b"hello").is_err());
        assert_eq!(
            Envelope::incoming(42, subject, headers, b"\xff\xff").err(),
            Some(EnvelopeFault::Body)
        );
        assert_eq!(
            Envelope::incoming(42, "onward.v1.8.x.y", headers, &message.payload).err(),
            Some(EnvelopeFault::Altered("the subject"))
        );
    }

    #[test]
    fn what_headers_say_beside_the_event_must_follow_from_it() {
        let message = Envelope::outgoing(&event());
        let altered = [
            (header::SPEC, "0.3"),
            (header::SOURCE, "urn:somebody:else"),
            (header::CONTENT, "text/plain"),
            (header::TYPE, "org.onward.handover.handover_released.v2"),
        ];
        for (name, value) in altered {
            let mut headers = message.headers.clone();
            headers.insert(name, value);
            let read =
                Envelope::incoming(42, &message.subject, Some(&headers), &message.payload).err();
            assert_eq!(read, Some(EnvelopeFault::Altered(name)));
        }
    }
}
