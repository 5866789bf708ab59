//! A long log, filled as fast as it takes events: what a bench stands on where size matters.

use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use onward_domain::ids::LearnerId;
use onward_log::{ExecuteError, Log};
use serde_json::{Map, json};
use uuid::Uuid;

use super::append;
use super::figures::rounded;

/// Learners among whom the events are spread at most.
const LEARNERS: u64 = 20_000;
/// Events of one request, each on a stream of its own.
const AT_ONCE: u64 = 250;
/// Requests under way at once.
const FILLING: u64 = 16;

/// What was there before a bench began.
#[derive(Clone, Copy, Default)]
pub struct Filled {
    /// Events.
    pub events: u64,
    /// How long they took to write.
    pub took: Duration,
}

impl Filled {
    /// Adds it to a cell, where there was something.
    pub fn tell(self, more: &mut Map<String, serde_json::Value>) {
        more.insert("prefilled".into(), json!(self.events));
        if self.events > 0 {
            more.insert("filled_in_seconds".into(), json!(rounded(self.took.as_secs_f64())));
        }
    }
}

/// Appends so many events. A bar on a terminal shows how far it is.
///
/// # Errors
/// The log refuses.
pub async fn fill(log: &Log, events: u64) -> anyhow::Result<Filled> {
    let (begun, bar) = (Instant::now(), ProgressBar::new(events));
    let requests = events.div_ceil(AT_ONCE);
    let learners: Arc<Vec<LearnerId>> =
        Arc::new((0..requests.min(LEARNERS)).map(|_| LearnerId::new(Uuid::now_v7())).collect());
    let filling: Vec<_> = (0..FILLING)
        .map(|first| {
            let (log, learners, bar) = (log.clone(), Arc::clone(&learners), bar.clone());
            tokio::spawn(async move {
                for request in (first..requests).step_by(FILLING as usize) {
                    let learner = learners[request as usize % learners.len()];
                    let many = AT_ONCE.min(events - request * AT_ONCE);
                    append::record(&log, learner, many as usize).await?;
                    bar.inc(many);
                }
                Ok::<_, ExecuteError>(())
            })
        })
        .collect();
    for one in filling {
        one.await??;
    }
    bar.finish_and_clear();
    Ok(Filled { events, took: begun.elapsed() })
}
