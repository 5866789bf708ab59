//! Runs a target over its kept corpus and over seeded mutations of it, and makes a find small.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use crate::mutate::{Dice, mutated};
use crate::targets::Target;

/// How many mutations an ordinary run tries, a target.
const MUTATIONS: u64 = 2_000;

/// How often a find is tried smaller.
const SMALLER: usize = 400;

/// The kept inputs of a target, in the order of their names.
///
/// # Panics
/// There are none, or they cannot be read.
pub fn corpus(name: &str) -> Vec<(String, Vec<u8>)> {
    let folder = root().join("corpus").join(name);
    let entries = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut kept: Vec<_> = entries
        .map(|entry| {
            let path = entry.expect("the corpus can be listed").path();
            let bytes = fs::read(&path).expect("the corpus can be read");
            (path.file_name().unwrap_or_default().to_string_lossy().into_owned(), bytes)
        })
        .collect();
    kept.sort();
    assert!(!kept.is_empty(), "{name} has no corpus");
    kept
}

/// Runs a target over its seeds and its kept corpus.
///
/// # Panics
/// An input breaks a property; its name is in the message.
pub fn replay(target: &Target) {
    for (number, seed) in (target.seeds)().into_iter().enumerate() {
        judge(target, &format!("seed {number}"), &seed);
    }
    for (name, bytes) in corpus(target.name) {
        judge(target, &name, &bytes);
    }
}

/// Runs a target over mutations: `ONWARD_FUZZ` says how many, `ONWARD_FUZZ_SEED` which.
///
/// # Panics
/// An input breaks a property; the seed that replays it and the place of the small input are in the
/// message.
pub fn search(target: &Target) {
    let mut known = (target.seeds)();
    known.extend(corpus(target.name).into_iter().map(|(_, bytes)| bytes));
    let first = setting("ONWARD_FUZZ_SEED").unwrap_or(1);
    let times = setting("ONWARD_FUZZ").unwrap_or(MUTATIONS);
    for seed in first..first + times {
        let bytes = mutated(&mut Dice::new(seed), &known, target.words);
        judge(target, &format!("ONWARD_FUZZ_SEED={seed} ONWARD_FUZZ=1"), &bytes);
    }
}

fn judge(target: &Target, origin: &str, bytes: &[u8]) {
    if !breaks(target, bytes) {
        return;
    }
    let small = smaller(target, bytes.to_vec());
    let folder = root().join("../../target/fuzz");
    fs::create_dir_all(&folder).expect("target/ can be written");
    let path = folder.join(format!("{}-{}", target.name, origin.replace([' ', '=', '/'], "-")));
    fs::write(&path, &small).expect("target/ can be written");
    panic!("{}, {origin}: {} holds an input that breaks a property", target.name, path.display());
}

fn breaks(target: &Target, bytes: &[u8]) -> bool {
    catch_unwind(AssertUnwindSafe(|| (target.run)(bytes))).is_err()
}

/// Takes pieces away, half of what is left at first, as long as what remains still breaks.
fn smaller(target: &Target, mut bytes: Vec<u8>) -> Vec<u8> {
    let mut piece = bytes.len() / 2;
    let mut tries = 0;
    while piece > 0 && tries < SMALLER {
        let mut at = 0;
        while at < bytes.len() && tries < SMALLER {
            let mut without = bytes.clone();
            without.drain(at..(at + piece).min(bytes.len()));
            tries += 1;
            if breaks(target, &without) {
                bytes = without;
            } else {
                at += piece;
            }
        }
        piece /= 2;
    }
    bytes
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}
