//! The learners' data keys: one for each subject, wrapped by the key-encryption key, in a store that is
//! never the log's database. Destroying a row makes everything sealed under it unreadable.
//!
//! New keys are made by one task for everybody who waits, so that a burst of new learners shares its
//! commits. A key is durable before anything is sealed under it.
//!
//! | to see | open |
//! |---|---|
//! | where the key-encryption key comes from | `kek.rs`, `files.rs`, `ring.rs` |
//! | how it is changed | `rotate.rs` |
//! | how a key is destroyed, and proven to be gone | `destroy.rs` |
//! | backups of the store | `backup.rs` |

mod backup;
mod cache;
mod destroy;
mod files;
mod kek;
mod ring;
mod rotate;
mod store;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

pub use backup::BackedUp;
pub(crate) use files::{read_or_make, secure_folder, sync_folder};
pub use kek::KekSource;
use ring::Ring;
pub use rotate::Rotated;
use store::{Row, Store};

use crate::claim_key::LookupKey;
use crate::error::{Cause, LogError, OpenError};
use crate::options::KeyOptions;
use crate::seal::SecretKey;
use cache::Cache;

/// Keys made in one commit at most.
const TOGETHER: usize = 500;
/// How often a new key is tried while others change the key-encryption key.
const TRIES: usize = 3;

/// The learners' data keys.
#[derive(Clone)]
pub(crate) struct Keys(Arc<Inner>);

/// The key store on its own, for what an operator does to it.
pub struct KeyStore(Keys);

struct Inner {
    store: Store,
    ring: Arc<Ring>,
    folder: PathBuf,
    cache: Cache,
    /// Learners whose keys were destroyed, as far as this process has heard: nobody gets a remembered one.
    erased: RwLock<HashSet<Uuid>>,
    maker: mpsc::Sender<Wish>,
    /// Which store this is: the log remembers it.
    id: Uuid,
}

/// What the store has of a subject that it knows. One that it does not know was never given a key *here*:
/// that is no erasure.
#[derive(Clone)]
pub(crate) enum Held {
    /// Its key.
    Key(Arc<SecretKey>),
    /// Its key was destroyed.
    Destroyed,
    /// What is kept does not open.
    Unusable,
}

/// Somebody needs a key for a subject.
struct Wish {
    subject: Uuid,
    /// Nothing was ever sealed for the subject, so that a key may be made where there is none. Anywhere
    /// else a second key would leave one half of what was said unreadable.
    new: bool,
    reply: oneshot::Sender<Result<Option<Arc<SecretKey>>, LogError>>,
}

impl Keys {
    /// Opens the key store and reads (or, at the first start, makes) the key-encryption key.
    pub(crate) async fn open(options: &KeyOptions, create: bool) -> Result<Self, OpenError> {
        // With PostgreSQL nothing else has made the data folder that the keys lie in.
        if let Some(data) = options.folder.parent().filter(|data| !data.as_os_str().is_empty()) {
            secure_folder(data, create)?;
        }
        secure_folder(&options.folder, create)?;
        let store = Store::open(options).await?;
        let (ring, id) = Ring::open(&store, &options.kek, options.folder.clone()).await?;
        let ring = Arc::new(ring);
        let (maker, wishes) = mpsc::channel(2 * TOGETHER);
        tokio::spawn(make_keys(store.clone(), Arc::clone(&ring), wishes));
        let (folder, cache) = (options.folder.clone(), Cache::default());
        let erased = RwLock::default();
        Ok(Self(Arc::new(Inner { store, ring, folder, cache, erased, maker, id })))
    }

    pub(crate) fn id(&self) -> Uuid {
        self.0.id
    }

    /// Whether it holds keys of anybody.
    pub(crate) async fn hold_any(&self) -> Result<bool, OpenError> {
        self.0.store.holds_any().await
    }

    /// The key to seal with; made when there is none, where the subject is new. None: there is no key, and
    /// whether there should be one is not known here.
    pub(crate) async fn for_writing(
        &self,
        subject: Uuid,
        new: bool,
    ) -> Result<Option<Arc<SecretKey>>, LogError> {
        if self.is_erased(subject) {
            return Err(LogError::Erased);
        }
        if let Some(key) = self.0.cache.get(&subject) {
            return Ok(Some(key));
        }
        let (reply, answer) = oneshot::channel();
        let gone = LogError::Unavailable(Cause::Stopping);
        self.0.maker.send(Wish { subject, new, reply }).await.map_err(|_| gone)?;
        let key = answer.await.map_err(|_| gone)??;
        if let Some(key) = &key {
            self.0.cache.put(subject, key);
        }
        Ok(key)
    }

    /// The keys to open with. A subject that the store does not know is absent.
    pub(crate) async fn for_reading(
        &self,
        subjects: impl IntoIterator<Item = Uuid>,
    ) -> Result<HashMap<Uuid, Held>, LogError> {
        let subjects: HashSet<Uuid> = subjects.into_iter().collect();
        let mut found = HashMap::with_capacity(subjects.len());
        let mut missing = Vec::new();
        for subject in subjects {
            match self.0.cache.get(&subject) {
                _ if self.is_erased(subject) => drop(found.insert(subject, Held::Destroyed)),
                Some(key) => drop(found.insert(subject, Held::Key(key))),
                None => missing.push(subject),
            }
        }
        for row in self.0.store.read(&missing).await? {
            let held = self.0.ring.unwrap(&self.0.store, &row).await?;
            if let Held::Key(key) = &held {
                self.0.cache.put(row.subject, key);
            }
            found.insert(row.subject, held);
        }
        Ok(found)
    }

