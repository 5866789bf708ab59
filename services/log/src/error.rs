//! What can go wrong, told by what the caller can do about it. No personal data, no SQL text.

use std::path::PathBuf;
use std::time::Duration;

use onward_domain::decider::{Refusal, Version};
use uuid::Uuid;

use crate::claim_key::Scope;
use crate::position::Position;

/// Why the log's storage did not do as asked. All of them may pass; the caller tries again later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// The database cannot be reached, or the connection broke before anything was committed.
    #[error("the database cannot be reached")]
    Unreachable,
    /// The commit's answer was lost and could not be resolved: the same request id tells, later.
    #[error("the outcome is not known; the same request again tells")]
    Unknown,
    /// There is no room left on the disk.
    #[error("the disk is full")]
    Full,
    /// The disk failed.
    #[error("the disk failed")]
    Disk,
    /// The database's file is damaged, or was never a database.
    #[error("it is damaged, or no database")]
    Damaged,
    /// Something held the database for too long.
    #[error("the database was busy for too long")]
    Busy,
    /// The store of the learners' keys cannot be used.
    #[error("the key store cannot be used")]
    Keys,
    /// The log is stopping.
    #[error("the log is stopping")]
    Stopping,
    /// A fault of the program itself; its log has more.
    #[error("the log failed; its own log says why")]
    Fault,
}

/// A read, a look-up or an append below [`ExecuteError`] failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// Nothing was done, or (with [`Cause::Unknown`]) it is not known.
    #[error("the log is not available: {0}")]
    Unavailable(Cause),
    /// More is waiting than the log takes; nothing was done.
    #[error("more is waiting than the log takes")]
    Overloaded {
        /// When to try again.
        retry_after: Duration,
    },
    /// A stored event cannot be what was stored.
    #[error("the log is damaged at position {0}")]
    Damaged(Position),
    /// The learner's key was destroyed.
    #[error("what was said about this learner was erased")]
    Erased,
    /// A binary newer than this one wrote the event.
    #[error("a newer version wrote the event at position {0}")]
    Newer(Position),
}

/// Why an attempt stopped.
#[derive(Debug)]
pub enum Stop {
    /// A rule said no.
    Refused(Refusal),
    /// The log could not read or write.
    Log(LogError),
    /// The stream is not at the version that the caller saw.
    Conflict {
        /// Its version now.
        current: Version,
    },
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<LogError> for Stop {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}

/// Why a write was not done. Nothing of it was recorded (but see [`Cause::Unknown`]).
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// A rule said no.
    #[error(transparent)]
    Refused(Refusal),
    /// The stream is not at the version that the caller saw, or others won five times in a row.
    #[error("the record is at version {current} now")]
    Conflict {
        /// Its version now.
        current: Version,
    },
    /// The organisation has used this request id for another request.
    #[error("this request id was used for another request")]
    RequestIdReused,
    /// Somebody else holds a key that only one may hold.
    #[error("the key is taken")]
    KeyTaken {
        /// Which kind of key.
        scope: Scope,
        /// The stream that holds it.
        existing: Uuid,
    },
    /// The lease token is not (or no longer) the current one.
    #[error("the lease is lost")]
    LeaseLost,
    /// More is waiting than the log takes.
    #[error("more is waiting than the log takes")]
    Overloaded {
        /// When to try again.
        retry_after: Duration,
    },
    /// More than 500 events, an event above 256 KiB, or more than 512 KiB in all.
    #[error("the request yields more than one append takes")]
    TooLarge,
    /// The learner's key was destroyed; nothing more is written about them.
    #[error("what was said about this learner was erased")]
    Erased,
    /// The log could not do it now.
    #[error("the log is not available: {0}")]
    Unavailable(Cause),
    /// A stored event that the decision needed cannot be read.
    #[error(transparent)]
    Unreadable(LogError),
}

impl From<LogError> for ExecuteError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Unavailable(cause) => Self::Unavailable(cause),
            LogError::Overloaded { retry_after } => Self::Overloaded { retry_after },
            LogError::Erased => Self::Erased,
            LogError::Damaged(_) | LogError::Newer(_) => Self::Unreadable(error),
        }
    }
}

