//! Signed notes (<https://c2sp.org/signed-note>): a text, a blank line, a line for each signature. Read and
//! checked by the tools of every transparency log.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

/// Ed25519, the one kind of signature that is made and checked here.
const ED25519: u8 = 0x01;
/// How a signature's line begins: an em dash and a space.
const MARK: &str = "\u{2014} ";

/// A note cannot be trusted, or is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteFault {
    /// The text has not the shape of a signed note.
    #[error("this is not a signed note")]
    Shape,
    /// The text has not the shape of a verifier key.
    #[error("this is not a verifier key (name+hash+key)")]
    Key,
    /// None of the signatures is by the key.
    #[error("it is not signed by this key")]
    Unsigned,
    /// A signature says that it is by the key, and is not.
    #[error("its signature is wrong")]
    Forged,
}

/// A public key and the name that it signs under. Its text is `name+hash+key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    key: VerifyingKey,
}

/// A signing key and the name that it signs under. No `Debug`: it is a secret.
pub struct NoteSigner {
    name: String,
    key: SigningKey,
}

/// A signed note, as it was read: nothing in it is to be believed before [`Note::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    /// Name, key's hash, signature.
    signatures: Vec<(String, [u8; 4], Vec<u8>)>,
}

impl VerifierKey {
    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first four bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ key).
    fn hash(&self) -> [u8; 4] {
        let mut hash = Sha256::new();
        hash.update(self.name.as_bytes());
        hash.update([b'\n', ED25519]);
        hash.update(self.key.as_bytes());
        let hash: [u8; 32] = hash.finalize().into();
        [hash[0], hash[1], hash[2], hash[3]]
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[ED25519], self.key.as_bytes().as_slice()].concat();
        write!(f, "{}+{}+{}", self.name, hex::encode(self.hash()), STANDARD.encode(key))
    }
}

impl FromStr for VerifierKey {
    type Err = NoteFault;

    fn from_str(text: &str) -> Result<Self, NoteFault> {
        // The key itself may hold a plus sign, so it is what is left.
        let mut parts = text.trim().splitn(3, '+');
        let (Some(name), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteFault::Key);
        };
        let key = STANDARD.decode(key).map_err(|_| NoteFault::Key)?;
        let [ED25519, key @ ..] = key.as_slice() else { return Err(NoteFault::Key) };
        let key: &[u8; 32] = key.try_into().map_err(|_| NoteFault::Key)?;
        let key = VerifyingKey::from_bytes(key).map_err(|_| NoteFault::Key)?;
        let known = Self { name: name.to_owned(), key };
        let whole = is_name(name) && hex::encode(known.hash()) == hash;
        if whole { Ok(known) } else { Err(NoteFault::Key) }
    }
}

/// A name holds neither spaces nor plus signs.
fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '+')
}

impl NoteSigner {
    /// Signs under this name with this secret.
    pub fn new(name: impl Into<String>, secret: &[u8; 32]) -> Self {
        Self { name: name.into(), key: SigningKey::from_bytes(secret) }
    }

    /// The key that its signatures are checked with.
    pub fn verifier(&self) -> VerifierKey {
        VerifierKey { name: self.name.clone(), key: self.key.verifying_key() }
    }

    /// The text, signed. It ends with a line break, or gets one.
    pub fn sign(&self, text: &str) -> String {
        let text = if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") };
        let signature = self.key.sign(text.as_bytes());
        let line = [self.verifier().hash().as_slice(), &signature.to_bytes()].concat();
        format!("{text}\n{MARK}{} {}\n", self.name, STANDARD.encode(line))
    }
}

impl Note {
    /// What was signed, with its last line break.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text, once one of the signatures is found to be by this key.
    ///
    /// # Errors
    /// None is, or one pretends to be.
    pub fn verify(&self, key: &VerifierKey) -> Result<&str, NoteFault> {
        let hash = key.hash();
        let ours = self.signatures.iter().find(|(name, by, _)| *name == key.name && *by == hash);
        let (_, _, signature) = ours.ok_or(NoteFault::Unsigned)?;
        let signature = Signature::from_slice(signature).map_err(|_| NoteFault::Forged)?;
        let checked = key.key.verify_strict(self.text.as_bytes(), &signature);
        checked.map(|()| self.text.as_str()).map_err(|_| NoteFault::Forged)
    }
}

impl FromStr for Note {
    type Err = NoteFault;

    fn from_str(note: &str) -> Result<Self, NoteFault> {
        if note.contains(|c: char| c < ' ' && c != '\n') {
            return Err(NoteFault::Shape);
        }
        // The text may hold blank lines; the signatures follow the last.
        let (text, lines) = note.rsplit_once("\n\n").ok_or(NoteFault::Shape)?;
        let lines = lines.strip_suffix('\n').ok_or(NoteFault::Shape)?;
        let signatures: Option<Vec<_>> = lines.split('\n').map(signature).collect();
        let signatures = signatures.ok_or(NoteFault::Shape)?;
        Ok(Self { text: format!("{text}\n"), signatures })
    }
}

fn signature(line: &str) -> Option<(String, [u8; 4], Vec<u8>)> {
    let (name, code) = line.strip_prefix(MARK)?.split_once(' ')?;
    let bytes = STANDARD.decode(code).ok()?;
    let (hash, signature) = bytes.split_first_chunk::<4>()?;
    is_name(name).then(|| (name.to_owned(), *hash, signature.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Go's `golang.org/x/mod/sumdb/note`, the first implementation of the format.
    const SECRET: &str = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const TEXT: &str = "If you think cryptography is the answer to your problem,\n\
                        then you don't know what your problem is.\n";
    const SIGNED: &str = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";

    fn signer() -> NoteSigner {
        let secret = STANDARD.decode(SECRET).expect("base64");
        NoteSigner::new("PeterNeumann", secret[1..].try_into().expect("32 bytes"))
    }

    #[test]
    fn signs_as_the_first_implementation_does() {
        let note = signer().sign(TEXT);
        assert_eq!(note, format!("{TEXT}\n\u{2014} PeterNeumann {SIGNED}\n"));
        assert_eq!(signer().verifier().to_string(), KEY);
    }

    #[test]
    fn a_note_is_believed_only_when_it_is_signed() {
        let key: VerifierKey = KEY.parse().expect("a key");
        let note = signer().sign(TEXT);
        let read: Note = note.parse().expect("a note");
        assert_eq!(read.verify(&key), Ok(TEXT));
        let altered: Note = note.replace("answer", "Answer").parse().expect("a note");
        assert_eq!(altered.verify(&key), Err(NoteFault::Forged));
        let other = NoteSigner::new("PeterNeumann", &[7; 32]);
        assert_eq!(read.verify(&other.verifier()), Err(NoteFault::Unsigned));
    }

    #[test]
    fn what_is_no_note_or_key_is_refused() {
        for text in
            ["", "text", "text\n", "text\n\n", "text\n\n\u{2014} name\n", "a\n\n\u{2014} n AAA\n"]
        {
            assert_eq!(text.parse::<Note>(), Err(NoteFault::Shape), "{text:?}");
        }
        for text in [
            "",
            "PeterNeumann",
            &KEY.replace("c74f", "c74e"),
            &KEY.replace("PeterNeumann", "Peter Neumann"),
            &KEY[..KEY.len() - 4],
        ] {
            assert_eq!(text.parse::<VerifierKey>(), Err(NoteFault::Key), "{text:?}");
        }
    }
}
