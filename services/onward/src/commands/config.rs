//! `onward config check|print`: the effective configuration.

use std::io::Write;
use std::process::ExitCode;

use anyhow::bail;
use serde_json::Value;

use crate::app;
use crate::cli::{ConfigCommand, Output};
use crate::config::{Settings, printed};
use crate::lifecycle::Misuse;

/// Checks or prints.
pub fn run(command: ConfigCommand, output: Output) -> anyhow::Result<ExitCode> {
    let mut stdout = std::io::stdout().lock();
    match command {
        ConfigCommand::Check(args) => {
            let checked = Settings::of_server(&args)?.checked()?;
            app::credentials(&checked.settings)?;
            writeln!(stdout, "the configuration is good; it would listen on {}", checked.listen)?;
        }
        ConfigCommand::Print(args) => {
            let text = printed(&Settings::of_server(&args)?)?;
            match output {
                // As the file that it is: what is printed can be read again.
                Output::Table => stdout.write_all(text.as_bytes())?,
                Output::Json => writeln!(stdout, "{:#}", toml::from_str::<Value>(&text)?)?,
                Output::Csv => bail!(Misuse("settings have no rows: table or json".to_owned())),
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
