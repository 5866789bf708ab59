//! Code sets: the official codes that facts and files carry, each set beside its concept.
//!
//! Three shapes. A set that law, a standard or this product closes is an enum ([`CodeSet`]): text
//! outside it is refused. A set that somebody else keeps changing (types of need, ILR, HESA) is a
//! dated table under `data/`: an unknown or ended code is kept as it came and can be reported,
//! never dropped. Between them stand the census's small sets (provision, year group), which rules are
//! written for and which grow all the same: an enum that is held [`Open`].

#[macro_use]
mod closed;

pub mod consent;
pub mod dsa;
pub mod handover;
pub mod hesa;
pub mod ilr;
pub mod kind;
pub mod need;
mod open;
pub mod placement;
pub mod provision;
pub mod reason;
pub mod referral;
pub mod role;
pub mod screening;
pub mod setting;
pub(crate) mod table;
pub mod year;

#[cfg(test)]
pub(crate) use closed::assert_set;
pub(crate) use closed::closed_codes;
pub use closed::{CodeSet, UnknownCode};
pub use open::{LONGEST_CODE, Open};
