//! What follows from the log: the look-up keys, the copy on the bus and the views are what it says.

use anyhow::{Context, bail};
use onward_bus::{Bus, BusOptions};
use onward_log::{Database, Inspection, Log, Options, VerifyFault};
use onward_views::Views;
use serde_json::json;

use super::Bar;
use crate::app::views_options;
use crate::cli::VerifyArgs;
use crate::config::Settings;
use crate::output::Rows;

/// Compares what can be compared. Without the learners' keys, nothing can be computed again.
pub(super) async fn check(
    args: &VerifyArgs,
    settings: &Settings,
    options: Options,
    rows: &mut Rows,
    bar: &Bar,
) -> anyhow::Result<()> {
    let (keys, database) = (options.keys.folder.clone(), options.database.clone());
    let log = match Log::look(options).await {
        Ok(log) => log,
        Err(error) if args.nats.is_none() => {
            let note = format!("left out: {error}; the keys in {} are needed", keys.display());
            let views = (!args.no_views).then_some("views");
            for check in std::iter::once("look-ups").chain(views) {
                rows.push(vec![json!(check), json!("not checked"), json!(null), json!(note)]);
            }
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    let checked = match look_ups(&database, &log, rows, bar).await {
        Ok(()) => both(args, settings, &log, rows, bar).await,
        Err(fault) => Err(fault),
    };
    log.close().await;
    checked
}

async fn look_ups(
    database: &Database,
    log: &Log,
    rows: &mut Rows,
    bar: &Bar,
) -> anyhow::Result<()> {
    let mut inspection = Inspection::open(database).await?;
    match inspection.verify_look_ups(log, |told| bar.tell(told)).await {
        Ok(found) => {
            let note = match found.left_out {
                0 => "memberships, parties and numbers are what the events say".to_owned(),
                streams => format!("{streams} streams left out: a newer version wrote to them"),
            };
            rows.push(vec![json!("look-ups"), json!("good"), json!(found.keys), json!(note)]);
            Ok(())
        }
        Err(VerifyFault::Log(error)) => Err(error.into()),
        Err(fault) => {
            let position = fault.position().map(onward_log::Position::get);
            let told = fault.to_string();
            rows.push(vec![json!("look-ups"), json!("wrong"), json!(position), json!(told)]);
            bail!("look-ups: {fault}")
        }
    }
}

async fn both(
    args: &VerifyArgs,
    settings: &Settings,
    log: &Log,
    rows: &mut Rows,
    bar: &Bar,
) -> anyhow::Result<()> {
    if let Some(url) = &args.nats {
        bus(url, log, rows).await?;
    }
    if !args.no_views {
        views(settings, log, rows, bar).await?;
    }
    Ok(())
}

async fn bus(url: &str, log: &Log, rows: &mut Rows) -> anyhow::Result<()> {
    let bus = Bus::connect(BusOptions::new(url), log.clone()).await?;
    match bus.audit().await {
        Ok(audited) => {
            let count = audited.last.get().saturating_sub(audited.first.get().saturating_sub(1));
            let note =
                format!("{}: positions {} to {}", audited.stream, audited.first, audited.last);
            rows.push(vec![json!("bus"), json!("good"), json!(count), json!(note)]);
            Ok(())
        }
        Err(fault) => {
            rows.push(vec![json!("bus"), json!("wrong"), json!(null), json!(fault.to_string())]);
            bail!("bus: {fault}")
        }
    }
}

async fn views(settings: &Settings, log: &Log, rows: &mut Rows, bar: &Bar) -> anyhow::Result<()> {
    let scratch = tempfile::tempdir().context("a temporary folder for the views")?;
    let head = log.head().await?.get();
    let told = |position: onward_log::Position| bar.show("views", position.get(), head);
    let options = views_options(settings);
    match Views::compare_with_log(&options, log, scratch.path(), told).await {
        Ok(views) => {
            for view in views {
                let name = format!("view {}", view.view);
                rows.push(match view.rows {
                    Some(count) => vec![json!(name), json!("good"), json!(count), json!("")],
                    None => {
                        let note = "another version of the program made it";
                        vec![json!(name), json!("left out"), json!(null), json!(note)]
                    }
                });
            }
            Ok(())
        }
        Err(fault) => {
            rows.push(vec![json!("views"), json!("wrong"), json!(null), json!(fault.to_string())]);
            bail!("views: {fault}")
        }
    }
}
