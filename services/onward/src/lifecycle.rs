//! Start in daylight, stop in order: how a process ends, and what makes it end.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// How long callers may finish once the process drains: as long as any call may take. With [`LEAVE`] it
/// stays below the minute after which what `deploy/` sets up kills.
const DRAIN: Duration = Duration::from_secs(30);
/// How long the database and the bus are waited for when everybody has gone.
const LEAVE: Duration = Duration::from_secs(10);

/// Exit code of a command that was called in a way that cannot be meant.
const MISUSED: u8 = 2;

/// The command was called in a way that cannot be meant: one sentence, exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Misuse(pub String);

/// Says in one line why the command was refused or failed. Exit code 1.
pub fn refused(line: &str) -> ExitCode {
    // Where nobody listens any more there is nobody to tell.
    let _unheard = writeln!(io::stderr(), "onward: {}", line.replace('\n', " "));
    ExitCode::FAILURE
}

/// What an error makes of the process: quiet success where the reader of its output has seen enough
/// (`onward tail | head`), 2 where it was called wrongly, else 1.
pub fn ended(error: &anyhow::Error) -> ExitCode {
    let enough = |cause: &(dyn std::error::Error + 'static)| {
        let io = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        // JSON is written through an error of its own, which does not name its cause.
        let json = cause.downcast_ref::<serde_json::Error>();
        io.or(json.and_then(serde_json::Error::io_error_kind)) == Some(io::ErrorKind::BrokenPipe)
    };
    if error.chain().any(enough) {
        return ExitCode::SUCCESS;
    }
    let misused = error.downcast_ref::<Misuse>().is_some();
    let code = refused(&format!("{error:#}"));
    if misused { ExitCode::from(MISUSED) } else { code }
}

/// A token that is cancelled by SIGTERM or SIGINT.
///
/// # Errors
/// The system does not let the process listen for signals.
pub fn stop_on_signals() -> io::Result<CancellationToken> {
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
