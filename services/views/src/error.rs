//! What can go wrong with the views, as far as a caller can act on it.

use onward_domain::ids::NotAnId;

/// A failure of the views' own storage, of the log under them, or of what was read from either.
/// Texts never repeat a value of a row.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// The database of the views did not answer as it should: away, full, locked for too long.
    #[error("the views' database failed")]
    Database(#[source] sqlx::Error),
    /// The database works, and does not take these rows.
    #[error("the views' database refused rows: {0}")]
    Refused(&'static str),
    /// The file of the views is damaged, or was never a database. Nothing is lost: the log tells it all again.
    #[error("views.db is damaged, or no database; without it, it is built again from the log")]
    DamagedFile,
    /// The folder or the address of the views cannot be used.
    #[error("the views cannot be opened: {0}")]
    Settings(String),
    /// A row holds what this program never writes.
    #[error("a row of the views is damaged: {0}")]
    Damaged(&'static str),
    /// The log or the feed could not be read.
    #[error("the log could not be read: {0}")]
    Log(String),
    /// The position asked for was not reached in the time allowed.
    #[error("the view has not caught up yet")]
    NotYet,
    /// There is no view of this name.
    #[error("there is no such view")]
    UnknownView,
    /// Another process owns these partitions by now; nothing was written.
    #[error("the partitions have another owner")]
    NotOwner,
    /// The view has no generation in the state that was asked for.
    #[error("the view has no such generation")]
    NothingThere,
    /// Readers see this generation: it cannot be given up.
    #[error("readers see this generation")]
    StillLive,
    /// The generation was not compared with the live one yet.
    #[error("the generation was not compared yet")]
    NotCompared,
    /// The generation is not the same as the live one: so many rows differ, or some were never compared.
    #[error("the generation differs from the live one in {0} rows")]
    Differs(u64),
    /// The next event of a partition does not follow the last one applied.
    #[error("an event of the feed is out of its order")]
    Disordered,
}

impl From<sqlx::Error> for ViewError {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(|error| error.code());
        match code.as_deref() {
            // SQLITE_CORRUPT and SQLITE_NOTADB; PostgreSQL's codes have five characters.
            Some("11" | "26") => Self::DamagedFile,
            Some(code) => refusal(code).map_or(Self::Database(error), Self::Refused),
            None => Self::Database(error),
        }
    }
}

/// What a database says of rows that it does not take, in words that repeat none of them.
fn refusal(code: &str) -> Option<&'static str> {
    const VALUE: &str = "the database cannot hold a value of its rows";
    const CONSTRAINT: &str = "a constraint of the database refuses its rows";
    const SIZE: &str = "its rows are too big for the database";
    // SQLSTATE: data exception, integrity constraint violation, program_limit_exceeded.
    match (code.len(), code.get(..2)) {
        (5, Some("22")) => return Some(VALUE),
        (5, Some("23")) => return Some(CONSTRAINT),
        (5, _) => return (code == "54000").then_some(SIZE),
        _ => {}
    }
    // The low byte of an extended result code is the primary one.
    match code.parse::<u32>().ok()? & 0xff {
        20 => Some(VALUE),      // SQLITE_MISMATCH
        19 => Some(CONSTRAINT), // SQLITE_CONSTRAINT
        18 => Some(SIZE),       // SQLITE_TOOBIG
        _ => None,
    }
}

impl ViewError {
    /// Why an event cannot be applied, where that is the fault of its rows: then its learner waits, and
    /// nobody else.
    pub(crate) fn unfit(&self) -> Option<&'static str> {
        match self {
            Self::Refused(why) => Some(why),
            Self::Damaged(_) => Some("a row that it changes is damaged: build the view anew"),
            _ => None,
        }
    }
}

impl From<NotAnId> for ViewError {
    fn from(_: NotAnId) -> Self {
        Self::Damaged("an id is not an id")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_the_rows_fault_is_a_refusal() {
        for code in
            ["22003", "22021", "22012", "23514", "23505", "54000", "19", "275", "1811", "18", "20"]
        {
            assert!(refusal(code).is_some(), "{code}");
        }
        // Away, full, locked, out of order, cut short: nobody's event, and it passes.
        for code in [
            "53100", "40001", "40P01", "57014", "42P01", "54001", "08006", "5", "517", "13", "10",
            "8",
        ] {
            assert!(refusal(code).is_none(), "{code}");
        }
    }
}
