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
use onward_log::proof::{SignedCheckpoint, VerifierKey, newest_checkpoint, notes_in};
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
    let log = Inspection::open(&options.database).await?.log_id().await?;
    let keys = keys::given_or_own(&args.key, &options, log)?;
    // Before the moment that is looked at: a server that runs signs on.
    let kept = Kept::of(&args, &settings, &keys)?;
    let outside = Outside { checkpoints: read_checkpoints(&kept.files, &keys)?, keys };
    let mut inspection = Inspection::open(&options.database).await?;
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
        Ok(verified) => tell(&mut rows, verified, walked, (&outside, &kept)),
        Err(fault) => rows.push(vec![
            json!(fault.check()),
            json!("wrong"),
            json!(fault.position().map(onward_log::Position::get)),
            json!(fault.to_string()),
        ]),
    }
    let copies = match &found {
        Ok(_) => copies::check(&args, &settings, options, &mut rows, &bar).await,
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

/// Files with checkpoints that were kept outside of the database.
struct Kept {
    files: Vec<PathBuf>,
    /// Nobody named any: it is the newest of the data folder's own.
    own: bool,
}

impl Kept {
    /// Those that were named; else the newest that the server has written beside the database, where it
    /// can be believed.
    fn of(args: &VerifyArgs, settings: &Settings, keys: &[VerifierKey]) -> anyhow::Result<Self> {
        if !args.checkpoint.is_empty() {
            return Ok(Self { files: args.checkpoint.clone(), own: false });
        }
        let newest = newest_checkpoint(&settings.checkpoints_folder());
        let there = newest.try_exists().with_context(|| newest.display().to_string())?;
        let files = if there && !keys.is_empty() { vec![newest] } else { Vec::new() };
        Ok(Self { files, own: true })
    }
}

/// Every checkpoint in these files, each signed by one of the keys.
fn read_checkpoints(
    files: &[PathBuf],
    keys: &[VerifierKey],
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

fn tell(
    rows: &mut Rows,
    verified: &Verified,
    walked: Duration,
    (outside, kept): (&Outside, &Kept),
) {
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
    rows.push(proven(verified.proven, outside, kept));
}

/// How much of the log is proven, and against what.
fn proven(events: u64, outside: &Outside, kept: &Kept) -> Vec<serde_json::Value> {
    if outside.checkpoints.is_empty() {
        let note = "nothing was proven: whoever can write to the database could have altered an event \
                    and computed every hash anew. Give --checkpoint, with one that was kept elsewhere";
        return vec![json!("proven"), json!("not checked"), json!(null), json!(note)];
    }
    let note = match kept.files.first().filter(|_| kept.own) {
        Some(file) => format!(
            "events that {} covers: altered by nobody who cannot write there, too. Better is \
             --checkpoint, with one that was kept elsewhere",
            file.display()
        ),
        None => "events that a checkpoint from outside covers: they were not altered".to_owned(),
    };
    vec![json!("proven"), json!("good"), json!(events), json!(note)]
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
