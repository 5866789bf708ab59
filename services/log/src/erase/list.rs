//! The list of erasures: learner ids, one a line, in a file that no backup brings back. It is only added to,
//! and what is added is on the disk before anybody is told.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

use crate::error::{Cause, LogError, OpenError};
use crate::keys::sync_folder;

/// The list, and the turn of whoever carries erasures through.
pub(crate) struct ErasureList {
    path: PathBuf,
    turn: Mutex<()>,
}

impl ErasureList {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, turn: Mutex::new(()) }
    }

    /// One in this process carries erasures through at a time.
    pub(crate) async fn alone(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// Every learner of the list. A last line that was cut short by a crash was told to nobody.
    pub(crate) fn read(&self) -> Result<Vec<Uuid>, OpenError> {
        // Found out when somebody is erased, a missing folder would be found out too late.
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            return Err(OpenError::Io { path: folder.to_owned(), kind: ErrorKind::NotFound });
        }
        let text = match std::fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                return Err(OpenError::DamagedErasures { path: self.path.clone(), line: 1 });
            }
            Err(error) => {
                return Err(OpenError::Io { path: self.path.clone(), kind: error.kind() });
            }
        };
        let mut learners = Vec::new();
        for (index, line) in text.split_inclusive('\n').enumerate() {
            let whole = line.ends_with('\n');
            match Uuid::try_parse(line.trim()) {
                Ok(learner) => learners.push(learner),
                Err(_) if line.trim().is_empty() || !whole => {}
                Err(_) => {
                    let path = self.path.clone();
                    return Err(OpenError::DamagedErasures { path, line: index + 1 });
                }
            }
        }
        Ok(learners)
    }

    /// Adds learners that are not on it yet; durable when it returns.
    pub(crate) fn add(&self, learners: &[Uuid]) -> Result<(), LogError> {
        self.write(learners).map_err(|error| {
            tracing::error!(%error, "the list of erasures cannot be written");
            LogError::Unavailable(Cause::Keys)
        })
    }

    fn write(&self, learners: &[Uuid]) -> Result<(), OpenError> {
        if self.missing(learners)?.is_empty() {
            return Ok(());
        }
        let fault =
            |error: std::io::Error| OpenError::Io { path: self.path.clone(), kind: error.kind() };
        let mut options = OpenOptions::new();
        let options = options.create(true).read(true).append(true).mode(0o600);
        let mut file: File = options.open(&self.path).map_err(fault)?;
        // Every process carries erasures through: what looks cut short may be what another is writing, and
        // dropping it would lose a learner who is thought to be on the list.
        file.lock().map_err(fault)?;
        let lines = self.missing(learners)?;
        drop_stump(&mut file).map_err(fault)?;
        file.write_all(lines.as_bytes()).and_then(|()| file.sync_all()).map_err(fault)?;
        sync_folder(&self.path)
    }

    /// The lines of those who are not on the list.
    fn missing(&self, learners: &[Uuid]) -> Result<String, OpenError> {
        let known: HashSet<Uuid> = self.read()?.into_iter().collect();
        let missing = learners.iter().filter(|learner| !known.contains(learner));
        Ok(missing.map(|learner| format!("{learner}\n")).collect())
    }
}

/// A last line that was cut short by a crash goes, so that the next does not grow onto it.
fn drop_stump(file: &mut File) -> std::io::Result<()> {
    let mut all = Vec::new();
    file.read_to_end(&mut all)?;
    let whole = all.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    if whole < all.len() { file.set_len(whole as u64) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_cut_short_harms_no_other() {
        let path = std::env::temp_dir().join(format!("onward-erased-{}", Uuid::now_v7()));
        let list = ErasureList::new(path.clone());
        assert!(list.read().expect("no file, nobody").is_empty());
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        list.add(&[one]).expect("written");
        let mut file = OpenOptions::new().append(true).open(&path).expect("opened");
        file.write_all(b"0192f0c1-00").expect("cut short");
        assert_eq!(list.read().expect("read"), [one]);
        list.add(&[one, two]).expect("written");
        assert_eq!(list.read().expect("read"), [one, two]);
        std::fs::write(&path, "not an id\n").expect("written");
        assert!(matches!(list.read(), Err(OpenError::DamagedErasures { line: 1, .. })));
        std::fs::remove_file(&path).expect("removed");
    }

    #[test]
    fn writers_at_once_lose_nobody_and_double_nobody() {
        let path = std::env::temp_dir().join(format!("onward-erased-{}", Uuid::now_v7()));
        let learners: Vec<Uuid> = (0..40).map(Uuid::from_u128).collect();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let list = ErasureList::new(path.clone());
                    for learner in &learners {
                        list.add(&[*learner]).expect("written");
                    }
                });
            }
        });
        let mut listed = ErasureList::new(path.clone()).read().expect("read");
        listed.sort_unstable();
        assert_eq!(listed, learners);
        std::fs::remove_file(&path).expect("removed");
    }
}
