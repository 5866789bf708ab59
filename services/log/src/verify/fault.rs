//! What can be wrong with a log, and where.

use sqlx::Error;
use uuid::Uuid;

use crate::error::LogError;
use crate::position::Position;

/// The first thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyFault {
    /// An event is missing, altered, or not in its place.
    #[error("position {position}: {what}")]
    Event {
        /// Where.
        position: Position,
        /// What.
        what: &'static str,
    },
    /// A row of the streams does not agree with the events.
    #[error("stream {stream}: {what}")]
    Stream {
        /// Which.
        stream: Uuid,
        /// What.
        what: &'static str,
    },
    /// A row that says where a batch ended does not agree with the events.
    #[error("the batch row of position {position}: {what}")]
    Batch {
        /// Where.
        position: Position,
        /// What.
        what: &'static str,
    },
    /// A kept answer.
    #[error("kept answer {number}: {what}")]
    Request {
        /// Which, in the order of their chain.
        number: u64,
        /// What.
        what: &'static str,
    },
    /// A line of the record of reads.
    #[error("record of reads, line {line}: {what}")]
    Read {
        /// Which line.
        line: u64,
        /// What.
        what: &'static str,
    },
    /// A look-up key. What it is made of is never said.
    #[error("look-up of {scope}, stream {stream}{}: {what}", at(*position))]
    LookUp {
        /// What it is about.
        scope: &'static str,
        /// The stream that holds it, or must.
        stream: Uuid,
        /// The event that claimed it, or the stream's newest.
        position: Option<Position>,
        /// What.
        what: &'static str,
    },
    /// A node of the kept tree.
    #[error("the kept tree, level {level}, number {number}: {what}")]
    Tree {
        /// Which level.
        level: i64,
        /// Which node.
        number: i64,
        /// What.
        what: &'static str,
    },
    /// The log is not what was signed for.
    #[error("the checkpoint of {size} events: {what}")]
    Checkpoint {
        /// Events that it covers.
        size: u64,
        /// Events up to which another checkpoint says that all is well.
        good: u64,
        /// What.
        what: &'static str,
    },
    /// The tables beside the events do not agree with them.
    #[error("{0}")]
    Table(&'static str),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl VerifyFault {
    /// Which check found it.
    pub const fn check(&self) -> &'static str {
        match self {
            Self::Event { .. } => "events",
            Self::Stream { .. } => "streams",
            Self::Batch { .. } => "batches",
            Self::Request { .. } => "answers",
            Self::Read { .. } => "reads",
            Self::LookUp { .. } => "look-ups",
            Self::Tree { .. } => "tree",
            Self::Checkpoint { .. } => "checkpoints",
            Self::Table(_) => "tables",
            Self::Log(_) => "log",
        }
    }

    /// The position in the log that is wrong, where it is one. A checkpoint tells only that it lies above
    /// the last good one: that one's next.
    pub const fn position(&self) -> Option<Position> {
        match self {
            Self::Event { position, .. } | Self::Batch { position, .. } => Some(*position),
            Self::LookUp { position, .. } => *position,
            Self::Checkpoint { good, .. } => Some(Position::new(*good + 1)),
            _ => None,
        }
    }
}

fn at(position: Option<Position>) -> String {
    position.map(|position| format!(", position {position}")).unwrap_or_default()
}

/// A row that cannot be read is a fault of the log; a database that cannot be asked is none.
pub(super) fn unless_unreadable(error: &Error, fault: VerifyFault) -> VerifyFault {
    match error {
        Error::ColumnDecode { .. } | Error::Decode(_) | Error::TypeNotFound { .. } => fault,
        other => VerifyFault::Log(crate::sql::log_fault(other)),
    }
}
