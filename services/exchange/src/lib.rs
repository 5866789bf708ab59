//! File formats that schools, authorities and teams already have.
//!
//! Files are read as streams: one pupil or row at a time, in memory that does not grow with the file.
//! What cannot be read at all is a *refusal* (nothing of the file is to be recorded); a pupil or row
//! that cannot be used is a *fault* with its line and reasons, and the others go on; anything doubtful
//! is a *warning* beside what was read. No text of these ever repeats what the file says of a child.
//!
//! | file | read by | what comes out |
//! |---|---|---|
//! | Common Transfer File (XML) | [`ctf::open`] | [`ctf::CtfHeader`], then [`ctf::CtfPupil`]s |
//! | organisations, transitions, referrals (CSV) | [`csv::open`] | [`csv::OrganisationRow`], [`csv::TransitionRow`], [`csv::ReferralRow`] |
//!
//! The other direction: [`csv::Writer`] (cells that a spreadsheet would run are made harmless),
//! [`csv::Rejects`] (rows to mend and send again), [`csv::template`].

pub mod csv;
pub mod ctf;
pub mod note;
pub mod source;
mod values;

pub use note::Note;
pub use values::one_spelling;
