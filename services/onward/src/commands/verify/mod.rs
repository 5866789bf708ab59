//! `onward verify`: checks everything that a log says of itself, or a receipt, without a server.
//!
//! Nothing is written, made or locked: it runs beside whoever serves the log, on one moment of it.

mod copies;
mod keys;
mod receipt;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use onward_log::proof::{SignedCheckpoint, notes_in};
use onward_log::{Inspection, Outside, Verified, VerifyFault, VerifyProgress};
use serde_json::json;

use crate::app::log_options;
use crate::cli::{Output, VerifyArgs};
use crate::config::Settings;
use crate::output::Rows;

/// Checks a receipt, or a whole log.
pub async fn run(args: VerifyArgs, output: Output) -> anyhow::Result<ExitCode> {
    let settings = Settings::of_store(&args.store)?;
    if let Some(file) = &args.receipt {
        return receipt::check(file, &args.key, &settings, output);
    }
    let options = log_options(&settings, false);
    let mut inspection = Inspection::open(&options.database).await?;
    let log = inspection.log_id().await?;
    let keys = keys::given_or_own(&args.key, &options, log)?;
    let checkpoints = read_checkpoints(&args.checkpoint, &keys)?;
    let outside = Outside { checkpoints, keys };
    let bar = Bar::new();
    let (began, mut walked) = (Instant::now(), Duration::ZERO);
    let told = |told: VerifyProgress| {
        if told.check == "events" {
            walked = began.elapsed();
        }
        bar.tell(told);
    };
    let found = inspection.verify(&outside, told).await;
    drop(inspection);
    let mut rows = Rows::new(&["check", "outcome", "rows", "note"]);
    match &found {
        Ok(verified) => tell(&mut rows, verified, walked, &outside),
        Err(fault) => rows.push(vec![
            json!(fault.check()),
            json!("wrong"),
            json!(fault.position().map(onward_log::Position::get)),
            json!(fault.to_string()),
        ]),
    }
    let copies = match &found {
        Ok(_) if args.nats.is_some() || !args.no_views => {
            copies::check(&args, &settings, options, &mut rows, &bar).await
        }
        _ => Ok(()),
    };
    bar.clear();
    rows.print(output)?;
    copies?;
    match found {
        Ok(_) => Ok(ExitCode::SUCCESS),
        Err(VerifyFault::Log(error)) => Err(error.into()),
        Err(fault) => bail!("{}: {fault}", fault.check()),
    }
}

/// Every checkpoint in these files, each signed by one of the keys.
fn read_checkpoints(
    files: &[PathBuf],
    keys: &[onward_log::proof::VerifierKey],
) -> anyhow::Result<Vec<SignedCheckpoint>> {
    let mut checkpoints = Vec::new();
    for file in files {
        let name = file.display();
        let text =
            std::fs::read_to_string(file).with_context(|| format!("{name} cannot be read"))?;
        let notes = notes_in(&text);
        ensure!(!notes.is_empty(), "{name} holds no checkpoint");
        ensure!(!keys.is_empty(), "{name} cannot be believed without the log's key: give --key");
        for note in notes {
            let signed = SignedCheckpoint::verified(note, keys);
            checkpoints.push(signed.with_context(|| format!("the checkpoint in {name}"))?);
        }
    }
    Ok(checkpoints)
}

fn tell(rows: &mut Rows, verified: &Verified, walked: Duration, outside: &Outside) {
    let mut good = |check: &str, count: u64, note: String| {
        rows.push(vec![json!(check), json!("good"), json!(count), json!(note)]);
    };
    let rate = u128::from(verified.head.get()) * 1_000 / walked.as_millis().max(1);
    let rate = format!("up to position {}; {rate} a second", verified.head);
    good("events", verified.head.get(), rate);
    good("streams", verified.streams, String::new());
    good("answers", verified.requests, String::new());
    good("reads", verified.reads, String::new());
    let signed = match outside.keys.is_empty() {
        true => "their signatures were not checked: give --key",
        false => "signed by the log's key",
    };
    good("checkpoints", verified.checkpoints, signed.to_owned());
    let proven = match outside.checkpoints.is_empty() {
        true => {
            "whoever can write to the database could have altered an event and computed every hash \
             anew: give --checkpoint, with one that was kept elsewhere"
        }
        false => "events that a checkpoint from outside covers: they were not altered",
    };
    good("proven", verified.proven, proven.to_owned());
}

/// Shows how far the check has come, on a terminal only.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Self {
        let bar = ProgressBar::new(0);
        let style = ProgressStyle::with_template("{msg:12} {bar:40} {pos}/{len} {per_sec} {eta}");
        Self(style.map(|style| bar.clone().with_style(style)).unwrap_or(bar))
    }

    fn tell(&self, told: VerifyProgress) {
        self.show(told.check, told.done, told.of);
    }

    fn show(&self, check: &'static str, done: u64, of: u64) {
        if self.0.message() != check {
            self.0.set_message(check);
            self.0.reset();
        }
        self.0.set_length(of.max(done));
        self.0.set_position(done);
    }

    fn clear(&self) {
        self.0.finish_and_clear();
    }
}
