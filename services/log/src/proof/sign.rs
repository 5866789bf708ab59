//! When a checkpoint is signed, and when that is refused: a log that is shorter than one that was signed, or
//! other than it was then, gets no further signature.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::checkpoint::{Checkpoint, SignedCheckpoint};
use super::files;
use super::note::{Note, NoteFault, NoteSigner, VerifierKey};
use super::receipt::LogReceipt;
use super::tree::TreeHash;
use crate::chain::{GENESIS, part, preimage};
use crate::error::{Cause, LogError, OpenError};
use crate::keys::read_or_make;
use crate::log::Log;
use crate::options::Options;
use crate::plan::Head;
use crate::position::Position;
use crate::verify::linked;

/// Processes that sign at once take turns; so often one tries to have its.
const TRIES: usize = 5;

/// What signs, and where to.
pub(crate) struct Proof {
    signer: NoteSigner,
    folder: Option<PathBuf>,
    /// How often a checkpoint is signed without being asked for.
    pub every: Duration,
    turn: tokio::sync::Mutex<()>,
}

/// Why there is no checkpoint, or no proof.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofFault {
    /// The log does not go so far, or no checkpoint of that size was signed.
    #[error("the log has no such position, or no such checkpoint")]
    Nothing,
    /// The log ends below a checkpoint that was signed: its tail was lost, or an older copy was put back.
    #[error("the log ends at {head}, but a checkpoint was signed for {signed} events")]
    Shorter {
        /// Events that were signed for.
        signed: u64,
        /// Events that there are.
        head: u64,
    },
    /// The events are not those that were signed for.
    #[error("the first {signed} events are not those that a checkpoint was signed for")]
    Differs {
        /// Events that were signed for.
        signed: u64,
    },
    /// The folder of the checkpoints holds another log's, or something else.
    #[error("the folder of the checkpoints belongs to another log")]
    Foreign,
    /// The file could not be written.
    #[error("the checkpoint could not be written outside of the database: {0}")]
    Io(std::io::ErrorKind),
    /// The log could not be read or written.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl Proof {
    /// Reads, or at the first start makes, the signing key of this log.
    pub(crate) fn open(options: &Options, log: Uuid) -> Result<Self, OpenError> {
        let signer = NoteSigner::new(Checkpoint::origin(log), &*read_or_make(&key_file(options))?);
        let folder = options.proof.folder.clone();
        let turn = tokio::sync::Mutex::new(());
        Ok(Self { signer, folder, every: options.proof.every, turn })
    }
}

impl Proof {
    /// Of a log that is only looked at: whatever it would sign cannot be kept.
    pub(crate) fn looking(log: Uuid) -> Self {
        let signer = NoteSigner::new(Checkpoint::origin(log), &[0; 32]);
        let turn = tokio::sync::Mutex::new(());
        Self { signer, folder: None, every: Duration::MAX, turn }
    }
}

/// The key of a log whose signing key is at hand; none where it is not. Nothing is made.
///
/// # Errors
/// The file is there and cannot be read.
pub fn own_key(options: &Options, log: Uuid) -> Result<Option<VerifierKey>, OpenError> {
    let file = key_file(options);
    if !file.is_file() {
        return Ok(None);
    }
    let signer = NoteSigner::new(Checkpoint::origin(log), &*read_or_make(&file)?);
    Ok(Some(signer.verifier()))
}

fn key_file(options: &Options) -> PathBuf {
    let beside = || options.keys.folder.join("checkpoint.key");
    options.proof.key_file.clone().unwrap_or_else(beside)
}

/// SHA-256 of the log's identity row.
pub(crate) fn identity_hash(log: Uuid, keys: Uuid, check: &[u8]) -> TreeHash {
    let mut hash = Sha256::new();
    hash.update(b"onward.identity.v1");
    hash.update(log.as_bytes());
    hash.update(keys.as_bytes());
    part(&mut hash, check);
    hash.finalize().into()
}

impl Log {
    /// The key that this log's checkpoints and receipts are checked with.
    pub fn verifier_key(&self) -> VerifierKey {
        self.0.proof.signer.verifier()
    }

    /// The newest checkpoint that covers the first `at_least` events; signs one where none does.
    ///
    /// # Errors
    /// The log is shorter, or signing is refused.
    pub async fn checkpoint(&self, at_least: Position) -> Result<SignedCheckpoint, ProofFault> {
        if let Some((_, newest)) = self.newest().await?
            && newest.checkpoint.size >= at_least.get()
        {
            return Ok(newest);
        }
        let signed = self.sign_checkpoint().await?;
        let covers = signed.checkpoint.size >= at_least.get();
        if covers { Ok(signed) } else { Err(ProofFault::Nothing) }
    }

    /// Signs a checkpoint of the log as it is, or answers the newest where nothing has changed since.
    /// Durable in the database and outside of it when this returns.
    ///
    /// # Errors
    /// Signing is refused, or something could not be written.
    pub async fn sign_checkpoint(&self) -> Result<SignedCheckpoint, ProofFault> {
        let log = self.clone();
        // A caller that goes away leaves nothing half done.
        let task = self.tasks().spawn(async move { log.sign_in_turn(false).await });
        task.await.map_err(|_| LogError::Unavailable(Cause::Fault))?
    }

    /// Signs for a restored log that somebody stands by. What was signed for more than it has is not held
    /// against it any more: it stays in the files of its days, and no more as the newest.
    ///
    /// # Errors
    /// As [`Log::sign_checkpoint`].
    pub async fn sign_restored(&self) -> Result<SignedCheckpoint, ProofFault> {
        let log = self.clone();
        let task = self.tasks().spawn(async move { log.sign_in_turn(true).await });
        task.await.map_err(|_| LogError::Unavailable(Cause::Fault))?
    }

