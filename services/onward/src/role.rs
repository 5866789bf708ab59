//! What a process does. All of it by default; on a cluster each process does its share.

use clap::ValueEnum;

/// A share of the work.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum, serde::Deserialize, serde::Serialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Answers callers.
    Api,
    /// Copies the log onto the bus, and signs checkpoints of it.
    Relay,
    /// Builds the views.
    Views,
    /// Compares the copy on the bus with the log, slowly and again and again.
    Audit,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Api, Self::Relay, Self::Views, Self::Audit];

    /// Its name on the command line and in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Relay => "relay",
            Self::Views => "views",
            Self::Audit => "audit",
        }
    }
}
