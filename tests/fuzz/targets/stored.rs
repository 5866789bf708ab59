//! Stored events: whatever the bytes, a fact or a plain fault; and a fact that was read is written as it
//! is read. Input: type, version and length of the public part on a line, then both parts.

use onward_log::codec::{Kind, decode, encode, public_json};

use super::{Target, headed};
use crate::marker::{MARKER, clean, said};

pub(super) const TARGET: Target = Target {
    name: "stored",
    run,
    seeds,
    words: &[
        b"\x0a\x24018f3b5a-7c1d-7e2f-8a9b-0c1d2e3f4a5b",
        b"\x0a\x09Zephyrine",
        MARKER.as_bytes(),
        b"\x08\x00",
        b"\x12\x00",
        b"\x0b",
    ],
};

/// The golden events, of every version that was ever stored.
fn seeds() -> Vec<Vec<u8>> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/events");
    let mut seeds = Vec::new();
    for kind in Kind::ALL {
        for version in 1..=kind.schema_version() {
            let path = format!("{root}/{}/v{version}.hex", kind.event_type());
            let Ok(text) = std::fs::read_to_string(path) else { continue };
            let part = |name| {
                let line = text.lines().find_map(|line| line.strip_prefix(name));
                bytes_of(line.unwrap_or_default().trim())
            };
            let (public, personal) = (part("public"), part("personal"));
            let head = format!("{} {version} {}\n", kind.event_type(), public.len());
            seeds.push([head.into_bytes(), public, personal].concat());
        }
    }
    seeds
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap_or_default()).collect()
}

fn run(bytes: &[u8]) {
    let (head, body) = headed(bytes);
    let mut words = head.split(' ');
    let event_type = words.next().unwrap_or_default();
    let version = words.next().and_then(|word| word.parse().ok()).unwrap_or(1);
    let length = words.next().and_then(|word| word.parse().ok()).unwrap_or(body.len() / 2);
    let (public, personal) = body.split_at(length.min(body.len()));
    // What `tail` prints is JSON, and holds nothing of the sealed part.
    let json = public_json(event_type, public);
    json_object(&json);
    match decode(event_type, version, public, personal) {
        Err(fault) => said("a fault", &fault),
        Ok((provenance, event)) => {
            let once = encode(&provenance, &event);
            let read = decode(once.event_type, once.schema_version, &once.public, &once.personal);
            let (provenance, event) = read.expect("what was written can be read");
            assert!(encode(&provenance, &event) == once, "{event_type} differs when written again");
            clean("the type", once.event_type);
        }
    }
}

/// Brackets close, outside of strings, and no control character stands in the text.
fn json_object(text: &str) {
    let (mut depth, mut inside, mut escaped) = (0_i32, false, false);
    for letter in text.chars() {
        assert!(letter >= ' ', "a control character in JSON");
        match letter {
            _ if escaped => escaped = false,
            '\\' if inside => escaped = true,
            '"' => inside = !inside,
            '{' | '[' if !inside => depth += 1,
            '}' | ']' if !inside => depth -= 1,
            _ => {}
        }
        assert!(depth >= 0, "a bracket closes that was not open");
    }
    assert!(depth == 0 && !inside && text.starts_with('{'), "no whole object");
}
