//! What the log remembers of its copy on the bus: what has to outlive the process that saw it. Copying
//! itself needs none of it, since the stream says how far it is.

use jiff::Timestamp;

use crate::error::{Cause, LogError};
use crate::log::Log;
use crate::position::Position;
use crate::recorded::{micros, moment};
use crate::sql::copy::CopyRow;
use crate::sql::log_fault;

/// One line about the copy, and when it was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The line. Never anything about a learner.
    pub what: String,
    /// When.
    pub at: Timestamp,
}

/// How far the audit of the copy has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AuditReached {
    /// The incarnation that it is at; 0 before the first.
    pub incarnation: u32,
    /// The last position that its round has compared.
    pub position: Position,
    /// Where the round that is under way will end; 0 while none is.
    pub until: Position,
    /// Rounds that came to their end.
    pub rounds: u64,
    /// When the last of them did.
    pub ended_at: Option<Timestamp>,
}

/// What is known of the copy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CopyState {
    /// The highest number of an incarnation that was ever given out; 0 before the first.
    pub incarnation: u32,
    /// A position that the present incarnation is known to have come to.
    pub copied: Position,
    /// Why copying was stopped on purpose. It stays until [`Log::accept_restore`].
    pub halted: Option<Said>,
    /// What befell the copy last.
    pub incident: Option<Said>,
    /// The incarnation that was found unequal to the log, and in which way.
    pub condemned: Option<(u32, String)>,
    /// The audit.
    pub audit: AuditReached,
}

/// Something to remember of the copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CopyNote {
    /// The present incarnation has come to this position.
    Reached(u32, Position),
    /// Something befell the copy, and was mended.
    Incident(String),
    /// Copying is stopped on purpose, for this reason.
    Halted(String),
    /// The incarnation of this number does not equal the log.
    Condemned(u32, String),
    /// The audit of this incarnation has compared everything up to here.
    Audited {
        /// The incarnation.
        incarnation: u32,
        /// The last position that was compared.
        position: Position,
        /// Where the round ends; it is over once the position is there.
        until: Position,
    },
}

/// A restored log that somebody stands by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The log's epoch from now on. Tokens and copies of an earlier one are not this log's any more.
    pub epoch: u64,
    /// Where the log ends.
    pub head: Position,
    /// Why copying had been stopped, if it was.
    pub halted: Option<Said>,
}

impl Log {
    /// What is known of the copy.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn copy_state(&self) -> Result<CopyState, LogError> {
        self.store().copy_state().await.map(state).map_err(|error| log_fault(&error))
    }

    /// Remembers something of the copy. A first halt is kept; a later one changes nothing.
    ///
    /// # Errors
    /// When the log cannot be written.
    pub async fn note_copy(&self, note: CopyNote) -> Result<(), LogError> {
        let (store, at) = (std::sync::Arc::clone(&self.0.store), micros(self.now()));
        let task = self.tasks().spawn(async move { store.note_copy(&note, at).await });
        let done = task.await.map_err(|_| LogError::Unavailable(Cause::Fault))?;
        done.map_err(|fault| LogError::Unavailable(fault.cause()))
    }

    /// Gives out the number of the copy's next incarnation, `at_least` this one or above. No number is given
    /// out twice, whoever asks: one that was given out and came to nothing is not used again.
    ///
    /// # Errors
    /// When the log cannot be written; a number may have been given out then.
    pub async fn begin_incarnation(&self, at_least: u32) -> Result<u32, LogError> {
        let store = std::sync::Arc::clone(&self.0.store);
        let task = self.tasks().spawn(async move { store.begin_incarnation(at_least).await });
        let done = task.await.map_err(|_| LogError::Unavailable(Cause::Fault))?;
        done.map(number).map_err(|fault| LogError::Unavailable(fault.cause()))
    }

    /// The log's epoch: it grows whenever somebody accepts that the log was restored from an older copy.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn epoch(&self) -> Result<u64, LogError> {
        let head = self.store().head().await.map_err(|error| log_fault(&error))?;
        Ok(head.epoch.cast_unsigned())
    }

    /// Accepts the log as it is now as the truth, after it was restored from an older copy: begins the
    /// log's next epoch, and ends the halt of copying. Positions that the lost part had are given out
    /// anew; the epoch tells them apart.
    ///
    /// # Errors
    /// When the log cannot be written; nothing has changed then.
    pub async fn accept_restore(&self) -> Result<Accepted, LogError> {
        let halted = self.copy_state().await?.halted;
        let (store, at) = (std::sync::Arc::clone(&self.0.store), micros(self.now()));
        let task = self.tasks().spawn(async move { store.accept_restore(at).await });
        let done = task.await.map_err(|_| LogError::Unavailable(Cause::Fault))?;
        let epoch = done.map_err(|fault| LogError::Unavailable(fault.cause()))?;
        Ok(Accepted { epoch: epoch.cast_unsigned(), head: self.head().await?, halted })
    }
}

fn number(column: i64) -> u32 {
    u32::try_from(column).unwrap_or(u32::MAX)
}

fn said(what: Option<String>, at: Option<i64>) -> Option<Said> {
    Some(Said { what: what?, at: moment(at.unwrap_or_default()) })
}

fn state(row: CopyRow) -> CopyState {
    CopyState {
        incarnation: number(row.0),
        copied: Position::from_sql(row.1),
        halted: said(row.2, row.3),
        incident: said(row.4, row.5),
        condemned: row.7.filter(|_| row.6 > 0).map(|why| (number(row.6), why)),
        audit: AuditReached {
            incarnation: number(row.8),
            position: Position::from_sql(row.9),
            until: Position::from_sql(row.10),
            rounds: row.11.cast_unsigned(),
            ended_at: row.12.map(moment),
        },
    }
}
