//! What is said about one place in a file: the line, the field, a stable code and a plain sentence.

use std::borrow::Cow;
use std::fmt;

/// A remark about one place in a file. Used for the reasons of a fault and for warnings. It never
/// holds a value of the file: the value goes to the rejects file only, which is the sender's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Line of the file, counted from 1; for a pupil or row its first line.
    pub line: u64,
    /// Element or column, as the format names it; empty where the whole pupil or row is meant.
    pub field: &'static str,
    /// Stable code, lower snake case, for programs.
    pub code: &'static str,
    /// A sentence in plain English.
    pub message: Cow<'static, str>,
}

impl Note {
    /// Makes a remark.
    pub fn new(
        line: u64,
        field: &'static str,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { line, field, code, message: message.into() }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field {
            "" => write!(f, "line {}: {} ({})", self.line, self.message, self.code),
            field => write!(f, "line {}, {field}: {} ({})", self.line, self.message, self.code),
        }
    }
}
