//! The rules of Onward as plain functions: state and command in, facts or a named refusal out.
//!
//! Nothing here reads a clock, a database, a file or chance. Moments, days and new ids come in with
//! the command. Each concept is a folder; each thing that people do with it is a file.
//!
//! | concept | state, table of steps | what people do, a file each |
//! |---|---|---|
//! | organisation | `organisation/mod.rs` | `register`, `add_member`, `remove_member` |
//! | learner | `learner/mod.rs` | `register`, `amend`, `identify`, `sen`, `enrol`, `link` |
//! | transition | `transition/mod.rs`, `detail.rs`; `refold.rs` (what is left after a correction), `kind.rs`, `particulars.rs` | `record`, `confirm`, `arrive`, `not_arrive`, `reschedule`, `cancel`, `correct`, `end` |
//! | Disabled Students' Allowance case | `dsa/mod.rs` | `open`, `step` |
//! | handover | `handover/mod.rs`, `pack.rs`, `grounds.rs` | `draft`, `edit`, `check`, `release`, `deliver`, `open`, `accept`, `decline`, `confirm_support`, `withdraw` |
//! | referral | `referral/state.rs`, `form.rs`, `order.rs`, `lease.rs` | `submit`, `triage`, `inform`, `accept`, `reject`, `redirect`, `claim`, `release_claim`, `lapse`, `screen`, `treat`, `close`, `withdraw` |
//!
//! Words: a *fact* is true and never changes; a *command* asks for one and may be refused; a *step* is a
//! line of an action table; to *fold* is to add facts up into a state.

pub mod calendar;
pub mod codes;
pub mod decider;
pub mod dsa;
pub mod event;
pub mod handover;
pub mod ids;
pub mod learner;
pub mod numbers;
pub mod organisation;
pub mod referral;
pub mod routing;
#[cfg(test)]
mod scenario;
pub mod transition;
