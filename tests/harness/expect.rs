//! What a refusal must look like: code, stable reason, fields and what was possible instead.

use std::collections::{BTreeSet, HashMap};

use onward_contract::reason;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// A call that was refused as expected, for a closer look.
pub struct Refused {
    status: Status,
}

/// Insists that a call was refused with this code and reason.
///
/// # Panics
/// It was not.
#[track_caller]
pub fn refused<T>(answer: Result<T, Status>, code: Code, reason: &str) -> Refused {
    let refused = Refused { status: refusal(answer) };
    let found = (refused.status.code(), refused.reason());
    assert_eq!(found, (code, reason.to_owned()), "{}", refused.told());
    refused
}

/// Insists that what was asked for is not there, or not the caller's to see.
///
/// # Panics
/// It was shown, or refused in another way.
#[track_caller]
pub fn not_found<T>(answer: Result<T, Status>) -> Refused {
    refused(answer, Code::NotFound, reason::NOT_FOUND)
}

/// Insists that a call named these fields as faulty, and no others.
///
/// # Panics
/// It did not.
#[track_caller]
pub fn faulty<T>(answer: Result<T, Status>, fields: &[&str]) -> Refused {
    let refused = refused(answer, Code::InvalidArgument, reason::INVALID_FIELD);
    let wanted: BTreeSet<String> = fields.iter().map(|field| (*field).to_owned()).collect();
    assert_eq!(refused.fields(), wanted, "{}", refused.told());
    refused
}

/// Insists that a step was illegal in this state.
///
/// # Panics
/// It was not.
#[track_caller]
pub fn illegal<T>(answer: Result<T, Status>, state: &str) -> Refused {
    let refused = refused(answer, Code::FailedPrecondition, reason::ILLEGAL_STEP);
    assert_eq!(refused.metadata("state").as_deref(), Some(state), "{}", refused.told());
    refused
}

#[track_caller]
fn refusal<T>(answer: Result<T, Status>) -> Status {
    match answer {
        Ok(_) => panic!("it was not refused"),
        Err(status) => status,
    }
}

/// Code, text and details of a refusal: two that are equal here cannot be told apart by a caller.
pub fn face(status: &Status) -> (Code, String, Vec<u8>) {
    (status.code(), status.message().to_owned(), status.details().to_vec())
}

/// The stable reason of a refusal; empty where it has none.
pub fn reason_of(status: &Status) -> String {
    status.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default()
}

/// The paths of the fields that a refusal names.
pub fn faulty_fields(status: &Status) -> BTreeSet<String> {
    let details = status.get_error_details();
    let violations = details.bad_request().into_iter().flat_map(|bad| &bad.field_violations);
    violations.map(|violation| violation.field.clone()).collect()
}

// === impl Refused

impl Refused {
    /// The status itself.
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// Its stable reason.
    pub fn reason(&self) -> String {
        reason_of(&self.status)
    }

    /// The paths of the faulty fields.
    pub fn fields(&self) -> BTreeSet<String> {
        faulty_fields(&self.status)
    }

    /// A value that stands beside the reason.
    pub fn metadata(&self, key: &str) -> Option<String> {
        let details = self.status.get_error_details();
        let all: HashMap<String, String> =
            details.error_info().map(|info| info.metadata.clone()).unwrap_or_default();
        all.get(key).cloned()
    }

    /// The steps that would have been possible.
    pub fn possible(&self) -> BTreeSet<String> {
        let possible = self.metadata("possible").unwrap_or_default();
        possible.split(',').filter(|step| !step.is_empty()).map(str::to_owned).collect()
    }

    /// Insists that a step would have been possible.
    ///
    /// # Panics
    /// It would not.
    #[track_caller]
    pub fn leaves(self, step: &str) -> Self {
        assert!(self.possible().contains(step), "{step} of {:?}", self.possible());
        self
    }

    /// Insists that none of these words is in anything that the caller gets to see.
    ///
    /// # Panics
    /// One is.
    #[track_caller]
    pub fn keeps_to_itself(self, words: &[&str]) -> Self {
        let seen = format!("{:?} {}", face(&self.status), self.told());
        for word in words {
            assert!(!seen.contains(word), "the refusal repeats what was said");
        }
        self
    }

    fn told(&self) -> String {
        let status = &self.status;
        format!("{:?} {} {} {:?}", status.code(), self.reason(), status.message(), self.fields())
    }
}
