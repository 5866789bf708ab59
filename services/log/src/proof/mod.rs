//! Proof that the log is what it was: the tree over the events' hashes, signed checkpoints, receipts.
//!
//! Each event's hash covers the one before, so that whoever knows the newest hash can tell whether
//! anything below was altered, by reading everything. The tree says the same in a few hashes for a single
//! event. A checkpoint signs the tree's root and goes outside of the database: whoever can write to the
//! database could alter an event and compute every hash after it anew, but not a root that somebody else
//! holds, nor a signature. What is above the newest checkpoint that somebody holds is proven by nobody.
//!
//! | to see | open |
//! |---|---|
//! | the tree, as arithmetic | `tree.rs` |
//! | the tree as it is kept: roots of whole groups of 256 | `grow.rs` |
//! | signed notes and keys | `note.rs` |
//! | what a checkpoint says | `checkpoint.rs` |
//! | when one is signed, and when that is refused | `sign.rs`, `follow.rs` |
//! | where they go outside of the database | `files.rs` |
//! | a receipt and its check | `receipt.rs` |

mod checkpoint;
mod files;
mod follow;
mod grow;
mod note;
mod receipt;
mod sign;
mod tree;

pub use checkpoint::{Checkpoint, SignedCheckpoint, notes_in};
pub use files::newest_checkpoint;
pub(crate) use grow::GROUP;
pub use note::{Note, NoteFault, NoteSigner, VerifierKey};
pub use receipt::{LogReceipt, Proven, ReceiptFault};
pub(crate) use sign::{Proof, identity_hash};
pub use sign::{ProofFault, own_key};
pub use tree::{Peaks, TreeHash, leaf_hash, node_hash, path_in, root_from_path, root_of};
