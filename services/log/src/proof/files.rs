//! Checkpoints outside of the database: `newest.checkpoint`, replaced whole, and a file a day to which each
//! is added. They are only as safe as the folder: copy them to where whoever runs the database cannot
//! write.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::Offset;

/// The newest one.
const NEWEST: &str = "newest.checkpoint";

/// The file of the newest checkpoint in the folder that they are written to.
pub fn newest_checkpoint(folder: &Path) -> PathBuf {
    folder.join(NEWEST)
}

/// The newest note in the folder; none where there is no folder or no note yet.
pub(super) fn newest(folder: &Path) -> std::io::Result<Option<String>> {
    match std::fs::read_to_string(folder.join(NEWEST)) {
        Ok(note) => Ok(Some(note)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Adds a note to its day's file, then makes it the newest. Durable when it returns.
pub(super) fn add(folder: &Path, note: &str, at: Timestamp) -> std::io::Result<()> {
    match DirBuilder::new().recursive(true).mode(0o700).create(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let day = Offset::UTC.to_datetime(at).date();
    append(&folder.join(format!("{day}.checkpoints")), note)?;
    // Whole under a name of its own first: a crash leaves the old one or the new one.
    let draft = folder.join(format!("{NEWEST}.{}", uuid::Uuid::now_v7().simple()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(note.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&draft, folder.join(NEWEST))?;
    File::open(folder)?.sync_all()
}

fn append(path: &Path, note: &str) -> std::io::Result<()> {
    let mut file =
        OpenOptions::new().create(true).read(true).append(true).mode(0o600).open(path)?;
    let length = file.metadata()?.len();
    let mut last = [b'\n'];
    if length > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    // What a crash cut short is closed with a blank line, so that it spoils nothing after it.
    let between = match (length, last) {
        (0, _) => "",
        (_, [b'\n']) => "\n",
        _ => "\n\n",
    };
    // One write: two processes that add at once do not mix their lines.
    file.write_all(format!("{between}{note}").as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::super::checkpoint::notes_in;
    use super::*;

    #[test]
    fn notes_are_added_and_the_newest_is_whole() {
        let folder = std::env::temp_dir().join(format!("onward-files-{}", uuid::Uuid::now_v7()));
        let at = Timestamp::from_second(1_790_000_000).expect("a moment");
        assert_eq!(newest(&folder).expect("readable"), None);
        let (one, two) = ("a\n1\n\n\u{2014} a AAAAAAAA\n", "a\n2\n\n\u{2014} a BBBBBBBB\n");
        add(&folder, one, at).expect("written");
        let day = folder.join("2026-09-21.checkpoints");
        // A crash in the middle of a note.
        let mut file = OpenOptions::new().append(true).open(&day).expect("there");
        file.write_all(b"\na\n9\n\n\xe2\x80\x94 a").expect("written");
        add(&folder, two, at).expect("written");
        assert_eq!(newest(&folder).expect("readable").as_deref(), Some(two));
        let text = std::fs::read_to_string(&day).expect("readable");
        assert_eq!(notes_in(&text), [one, two]);
        let files = std::fs::read_dir(&folder).expect("readable").count();
        assert_eq!(files, 2, "no draft is left");
        std::fs::remove_dir_all(&folder).expect("removed");
    }
}
