//! Why a Common Transfer File is refused as a whole.

use crate::source::SourceFault;

/// The file is refused: nothing of it is to be recorded. No text here repeats content of the file.
#[derive(Debug, thiserror::Error)]
pub enum CtfRefusal {
    /// A document type definition.
    #[error("line {line}: the file holds a document type definition (DTD), which is not accepted")]
    Dtd {
        /// Where it begins.
        line: u64,
    },
    /// A reference to an entity other than the five of XML.
    #[error("line {line}: the file uses an XML entity, which is not accepted")]
    Entity {
        /// Where it stands.
        line: u64,
    },
    /// The file ends before its last element does.
    #[error("line {line}: the file is cut off here; ask for it again, nothing of it is used")]
    Truncated {
        /// Last line of the file.
        line: u64,
    },
    /// Not XML.
    #[error("line {line}: the file is not well-formed XML: {what}")]
    Malformed {
        /// Where the fault was met.
        line: u64,
        /// What is wrong, in general terms.
        what: &'static str,
    },
    /// Elements nested deeper than any transfer file's.
    #[error("line {line}: elements are nested too deeply for a Common Transfer File")]
    TooDeep {
        /// Where the limit was met.
        line: u64,
    },
    /// The outermost element is another.
    #[error("line {line}: the outermost element is not CTfile: this is not a Common Transfer File")]
    WrongRoot {
        /// Where it stands.
        line: u64,
    },
    /// No header before the pupils.
    #[error("line {line}: there is no Header before the pupils")]
    NoHeader {
        /// Where the header should have been by.
        line: u64,
    },
    /// No `CTFpupilData`.
    #[error("line {line}: there is no CTFpupilData in the file, so no pupil could be read")]
    NoPupilData {
        /// End of the file's content.
        line: u64,
    },
    /// `CTFpupilData` holds no pupil.
    #[error("line {line}: CTFpupilData holds no Pupil, so there is nothing to import")]
    NoPupils {
        /// End of `CTFpupilData`.
        line: u64,
    },
    /// A second `CTFpupilData`.
    #[error(
        "line {line}: there is a second CTFpupilData; a file has one, so nothing of it is used"
    )]
    SecondContainer {
        /// Where it begins.
        line: u64,
    },
    /// A pupil where none is read.
    #[error(
        "line {line}: there is a Pupil that does not stand in CTFpupilData itself, where pupils are read"
    )]
    PupilElsewhere {
        /// Where it begins.
        line: u64,
    },
    /// The bytes could not be read as text.
    #[error(transparent)]
    Source(SourceFault),
}

impl CtfRefusal {
    /// Stable code, lower snake case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Dtd { .. } => "dtd",
            Self::Entity { .. } => "entity",
            Self::Truncated { .. } => "truncated",
            Self::Malformed { .. } => "malformed",
            Self::TooDeep { .. } => "too_deep",
            Self::WrongRoot { .. } => "wrong_root",
            Self::NoHeader { .. } => "no_header",
            Self::NoPupilData { .. } => "no_pupil_data",
            Self::NoPupils { .. } => "no_pupils",
            Self::SecondContainer { .. } => "second_container",
            Self::PupilElsewhere { .. } => "pupil_elsewhere",
            Self::Source(SourceFault::TooLarge { .. }) => "too_large",
            Self::Source(SourceFault::Endless { .. }) => "endless",
            Self::Source(SourceFault::UnknownEncoding) => "unknown_encoding",
            Self::Source(SourceFault::NotText) => "not_text",
            Self::Source(SourceFault::Io(_)) => "unreadable",
        }
    }

    /// Line of the file, where one can be named.
    pub fn line(&self) -> Option<u64> {
        match self {
            Self::Dtd { line }
            | Self::Entity { line }
            | Self::Truncated { line }
            | Self::Malformed { line, .. }
            | Self::TooDeep { line }
            | Self::WrongRoot { line }
            | Self::NoHeader { line }
            | Self::NoPupilData { line }
            | Self::NoPupils { line }
            | Self::SecondContainer { line }
            | Self::PupilElsewhere { line }
            | Self::Source(SourceFault::Endless { line }) => Some(*line),
            Self::Source(SourceFault::UnknownEncoding) => Some(1),
            Self::Source(
                SourceFault::TooLarge { .. } | SourceFault::NotText | SourceFault::Io(_),
            ) => None,
        }
    }
}
