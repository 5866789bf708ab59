//! What is public: the list that people can read, and the proof that nothing sealed is in it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use prost_reflect::{FieldDescriptor, MessageDescriptor, Value};
use uuid::Uuid;

use crate::codec::split::{descriptor, is_public};
use crate::codec::{Kind, encode, public_fields, public_json};

const LIST: &str = "../../tests/fixtures/events/public_fields.txt";

/// The public fields of every type, one a line. A new line in it is a decision, not a side effect.
#[test]
#[allow(clippy::print_stdout, reason = "whoever asks what is public reads it here")]
fn the_public_fields_are_those_of_the_list() {
    let mut list = String::new();
    for kind in Kind::ALL {
        let _ = writeln!(list, "{}: {}", kind.event_type(), public_fields(*kind).join(" "));
    }
    println!("{list}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(LIST);
    if !path.exists() && std::env::var_os("ONWARD_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, &list).expect("the list can be written");
    }
    let kept = std::fs::read_to_string(&path).expect("the list is kept");
    assert_eq!(list, kept);
}

/// Types about a person: all but the register entry of an organisation.
fn about_people() -> impl Iterator<Item = Kind> {
    Kind::ALL.iter().copied().filter(|kind| *kind != Kind::OrganisationRegistered)
}

fn is_harmless(field: &FieldDescriptor) -> bool {
    let name = field.name();
    let kind = format!("{:?}", field.kind());
    let id = name.ends_with("_id") && kind == "string";
    let version = name.ends_with("_version") && kind.starts_with("uint");
    let step = kind == "bool" && ["history_shared", "all_answered"].contains(&name);
    let lease = name == "until" && kind.contains("google.protobuf.Timestamp");
    !field.is_list() && (id || version || step || lease)
}

#[test]
fn of_people_only_ids_versions_steps_and_leases_are_public() {
    for kind in about_people() {
        let message = descriptor(kind).expect("the type has a message");
        for field in message.fields().filter(is_public) {
            assert!(is_harmless(&field), "{}.{}", kind.event_type(), field.name());
        }
    }
}

#[test]
fn of_people_every_public_text_is_a_uuid() {
    for kind in about_people() {
        let (stored, _) = super::full(kind);
        let message = descriptor(kind).expect("the type has a message");
        let read = prost_reflect::DynamicMessage::decode(message, stored.public.as_slice());
        let mut seen = 0;
        for (field, value) in read.expect("the public part alone is a message").fields() {
            if let Value::String(text) = value {
                assert!(Uuid::try_parse(text).is_ok(), "{}.{}", kind.event_type(), field.name());
                seen += 1;
            }
        }
        assert!(seen >= 3, "{}: organisation, member and what it is about", kind.event_type());
    }
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn nothing_said_is_in_the_public_part() {
    for kind in Kind::ALL {
        let (stored, draw) = super::full(*kind);
        for (text, path) in &draw.texts {
            let published = *kind == Kind::OrganisationRegistered
                && (path == &["name"] || path == &["numbers", "value"]);
            assert_eq!(holds(&stored.public, text), published, "{kind:?} {path:?}");
            let kept = !published && !stored.personal.is_empty();
            assert_eq!(holds(&stored.personal, text), kept, "{kind:?} {path:?}");
        }
    }
}

/// Codes and days are no unique texts: two facts that differ in nothing else have one public part.
#[test]
fn what_is_sealed_does_not_change_the_public_part() {
    use onward_domain::codes::reason::TransitionCancel;
    use onward_domain::event::Event;
    use onward_domain::transition::{TransitionCancelled, TransitionFact};

    let mut draw = super::made::Draw::full(Kind::TransitionCancelled);
    let (provenance, event) = super::fact::fact(Kind::TransitionCancelled, &mut draw);
    let Event::Transition(TransitionFact::Cancelled(fact)) = event else {
        panic!("the fact that was asked for");
    };
    let with = |reason| {
        let fact = TransitionCancelled { reason, ..fact.clone() };
        encode(&provenance, &TransitionFact::Cancelled(fact).into())
    };
    let (first, second) = (with(TransitionCancel::Deceased), with(TransitionCancel::Deferred));
    assert!(first.public == second.public && first.personal != second.personal);
}

#[test]
fn every_message_with_a_provenance_is_a_type_and_named_for_it() {
    let stored = |message: &MessageDescriptor| {
        message.package_name() == "onward.event.v1"
            && message.get_field_by_name("organisation_id").is_some_and(|field| is_public(&field))
    };
    let messages: BTreeSet<String> = onward_contract::pool()
        .all_messages()
        .filter(stored)
        .map(|message| message.full_name().to_owned())
        .collect();
    let kinds: BTreeSet<String> = Kind::ALL.iter().map(|kind| kind.message().to_owned()).collect();
    assert_eq!(messages, kinds);
    for kind in Kind::ALL {
        let name = kind.message().trim_start_matches("onward.event.v1.");
        assert_eq!(snake(name), kind.event());
        assert_eq!(kind.event_type(), format!("{}.{}", kind.area(), kind.event()));
        assert_eq!(kind.cloud_event_type(), format!("org.onward.{}.v1", kind.event_type()));
        let message = descriptor(*kind).expect("the type has a message");
        let file = message.parent_file();
        assert_eq!(file.name(), format!("onward/event/v1/{}.proto", kind.area()));
    }
}

fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

#[test]
fn the_provenance_has_the_same_fields_everywhere() {
    let fields = [
        (1, "organisation_id", true),
        (2, "member_id", true),
        (3, "actor", false),
        (4, "occurred_on", false),
        (5, "occurred_at", false),
        (6, "external_ref", false),
    ];
    for kind in Kind::ALL {
        let message = descriptor(*kind).expect("the type has a message");
        let bare = message.fields().all(|field| is_public(&field));
        for (number, name, public) in fields {
            let field = message.get_field(number);
            if bare && !public {
                assert!(field.is_none(), "{}.{name}", kind.event_type());
                continue;
            }
            let field = field.expect("a field of the provenance");
            assert_eq!((field.name(), is_public(&field)), (name, public), "{}", kind.event_type());
        }
        let own = message.fields().filter(|field| field.number() > 6);
        assert!(
            own.map(|field| field.number()).all(|number| number >= 10),
            "{}",
            kind.event_type()
        );
    }
}

#[test]
fn the_public_part_as_json() {
    let (stored, _) = super::full(Kind::ReferralClaimed);
    let json = public_json(stored.event_type, &stored.public);
    let read: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(read["organisation_id"], "0192f0c1-0000-7000-8000-000000000001");
    assert_eq!(read["holder_member_id"], "0192f0c1-0000-7000-8000-000000000006");
    assert!(read["until"].as_str().is_some_and(|at| at.starts_with("2026-") && at.ends_with('Z')));
    let (stored, _) = super::full(Kind::OrganisationRegistered);
    let json = public_json(stored.event_type, &stored.public);
    let read: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(read["numbers"].as_array().map(Vec::len), Some(2));
    assert!(read.get("holiday_contact").is_none() && read.get("actor").is_none());
    assert!(read["open_from"].as_str().is_some_and(|day| day.len() == 10));
    assert_eq!(public_json("no.such_type", &stored.public), "{}");
    assert_eq!(public_json(stored.event_type, &[0xff]), "{}");
}

#[test]
fn no_public_field_is_lost_in_the_json() {
    for kind in Kind::ALL {
        let (stored, _) = super::full(*kind);
        let json = public_json(stored.event_type, &stored.public);
        let read: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        let names: Vec<&String> = read.as_object().expect("an object").keys().collect();
        assert_eq!(names, public_fields(*kind).iter().collect::<Vec<_>>(), "{}", stored.event_type);
        assert!(!json.contains("null"), "{}", stored.event_type);
    }
}
