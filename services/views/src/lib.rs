//! Answers: one folder a view, one engine under them.
//!
//! | view | answers | version |
//! |---|---|---|
//! | `timeline` | what happened to a learner, as an organisation may know it | 1 |
//! | `inbox` | handovers sent and received | 1 |
//! | `queue` | referrals of a pathfinder and of a setting, and their sums | 1 |
//! | `directory` | organisations and members | 1 |
//!
//! A view is a pure fold over the log's events and the tables that hold its rows; `engine/` does the
//! rest. Rows hold nothing about a learner in clear but ids, states, moments of recording and numbers
//! that order; what was said is a sealed copy, opened at read with the learner's key. Everything here
//! follows from the log and can be built again from it.
//!
//! Deliberately absent: reads of a view while deciding a command (they could be behind), joins inside a
//! fold, and any write that is not an event's consequence.

pub mod directory;
mod engine;
mod error;
#[cfg(test)]
mod given;
pub mod inbox;
mod moves;
mod operate;
pub mod queue;
pub mod timeline;
mod views;

pub use engine::compare::Comparison;
pub use engine::parity::{Equal, ParityFault};
pub use engine::parked::{Parked, Retried};
pub use engine::registry::GenerationState;
pub use engine::store::Storage;
pub use engine::switch::Switch;
pub use error::ViewError;
pub use views::{GenerationStatus, Options, ViewName, ViewStatus, Views};
