//! `onward config check|print`: the effective configuration.

use std::io::Write;
use std::process::ExitCode;

use crate::cli::ConfigCommand;
use crate::config::{Settings, printed};

/// Checks or prints.
pub fn run(command: ConfigCommand) -> anyhow::Result<ExitCode> {
    let mut stdout = std::io::stdout().lock();
    match command {
        ConfigCommand::Check(args) => {
            let checked = Settings::of_server(&args)?.checked()?;
            writeln!(stdout, "the configuration is good; it would listen on {}", checked.listen)?;
        }
        ConfigCommand::Print(args) => {
            stdout.write_all(printed(&Settings::of_server(&args)?)?.as_bytes())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
