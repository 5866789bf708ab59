//! The codec against every type: what was stored reads as it was, for good, and nothing leaks.

mod evolve;
mod fact;
mod golden;
mod made;
mod meaning;
mod public;
mod round_trip;

use prost_reflect::{DynamicMessage, SerializeOptions};

use super::{Encoded, Kind, split};

/// The whole message in the JSON of the schema, by the names of its fields.
fn json(kind: Kind, public: &[u8], personal: &[u8]) -> serde_json::Value {
    let message = split::descriptor(kind).expect("the type has a message");
    let bytes = [public, personal].concat();
    let message = DynamicMessage::decode(message, bytes.as_slice()).expect("bytes of the type");
    let options = SerializeOptions::new().use_proto_field_name(true);
    message
        .serialize_with_options(serde_json::value::Serializer, &options)
        .expect("every message has a JSON form")
}

/// An event of the type with everything in it that it can hold, and what was said in it.
fn full(kind: Kind) -> (Encoded, made::Draw) {
    let mut draw = made::Draw::full(kind);
    let (provenance, event) = fact::fact(kind, &mut draw);
    (super::encode(&provenance, &event), draw)
}
