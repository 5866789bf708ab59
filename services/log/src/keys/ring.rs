//! The key-encryption keys that this process knows, and which of them wraps. When a row or the store names
//! another one, the source is asked again: somebody has changed the key.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use uuid::Uuid;

use super::kek::{CURRENT, Kek, KekId, KekSource};
use super::store::{Row, Store};
use super::{Held, associated, files};
use crate::error::{Cause, LogError, OpenError};
use crate::seal::SecretKey;

/// What every store keeps wrapped under its own id, so that a wrong key-encryption key is noticed.
const CHECK: [u8; 32] = *b"onward key store check value v1.";

/// The keys that this process knows.
pub(super) struct Ring {
    source: KekSource,
    folder: PathBuf,
    known: RwLock<Known>,
}

struct Known {
    keys: HashMap<KekId, Arc<SecretKey>>,
    /// The one that wraps, as far as this process has heard.
    present: Kek,
}

impl Ring {
    /// Reads the keys and finds the one that the store is wrapped with; names a new store. Answers the
    /// store's id too.
    pub(super) async fn open(
        store: &Store,
        source: &KekSource,
        folder: PathBuf,
    ) -> Result<(Self, Uuid), OpenError> {
        let mut kept = store.identity().await?;
        if kept.is_none() {
            let first = first_key(source, &folder).await?;
            let id = Uuid::now_v7();
            store.name(id, &wrap_check(&first, id)?, first.id).await?;
            kept = store.identity().await?;
        }
        let wrong = || OpenError::WrongKek(source.place(&folder));
        let kept = kept.ok_or_else(wrong)?;
        let keys = source.read(&folder).await?;
        if keys.is_empty() {
            return Err(OpenError::NoKek(source.place(&folder)));
        }
        let present = keys.iter().find(|kek| opens_check(kek, &kept)).cloned().ok_or_else(wrong)?;
        if kept.kek.is_none() {
            store.adopt(&wrap_check(&present, kept.subject)?, present.id).await?;
        }
        let keys = keys.into_iter().map(|kek| (kek.id, kek.key)).collect();
        let known = RwLock::new(Known { keys, present });
        Ok((Self { source: source.clone(), folder, known }, kept.subject))
    }

    /// The key that wraps.
    pub(super) fn present(&self) -> Kek {
        self.known.read().unwrap_or_else(PoisonError::into_inner).present.clone()
    }

    /// Every key that the source has now; the first is the one to change to.
    pub(super) async fn read(&self) -> Result<Vec<Kek>, LogError> {
        self.source.read(&self.folder).await.map_err(|error| {
            tracing::error!(%error, "the key-encryption key cannot be read");
            LogError::Unavailable(Cause::Keys)
        })
    }

    pub(super) fn source(&self) -> &KekSource {
        &self.source
    }

    /// Somebody may have changed the key: asks the store which one wraps, and the source for it.
    pub(super) async fn renew(&self, store: &Store) -> Result<(), LogError> {
        let fault = LogError::Unavailable(Cause::Keys);
        let keys = self.read().await?;
        let kept = store.identity().await.map_err(|_| fault)?.ok_or(fault)?;
        let Some(present) = keys.iter().find(|kek| opens_check(kek, &kept)).cloned() else {
            tracing::error!("the learners' keys were wrapped anew, and the key for it is not here");
            return Err(fault);
        };
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.keys.extend(keys.into_iter().map(|kek| (kek.id, kek.key)));
        known.present = present;
        Ok(())
    }

    /// Opens a row. One that was tampered with is nobody else's fault.
    ///
    /// # Errors
    /// The key that wrapped it is not there.
    pub(super) async fn unwrap(&self, store: &Store, row: &Row) -> Result<Held, LogError> {
        let Some(wrapped) = &row.wrapped else { return Ok(Held::Destroyed) };
        let fault = LogError::Unavailable(Cause::Keys);
        let id = row.kek.unwrap_or_else(|| self.present().id);
        let kek = match self.known(id) {
            Some(kek) => kek,
            None => {
                self.renew(store).await?;
                self.known(id).ok_or(fault)?
            }
        };
        let Ok(clear) = kek.open(wrapped, &associated(row.subject)) else {
            return Ok(Held::Unusable);
        };
        let bytes: Result<[u8; 32], _> = clear.as_slice().try_into();
        Ok(bytes.map_or(Held::Unusable, |bytes| Held::Key(Arc::new(SecretKey::new(bytes)))))
    }

    fn known(&self, id: KekId) -> Option<Arc<SecretKey>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).keys.get(&id).cloned()
    }
}

/// The key of a new store. Only then is a file made: beside a store that has a key, a new one would only
/// hide which key is missing.
async fn first_key(source: &KekSource, folder: &std::path::Path) -> Result<Kek, OpenError> {
    if matches!(source, KekSource::File) {
        return Ok(Kek::new(*files::read_or_make(&folder.join(CURRENT))?));
    }
    let keys = source.read(folder).await?;
    keys.into_iter().next().ok_or_else(|| OpenError::DamagedKey(source.place(folder)))
}

/// The check value of a store, wrapped.
pub(super) fn wrap_check(kek: &Kek, id: Uuid) -> Result<Vec<u8>, OpenError> {
    let fault = |_| OpenError::Io { path: PathBuf::new(), kind: std::io::ErrorKind::Other };
    kek.key.seal(&CHECK, &associated(id)).map_err(fault)
}

fn opens_check(kek: &Kek, kept: &Row) -> bool {
    let wrapped = kept.wrapped.as_deref().unwrap_or_default();
    let opened = kek.key.open(wrapped, &associated(kept.subject));
    opened.is_ok_and(|clear| clear.as_slice() == CHECK)
}
