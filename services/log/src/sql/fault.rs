//! What a database's failure means for whoever asked. The details go to the program log (never a
//! statement's values), the meaning to the caller.

use sqlx::Error;

use crate::error::{Cause, LogError, OpenError};

/// Why a transaction did not commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Another transaction won: the same again.
    Repeat,
    /// The connection broke, or none could be had; nothing was committed.
    Lost,
    /// The connection broke while it committed.
    InDoubt,
    /// Something in the batch was refused by the database: each piece alone tells which.
    Refused,
    /// It cannot be done now.
    Cause(Cause),
}

impl Fault {
    /// What a caller is told when this cannot be got over.
    pub(crate) fn cause(self) -> Cause {
        match self {
            Self::Repeat => Cause::Busy,
            Self::Lost => Cause::Unreachable,
            Self::InDoubt => Cause::Unknown,
            Self::Refused => Cause::Fault,
            Self::Cause(cause) => cause,
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let fault = classify(&error);
        if !matches!(fault, Self::Repeat) {
            tracing::warn!(fault = ?fault, reason = %brief(&error), "the log's database refused");
        }
        fault
    }
}

impl From<Error> for LogError {
    fn from(error: Error) -> Self {
        log_fault(&error)
    }
}

/// A read failed.
pub(crate) fn log_fault(error: &Error) -> LogError {
    LogError::Unavailable(Fault::cause(classify(error)))
}

/// The key store failed.
pub(crate) fn key_store_fault(error: &Error) -> LogError {
    tracing::warn!(reason = %brief(error), "the key store refused");
    LogError::Unavailable(Cause::Keys)
}

/// A database did not open.
pub(crate) fn open_fault(error: Error) -> OpenError {
    OpenError::Unreachable(brief(&error))
}

/// The failure's code, or its kind: never a detail line, which could repeat a value.
pub(crate) fn brief(error: &Error) -> String {
    match error {
        Error::Database(database) => {
            let code = database.code().unwrap_or_default();
            format!("{} (code {code})", database.message())
        }
        Error::Io(io) => io.kind().to_string(),
        Error::Tls(_) => "TLS failed".to_owned(),
        Error::PoolTimedOut => "no connection was free in time".to_owned(),
        Error::Configuration(_) => "the settings cannot be used".to_owned(),
        Error::ColumnDecode { index, .. } => format!("column {index} cannot be read"),
        other => other.to_string(),
    }
}

/// The connection broke: another may do.
pub(crate) fn is_lost(error: &Error) -> bool {
    classify(error) == Fault::Lost && !matches!(error, Error::PoolTimedOut | Error::PoolClosed)
}

pub(crate) fn classify(error: &Error) -> Fault {
    match error {
        Error::Database(database) => match database.code() {
            Some(code) if code.len() == 5 => postgres(&code),
            Some(code) => sqlite(&code),
            None => Fault::Refused,
        },
        Error::Io(_) | Error::Tls(_) | Error::Protocol(_) => Fault::Lost,
        Error::PoolTimedOut | Error::PoolClosed | Error::WorkerCrashed => Fault::Lost,
        _ => Fault::Refused,
    }
}

/// SQLSTATE classes: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn postgres(code: &str) -> Fault {
    match code {
        "40001" | "40P01" => Fault::Repeat,
        "53100" => Fault::Cause(Cause::Full),
        "55P03" | "57014" => Fault::Cause(Cause::Busy),
        "58030" => Fault::Cause(Cause::Disk),
        // Shutdowns, timeouts that end the session, too many connections, broken connections.
        "57P01" | "57P02" | "57P03" | "57P05" | "25P03" | "25P04" | "53300" => Fault::Lost,
        _ if code.starts_with("08") || code.starts_with("28") => Fault::Lost,
        _ => Fault::Refused,
    }
}

/// Result codes; the extended part above eight bits says more than a caller can use:
/// <https://www.sqlite.org/rescode.html>.
fn sqlite(code: &str) -> Fault {
    // SQLITE_IOERR_SHMSIZE: the index of the write-ahead log could not grow, for want of room.
    if code == "4874" {
        return Fault::Cause(Cause::Full);
    }
    match code.parse::<u32>().map(|code| code & 0xff) {
        Ok(5 | 6) => Fault::Repeat,
        Ok(13) => Fault::Cause(Cause::Full),
        Ok(8 | 10 | 14) => Fault::Cause(Cause::Disk),
        Ok(11 | 26) => Fault::Cause(Cause::Damaged),
        _ => Fault::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_told_from_what_does_not() {
        assert_eq!(postgres("40P01"), Fault::Repeat);
        assert_eq!(postgres("57P01"), Fault::Lost);
        assert_eq!(postgres("08006"), Fault::Lost);
        assert_eq!(postgres("23505"), Fault::Refused);
        assert_eq!(sqlite("13"), Fault::Cause(Cause::Full));
        assert_eq!(sqlite("4874"), Fault::Cause(Cause::Full));
        assert_eq!(sqlite("522"), Fault::Cause(Cause::Disk), "a short read is an I/O error");
        assert_eq!(sqlite("26"), Fault::Cause(Cause::Damaged));
        assert_eq!(sqlite("517"), Fault::Repeat, "a stale snapshot is a busy one");
        assert_eq!(sqlite("2067"), Fault::Refused);
    }
}
