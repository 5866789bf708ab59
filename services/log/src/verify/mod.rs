//! The check of everything that the log says of itself. It reads one moment of it, in order, in bounded
//! memory, and names the first thing that is wrong.
//!
//! | what is checked | file |
//! |---|---|
//! | positions, partitions, their sequences, moments, the chain of hashes, batch rows | `events.rs` |
//! | versions 1…n of each stream, the pointers to the event before, `log_stream` | `streams.rs` |
//! | kept answers: their chain, the events that they name | `requests.rs` |
//! | the record of reads: its chain | `reads.rs` |
//! | erased learners, locks, identity | `beside.rs` |
//! | look-up keys: memberships, parties, numbers; with the learners' keys only | `look_ups` |
//! | the kept tree, the checkpoints in the database, those from outside | `signed.rs` |
//!
//! Whoever can write to the database can alter an event and compute everything after it anew; against
//! that, a checkpoint from outside helps, for what is at or below its size. Not covered, since they are made
//! again or run out: `log_owner`, `ref_queue`, `ref_ready`, `ref_lease`.

mod beside;
mod events;
mod fault;
mod look_ups;
mod reads;
mod requests;
mod signed;
mod streams;

use sqlx::{PgConnection, SqliteConnection};

use events::Walk;
pub(crate) use events::linked;
pub use fault::VerifyFault;
pub use look_ups::LookUps;

use crate::chain::EventHash;
use crate::error::{LogError, OpenError};
use crate::log::Log;
use crate::options::Database;
use crate::position::Position;
use crate::proof::{SignedCheckpoint, TreeHash, VerifierKey};
use crate::sql::snapshot::Snapshot;

/// What is known from outside of the database.
#[derive(Debug, Clone, Default)]
pub struct Outside {
    /// Checkpoints that somebody kept. Their signatures were checked.
    pub checkpoints: Vec<SignedCheckpoint>,
    /// Keys by which the checkpoints in the database must be signed. Empty: their signatures are not
    /// checked, only what they say.
    pub keys: Vec<VerifierKey>,
}

/// A log that is what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Where it ends.
    pub head: Position,
    /// The hash of its last event.
    pub hash: EventHash,
    /// The root over the hashes of its events.
    pub root: TreeHash,
    /// Streams in it.
    pub streams: u64,
    /// Kept answers.
    pub requests: u64,
    /// Lines in the record of reads.
    pub reads: u64,
    /// Checkpoints in the database.
    pub checkpoints: u64,
    /// Events that a checkpoint from outside covers: those could not have been altered.
    pub proven: u64,
}

/// How far the check has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifyProgress {
    /// What is being checked.
    pub check: &'static str,
    /// Rows that were good.
    pub done: u64,
    /// Rows that there are; 0 where that is not known.
    pub of: u64,
}

/// A log to look at, read only: nothing is made, locked or brought up to date.
pub struct Inspection(Snapshot);

impl Inspection {
    /// Opens a log, beside whoever serves it.
    ///
    /// # Errors
    /// It is not there, or cannot be read.
    pub async fn open(database: &Database) -> Result<Self, OpenError> {
        Snapshot::open(database).await.map(Self)
    }

    /// Which log it is.
    ///
    /// # Errors
    /// It cannot be read, or was never opened to be written.
    pub async fn log_id(&mut self) -> Result<uuid::Uuid, VerifyFault> {
        let row = self.0.identity().await.map_err(LogError::from)?;
        Ok(row.ok_or(VerifyFault::Table("the log has no identity"))?.0)
    }

    /// Looks through a connection, at whatever its open transaction sees.
    pub fn of_sqlite(connection: SqliteConnection) -> Self {
        Self(Snapshot::Sqlite(connection))
    }

    /// As [`Inspection::of_sqlite`].
    pub fn of_postgres(connection: PgConnection) -> Self {
        Self(Snapshot::Postgres(connection))
    }

    /// The SQLite connection that it looks through.
    pub fn sqlite(&mut self) -> Option<&mut SqliteConnection> {
        match &mut self.0 {
            Snapshot::Sqlite(connection) => Some(connection),
            Snapshot::Postgres(_) => None,
        }
    }

    /// The PostgreSQL connection that it looks through.
    pub fn postgres(&mut self) -> Option<&mut PgConnection> {
        match &mut self.0 {
            Snapshot::Postgres(connection) => Some(connection),
            Snapshot::Sqlite(_) => None,
        }
    }

    /// Checks everything. `progress` hears of every piece that was good.
    ///
    /// # Errors
    /// The first fault.
    pub async fn verify(
        &mut self,
        outside: &Outside,
        mut progress: impl FnMut(VerifyProgress) + Send,
    ) -> Result<Verified, VerifyFault> {
        let snapshot = &mut self.0;
        let (identity, mut ends) = beside::identity(snapshot, outside).await?;
        let signed = signed::checkpoints(snapshot, outside, identity, &mut ends).await?;
        let walk = Walk::over(snapshot, &signed, &mut ends, &mut progress).await?;
        let streams = streams::check(snapshot, walk.streams, &mut progress).await?;
        let requests = requests::check(snapshot, &ends, walk.position, &mut progress).await?;
        let reads = reads::check(snapshot, &ends, &mut progress).await?;
        beside::erased(snapshot, &walk.erased).await?;
        signed::tree(snapshot, &walk.groups, signed.newest).await?;
        Ok(Verified {
            head: Position::new(walk.position),
            hash: walk.hash,
            root: walk.peaks.root(),
            streams,
            requests,
            reads,
            checkpoints: signed.count,
            proven: signed.proven,
        })
    }
}

impl Log {
    /// Checks everything that the log says of itself. `progress` hears of every piece that was good.
    ///
    /// # Errors
    /// The first fault.
    pub async fn verify(
        &self,
        mut progress: impl FnMut(Position) + Send,
    ) -> Result<Verified, VerifyFault> {
        let snapshot = Snapshot::of(self.store()).await.map_err(LogError::from)?;
        let outside = Outside { checkpoints: Vec::new(), keys: vec![self.verifier_key()] };
        let told = |told: VerifyProgress| {
            if told.check == events::CHECK {
                progress(Position::new(told.done));
            }
        };
        Inspection(snapshot).verify(&outside, told).await
    }
}
