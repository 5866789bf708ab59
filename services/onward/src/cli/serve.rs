//! Flags of what runs or prepares a server: `serve`, `bootstrap`, `demo`, `config`, `token`.

use clap::{Args, Subcommand};

use super::StoreArgs;
use super::written::duration;
use crate::role::Role;

/// `onward serve`.
#[derive(Args, Clone, Default)]
pub struct ServeArgs {
    /// Where data is kept.
    #[command(flatten)]
    pub store: StoreArgs,
    /// Address to listen on; port 0 picks one.
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
    /// Copy the log onto this nats-server (2.12 or newer).
    #[arg(long, value_name = "URL")]
    pub nats: Option<String>,
    /// Shares of the work, with commas between; all by default.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub role: Vec<Role>,
}

/// `onward bootstrap`.
#[derive(Args)]
pub struct BootstrapArgs {
    /// Where data is kept.
    #[command(flatten)]
    pub store: StoreArgs,
    /// Name of the operator's organisation.
    #[arg(long, value_name = "NAME")]
    pub org: String,
    /// `sub` of the first operator's tokens.
    #[arg(long, value_name = "S")]
    pub subject: String,
    /// `iss` of the first operator's tokens.
    #[arg(long, value_name = "I")]
    pub issuer: String,
}

/// `onward demo`.
#[derive(Args)]
pub struct DemoArgs {
    /// End when everything has been shown instead of serving on.
    #[arg(long)]
    pub exit: bool,
}

/// `onward config`.
#[derive(Subcommand)]
pub enum ConfigCommand {
    /// Read everything and say what is wrong.
    Check(ServeArgs),
    /// Print it, secrets hidden.
    Print(ServeArgs),
}

/// `onward token`.
#[derive(Args)]
pub struct TokenArgs {
    /// Where the server keeps its development key.
    #[command(flatten)]
    pub store: StoreArgs,
    /// The organisation (UUID).
    #[arg(long, value_name = "ID")]
    pub org: String,
    /// The role that the member has to have.
    #[arg(long, value_name = "ROLE")]
    pub role: String,
    /// `sub` of the token; by default the role's development member.
    #[arg(long, value_name = "S")]
    pub subject: Option<String>,
    /// How long it is good for, `90s`, `15m` or `1h`; a day at most.
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = duration)]
    pub ttl: std::time::Duration,
}
