//! Start in daylight, stop in order: how a process ends, and what makes it end.

use std::process::ExitCode;

use tokio_util::sync::CancellationToken;

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
