//! How far the copy is, as `GetStatus` tells it.

use onward_log::Position;

/// State of the bus as this process sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BusStatus {
    /// The server answers.
    pub connected: bool,
    /// This process is the relay's owner.
    pub relaying: bool,
    /// Name of the stream of the present incarnation.
    pub stream: Option<String>,
    /// Last sequence of that stream, which is the last position that was copied.
    pub copied: Position,
    /// The copy knows what the log does not, so copying was stopped on purpose.
    pub halted: bool,
    /// Version of the server, while it answers.
    pub server_version: Option<String>,
    /// One line about what is wrong, if something is. Never anything about a learner.
    pub fault: Option<String>,
}
