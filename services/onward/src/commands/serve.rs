//! `onward serve`: runs, says one line when it is ready, and drains when it is told to stop.

use std::io::Write;
use std::process::ExitCode;

use crate::app::App;
use crate::cli::ServeArgs;
use crate::config::Settings;
use crate::lifecycle;

/// Serves until SIGTERM or SIGINT.
pub async fn run(args: ServeArgs) -> anyhow::Result<ExitCode> {
    let checked = Settings::of_server(&args)?.checked()?;
    let scheme = if checked.settings.http.tls_certificate.is_some() { "https" } else { "http" };
    let stop = lifecycle::stop_on_signals()?;
    let app = App::open(checked).await?;
    let address = app.address()?;
    let mut stdout = std::io::stdout().lock();
    // Callers connect from here on; the kernel queues them until the doors open, a moment later.
    writeln!(stdout, "onward: serving on {scheme}://{address}")?;
    stdout.flush()?;
    drop(stdout);
    app.run(stop).await?;
    Ok(ExitCode::SUCCESS)
}
