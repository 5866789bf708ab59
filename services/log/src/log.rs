//! The handle of an open log: cheap to clone, shared by everybody in the process.

use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::access::AccessRecord;
use crate::append::Batcher;
use crate::claim_key::LookupKey;
use crate::codec::Known;
use crate::erase::ErasureList;
use crate::error::LogError;
use crate::find::Finder;
use crate::keys::Keys;
use crate::options::Clock;
use crate::position::Position;
use crate::proof::Proof;
use crate::recent::Recent;
use crate::request::{Kept, RequestRow};
use crate::sql::{Store, log_fault};

/// An open log. Clones share everything; [`Log::close`] closes it for all of them.
#[derive(Clone)]
pub struct Log(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub store: Arc<Store>,
    pub batcher: Batcher,
    pub keys: Keys,
    pub lookup: LookupKey,
    pub finder: Finder,
    pub erasures: ErasureList,
    pub access: AccessRecord,
    pub proof: Proof,
    pub head: watch::Sender<Position>,
    pub recent: Arc<Recent>,
    pub clock: Clock,
    pub known: Known,
    pub id: Uuid,
    pub tasks: TaskTracker,
    pub stop: CancellationToken,
    /// Ends the tasks when the last handle goes without having been closed.
    pub _guard: DropGuard,
}

impl Log {
    /// Which log this is: the same for every process on the same database, and for no other database.
    pub fn id(&self) -> Uuid {
        self.0.id
    }

    /// Where the log ends.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn head(&self) -> Result<Position, LogError> {
        let head = self.store().head().await.map_err(|error| log_fault(&error))?;
        let head = Position::new(head.position);
        crate::append::raise(&self.0.head, head);
        Ok(head)
    }

    /// Where the log ends as far as this process has heard: wakes whoever follows in process.
    pub fn head_watch(&self) -> watch::Receiver<Position> {
        self.0.head.subscribe()
    }

    /// The most appends that waited at once in this process since this was asked last: what can wait itself
    /// gives way to them.
    pub fn crowd(&self) -> usize {
        self.batcher().crowd()
    }

    /// The record of reads.
    pub fn access(&self) -> &AccessRecord {
        &self.0.access
    }

    /// The present moment, from the clock that the log was opened with.
    pub fn now(&self) -> jiff::Timestamp {
        (self.0.clock)()
    }

    /// Takes no more work, finishes what it has, and lets the database go. Other clones are of no use
    /// afterwards.
    pub async fn close(self) {
        self.0.stop.cancel();
        self.0.tasks.close();
        self.0.tasks.wait().await;
        self.0.keys.close().await;
        self.store().close().await;
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn batcher(&self) -> &Batcher {
        &self.0.batcher
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.0.keys
    }

    pub(crate) fn lookup(&self) -> &LookupKey {
        &self.0.lookup
    }

    pub(crate) fn finder(&self) -> &Finder {
        &self.0.finder
    }

    pub(crate) fn tasks(&self) -> &TaskTracker {
        &self.0.tasks
    }

    /// The kept answer of a request.
    pub(crate) async fn kept(&self, request: &RequestRow) -> Result<Option<Kept>, LogError> {
        let kept = self.store().kept(request.organisation, request.id).await;
        kept.map_err(|error| log_fault(&error))
    }
}
