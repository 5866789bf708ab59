//! The data folder: made for its owner only, and held by one process at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::error::OpenError;
use crate::keys::secure_folder;

/// Makes a database's file for its owner only, where it is not there yet; SQLite gives the files beside
/// it the same mode. One that is there is not opened: closing it would take away the locks that SQLite holds
/// on it for this process.
pub(crate) fn private_file(path: &Path) -> Result<(), OpenError> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(OpenError::Io { path: path.to_owned(), kind: error.kind() })
        }
        _ => Ok(()),
    }
}

/// Held as long as the log of the folder is open; the system lets it go when the process ends.
pub(crate) struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Makes the folder (mode 0700) where it is missing and may be made, and takes its lock.
    pub(crate) fn take(folder: &Path, create: bool) -> Result<Self, OpenError> {
        secure_folder(folder, create)?;
        let path = folder.join("LOCK");
        let fault =
            |error: std::io::Error| OpenError::Io { path: path.clone(), kind: error.kind() };
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(fault)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse(folder.to_owned())),
            Err(TryLockError::Error(error)) => Err(fault(error)),
        }
    }
}
