//! The files of an import: read twice, never written over; the rejects file appears whole or not at all.

use std::fs::{File, Metadata};
use std::io::{BufReader, Read, Seek};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use tempfile::NamedTempFile;

/// Most bytes that are taken from standard input; the readers' own limits lie below.
const MOST: u64 = 256 * 1024 * 1024;

/// A file that can be read from its beginning as often as needed.
pub struct Source {
    /// As the user named it.
    pub name: String,
    file: File,
}

impl Source {
    /// Opens a file. Standard input (`-`) cannot be read twice, so it is kept in a file without a name
    /// that only this process can read.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let file = if path == Path::new("-") {
            let mut spool = tempfile::tempfile().context("standard input cannot be kept")?;
            std::io::copy(&mut std::io::stdin().lock().take(MOST + 1), &mut spool)?;
            spool
        } else {
            File::open(path).with_context(|| format!("{name} cannot be read"))?
        };
        Ok(Self { name, file })
    }

    /// Bytes that are in memory, as a file.
    ///
    /// # Errors
    /// There is no room for it.
    pub fn of_bytes(name: &str, bytes: &[u8]) -> anyhow::Result<Self> {
        let mut file = tempfile::tempfile()?;
        std::io::Write::write_all(&mut file, bytes)?;
        Ok(Self { name: name.to_owned(), file })
    }

    /// The file from its beginning.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn reader(&self) -> anyhow::Result<BufReader<File>> {
        let mut file = self.file.try_clone()?;
        file.rewind().with_context(|| format!("{} cannot be read twice", self.name))?;
        Ok(BufReader::new(file))
    }
}

/// Whether a path is one of these files, whatever it is called.
pub fn is_one_of(path: &Path, files: &[PathBuf]) -> bool {
    let same =
        |one: &Metadata, other: &Metadata| (one.dev(), one.ino()) == (other.dev(), other.ino());
    let Ok(there) = std::fs::metadata(path) else { return false };
    files.iter().filter_map(|file| std::fs::metadata(file).ok()).any(|file| same(&there, &file))
}

/// A file that takes its place at the end, for its owner's eyes only: what stood there before stays
/// until then, and its wider permissions do not.
pub struct Replacing {
    file: NamedTempFile,
    path: PathBuf,
}

impl Replacing {
    /// Begins to write a file beside the place that it will take.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn begin(path: &Path) -> anyhow::Result<Self> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let file = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))
            .with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// Another handle on the file.
    ///
    /// # Errors
    /// There are no more.
    pub fn handle(&self) -> anyhow::Result<File> {
        Ok(self.file.as_file().try_clone()?)
    }

    /// Takes its place.
    ///
    /// # Errors
    /// What stands there cannot be replaced.
    pub fn finish(self) -> anyhow::Result<()> {
        let path = self.path;
        self.file
            .persist(&path)
            .with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_appears_whole_and_private_in_place_of_another() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("rejects.csv");
        std::fs::write(&path, "before").expect("written");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).expect("open to all");
        let replacing = Replacing::begin(&path).expect("a file beside it");
        let mut handle = replacing.handle().expect("a handle");
        std::io::Write::write_all(&mut handle, b"after").expect("written");
        assert_eq!(std::fs::read_to_string(&path).expect("read"), "before");
        replacing.finish().expect("in its place");
        assert_eq!(std::fs::read_to_string(&path).expect("read"), "after");
        let mode = std::fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_file_is_itself_under_every_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let (one, link) = (folder.path().join("one"), folder.path().join("link"));
        std::fs::write(&one, "x").expect("written");
        std::os::unix::fs::symlink(&one, &link).expect("linked");
        assert!(is_one_of(&link, std::slice::from_ref(&one)));
        assert!(!is_one_of(&folder.path().join("other"), &[one]));
    }
}
