//! Key files: 64 hexadecimal digits, mode 0600, in a folder of mode 0700, made at the first start.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use zeroize::Zeroizing;

use crate::error::OpenError;

fn fault(path: &Path) -> impl Fn(std::io::Error) -> OpenError + '_ {
    |error| OpenError::Io { path: path.to_owned(), kind: error.kind() }
}

/// Makes the folder, for its owner only, or refuses where it is missing and not to be made. What it lies
/// in is not made with it: a path that was mistyped would look like an empty log.
pub(crate) fn secure_folder(folder: &Path, create: bool) -> Result<(), OpenError> {
    if folder.is_dir() {
        return Ok(());
    }
    if !create {
        return Err(OpenError::NoFolder(folder.to_owned()));
    }
    match DirBuilder::new().mode(0o700).create(folder) {
        // Another process was quicker.
        Err(error) if error.kind() == ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        made => made.map_err(fault(folder)),
    }
}

/// The key in the file; a random one is put there when there is no file. Whoever of two processes is
/// first decides, and the other reads that.
pub(crate) fn read_or_make(path: &Path) -> Result<Zeroizing<[u8; 32]>, OpenError> {
    match read(path)? {
        Some(key) => Ok(key),
        None => make(path),
    }
}

/// What a key file may not let anybody do: others anything, the group write. A secret that is mounted for
/// a service's group to read is in order.
const EXPOSED: u32 = 0o027;

/// The key in the file; none when there is no file. One that others can read is no secret any more.
pub(super) fn read(path: &Path) -> Result<Option<Zeroizing<[u8; 32]>>, OpenError> {
    if let Ok(found) = std::fs::metadata(path)
        && found.permissions().mode() & EXPOSED != 0
    {
        let mode = found.permissions().mode() & 0o777;
        return Err(OpenError::ExposedKey { path: path.to_owned(), mode });
    }
    match std::fs::read_to_string(path).map(Zeroizing::new) {
        Ok(text) => parse(path, &text).map(Some),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(fault(path)(error)),
    }
}

pub(super) fn parse(path: &Path, text: &str) -> Result<Zeroizing<[u8; 32]>, OpenError> {
    let mut key = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim_end(), key.as_mut_slice())
        .map_err(|_| OpenError::DamagedKey(path.to_owned()))?;
    Ok(key)
}

fn make(path: &Path) -> Result<Zeroizing<[u8; 32]>, OpenError> {
    let mut key = Zeroizing::new([0; 32]);
    let no_chance = || OpenError::Io { path: path.to_owned(), kind: ErrorKind::Other };
    getrandom::fill(key.as_mut_slice()).map_err(|_| no_chance())?;
    let text = Zeroizing::new(hex::encode(key.as_slice()) + "\n");
    // Written and synced under a name of its own, then linked: a crash leaves a whole key or none.
    let draft = path.with_extension(format!("new-{}", uuid::Uuid::now_v7().simple()));
    let written = write(&draft, text.as_bytes());
    let linked = written.and_then(|()| std::fs::hard_link(&draft, path));
    let removed = std::fs::remove_file(&draft);
    match linked {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return read_or_make(path),
        Err(error) => return Err(fault(path)(error)),
    }
    removed.map_err(fault(&draft))?;
    sync_folder(path)?;
    Ok(key)
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A new name is durable once its folder is.
pub(crate) fn sync_folder(path: &Path) -> Result<(), OpenError> {
    let Some(folder) = path.parent() else { return Ok(()) };
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(fault(folder))
}
