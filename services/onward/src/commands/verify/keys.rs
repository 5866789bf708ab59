//! Which keys checkpoints and receipts have to be signed by.

use std::path::Path;

use anyhow::Context;
use onward_log::Options;
use onward_log::proof::{VerifierKey, own_key};
use uuid::Uuid;

/// The keys that were given, each as text or as a file that holds one a line.
pub(super) fn given(keys: &[String]) -> anyhow::Result<Vec<VerifierKey>> {
    let mut found = Vec::new();
    for given in keys {
        let file = Path::new(given);
        let text = match file.is_file() {
            true => {
                std::fs::read_to_string(file).with_context(|| format!("{given} cannot be read"))?
            }
            false => given.clone(),
        };
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            found.push(line.parse().with_context(|| format!("--key {given}"))?);
        }
    }
    Ok(found)
}

/// The keys that were given; without any, the log's own, where its key file is at hand.
pub(super) fn given_or_own(
    keys: &[String],
    options: &Options,
    log: Uuid,
) -> anyhow::Result<Vec<VerifierKey>> {
    if keys.is_empty() { Ok(own_key(options, log)?.into_iter().collect()) } else { given(keys) }
}
