//! Whatever the file: one plain answer, and no secret in it. The binary is no library, so this target of
//! `tests/fuzz` runs here.

use std::io::Write;
use std::net::SocketAddr;

use onward_fuzz::marker::{MARKER, clean};
use onward_fuzz::{Target, corpus, search};

use super::{Settings, printed};
use crate::cli::StoreArgs;

const TARGET: Target = Target {
    name: "config",
    run: |bytes| drop(parsed(bytes)),
    seeds: Vec::new,
    words: &[
        b"[database]\n",
        b"postgres = ",
        b"\"postgres://a:Zephyrine@h/d\"\n",
        b"\"",
        b"'",
        b"[[access.issuers]]\n",
        b" = ",
        b"99999999999999999999",
        b"1e999",
        b"inf",
        b"2026-09-01T00:00:00Z",
        b"{",
        b"[",
    ],
};

fn read(bytes: &[u8]) -> anyhow::Result<Settings> {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(bytes).expect("written");
    let store = StoreArgs { config: Some(file.path().to_owned()), ..StoreArgs::default() };
    Settings::of_store(&store)
}

/// What is said of a file: its fault, or the settings as they are printed.
fn parsed(bytes: &[u8]) -> String {
    let settings = match read(bytes) {
        Err(error) => {
            let text = format!("{error} {error:?}");
            let secret = |word: &str| word.contains(MARKER) && word.contains(['@', ':']);
            assert!(!text.split(' ').any(secret), "a fault repeats a value: {text}");
            return text;
        }
        Ok(settings) => settings,
    };
    let once = printed(&settings).expect("printable");
    let again = read(once.as_bytes()).expect("what was printed loads");
    assert_eq!(printed(&again).expect("printable"), once);
    // A name would be looked up in the network.
    if settings.http.listen.parse::<SocketAddr>().is_ok() {
        let _ = settings.checked();
    }
    once
}

#[test]
fn whatever_the_file_there_is_one_plain_answer_without_secrets() {
    for (name, bytes) in corpus("config") {
        // A role is told by its name, and the name that nobody has is repeated.
        let told = parsed(&bytes);
        if !name.contains("role") && !name.contains("listener") {
            clean(&name, &told);
        }
    }
    search(&TARGET);
}
