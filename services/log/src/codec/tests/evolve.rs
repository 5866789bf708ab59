//! A type that has had another version: its old bytes are kept as they were, and read through the step
//! that leads to the present one. No released type has changed yet, so the past is invented: a version
//! of `handover.handover_declined` that kept the reason as a number, in a field of its own.

use onward_domain::event::Event;
use onward_domain::handover::HandoverFact;
use prost::Message as _;

use crate::codec::known::Known;
use crate::codec::upcast::{Current, History};
use crate::codec::{DecodeError, Kind, decode, wire};

/// Bytes of the invented version 1, as they would lie in the log.
const KEPT: &str = include_str!("declined_v1.hex");

const KIND: Kind = Kind::HandoverDeclined;

/// The personal part of version 1: as version 2, but for the reason.
#[derive(Clone, PartialEq, prost::Message)]
struct DeclinedV1 {
    #[prost(string, optional, tag = "13")]
    note: Option<String>,
    #[prost(uint32, tag = "40")]
    reason: u32,
}

/// The step from version 1 to 2.
fn reason_becomes_a_code(bytes: Current<'_>) -> Result<Current<'_>, DecodeError> {
    let old = DeclinedV1::decode(&*bytes.personal).map_err(|_| DecodeError::Malformed)?;
    let reason = match old.reason {
        1 => "NOT_EXPECTED",
        9 => "OTHER",
        _ => return Err(DecodeError::Malformed),
    };
    let new = wire::HandoverDeclined {
        reason: reason.to_owned(),
        note: old.note,
        ..wire::HandoverDeclined::default()
    };
    Ok(Current { public: bytes.public, personal: new.encode_to_vec().into() })
}

const TWO_VERSIONS: History = History { present: 2, steps: &[reason_becomes_a_code] };

fn part(name: &str) -> Vec<u8> {
    let line = KEPT.lines().find_map(|line| line.strip_prefix(name)).expect("the line");
    hex::decode(line.trim()).expect("hexadecimal digits")
}

#[test]
fn bytes_of_an_older_version_are_read_through_its_step() {
    let (public, personal) = (part("public"), part("personal"));
    let newer = Known::with(KIND, TWO_VERSIONS);
    let (provenance, event) =
        newer.decode(KIND.event_type(), 1, &public, &personal).expect("version 1 is still read");
    assert!(provenance.member.is_some());
    let Event::Handover(HandoverFact::Declined(declined)) = event else { panic!("another fact") };
    assert_eq!(declined.note.as_deref(), Some("as it was said"));
    // The same binary reads what it writes itself, and nothing newer.
    let (stored, _) = super::full(KIND);
    assert!(newer.decode(KIND.event_type(), 2, &stored.public, &stored.personal).is_ok());
    let beyond = newer.decode(KIND.event_type(), 3, &public, &personal);
    assert_eq!(beyond.err(), Some(DecodeError::NewerVersion));
}

#[test]
fn a_version_without_its_step_is_never_guessed() {
    let (public, personal) = (part("public"), part("personal"));
    let forgot = Known::with(KIND, History { present: 2, steps: &[] });
    let read = forgot.decode(KIND.event_type(), 1, &public, &personal);
    assert_eq!(read.err(), Some(DecodeError::Malformed));
}

#[test]
fn a_binary_of_before_a_type_or_a_version_says_so() {
    let (stored, _) = super::full(KIND);
    let read = |known: &Known, version| {
        known.decode(KIND.event_type(), version, &stored.public, &stored.personal).err()
    };
    let before = Known::before([KIND.event_type()]);
    assert_eq!(read(&before, 1), Some(DecodeError::UnknownType));
    assert_eq!(read(&Known::default(), 1), None);
    assert_eq!(read(&Known::default(), 2), Some(DecodeError::NewerVersion));
    assert!(decode("handover.no_such_type", 1, &[], &[]).is_err());
}
