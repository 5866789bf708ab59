//! `onward keys`: change the key-encryption key, back the key store up; both while servers run.

use std::path::Path;
use std::process::ExitCode;

use jiff::Timestamp;
use onward_log::KeyStore;

use crate::app::key_options;
use crate::cli::{KeysBackupArgs, KeysCommand, KeysRotateArgs, Output};
use crate::config::Settings;
use crate::lifecycle::Misuse;
use crate::output::Rows;

/// Runs one of them.
pub async fn run(command: KeysCommand, output: Output) -> anyhow::Result<ExitCode> {
    match command {
        KeysCommand::Rotate(args) => rotate(args, output).await,
        KeysCommand::Backup(args) => backup(args, output).await,
    }
}

async fn rotate(args: KeysRotateArgs, output: Output) -> anyhow::Result<ExitCode> {
    let settings = Settings::of_store(&args.store)?;
    let store = KeyStore::open(&key_options(&settings), false).await?;
    let rotated =
        store.rotate(|done, of| tracing::info!(done, of, "learners' keys were wrapped anew")).await;
    store.close().await;
    let rotated = rotated?;
    let mut rows = Rows::new(&["rewrapped", "changed"]);
    rows.push_texts([rotated.rewrapped.to_string(), rotated.changed.to_string()]);
    rows.print(output)?;
    Ok(ExitCode::SUCCESS)
}

async fn backup(args: KeysBackupArgs, output: Output) -> anyhow::Result<ExitCode> {
    let settings = Settings::of_store(&args.store)?;
    apart(&args.to, &settings)?;
    let store = KeyStore::open(&key_options(&settings), false).await?;
    let made = store.backup(&args.to, Timestamp::now(), settings.keys.backup_days).await;
    store.close().await;
    let made = made?;
    let mut rows = Rows::new(&["file", "dies_on", "removed"]);
    rows.push_texts([
        made.file.display().to_string(),
        made.dies_on.to_string(),
        made.removed.to_string(),
    ]);
    rows.print(output)?;
    Ok(ExitCode::SUCCESS)
}

/// A backup beside the keys in use, or anywhere in the data folder, would go along with every copy of the
/// data, and bring destroyed keys back with it.
fn apart(to: &Path, settings: &Settings) -> anyhow::Result<()> {
    let real = |folder: &Path| folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    // A folder that is still to be made lies where its parent lies.
    let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty());
    let to_be = match (to.exists(), parent, to.file_name()) {
        (false, parent, Some(name)) => real(parent.unwrap_or(Path::new("."))).join(name),
        _ => real(to),
    };
    let inside = [&settings.database.data, &settings.keys_folder()];
    if inside.into_iter().any(|folder| to_be.starts_with(real(folder))) {
        let to = to.display();
        let line = format!("{to} lies with the data: a backup of the keys belongs somewhere else");
        return Err(Misuse(line).into());
    }
    Ok(())
}
