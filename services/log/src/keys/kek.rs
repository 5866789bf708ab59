//! The key-encryption key: from files of the key folder, from a text that the caller took out of its
//! environment, or from a command (a key service, a security module). Several may be there at once: each
//! wrapped key says which one wrapped it, so that a change of key stops nobody.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::files;
use crate::error::OpenError;
use crate::seal::SecretKey;

/// How long a command may take to say the key.
const PATIENCE: Duration = Duration::from_secs(30);
/// The key that wraps.
pub(super) const CURRENT: &str = "kek";
/// The key that wraps from the next rotation on.
pub(super) const NEXT: &str = "kek.next";
/// Keys of before, followed by their id: backups that are older than the rotation need them.
pub(super) const RETIRED: &str = "kek.retired-";

/// Where the key-encryption key comes from. A text or a command may give several keys, one a line or with
/// commas between: the first wraps, the others only open what they wrapped before.
#[derive(Clone)]
pub enum KekSource {
    /// The file `kek` of the key folder; made at the first start.
    File,
    /// 64 hexadecimal digits a key, from the caller's environment.
    Text(Zeroizing<String>),
    /// A program and its arguments; what it prints is the key.
    Command(Vec<String>),
}

// The text is the key, and arguments of a command may well hold a secret too.
impl fmt::Debug for KekSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "File",
            Self::Text(_) => "Text(..)",
            Self::Command(_) => "Command(..)",
        })
    }
}

/// Tells key-encryption keys from each other, and nothing about them.
pub(super) type KekId = [u8; 8];

/// A key-encryption key.
#[derive(Clone)]
pub(super) struct Kek {
    pub id: KekId,
    pub key: Arc<SecretKey>,
}

impl Kek {
    pub(super) fn new(bytes: [u8; 32]) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"onward.kek.id.v1");
        hash.update(bytes);
        let hash: [u8; 32] = hash.finalize().into();
        let mut id = KekId::default();
        id.copy_from_slice(&hash[..8]);
        Self { id, key: Arc::new(SecretKey::new(bytes)) }
    }
}

impl KekSource {
    /// Where the key is, for a message.
    pub(super) fn place(&self, folder: &Path) -> PathBuf {
        match self {
            Self::File => folder.join(CURRENT),
            Self::Text(_) => PathBuf::from("the environment"),
            Self::Command(arguments) => {
                PathBuf::from(arguments.first().map(String::as_str).unwrap_or_default())
            }
        }
    }

    /// Every key that there is; the first is the one to wrap with from the next rotation on.
    pub(super) async fn read(&self, folder: &Path) -> Result<Vec<Kek>, OpenError> {
        match self {
            Self::File => in_folder(folder),
            Self::Text(text) => parsed(text, &self.place(folder)),
            Self::Command(arguments) => parsed(&said(arguments).await?, &self.place(folder)),
        }
    }
}

/// Keys of the folder: the next, the present one, those of before.
fn in_folder(folder: &Path) -> Result<Vec<Kek>, OpenError> {
    let mut paths = vec![folder.join(NEXT), folder.join(CURRENT)];
    let fault = |error: std::io::Error| OpenError::Io { path: folder.into(), kind: error.kind() };
    for entry in std::fs::read_dir(folder).map_err(fault)? {
        let path = entry.map_err(fault)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with(RETIRED) {
            paths.push(path);
        }
    }
    let mut keys = Vec::new();
    for path in paths {
        if let Some(key) = files::read(&path)? {
            keys.push(Kek::new(*key));
        }
    }
    Ok(keys)
}

fn parsed(text: &str, place: &Path) -> Result<Vec<Kek>, OpenError> {
    let mut keys = Vec::new();
    for one in text.split([',', '\n']).map(str::trim).filter(|one| !one.is_empty()) {
        keys.push(Kek::new(*files::parse(place, one)?));
    }
    if keys.is_empty() { Err(OpenError::DamagedKey(place.to_owned())) } else { Ok(keys) }
}

/// What the command prints. What it says on standard error goes to ours; nothing of its output does.
async fn said(arguments: &[String]) -> Result<Zeroizing<String>, OpenError> {
    let Some((program, rest)) = arguments.split_first() else {
        return Err(OpenError::KekCommand { program: PathBuf::new(), why: "no program is named" });
    };
    let failed = |why| OpenError::KekCommand { program: PathBuf::from(program), why };
    let mut command = tokio::process::Command::new(program);
    command.args(rest).stdin(Stdio::null()).stderr(Stdio::inherit()).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await;
    let output = output.map_err(|_| failed("it said nothing for 30 seconds"))?;
    let output = output.map_err(|_| failed("it cannot be run"))?;
    let printed = Zeroizing::new(output.stdout);
    if !output.status.success() {
        return Err(failed("it failed"));
    }
    let text = std::str::from_utf8(&printed).map_err(|_| failed("it printed no text"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_text_or_a_command_may_hold_several_keys() {
        let (one, two) = (hex::encode([1; 32]), hex::encode([2; 32]));
        let folder = Path::new("/");
        let texts = [
            KekSource::Text(Zeroizing::new(format!("{one},{two}"))),
            KekSource::Command(vec!["printf".to_owned(), format!("{one}\\n{two}\\n")]),
        ];
        for source in texts {
            let keys = source.read(folder).await.expect("two keys");
            assert_eq!(keys.len(), 2, "{source:?}");
            assert_eq!(keys[0].id, Kek::new([1; 32]).id, "the first wraps");
        }
        for source in [
            KekSource::Text(Zeroizing::new("not a key".to_owned())),
            KekSource::Text(Zeroizing::new(String::new())),
            KekSource::Command(vec!["false".to_owned()]),
            KekSource::Command(vec!["/no/such/program".to_owned()]),
            KekSource::Command(Vec::new()),
        ] {
            assert!(source.read(folder).await.is_err(), "{source:?}");
        }
    }
}
