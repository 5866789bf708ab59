//! Which database a command works on, or which server and as whom.

use std::path::PathBuf;

use clap::Args;

/// Where data is kept. Flags override the environment, which overrides the configuration file.
#[derive(Args, Clone, Default)]
pub struct StoreArgs {
    /// Configuration file (TOML).
    #[arg(long, value_name = "FILE", env = "ONWARD_CONFIG")]
    pub config: Option<PathBuf>,
    /// Data folder: the embedded database, the learners' keys, the development key.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Keep the log in PostgreSQL instead of the data folder.
    #[arg(long, value_name = "URL")]
    pub postgres: Option<String>,
}

/// Which server, and as whom.
#[derive(Args, Clone)]
pub struct ServerArgs {
    /// The server's address.
    #[arg(
        long,
        value_name = "URL",
        env = "ONWARD_SERVER",
        default_value = "http://127.0.0.1:7700"
    )]
    pub server: String,
    /// A file with the certificates (PEM) of the authority that signed the server's; else the system's count.
    #[arg(long, value_name = "FILE", env = "ONWARD_CA")]
    pub ca: Option<PathBuf>,
    /// A bearer token.
    #[arg(long, value_name = "T", env = "ONWARD_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
}