    /// Whether this process has heard that the subject's key was destroyed.
    pub(crate) fn is_erased(&self, subject: Uuid) -> bool {
        self.0.erased.read().unwrap_or_else(PoisonError::into_inner).contains(&subject)
    }

    /// Forgets the keys of these learners, and never uses them again.
    pub(crate) fn forget(&self, learners: impl IntoIterator<Item = Uuid>) {
        let mut erased = self.0.erased.write().unwrap_or_else(PoisonError::into_inner);
        for learner in learners {
            self.0.cache.remove(&learner);
            erased.insert(learner);
        }
    }

    /// Lets go of the store's connections.
    pub(crate) async fn close(&self) {
        self.0.store.close().await;
    }
}

/// The key that look-ups are hashed with, derived from the file `lookup.key`.
pub(crate) fn lookup_key(folder: &Path) -> Result<LookupKey, OpenError> {
    let path = folder.join("lookup.key");
    let secret = read_or_make(&path)?;
    let mut key = zeroize::Zeroizing::new([0; 32]);
    let derived = hkdf::Hkdf::<sha2::Sha256>::new(None, secret.as_slice())
        .expand(b"onward look-up keys v1", key.as_mut_slice());
    derived.map_err(|_| OpenError::DamagedKey(path))?;
    Ok(LookupKey::new(key))
}

fn associated(subject: Uuid) -> Vec<u8> {
    [b"onward.wrap.v1", subject.as_bytes().as_slice()].concat()
}

impl KeyStore {
    /// Opens the key store that a log made; with `create` a new one may be made.
    ///
    /// # Errors
    /// There is none, or the key-encryption key is not its own.
    pub async fn open(options: &KeyOptions, create: bool) -> Result<Self, OpenError> {
        if !create && options.postgres_url.is_none() {
            let path = options.folder.join("learner-keys.db");
            std::fs::metadata(&path)
                .map_err(|error| OpenError::Io { path: path.clone(), kind: error.kind() })?;
        }
        Keys::open(options, create).await.map(Self)
    }

    /// Lets go of the store.
    pub async fn close(self) {
        self.0.close().await;
    }
}

/// Makes keys for everybody who waits, in one commit at a time.
async fn make_keys(store: Store, ring: Arc<Ring>, mut wishes: mpsc::Receiver<Wish>) {
    let mut waiting = Vec::with_capacity(TOGETHER);
    while wishes.recv_many(&mut waiting, TOGETHER).await > 0 {
        let made = make(&store, &ring, &waiting).await;
        for wish in waiting.drain(..) {
            let answer = match &made {
                Ok(keys) => match keys.get(&wish.subject) {
                    Some(Held::Key(key)) => Ok(Some(Arc::clone(key))),
                    Some(Held::Destroyed) => Err(LogError::Erased),
                    Some(Held::Unusable) => Err(LogError::Unavailable(Cause::Keys)),
                    None => Ok(None),
                },
                Err(error) => Err(*error),
            };
            // Whoever went away needs no key; it is there for the next.
            let _ = wish.reply.send(answer);
        }
    }
}

async fn make(
    store: &Store,
    ring: &Ring,
    wishes: &[Wish],
) -> Result<HashMap<Uuid, Held>, LogError> {
    let subjects: HashSet<Uuid> = wishes.iter().map(|wish| wish.subject).collect();
    let subjects: Vec<Uuid> = subjects.into_iter().collect();
    let new: HashSet<Uuid> =
        wishes.iter().filter(|wish| wish.new).map(|wish| wish.subject).collect();
    for _ in 0..TRIES {
        let known: HashSet<Uuid> =
            store.read(&subjects).await?.into_iter().map(|row| row.subject).collect();
        add(store, ring, new.difference(&known)).await?;
        // Read back what is kept: another process may have been first.
        let rows = store.read(&subjects).await?;
        if !new.iter().all(|subject| rows.iter().any(|row| row.subject == *subject)) {
            // Nothing was added, since another key wraps by now.
            ring.renew(store).await?;
            continue;
        }
        let mut keys = HashMap::with_capacity(subjects.len());
        for row in rows {
            keys.insert(row.subject, ring.unwrap(store, &row).await?);
        }
        return Ok(keys);
    }
    Err(LogError::Unavailable(Cause::Keys))
}

/// Makes keys for those who have none, wrapped by the key that wraps now.
async fn add(
    store: &Store,
    ring: &Ring,
    subjects: impl Iterator<Item = &Uuid>,
) -> Result<(), LogError> {
    let (kek, fault) = (ring.present(), LogError::Unavailable(Cause::Keys));
    let mut fresh = Vec::new();
    for subject in subjects {
        let key = SecretKey::random().map_err(|_| fault)?;
        let wrapped = kek.key.seal(key.bytes(), &associated(*subject)).map_err(|_| fault)?;
        fresh.push(Row { subject: *subject, wrapped: Some(wrapped), kek: Some(kek.id) });
    }
    if fresh.is_empty() { Ok(()) } else { store.insert(&fresh, kek.id).await }
}
