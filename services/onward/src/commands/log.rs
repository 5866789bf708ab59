//! `onward log accept-restore`: somebody stands by a log that was restored from an older copy.

use std::process::ExitCode;

use anyhow::Context;
use onward_log::Log;

use crate::app::log_options;
use crate::cli::{LogCommand, Output};
use crate::config::Settings;
use crate::output::Rows;

/// Runs a command on the log itself, in the database.
pub async fn run(command: LogCommand, output: Output) -> anyhow::Result<ExitCode> {
    let LogCommand::AcceptRestore(args) = command;
    let settings = Settings::of_store(&args)?;
    let log = Log::open(log_options(&settings, false)).await?;
    let accepted = log.accept_restore().await;
    // The newest checkpoint must be one of the epoch that has begun, or the log is not what was signed for.
    let signed = match &accepted {
        Ok(_) => log.sign_restored().await.map(drop),
        Err(_) => Ok(()),
    };
    log.close().await;
    let accepted = accepted?;
    signed.context("the restore is accepted; a server will sign for it, as this could not")?;
    let mut rows = Rows::new(&["epoch", "position", "halted_since", "halted_by"]);
    let (since, by) = match accepted.halted {
        Some(halted) => (halted.at.to_string(), halted.what),
        None => (String::new(), String::new()),
    };
    rows.push_texts([accepted.epoch.to_string(), accepted.head.to_string(), since, by]);
    rows.print(output)?;
    Ok(ExitCode::SUCCESS)
}