    /// A receipt for the event at a position, by the newest checkpoint that covers it or by the newest of
    /// exactly this size.
    ///
    /// # Errors
    /// There is no such event or checkpoint, or none can be signed.
    pub async fn prove(
        &self,
        position: Position,
        size: Option<u64>,
    ) -> Result<LogReceipt, ProofFault> {
        let Some(index) = position.get().checked_sub(1) else { return Err(ProofFault::Nothing) };
        let signed = match size {
            None => self.checkpoint(position).await?,
            Some(size) => {
                let note = self.store().checkpoint_of_size(size).await?;
                read(&note.ok_or(ProofFault::Nothing)?).ok_or(ProofFault::Foreign)?
            }
        };
        let size = signed.checkpoint.size;
        if index >= size {
            return Err(ProofFault::Nothing);
        }
        self.store().grow_tree(size).await?;
        let path = self.store().tree_path(index, size).await?;
        // The event and, for the hash before it, its neighbour.
        let events = self.read(Position::new(index.saturating_sub(1)), 2).await?;
        let event = events.iter().find(|event| event.position == position);
        let event = event.ok_or(LogError::Damaged(position))?;
        let before = if index == 0 { GENESIS } else { events[0].hash };
        let event = preimage(&before, &linked(event));
        Ok(LogReceipt { event, index, path, note: signed.note })
    }

    async fn sign_in_turn(&self, restored: bool) -> Result<SignedCheckpoint, ProofFault> {
        let _turn = self.0.proof.turn.lock().await;
        for _ in 0..TRIES {
            let newest = self.newest().await?;
            let number = newest.as_ref().map_or(1, |(number, _)| number + 1);
            let newest = newest.map(|(_, newest)| newest);
            let (head, checkpoint) = self.now_to_sign().await?;
            let outside = if restored { None } else { self.outside()? };
            for signed in newest.iter().chain(&outside) {
                self.still(&signed.checkpoint, &head).await?;
            }
            if let Some(newest) = newest.filter(|newest| same(&newest.checkpoint, &checkpoint)) {
                // A crash may have come between the database and the file.
                if outside.as_ref().is_none_or(|outside| outside.note != newest.note) {
                    self.write_outside(&newest.note)?;
                }
                return Ok(newest);
            }
            let note = self.0.proof.signer.sign(&checkpoint.text());
            if self.store().put_checkpoint(number, checkpoint.size, &note).await? {
                self.write_outside(&note)?;
                return Ok(SignedCheckpoint { checkpoint, note });
            }
            // Another process was quicker: what it signed comes first.
        }
        Err(LogError::Unavailable(Cause::Busy).into())
    }

    /// What a checkpoint would say now.
    async fn now_to_sign(&self) -> Result<(Head, Checkpoint), ProofFault> {
        let store = self.store();
        let (head, reads) = store.ends().await?;
        store.grow_tree(head.position).await?;
        let root = store.tree_root(head.position).await?;
        let (log, keys, check) = store.whose().await?;
        let checkpoint = Checkpoint {
            log,
            size: head.position,
            root,
            requests: head.requests,
            reads,
            identity: identity_hash(log, keys, &check),
            epoch: head.epoch,
            signed: whole_second(self.now()).to_string(),
        };
        Ok((head, checkpoint))
    }

    /// The log still begins with what was signed for.
    async fn still(&self, signed: &Checkpoint, head: &Head) -> Result<(), ProofFault> {
        if signed.log != self.id() {
            return Err(ProofFault::Foreign);
        }
        if signed.size > head.position {
            return Err(ProofFault::Shorter { signed: signed.size, head: head.position });
        }
        self.store().grow_tree(signed.size).await?;
        if self.store().tree_root(signed.size).await? == signed.root {
            return Ok(());
        }
        Err(ProofFault::Differs { signed: signed.size })
    }

    async fn newest(&self) -> Result<Option<(i64, SignedCheckpoint)>, ProofFault> {
        let Some((number, note)) = self.store().newest_checkpoint().await? else { return Ok(None) };
        let signed = read(&note).ok_or(ProofFault::Foreign)?;
        Ok(Some((number, signed)))
    }

    fn outside(&self) -> Result<Option<SignedCheckpoint>, ProofFault> {
        let Some(folder) = &self.0.proof.folder else { return Ok(None) };
        let note = files::newest(folder).map_err(|error| ProofFault::Io(error.kind()))?;
        note.map(|note| read(&note).ok_or(ProofFault::Foreign)).transpose()
    }

    fn write_outside(&self, note: &str) -> Result<(), ProofFault> {
        let Some(folder) = &self.0.proof.folder else { return Ok(()) };
        // A few hundred bytes: less than a hop to another thread would cost.
        files::add(folder, note, self.now()).map_err(|error| ProofFault::Io(error.kind()))
    }
}

/// A note of our own, read back: whether its signature is good is for whoever verifies.
fn read(note: &str) -> Option<SignedCheckpoint> {
    let parsed: Result<Note, NoteFault> = note.parse();
    let checkpoint = parsed.ok()?.text().parse().ok()?;
    Some(SignedCheckpoint { checkpoint, note: note.to_owned() })
}

/// Nothing but the moment differs.
fn same(signed: &Checkpoint, now: &Checkpoint) -> bool {
    let now = Checkpoint { signed: signed.signed.clone(), ..now.clone() };
    *signed == now
}

fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}
