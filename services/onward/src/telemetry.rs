//! The program log: stderr only, and never anything about a learner.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::cli::{Cli, Command};

/// Starts the program log. `ONWARD_LOG` overrides what is logged (`info`, `onward_log=debug`, …).
pub fn start(cli: &Cli) {
    let level = match (&cli.command, cli.verbose) {
        (_, 2..) => "debug",
        (_, 1) | (Command::Serve(_), 0) => "info",
        _ => "warn",
    };
    // Libraries stay at warnings: their debug lines may hold what was sent.
    let usual = format!(
        "warn,onward={level},onward_api={level},onward_log={level},onward_bus={level},onward_views={level}"
    );
    let filter = EnvFilter::try_from_env("ONWARD_LOG").unwrap_or_else(|_| EnvFilter::new(usual));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        // Where stderr cannot be written (a full disk), a line is lost and nothing else: telling of it there
        // would panic in whichever task had something to say.
        .log_internal_errors(false)
        .finish();
    // Only a second start in one process could be refused, and there is none.
    let _already = tracing::subscriber::set_global_default(subscriber);
}
