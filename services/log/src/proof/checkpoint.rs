//! Checkpoints (<https://c2sp.org/tlog-checkpoint>): what the log was at some size, in a signed note of a few
//! lines that anybody can keep.
//!
//! ```text
//! onward/0192f0c1-0000-7000-8000-000000000001       whose log: its id
//! 1000000                                           events
//! Nq9…=                                             root over their hashes
//! requests 900000 Zt2…=                             kept answers, and the end of their chain
//! reads 12000 l3S…=                                 the record of reads, and the end of its chain
//! identity pX0…=                                    SHA-256 of the log's identity row
//! epoch 1                                           the log's epoch
//! signed 2026-09-21T14:14:12Z                       when
//!
//! — onward/0192f0c1-0000-7000-8000-000000000001 x08g…
//! ```
//!
//! The format advises against lines after the third, since witnesses cannot check them. They are here all the
//! same: what is beside the events (answers, reads) has to be held by the same signature, and a second note
//! would have to be kept with the first.

use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use uuid::Uuid;

use super::note::{Note, NoteFault, VerifierKey};
use super::tree::TreeHash;
use crate::plan::ChainEnd;

/// What stands before the log's id in the first line.
const HOUSE: &str = "onward/";

/// What the log was at some size. Found in a note whose signature was checked, or about to be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub log: Uuid,
    /// Events.
    pub size: u64,
    /// The root over their hashes.
    pub root: TreeHash,
    /// Kept answers, and the end of their chain.
    pub(crate) requests: ChainEnd,
    /// The record of reads, and the end of its chain.
    pub(crate) reads: ChainEnd,
    /// SHA-256 of the log's identity row.
    pub(crate) identity: TreeHash,
    /// The log's epoch.
    pub(crate) epoch: i64,
    /// When it was signed, RFC 3339.
    pub signed: String,
}

/// A checkpoint and the note that it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// What it says.
    pub checkpoint: Checkpoint,
    /// The signed note.
    pub note: String,
}

impl Checkpoint {
    /// The name under which a log's checkpoints are signed.
    pub fn origin(log: Uuid) -> String {
        format!("{HOUSE}{log}")
    }

    /// The text that is signed.
    pub fn text(&self) -> String {
        let chain = |name: &str, end: &ChainEnd| {
            format!("{name} {} {}\n", end.count, STANDARD.encode(end.hash))
        };
        [
            format!("{}\n{}\n", Self::origin(self.log), self.size),
            format!("{}\n", STANDARD.encode(self.root)),
            chain("requests", &self.requests),
            chain("reads", &self.reads),
            format!("identity {}\n", STANDARD.encode(self.identity)),
            format!("epoch {}\n", self.epoch),
            format!("signed {}\n", self.signed),
        ]
        .concat()
    }
}

impl FromStr for Checkpoint {
    type Err = NoteFault;

    fn from_str(text: &str) -> Result<Self, NoteFault> {
        read(text).ok_or(NoteFault::Shape)
    }
}

fn read(text: &str) -> Option<Checkpoint> {
    let mut lines = text.strip_suffix('\n')?.split('\n');
    let log = lines.next()?.strip_prefix(HOUSE)?.parse().ok()?;
    let size = number(lines.next()?)?;
    let root = hash(lines.next()?)?;
    let mut named = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
    let checkpoint = Checkpoint {
        log,
        size,
        root,
        requests: chain(named("requests")?)?,
        reads: chain(named("reads")?)?,
        identity: hash(named("identity")?)?,
        epoch: number(named("epoch")?)?.cast_signed(),
        signed: named("signed")?.to_owned(),
    };
    // A later version may say more; what it says is signed, and not understood here.
    Some(checkpoint)
}

