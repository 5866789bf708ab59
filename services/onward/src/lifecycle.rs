//! Start in daylight, stop in order: how a process ends, and what makes it end.

use std::process::ExitCode;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// How long callers may finish once the process drains: as long as any call may take. With [`LEAVE`] it
/// stays below the minute after which what `deploy/` sets up kills.
const DRAIN: Duration = Duration::from_secs(30);
/// How long the database and the bus are waited for when everybody has gone.
const LEAVE: Duration = Duration::from_secs(10);

/// Says in one line why the command was refused or failed. Exit code 1.
#[expect(clippy::print_stderr, reason = "the one line that a refusal is")]
pub fn refused(line: &str) -> ExitCode {
    eprintln!("onward: {}", line.replace('\n', " "));
    ExitCode::FAILURE
}

/// A token that is cancelled by SIGTERM or SIGINT.
///
/// # Errors
/// The system does not let the process listen for signals.
pub fn stop_on_signals() -> std::io::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let stop = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let cancel = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => tracing::info!("SIGTERM: draining"),
            _ = interrupt.recv() => tracing::info!("SIGINT: draining"),
        }
        cancel.cancel();
    });
    Ok(stop)
}

/// Returns when callers have had their time to finish, after `stop`.
pub async fn overdue(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(DRAIN).await;
    tracing::warn!("some calls did not end in time; their request ids tell what became of them");
}

/// Leaves in order, where the database and the bus answer; else without a word. What was answered is durable
/// either way.
pub async fn in_time(leave: impl Future<Output = ()>) {
    if tokio::time::timeout(LEAVE, leave).await.is_err() {
        tracing::warn!("the database or the bus does not answer: leaving without saying goodbye");
    }
}