/// Why one stored event could not be opened. Everybody else's can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenFault {
    /// Its key was destroyed.
    #[error("its key was destroyed")]
    Erased,
    /// This binary does not know the type.
    #[error("this version does not know its type")]
    UnknownType,
    /// A newer binary wrote it in a newer shape.
    #[error("a newer version wrote it")]
    NewerVersion,
    /// It does not open with its key, or does not parse.
    #[error("it does not open, or does not parse")]
    Malformed,
    /// The key store has no key of the learner or member, though one sealed this: the store is older than the
    /// log, or another's copy. Nothing is lost before its own is put back.
    #[error("its key is not in the key store")]
    NoKey,
    /// The key store cannot be asked now.
    #[error("the key store cannot be used")]
    Store,
}

/// A feed cannot go on now. The same feed may be asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FeedError {
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The carrier (the bus) is away; the log itself may well be there.
    #[error("the carrier of the feed is away")]
    Away,
    /// The process is stopping.
    #[error("the feed has ended")]
    Ended,
}

/// Why the log did not open: one clear line each.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The data folder does not exist, and was not to be made.
    #[error("there is no data folder {}", .0.display())]
    NoFolder(PathBuf),
    /// Another process serves this folder.
    #[error("the data folder {} is in use by another process", .0.display())]
    InUse(PathBuf),
    /// A file or folder cannot be read or made.
    #[error("{} cannot be used: {kind}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system says.
        kind: std::io::ErrorKind,
    },
    /// The database's file cannot be used: the disk is full or failing, or it is no database.
    #[error("the database file {} cannot be used: {cause}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: Cause,
    },
    /// The PostgreSQL URL does not parse.
    #[error("the PostgreSQL URL cannot be read")]
    Url,
    /// The database does not answer, or refuses the account.
    #[error("the database cannot be reached or refuses the connection ({0})")]
    Unreachable(String),
    /// A setting of the database would break the promise that OK means durable.
    #[error("the database runs with {name} = {value}: a write that was answered could be lost")]
    Unsafe {
        /// The setting.
        name: &'static str,
        /// Its value.
        value: String,
    },
    /// The linked SQLite is too old.
    #[error("SQLite {0} is too old: 3.51.3 or newer is needed")]
    SqliteTooOld(String),
    /// The tables are not what this binary makes of them.
    #[error("the tables could not be brought up to date: {0}")]
    Migration(String),
    /// The store's keys are wrapped, and the key that wrapped them is not there.
    #[error("the key-encryption key {} is missing: put it back, the key store cannot be read without it", .0.display())]
    NoKek(PathBuf),
    /// The key-encryption key is not the one that wrapped the store's keys.
    #[error("the key-encryption key in {} is not the one of this key store", .0.display())]
    WrongKek(PathBuf),
    /// The command that says the key-encryption key did not say it.
    #[error("the command for the key-encryption key, {}: {why}", program.display())]
    KekCommand {
        /// Which program.
        program: PathBuf,
        /// Why, in a few words.
        why: &'static str,
    },
    /// The list of erasures cannot be read as one.
    #[error("the list of erasures {} is damaged at line {line}", path.display())]
    DamagedErasures {
        /// The file.
        path: PathBuf,
        /// Which line.
        line: usize,
    },
    /// An erasure that was begun, or that a restored log does not know of, could not be carried through.
    #[error("an erasure could not be carried through: {0}")]
    Erasing(LogError),
    /// A key is there but is not 64 hexadecimal digits.
    #[error("the key in {} is damaged: it is not 64 hexadecimal digits", .0.display())]
    DamagedKey(PathBuf),
    /// The file of a secret is open to others on the machine.
    #[error("{} is open to others than its owner (mode {mode:03o}): chmod 600 closes it", path.display())]
    ExposedKey {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The log is new, and the key store seals the records of one that is not there.
    #[error(
        "the log is empty, and the keys in {} belong to one that is not: bring that log back, or name an \
         empty key folder",
        .0.display()
    )]
    KeysWithoutLog(PathBuf),
    /// The key folder belongs to another log.
    #[error(
        "the keys in {} are not this log's: they are another's, or learner-keys.db was missing and was begun \
         anew; put this log's keys back",
        .0.display()
    )]
    ForeignKeys(PathBuf),
}
