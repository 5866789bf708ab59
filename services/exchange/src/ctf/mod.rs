//! Common Transfer File: the XML that a maintained school sends when a pupil moves.
//!
//! [`open`] reads the file twice: once to see that it is whole and acceptable, so that nothing of a
//! cut-off file is ever recorded, then again to hand out one pupil at a time.
//!
//! | file | what happens |
//! |---|---|
//! | DTD, entity, other root, other container, no pupil, cut off, over 64 MiB | refused, nothing read |
//! | another version, unknown elements, other encoding than declared | read, with a warning |
//! | a pupil without surname, forename or date of birth, or with an impossible one | a fault; the others go on |
//! | a pupil with a bad UPN | read without it, with the warning `upn_to_fix` |

mod header;
mod identity;
mod pupil;
mod reader;
mod refusal;
mod sen;
#[cfg(test)]
mod tests;
mod tree;
mod xml;

pub use header::CtfHeader;
pub use pupil::{CtfPupil, PupilFault, PupilOutcome, PupilRead};
pub use reader::{Checked, CtfReader, Options, check, open};
pub use refusal::CtfRefusal;
pub use sen::SenSpell;
pub use tree::UnknownElements;
