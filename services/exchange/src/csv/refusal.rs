//! Why a CSV file is refused as a whole.

use crate::source::SourceFault;

/// The file is refused: nothing of it is to be recorded. No text here repeats content of the file.
#[derive(Debug, thiserror::Error)]
pub enum CsvRefusal {
    /// Columns that every row needs are not there.
    #[error("line 1: required columns are missing: {}; download the template to compare", .columns.join(", "))]
    MissingColumns {
        /// The names that were looked for.
        columns: Vec<&'static str>,
    },
    /// Two columns under one name: it is not clear which one is meant.
    #[error("line 1: the column {column} is there twice")]
    DoubledColumn {
        /// The name.
        column: &'static str,
    },
    /// Nothing in it, not even headings.
    #[error("the file is empty: the first line must hold the column names")]
    Empty,
    /// Headings only.
    #[error("the file holds column names but no row, so there is nothing to import")]
    NoRows,
    /// More rows than one file may hold.
    #[error("the file holds more than {limit} rows; send it in parts")]
    TooManyRows {
        /// Rows allowed.
        limit: u64,
    },
    /// The bytes could not be read as text.
    #[error(transparent)]
    Source(SourceFault),
}

impl CsvRefusal {
    /// Stable code, lower snake case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::MissingColumns { .. } => "missing_columns",
            Self::DoubledColumn { .. } => "doubled_column",
            Self::Empty => "empty",
            Self::NoRows => "no_rows",
            Self::TooManyRows { .. } => "too_many_rows",
            Self::Source(SourceFault::TooLarge { .. }) => "too_large",
            Self::Source(SourceFault::Endless { .. }) => "endless",
            Self::Source(SourceFault::UnknownEncoding) => "unknown_encoding",
            Self::Source(SourceFault::NotText) => "not_text",
            Self::Source(SourceFault::Io(_)) => "unreadable",
        }
    }
}
