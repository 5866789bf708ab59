//! Each text and id lands in the field of its own name: a swap that were made both ways would pass
//! the round trip, and mislead whoever reads the schema.

use serde_json::Value;

use crate::codec::Kind;

/// The paths of all texts of a message, with the texts.
fn leaves(path: &str, value: &Value, found: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => found.push((text.clone(), path.to_owned())),
        Value::Array(values) => values.iter().for_each(|value| leaves(path, value, found)),
        Value::Object(fields) => {
            for (name, value) in fields {
                leaves(&format!("{path}.{name}"), value, found);
            }
        }
        _ => {}
    }
}

/// The schema calls every setting entered `to`.
fn is_named(field: &str, name: &str) -> bool {
    field.contains(name) || (name == "provider" && field.contains(".to"))
}

#[test]
fn every_text_and_id_lands_in_the_field_of_its_name() {
    for kind in Kind::ALL {
        let (stored, draw) = super::full(*kind);
        let mut found = Vec::new();
        leaves("", &super::json(*kind, &stored.public, &stored.personal), &mut found);
        let mut seen = 0;
        for (made, path) in draw.texts.iter().chain(&draw.ids) {
            let Some((_, field)) = found.iter().find(|(text, _)| text == made) else {
                // The facts of a claim keep the public half of their provenance only.
                assert!(stored.personal.is_empty(), "{kind:?}: {path:?} is lost");
                continue;
            };
            let last = path.len().saturating_sub(2);
            for name in &path[last..] {
                assert!(is_named(field, name), "{kind:?}: {path:?} is stored as {field}");
            }
            seen += 1;
        }
        assert!(seen >= 3, "{kind:?}");
    }
}
