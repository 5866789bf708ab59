//! Real servers for the tests: PostgreSQL, nats-server and `onward` itself, each a process of its own.
//!
//! None of them outlives the test process, however that ends (see `process`). Readiness is asked for
//! in a bounded poll; nothing here waits a fixed time.

mod nats;
mod onward;
mod postgres;
mod process;

pub use nats::Nats;
pub use onward::{Onward, Stopped, onward_binary, onward_command, onward_command_with};
pub use postgres::{Database, Postgres};

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};

/// How often a server is asked whether it is ready.
const ASK_EVERY: Duration = Duration::from_millis(20);
/// How often it is asked before it counts as not starting: one minute in all.
const ASK_AT_MOST: usize = 3_000;

/// Asks `ready` until it answers `Some`, and gives up after a minute with `what` in the message.
///
/// # Errors
/// When `ready` fails, or never answers.
pub async fn until<T, F, Fut>(what: &str, mut ready: F) -> anyhow::Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = anyhow::Result<Option<T>>>,
{
    let mut tick = tokio::time::interval(ASK_EVERY);
    for _ in 0..ASK_AT_MOST {
        tick.tick().await;
        if let Some(answer) = ready().await? {
            return Ok(answer);
        }
    }
    bail!("{what} was not ready within a minute")
}

/// The project's root folder.
pub fn project_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Where a pinned server is: the variable when set, else the folder that `tests/run` fills.
fn server_path(variable: &str, in_dev: &str) -> anyhow::Result<PathBuf> {
    if let Some(path) = std::env::var_os(variable) {
        return Ok(std::path::absolute(path)?);
    }
    let dev = project_root().join(".dev");
    let found = std::fs::canonicalize(dev.join(in_dev));
    found.with_context(|| format!("no {in_dev} in .dev: run tests/run once, or set {variable}"))
}
