//! The public part of an event as JSON text, for `tail`. Not for hot paths.

use std::fmt::Write as _;

use jiff::Timestamp;
use prost_reflect::{DynamicMessage, ReflectMessage, Value};
use uuid::Uuid;

use super::Kind;
use super::split::{descriptor, is_public};

/// The public fields of an event as one JSON object, by the names of the schema; days and moments
/// as ISO 8601 text. A type or bytes that cannot be read give an empty object.
pub fn public_json(event_type: &str, public: &[u8]) -> String {
    let message = Kind::of(event_type)
        .and_then(descriptor)
        .and_then(|message| DynamicMessage::decode(message, public).ok());
    let mut text = String::with_capacity(256);
    match message {
        Some(message) => object(&mut text, &message, true),
        None => text.push_str("{}"),
    }
    text
}

/// An id among the public fields of an event, by the name of the schema; none where it is not there, or no
/// id. What an event of an erased learner still says.
pub fn public_id(event_type: &str, public: &[u8], field: &str) -> Option<Uuid> {
    let message = DynamicMessage::decode(descriptor(Kind::of(event_type)?)?, public).ok()?;
    Uuid::try_parse(message.get_field_by_name(field)?.as_str()?).ok()
}

fn object(out: &mut String, message: &DynamicMessage, public_only: bool) {
    out.push('{');
    let mut comma = false;
    for (field, value) in message.fields() {
        if public_only && !is_public(&field) {
            continue;
        }
        if std::mem::replace(&mut comma, true) {
            out.push(',');
        }
        string(out, field.name());
        out.push(':');
        write_value(out, value);
    }
    out.push('}');
}

fn write_value(out: &mut String, value: &Value) {
    match value {
        Value::String(text) => string(out, text),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::I32(number) => number_text(out, *number),
        Value::U32(number) => number_text(out, *number),
        // 64-bit numbers here are versions, far below 2^53: plain numbers are safe everywhere.
        Value::I64(number) => number_text(out, *number),
        Value::U64(number) => number_text(out, *number),
        Value::Message(message) => write_message(out, message),
        Value::List(values) => {
            out.push('[');
            for (place, value) in values.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                write_value(out, value);
            }
            out.push(']');
        }
        // The schema has no public field of another type; a test holds that.
        _ => out.push_str("null"),
    }
}

fn write_message(out: &mut String, message: &DynamicMessage) {
    match message.descriptor().full_name() {
        "google.protobuf.Timestamp" => {
            let at = message.transcode_to::<prost_types::Timestamp>().ok();
            let at = at.and_then(|at| Timestamp::new(at.seconds, at.nanos).ok());
            string(out, &at.map(|at| at.to_string()).unwrap_or_default());
        }
        "google.type.Date" => {
            let part = |name| {
                message.get_field_by_name(name).and_then(|value| value.as_i32()).unwrap_or_default()
            };
            string(out, &format!("{:04}-{:02}-{:02}", part("year"), part("month"), part("day")));
        }
        _ => object(out, message, false),
    }
}

fn number_text(out: &mut String, number: impl std::fmt::Display) {
    // Writing to a string cannot fail.
    let _ = write!(out, "{number}");
}

fn string(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            control if control < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}
