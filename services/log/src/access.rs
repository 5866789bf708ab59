//! The record of reads: every answer that names learners is written down before it is given, in a chain
//! of its own. Many readers share one commit. It is not on the bus.

use async_trait::async_trait;
use jiff::Timestamp;
use onward_domain::ids::{LearnerId, MemberId, OrganisationId};
use sha2::{Digest, Sha256};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::append::RETRY_AFTER;
use crate::chain::{EventHash, part};
use crate::error::{Cause, LogError};
use crate::recorded::micros;
use crate::request::uuids_to_bytes;
use crate::sql::Fault;

/// Answers that may wait to be written down.
const WAITING: usize = 4_096;
/// Answers written down in one commit at most.
const TOGETHER: usize = 500;
/// How often a commit is tried.
const TRIES: usize = 3;

/// An answer that names learners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// For whom.
    pub organisation: OrganisationId,
    /// Who asked, where a member did.
    pub member: Option<MemberId>,
    /// In which role.
    pub role: String,
    /// What for.
    pub purpose: String,
    /// The method that was called.
    pub method: String,
    /// Whom it names.
    pub learners: Vec<LearnerId>,
    /// The caller's name for the request, where it gave one.
    pub request_id: Option<Uuid>,
    /// When.
    pub at: Timestamp,
}

/// The way to the record of reads. Cheap to clone.
#[derive(Clone)]
pub struct AccessRecord(mpsc::Sender<Waiting>);

/// An answer that waits to be written down.
pub(crate) struct Waiting {
    read: Read,
    reply: oneshot::Sender<Result<(), LogError>>,
}

/// Where the record is kept.
#[async_trait]
pub(crate) trait Ledger: Send {
    /// Appends all of them in one transaction, durable when it returns.
    async fn append(&mut self, reads: &[Read]) -> Result<(), Fault>;
    /// Back to a clean connection, whatever happened.
    async fn reset(&mut self);
}

impl AccessRecord {
    pub(crate) fn channel() -> (Self, mpsc::Receiver<Waiting>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self(sender), receiver)
    }

    /// Writes an answer down. Only when this returns `Ok` may it be given.
    ///
    /// # Errors
    /// When it is not written down: the answer must not go out.
    pub async fn record(&self, read: Read) -> Result<(), LogError> {
        if read.learners.is_empty() {
            return Ok(());
        }
        let (reply, done) = oneshot::channel();
        self.0.try_send(Waiting { read, reply }).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => LogError::Overloaded { retry_after: RETRY_AFTER },
            mpsc::error::TrySendError::Closed(_) => LogError::Unavailable(Cause::Stopping),
        })?;
        done.await.unwrap_or(Err(LogError::Unavailable(Cause::Stopping)))
    }
}

/// Writes down what waits until it is stopped.
pub(crate) async fn serve<L: Ledger>(
    mut ledger: L,
    mut waiting: mpsc::Receiver<Waiting>,
    stop: CancellationToken,
) {
    let mut batch = Vec::with_capacity(TOGETHER);
    loop {
        let count = tokio::select! {
            biased;
            count = waiting.recv_many(&mut batch, TOGETHER) => count,
            () = stop.cancelled(), if !waiting.is_closed() => {
                waiting.close();
                continue;
            }
        };
        if count == 0 {
            break;
        }
        let (reads, replies): (Vec<Read>, Vec<_>) =
            batch.drain(..).map(|one| (one.read, one.reply)).unzip();
        let done = write(&mut ledger, &reads).await;
        for reply in replies {
            // Whoever went away was given nothing.
            let _ = reply.send(done);
        }
    }
    ledger.reset().await;
}

async fn write<L: Ledger>(ledger: &mut L, reads: &[Read]) -> Result<(), LogError> {
    let mut last = Fault::Lost;
    for _ in 0..TRIES {
        match ledger.append(reads).await {
            Ok(()) => return Ok(()),
            Err(fault) => {
                ledger.reset().await;
                last = fault;
                // A commit in doubt is written again: one line too many harms nobody.
                if !matches!(fault, Fault::Repeat | Fault::Lost | Fault::InDoubt) {
                    break;
                }
            }
        }
    }
    Err(LogError::Unavailable(last.cause()))
}

/// A row of the record, hashed onto the one before.
pub(crate) struct AccessEntry {
    pub sequence: i64,
    pub at: i64,
    pub organisation: Uuid,
    pub member: Option<Uuid>,
    pub role: String,
    pub purpose: String,
    pub method: String,
    pub learners: Vec<u8>,
    pub request_id: Option<Uuid>,
    pub hash: EventHash,
}

/// Chains reads onto the end of the record.
pub(crate) fn chain(last: (i64, EventHash), reads: &[Read]) -> Vec<AccessEntry> {
    let (mut sequence, mut before) = last;
    let mut entries = Vec::with_capacity(reads.len());
    for read in reads {
        sequence += 1;
        let mut entry = AccessEntry {
            sequence,
            at: micros(read.at),
            organisation: read.organisation.uuid(),
            member: read.member.map(MemberId::uuid),
            role: read.role.clone(),
            purpose: read.purpose.clone(),
            method: read.method.clone(),
            learners: uuids_to_bytes(read.learners.iter().map(|id| id.uuid())),
            request_id: read.request_id,
            hash: before,
        };
        entry.hash = entry.hashed(&before);
        before = entry.hash;
        entries.push(entry);
    }
    entries
}

impl AccessEntry {
    /// SHA-256 over the hash before and every column, parts of open length led by their length.
    pub(crate) fn hashed(&self, before: &EventHash) -> EventHash {
        let mut hash = Sha256::new();
        hash.update(b"onward.access.v1");
        hash.update(before);
        hash.update(self.sequence.to_be_bytes());
        hash.update(self.at.to_be_bytes());
        hash.update(self.organisation.as_bytes());
        for id in [self.member, self.request_id] {
            hash.update([u8::from(id.is_some())]);
            hash.update(id.unwrap_or_default().as_bytes());
        }
        for text in [&self.role, &self.purpose, &self.method] {
            part(&mut hash, text.as_bytes());
        }
        part(&mut hash, &self.learners);
        hash.finalize().into()
    }
}
