//! Flags of `views`.

use clap::{Args, Subcommand};

use super::ServerArgs;

/// `onward views`.
#[derive(Subcommand)]
pub enum ViewsCommand {
    /// How far each view is.
    List(ServerArgs),
    /// What could not be applied, and why.
    Parked(ServerArgs),
    /// Try again what could not be applied.
    Retry(RetryArgs),
    /// Build a view anew beside the one that answers, and compare them.
    Rebuild(RebuildArgs),
    /// Compare again what was built.
    Compare(ViewArgs),
    /// Let what was built answer from now on, or go back.
    Switch(SwitchArgs),
    /// Give up a build that nobody reads.
    Abandon(AbandonArgs),
}

/// A view by its name.
#[derive(Args)]
pub struct ViewArgs {
    /// The server.
    #[command(flatten)]
    pub server: ServerArgs,
    /// The view: timeline, inbox, queue or directory.
    #[arg(value_name = "VIEW")]
    pub view: String,
}

/// `onward views retry`.
#[derive(Args)]
pub struct RetryArgs {
    /// The server.
    #[command(flatten)]
    pub server: ServerArgs,
    /// Only in this view.
    #[arg(long, value_name = "VIEW")]
    pub view: Option<String>,
    /// Only of this record (UUID) of a learner.
    #[arg(long, value_name = "ID")]
    pub learner: Option<String>,
}

/// `onward views rebuild`.
#[derive(Args)]
pub struct RebuildArgs {
    /// The view.
    #[command(flatten)]
    pub view: ViewArgs,
    /// Only begin it; `onward views list` tells how far it is.
    #[arg(long)]
    pub detach: bool,
}

/// `onward views switch`.
#[derive(Args)]
pub struct SwitchArgs {
    /// The view.
    #[command(flatten)]
    pub view: ViewArgs,
    /// To the build that answered before the last switch.
    #[arg(long)]
    pub back: bool,
    /// Although the comparison found differences: where the rebuild is to mend rows.
    #[arg(long)]
    pub accept_differences: bool,
}

/// `onward views abandon`.
#[derive(Args)]
pub struct AbandonArgs {
    /// The view.
    #[command(flatten)]
    pub view: ViewArgs,
    /// Number of the generation; by default the one that is built, or waits, beside the live one.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub generation: u64,
}
