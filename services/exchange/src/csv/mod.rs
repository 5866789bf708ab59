//! CSV files of organisations, transitions and referrals: read a row at a time, written harmlessly.
//!
//! Reading: UTF-8 with or without a byte order mark (bytes that are none are read as windows-1252,
//! with a warning), LF or CRLF, quoted commas and line breaks, columns in any order under headings
//! that are matched without case and without `_`, space and `-`. A missing required column refuses
//! the file before any row; an unknown one is reported and passed over. At most 100,000 rows.
//!
//! A cell that begins like a formula is text. Writing puts an apostrophe before it, so that no
//! spreadsheet runs it; reading takes that apostrophe away again.

mod cells;
mod learner;
mod moves;
mod organisation;
mod placement;
mod reader;
mod referral;
mod refusal;
mod rejects;
mod template;
#[cfg(test)]
mod tests;
mod transition;
mod write;

pub use learner::{LearnerRef, learner_key};
pub use organisation::OrganisationRow;
pub use reader::{Checked, CsvReader, Options, Row, RowFault, RowOutcome, RowRead, check, open};
pub use referral::ReferralRow;
pub use refusal::CsvRefusal;
pub use rejects::Rejects;
pub use template::{Column, Kind, template};
pub use transition::TransitionRow;
pub use write::{Writer, neutralise};
