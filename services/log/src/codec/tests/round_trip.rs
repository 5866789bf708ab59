//! Every fact reads back as it was written; nothing else reads as anything, and nothing panics.

use onward_domain::event::Provenance;
use proptest::collection::vec;
use proptest::prelude::*;

use super::fact::fact;
use super::made::Draw;
use crate::codec::{DecodeError, Encoded, Kind, decode, encode};

/// Facts that keep only the public half of their provenance: those of claims, and what outlives a key.
fn is_bare(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::LearnerErased
            | Kind::ReferralOpenedForTriage
            | Kind::ReferralClaimed
            | Kind::ClaimExtended
            | Kind::ClaimReleased
            | Kind::ClaimLapsed
    )
}

fn assert_round_trip(kind: Kind, mut draw: Draw) {
    let (mut provenance, event) = fact(kind, &mut draw);
    let Encoded { event_type, schema_version, public, personal, subject, learner } =
        encode(&provenance, &event);
    assert_eq!(event_type, kind.event_type());
    assert_eq!(schema_version, kind.schema_version());
    assert_eq!(subject.is_some(), !personal.is_empty(), "{event_type}");
    if kind.area() == "directory" {
        assert_eq!(learner, None);
    } else {
        let learner = learner.expect("all other facts are about a learner").uuid();
        assert!(subject.is_none_or(|subject| subject == learner), "{event_type}");
    }
    if is_bare(kind) {
        assert!(personal.is_empty(), "{event_type}");
        let Provenance { organisation, member, .. } = provenance;
        provenance =
            Provenance { organisation, member, actor: None, occurred: None, external_ref: None };
    }
    let (said, read) =
        decode(event_type, schema_version, &public, &personal).expect("what was written is read");
    assert!(said == provenance, "{event_type}: the provenance differs");
    assert!(read == event, "{event_type}: the fact differs");
    let again = encode(&said, &read);
    assert!(again.public == public && again.personal == personal, "{event_type}: the bytes differ");
}

#[test]
fn every_fact_with_everything_in_it() {
    for kind in Kind::ALL {
        assert_round_trip(*kind, Draw::full(*kind));
    }
}

#[test]
fn every_fact_with_as_little_in_it_as_can_be() {
    for kind in Kind::ALL {
        assert_round_trip(*kind, Draw::of(Vec::new()));
    }
}

#[test]
fn a_type_is_known_by_its_name_only() {
    for kind in Kind::ALL {
        assert_eq!(Kind::of(kind.event_type()), Some(*kind));
        assert_eq!(decode(kind.event_type(), 2, &[], &[]).err(), Some(DecodeError::NewerVersion));
        assert_eq!(decode(kind.event_type(), 1, &[], &[]).err(), Some(DecodeError::Malformed));
    }
    for other in ["", "learner", "learner.unheard_of", "Learner.learner_registered"] {
        assert_eq!(decode(other, 1, &[], &[]).err(), Some(DecodeError::UnknownType));
    }
}

#[test]
fn a_field_on_the_wrong_side_is_refused() {
    let (stored, _) = super::full(Kind::HandoverReleased);
    let swapped = decode(stored.event_type, 1, &stored.personal, &stored.public);
    assert_eq!(swapped.err(), Some(DecodeError::Malformed));
    let both = [stored.public.as_slice(), stored.personal.as_slice()].concat();
    assert_eq!(decode(stored.event_type, 1, &both, &[]).err(), Some(DecodeError::Malformed));
    assert_eq!(decode(stored.event_type, 1, &[], &both).err(), Some(DecodeError::Malformed));
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop::sample::select(Kind::ALL)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn any_fact(kind in kinds(), bytes in vec(any::<u8>(), 0..900)) {
        assert_round_trip(kind, Draw::of(bytes));
    }

    #[test]
    fn any_bytes(
        kind in kinds(),
        public in vec(any::<u8>(), 0..64),
        personal in vec(any::<u8>(), 0..64),
    ) {
        if let Ok((provenance, event)) = decode(kind.event_type(), 1, &public, &personal) {
            prop_assert_eq!(encode(&provenance, &event).event_type, kind.event_type());
        }
    }

    #[test]
    fn any_damage(
        kind in kinds(),
        at in any::<prop::sample::Index>(),
        with in 1_u8..,
        cut in any::<bool>(),
    ) {
        let (stored, _) = super::full(kind);
        let mut public = stored.public.clone();
        let mut personal = stored.personal.clone();
        let place = at.index(public.len() + personal.len());
        let (part, place) = match place.checked_sub(public.len()) {
            None => (&mut public, place),
            Some(place) => (&mut personal, place),
        };
        if cut { part.truncate(place) } else { part[place] ^= with }
        // Damage may read as another fact of the type (the hash finds it), or not at all.
        match decode(stored.event_type, 1, &public, &personal) {
            Ok((provenance, event)) => {
                prop_assert_eq!(encode(&provenance, &event).event_type, stored.event_type);
            }
            Err(fault) => prop_assert_eq!(fault, DecodeError::Malformed),
        }
    }
}
