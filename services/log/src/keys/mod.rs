//! The learners' data keys: one for each subject, wrapped by the key-encryption key, in a store that is
//! never the log's database. Destroying a row makes everything sealed under it unreadable.
//!
//! New keys are made by one task for everybody who waits, so that a burst of new learners shares its
//! commits. A key is durable before anything is sealed under it.

mod cache;
mod files;
mod store;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

pub(crate) use files::{read_or_make, secure_folder};
use store::{Row, Store};

use crate::claim_key::LookupKey;
use crate::error::{Cause, LogError, OpenError};
use crate::options::KeyOptions;
use crate::seal::SecretKey;
use cache::Cache;

/// Keys made in one commit at most.
const TOGETHER: usize = 500;
/// What every store keeps wrapped under its own id, so that a wrong key-encryption key is noticed.
const CHECK: [u8; 32] = *b"onward key store check value v1.";

/// The learners' data keys.
#[derive(Clone)]
pub(crate) struct Keys(Arc<Inner>);

struct Inner {
    store: Store,
    kek: Arc<SecretKey>,
    cache: Cache,
    maker: mpsc::Sender<Wish>,
    /// Which store this is: the log remembers it.
    id: Uuid,
}

/// Somebody needs a key for a subject.
struct Wish {
    subject: Uuid,
    reply: oneshot::Sender<Result<Arc<SecretKey>, LogError>>,
}

impl Keys {
    /// Opens the key store and reads (or, at the first start, makes) the key-encryption key.
    pub(crate) async fn open(options: &KeyOptions, create: bool) -> Result<Self, OpenError> {
        // With PostgreSQL nothing else has made the data folder that the keys lie in.
        if let Some(data) = options.folder.parent().filter(|data| !data.as_os_str().is_empty()) {
            secure_folder(data, create)?;
        }
        secure_folder(&options.folder, create)?;
        let kek_path = options.folder.join("kek");
        let kek = Arc::new(SecretKey::new(*read_or_make(&kek_path)?));
        let store = Store::open(options).await?;
        let id = check_kek(&store, &kek, &kek_path).await?;
        let (maker, wishes) = mpsc::channel(2 * TOGETHER);
        let cache = Cache::default();
        tokio::spawn(make_keys(store.clone(), Arc::clone(&kek), wishes));
        Ok(Self(Arc::new(Inner { store, kek, cache, maker, id })))
    }

    pub(crate) fn id(&self) -> Uuid {
        self.0.id
    }

    /// The key to seal with; made when there is none.
    pub(crate) async fn for_writing(&self, subject: Uuid) -> Result<Arc<SecretKey>, LogError> {
        if let Some(key) = self.0.cache.get(&subject) {
            return Ok(key);
        }
        let (reply, answer) = oneshot::channel();
        let gone = LogError::Unavailable(Cause::Stopping);
        self.0.maker.send(Wish { subject, reply }).await.map_err(|_| gone)?;
        let key = answer.await.map_err(|_| gone)??;
        self.0.cache.put(subject, &key);
        Ok(key)
    }

    /// The keys to open with; a subject whose key was destroyed is absent.
    pub(crate) async fn for_reading(
        &self,
        subjects: impl IntoIterator<Item = Uuid>,
    ) -> Result<HashMap<Uuid, Arc<SecretKey>>, LogError> {
        let subjects: HashSet<Uuid> = subjects.into_iter().collect();
        let mut found = HashMap::with_capacity(subjects.len());
        let mut missing = Vec::new();
        for subject in subjects {
            match self.0.cache.get(&subject) {
                Some(key) => drop(found.insert(subject, key)),
                None => missing.push(subject),
            }
        }
        for row in self.0.store.read(&missing).await? {
            if let Some(key) = unwrap(&self.0.kek, &row)? {
                self.0.cache.put(row.subject, &key);
                found.insert(row.subject, key);
            }
        }
        Ok(found)
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

/// The store's id, when the key-encryption key is the one that it was made with.
async fn check_kek(store: &Store, kek: &SecretKey, path: &Path) -> Result<Uuid, OpenError> {
    let id = Uuid::now_v7();
    let fault = |()| OpenError::Io { path: path.to_owned(), kind: std::io::ErrorKind::Other };
    let wrapped = kek.seal(&CHECK, &associated(id)).map_err(|_| fault(()))?;
    let kept = store.identity(id, &wrapped).await?;
    let opened = kek.open(&kept.wrapped.unwrap_or_default(), &associated(kept.subject));
    if opened.is_ok_and(|clear| clear.as_slice() == CHECK) {
        Ok(kept.subject)
    } else {
        Err(OpenError::WrongKek(path.to_owned()))
    }
}

fn unwrap(kek: &SecretKey, row: &Row) -> Result<Option<Arc<SecretKey>>, LogError> {
    let Some(wrapped) = &row.wrapped else { return Ok(None) };
    let fault = LogError::Unavailable(Cause::Keys);
    let clear = kek.open(wrapped, &associated(row.subject)).map_err(|_| fault)?;
    let bytes: [u8; 32] = clear.as_slice().try_into().map_err(|_| fault)?;
    Ok(Some(Arc::new(SecretKey::new(bytes))))
}

/// Makes keys for everybody who waits, in one commit at a time.
async fn make_keys(store: Store, kek: Arc<SecretKey>, mut wishes: mpsc::Receiver<Wish>) {
    let mut waiting = Vec::with_capacity(TOGETHER);
    while wishes.recv_many(&mut waiting, TOGETHER).await > 0 {
        let made = make(&store, &kek, &waiting).await;
        for wish in waiting.drain(..) {
            let answer = match &made {
                Ok(keys) => keys.get(&wish.subject).cloned().ok_or(LogError::Erased),
                Err(error) => Err(*error),
            };
            // Whoever went away needs no key; it is there for the next.
            let _ = wish.reply.send(answer);
        }
    }
}

async fn make(
    store: &Store,
    kek: &SecretKey,
    wishes: &[Wish],
) -> Result<HashMap<Uuid, Arc<SecretKey>>, LogError> {
    let subjects: HashSet<Uuid> = wishes.iter().map(|wish| wish.subject).collect();
    let subjects: Vec<Uuid> = subjects.into_iter().collect();
    let known: HashSet<Uuid> =
        store.read(&subjects).await?.into_iter().map(|row| row.subject).collect();
    let fault = LogError::Unavailable(Cause::Keys);
    let mut fresh = Vec::new();
    for subject in subjects.iter().filter(|subject| !known.contains(subject)) {
        let key = SecretKey::random().map_err(|_| fault)?;
        let wrapped = kek.seal(key.bytes(), &associated(*subject)).map_err(|_| fault)?;
        fresh.push(Row { subject: *subject, wrapped: Some(wrapped) });
    }
    if !fresh.is_empty() {
        store.insert(&fresh).await?;
    }
    // Read back what is kept: another process may have been first.
    let mut keys = HashMap::with_capacity(subjects.len());
    for row in store.read(&subjects).await? {
        if let Some(key) = unwrap(kek, &row)? {
            keys.insert(row.subject, key);
        }
    }
    Ok(keys)
}
