//! Bytes as they were once stored, for every version of every type that was ever released. They are
//! never rewritten: a change that fails here needs a new version and a step in `upcast.rs`.
//!
//! `ONWARD_WRITE_GOLDEN=1` writes the files of a type that has none yet, and no others.

use std::fs;
use std::path::{Path, PathBuf};

use crate::codec::{Kind, decode, encode};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/events")
}

/// The stored bytes and what they say, one file each.
struct Golden {
    hex: PathBuf,
    json: PathBuf,
}

impl Golden {
    fn of(kind: Kind, version: u16) -> Self {
        let folder = folder().join(kind.event_type());
        Self {
            hex: folder.join(format!("v{version}.hex")),
            json: folder.join(format!("v{version}.json")),
        }
    }

    /// Public and personal bytes. A file that is not there is a fault of the change, never passed over.
    fn read(&self) -> (Vec<u8>, Vec<u8>) {
        let text = fs::read_to_string(&self.hex)
            .unwrap_or_else(|fault| panic!("{}: {fault}", self.hex.display()));
        let part = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("the line");
            hex::decode(line.trim()).expect("hexadecimal digits")
        };
        (part("public"), part("personal"))
    }

    fn write_if_missing(&self, kind: Kind) {
        if self.hex.exists() || std::env::var_os("ONWARD_WRITE_GOLDEN").is_none() {
            return;
        }
        let (stored, _) = super::full(kind);
        let (public, personal) = (hex::encode(&stored.public), hex::encode(&stored.personal));
        let text = format!("public {public}\npersonal {personal}\n");
        fs::create_dir_all(self.hex.parent().expect("a folder")).expect("the folder can be made");
        fs::write(&self.hex, text).expect("the file can be written");
        fs::write(&self.json, said(kind, &stored.public, &stored.personal)).expect("and this one");
    }
}

fn said(kind: Kind, public: &[u8], personal: &[u8]) -> String {
    let json = super::json(kind, public, personal);
    format!("{}\n", serde_json::to_string_pretty(&json).expect("JSON"))
}

#[test]
fn stored_bytes_read_and_are_written_the_same() {
    for kind in Kind::ALL {
        let version = kind.schema_version();
        let golden = Golden::of(*kind, version);
        golden.write_if_missing(*kind);
        let name = kind.event_type();
        let (public, personal) = golden.read();
        let (provenance, event) = decode(name, version, &public, &personal)
            .unwrap_or_else(|fault| panic!("{name}: {fault}"));
        let again = encode(&provenance, &event);
        assert_eq!(again.event_type, name);
        assert!(again.public == public, "{name}: the public bytes differ");
        assert!(again.personal == personal, "{name}: the personal bytes differ");
        let kept = fs::read_to_string(&golden.json).expect("the JSON beside the bytes");
        assert_eq!(said(*kind, &public, &personal), kept, "{name}: the bytes say something else");
    }
}

#[test]
fn older_versions_are_still_read() {
    for kind in Kind::ALL {
        for version in 1..kind.schema_version() {
            let (public, personal) = Golden::of(*kind, version).read();
            let read = decode(kind.event_type(), version, &public, &personal);
            assert!(read.is_ok(), "{} v{version}", kind.event_type());
        }
    }
}

/// A version that was raised without its bytes being kept stops every test above.
#[test]
#[should_panic(expected = "handover.handover_declined/v2.hex")]
fn a_golden_file_that_is_missing_is_missed() {
    let (public, personal) = Golden::of(Kind::HandoverDeclined, 2).read();
    assert!(public.is_empty() && personal.is_empty(), "not reached");
}

#[test]
fn no_golden_file_is_left_without_its_type() {
    for entry in fs::read_dir(folder()).expect("the fixtures are there") {
        let entry = entry.expect("an entry");
        if entry.file_type().expect("its kind").is_dir() {
            let name = entry.file_name().into_string().expect("a plain name");
            assert!(Kind::of(&name).is_some(), "{name} was renamed or removed: names are for ever");
        }
    }
}
