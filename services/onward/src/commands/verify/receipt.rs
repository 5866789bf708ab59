//! `onward verify --receipt FILE`: whether an event is in the log that a checkpoint was signed for. Needs
//! the file and the log's key, and nothing else.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, ensure};
use jiff::Timestamp;
use onward_log::Position;
use onward_log::proof::{Checkpoint, LogReceipt, Note};

use super::keys;
use crate::app::log_options;
use crate::cli::Output;
use crate::config::Settings;
use crate::output::Rows;

/// Checks the receipt and prints what it proves.
pub(super) fn check(
    file: &Path,
    given: &[String],
    settings: &Settings,
    output: Output,
) -> anyhow::Result<ExitCode> {
    let name = file.display();
    let text = std::fs::read_to_string(file).with_context(|| format!("{name} cannot be read"))?;
    let receipt: LogReceipt = text.parse().with_context(|| name.to_string())?;
    let said: Checkpoint = receipt
        .note
        .parse::<Note>()
        .and_then(|note| note.text().parse())
        .with_context(|| format!("the checkpoint in {name}"))?;
    let keys = keys::given_or_own(given, &log_options(settings, false), said.log)?;
    ensure!(
        !keys.is_empty(),
        "a receipt cannot be believed without the log's key: give --key, with one that came another way \
         than the receipt"
    );
    let proven = receipt.verify(&keys).with_context(|| name.to_string())?;
    let recorded = Timestamp::from_microsecond(proven.event.recorded_at)?;
    let mut rows = Rows::new(&[
        "position",
        "event_id",
        "type",
        "recorded_at",
        "checkpoint_size",
        "signed_at",
        "log",
    ]);
    rows.push_texts([
        Position::new(proven.event.position).to_string(),
        proven.event.event_id.to_string(),
        proven.event.event_type.clone(),
        recorded.to_string(),
        proven.checkpoint.checkpoint.size.to_string(),
        proven.checkpoint.checkpoint.signed.clone(),
        proven.checkpoint.checkpoint.log.to_string(),
    ]);
    rows.print(output)?;
    Ok(ExitCode::SUCCESS)
}
