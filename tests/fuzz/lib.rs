//! Fuzzing of what parses.
//!
//! A target is a plain function over bytes that panics where a property does not hold. It is run in
//! three ways, none of which needs more than a stable compiler:
//!
//! | how | what |
//! |---|---|
//! | `tests/run fuzz` | the kept corpus, then a bounded number of seeded mutations of it; the seed of a failure is printed and the input is written, made small, to `target/fuzz` |
//! | `ONWARD_FUZZ=1000000 tests/run fuzz` | the same with as many mutations |
//! | `cargo run -p onward-fuzz --example search -- TARGET` | the same without the test binary |
//!
//! A find is fixed, and its input stays in `corpus/TARGET`, so that it is tried for ever.
//!
//! | file | what it holds |
//! |---|---|
//! | `targets/` | the targets, a file each, and the list of them |
//! | `marker.rs` | the planted name, and how it is looked for |
//! | `message.rs` | messages of the contract, filled by chance along their descriptors |
//! | `mutate.rs` | the seeded mutator |
//! | `campaign.rs` | running a target over its corpus and its mutations |

pub mod campaign;
pub mod marker;
pub mod message;
pub mod mutate;
pub mod targets;

pub use campaign::{corpus, replay, search};
pub use targets::{TARGETS, Target};
