//! The log: the only truth, and the only owner of transactions, on PostgreSQL or SQLite.
//!
//! When [`Log::execute`] answers, the facts are on stable storage, in one order without gaps, and the
//! answer itself is kept under the caller's request id. Nothing here knows a bus, a view or a door.
//!
//! | to see | open |
//! |---|---|
//! | the one write path | `execute.rs`, `unit.rs` |
//! | how many callers share one commit | `append.rs` (the batcher), `batch.rs` (one transaction) |
//! | who is refused, and what a batch writes | `judge.rs` (pure) |
//! | order, versions, hashes | `plan.rs`, `chain.rs`, `partition.rs` |
//! | sealing and keys | `seal.rs`, `keys/`, `claim_key.rs` |
//! | erasing a learner, and a log that was restored | `erase/` |
//! | which keys streams are found by, and which fact changes which | `look_up/` |
//! | claims and leases | `lease.rs` |
//! | reading and following | `read.rs`, `feed.rs`, `recent.rs`; all of it in one go: `scan.rs` |
//! | how many callers share one look-up | `find.rs` |
//! | the record of reads | `access.rs` |
//! | the tree, checkpoints, receipts | `proof/` |
//! | the check of everything | `verify/` |
//! | what is remembered of the copy on the bus | `copy.rs` |
//! | every SQL text | `sql/` |
//!
//! Deliberately absent: gap detection (positions are given out under a lock that is held through the
//! commit, so position order is commit order), `NOTIFY`, row locks other than those of `log_lock` and
//! `ref_queue` (whatever is judged, is judged under the lock), update or deletion of an event.

mod access;
mod append;
mod batch;
mod chain;
mod claim_key;
pub mod codec;
mod copy;
mod erase;
mod error;
mod execute;
mod feed;
mod find;
mod folder;
mod judge;
mod keys;
mod lease;
mod log;
pub mod look_up;
mod open;
mod options;
mod owner;
mod partition;
mod plan;
mod position;
pub mod proof;
mod proposal;
mod read;
mod recent;
mod recorded;
mod request;
mod scan;
mod seal;
mod sql;
mod unit;
mod verify;

pub use access::{AccessRecord, Read};
pub use chain::{EventHash, Linked, Preimage, event_hash, preimage};
pub use claim_key::{Key, Relation, Scope};
pub use copy::{Accepted, AuditReached, CopyNote, CopyState, Said};
pub use erase::ErasedRecord;
pub use error::{Cause, ExecuteError, FeedError, LogError, OpenError, OpenFault, Stop};
pub use execute::{Attempt, Call, Executed};
pub use feed::{Feed, LogFeed};
pub use keys::{BackedUp, KekSource, KeyStore, Rotated};
pub use lease::{ClaimFilters, ClaimWanted, Lease, Ready};
pub use log::Log;
pub use options::{BatcherOptions, Clock, Database, KeyOptions, Options, ProofOptions};
pub use owner::Ownership;
pub use partition::{PARTITIONS, partition_of};
pub use position::{NotAPosition, Position};
pub use read::Found;
pub use recorded::{Opened, Receipt, Recorded};
pub use request::Request;
pub use scan::Scan;
pub use unit::{Loaded, Unit};
pub use verify::{Inspection, LookUps, Outside, Verified, VerifyFault, VerifyProgress};
