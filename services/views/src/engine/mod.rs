//! Everything about views but what they say: who applies, in which order, how far it has come, what
//! is parked.
//!
//! | to see | open |
//! |---|---|
//! | what a view is: a pure fold and its tables | `fold.rs` |
//! | the loop of a process: own, catch up, follow | `run.rs` |
//! | one batch: rows and checkpoints in one transaction | `apply.rs` |
//! | who owns which partitions | `owner.rs` |
//! | positions and waiting for one | `checkpoint.rs`, `signal.rs` |
//! | events that could not be applied | `parked.rs` |
//! | are the rows what the log says? | `parity.rs` |
//! | versions and generations of a view | `registry.rs` |
//! | building a generation beside the live one | `build.rs`, who does: `lease.rs` |
//! | comparing two, and moving readers | `compare.rs`, `switch.rs` |
//! | both databases | `store.rs`, `value.rs`, `table.rs` |
//!
//! Invariants: an event is applied to a view at most once, and in the order of its partition; rows and
//! checkpoint change together or not at all; a fold sees no database, no clock and no other fold.

pub(crate) mod apply;
pub(crate) mod build;
pub(crate) mod checkpoint;
pub(crate) mod compare;
pub(crate) mod erase;
pub(crate) mod fold;
pub(crate) mod kept;
pub(crate) mod lease;
pub(crate) mod narrow;
pub(crate) mod number;
pub(crate) mod origin;
pub(crate) mod owner;
pub(crate) mod parity;
pub(crate) mod parked;
pub(crate) mod registry;
pub(crate) mod run;
pub(crate) mod signal;
pub(crate) mod store;
pub(crate) mod switch;
pub(crate) mod table;
pub(crate) mod value;