/// A decimal number without leading noughts.
fn number(text: &str) -> Option<u64> {
    let plain =
        text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

fn hash(text: &str) -> Option<TreeHash> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

fn chain(text: &str) -> Option<ChainEnd> {
    let (count, end) = text.split_once(' ')?;
    Some(ChainEnd { count: number(count)?, hash: hash(end)? })
}

impl SignedCheckpoint {
    /// Reads a note and checks that one of these keys signed it, under the name of the log that it is
    /// about.
    ///
    /// # Errors
    /// It is none, or nobody of these signed it.
    pub fn verified(note: &str, keys: &[VerifierKey]) -> Result<Self, NoteFault> {
        let read: Note = note.parse()?;
        let checkpoint: Checkpoint = read.text().parse()?;
        let origin = Checkpoint::origin(checkpoint.log);
        let mut why = NoteFault::Unsigned;
        for key in keys.iter().filter(|key| key.name() == origin) {
            match read.verify(key) {
                Ok(_) => return Ok(Self { checkpoint, note: note.to_owned() }),
                Err(fault) => why = fault,
            }
        }
        Err(why)
    }
}

/// The notes of a file that holds one or many, one after the other. What a crash cut short is no note and is
/// left out.
pub fn notes_in(file: &str) -> Vec<&str> {
    let mut notes: Vec<&str> = Vec::new();
    // Where the text begins that the next signature would be of; whether a blank line ended it.
    let (mut begin, mut blank) = (0, false);
    let mut at = 0;
    for line in file.split_inclusive('\n') {
        let end = at + line.len();
        let signature = line.starts_with("\u{2014} ") && line.ends_with('\n');
        match notes.last_mut() {
            // One more signature of the note before.
            Some(note) if signature && begin == at => {
                *note = &file[at - note.len()..end];
                begin = end;
            }
            _ if signature && blank && begin < at => {
                notes.push(&file[begin..end]);
                begin = end;
            }
            _ if line == "\n" && begin == at => begin = end,
            _ if blank => begin = at,
            _ => {}
        }
        blank = line == "\n";
        at = end;
    }
    notes.retain(|note| note.parse::<Note>().is_ok());
    notes
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::note::NoteSigner;
    use super::*;

    pub(crate) fn checkpoint() -> Checkpoint {
        Checkpoint {
            log: Uuid::from_u128(0x0192_f0c1_0000_7000_8000_0000_0000_0001),
            size: 1_000_000,
            root: [1; 32],
            requests: ChainEnd { count: 900_000, hash: [2; 32] },
            reads: ChainEnd { count: 12_000, hash: [3; 32] },
            identity: [4; 32],
            epoch: 1,
            signed: "2026-09-21T14:14:12Z".to_owned(),
        }
    }

    fn signer() -> NoteSigner {
        NoteSigner::new(Checkpoint::origin(checkpoint().log), &[9; 32])
    }

    /// The text, taken apart here by what the format's page says and by nothing of ours.
    #[test]
    fn the_note_is_what_the_formats_say() {
        let note = signer().sign(&checkpoint().text());
        let lines: Vec<&str> = note.split('\n').collect();
        assert_eq!(lines[0], "onward/0192f0c1-0000-7000-8000-000000000001");
        assert_eq!(lines[1], "1000000");
        assert_eq!(STANDARD.decode(lines[2]).expect("base64"), [1; 32]);
        assert!(lines[3..8].iter().all(|line| !line.is_empty()), "no line of the text is blank");
        assert_eq!((lines[8], lines[10]), ("", ""), "a blank line, one signature, the end");
        let (name, code) =
            lines[9].strip_prefix("— ").and_then(|l| l.split_once(' ')).expect("shape");
        assert_eq!(name, lines[0]);
        let blob = STANDARD.decode(code).expect("base64");
        let public = ed25519_dalek::SigningKey::from_bytes(&[9; 32]).verifying_key();
        let mut hashed = name.as_bytes().to_vec();
        hashed.extend([0x0a, 0x01]);
        hashed.extend(public.as_bytes());
        let hash: [u8; 32] = sha2::Digest::finalize(sha2::Digest::chain_update(
            <sha2::Sha256 as sha2::Digest>::new(),
            &hashed,
        ))
        .into();
        assert_eq!(blob[..4], hash[..4]);
        let signed = format!("{}\n", lines[..8].join("\n"));
        let signature = ed25519_dalek::Signature::from_slice(&blob[4..]).expect("64 bytes");
        public.verify_strict(signed.as_bytes(), &signature).expect("by this key");
    }

    #[test]
    fn what_was_signed_comes_back() {
        let note = signer().sign(&checkpoint().text());
        let keys = [signer().verifier()];
        assert_eq!(
            SignedCheckpoint::verified(&note, &keys).map(|read| read.checkpoint),
            Ok(checkpoint())
        );
        assert_eq!(SignedCheckpoint::verified(&note, &[]), Err(NoteFault::Unsigned));
        for (from, to) in [("1000000", "1000001"), ("epoch 1", "epoch 2"), ("reads 12", "reads 11")]
        {
            let altered = note.replacen(from, to, 1);
            assert_eq!(
                SignedCheckpoint::verified(&altered, &keys),
                Err(NoteFault::Forged),
                "{from}"
            );
        }
        // Another log's key under this log's name is another key; its own name is another log.
        let foreign = NoteSigner::new("onward/another", &[9; 32]);
        let note = foreign.sign(&checkpoint().text());
        let keys = [foreign.verifier()];
        assert_eq!(SignedCheckpoint::verified(&note, &keys), Err(NoteFault::Unsigned));
    }

    #[test]
    fn a_file_holds_many_and_may_end_in_the_middle_of_one() {
        let one = signer().sign(&checkpoint().text());
        let two = signer().sign(&Checkpoint { size: 2_000_000, ..checkpoint() }.text());
        let file = format!("{one}\n{two}\n{}", &one[..one.len() - 7]);
        assert_eq!(notes_in(&file), [one.as_str(), two.as_str()]);
        assert_eq!(notes_in(&format!("{one}{two}")), [one.as_str(), two.as_str()]);
        assert!(notes_in("").is_empty() && notes_in("nothing\n\nhere\n").is_empty());
    }
}
