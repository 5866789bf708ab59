//! The only table from failure to answer: gRPC code, stable reason, plain English.
//!
//! Inner code says what went wrong in its own words; every door answers through here. Nothing in an
//! answer repeats what somebody said about a learner.

use std::collections::HashMap;
use std::time::Duration;

use onward_access::{Denied, TokenFault};
use onward_contract::reason;
use onward_contract::receipt::v1 as wire;
use onward_domain::decider::{FieldFault, Refusal};
use onward_log::proof::ProofFault;
use onward_log::{Cause, ExecuteError, LogError, Scope};
use onward_views::ViewError;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};
use uuid::Uuid;

/// Domain of every reason.
pub const DOMAIN: &str = "onward";

/// What went wrong, before it is put into words for one door.
#[derive(Debug)]
pub enum Failure {
    /// The bearer token.
    Token(TokenFault),
    /// Kind of organisation, role or membership.
    Denied(Denied),
    /// A rule of the domain, or a field.
    Refused(Refusal),
    /// The write path.
    Execute(ExecuteError),
    /// A read of the log or its keys.
    Log(LogError),
    /// A view could not answer.
    View(&'static str),
    /// A build of a view is not as the step needs it.
    Generation(ViewError),
    /// The record of reads could not be written, so nothing is shown.
    NotWrittenDown,
    /// A view is not as far as the caller asked, and did not get there in time.
    NotThereYet,
    /// The caller of an open stream may no longer see what it is of.
    AccessLost,
    /// The process is stopping.
    Stopping,
    /// Other planned moves of the learner, of which nobody said what becomes of them.
    Unanswered(Vec<Uuid>),
    /// No checkpoint, or no receipt.
    Proof(ProofFault),
    /// Others kept changing the stream while the caller, who expected no version, tried.
    Contended,
}

impl Failure {
    /// The same failure, with the fields of a command named as the caller's request names them.
    pub fn renamed(self, name: impl Fn(String) -> String) -> Self {
        let renamed = |faults: Vec<FieldFault>| {
            let faults = faults.into_iter();
            faults.map(|fault| FieldFault { field: name(fault.field), ..fault }).collect()
        };
        match self {
            Self::Refused(Refusal::Invalid(faults)) => Refusal::Invalid(renamed(faults)).into(),
            Self::Execute(ExecuteError::Refused(Refusal::Invalid(faults))) => {
                Refusal::Invalid(renamed(faults)).into()
            }
            other => other,
        }
    }
}

/// An answer to a failure, for a unary status or for an item of a stream.
pub struct Answer {
    code: Code,
    reason: &'static str,
    message: String,
    fields: Vec<FieldFault>,
    metadata: HashMap<String, String>,
    retry_after: Option<Duration>,
}

impl Answer {
    fn new(code: Code, reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            reason,
            message: message.into(),
            fields: Vec::new(),
            metadata: HashMap::new(),
            retry_after: None,
        }
    }

    fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.metadata.insert(key.to_owned(), value.into());
        self
    }

    fn retry(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }

    /// The refusal as an item of a stream that goes on.
    pub fn into_item(self) -> wire::Refusal {
        wire::Refusal {
            code: self.code as i32,
            reason: self.reason.to_owned(),
            message: self.message,
            field_violations: self
                .fields
                .into_iter()
                .map(|fault| wire::FieldViolation {
                    field: fault.field,
                    description: fault.message,
                })
                .collect(),
            metadata: self.metadata.into_iter().collect(),
            retry_after: self.retry_after.and_then(|after| after.try_into().ok()),
        }
    }

    /// The refusal as the status of a call.
    pub fn into_status(self) -> Status {
        let mut details = ErrorDetails::new();
        details.set_error_info(self.reason, DOMAIN, self.metadata);
        if !self.fields.is_empty() {
            let violations: Vec<FieldViolation> = self
                .fields
                .into_iter()
                .map(|fault| FieldViolation {
                    field: fault.field,
                    description: fault.message,
                    ..FieldViolation::default()
                })
                .collect();
            details.set_bad_request(violations);
        }
        if let Some(after) = self.retry_after {
            details.set_retry_info(Some(after));
        }
        Status::with_error_details(self.code, self.message, details)
    }
}

impl From<Failure> for Answer {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Token(fault) => of_token(fault),
            Failure::Denied(denied) => of_denied(denied),
            Failure::Refused(refusal) => of_refusal(refusal),
            Failure::Execute(error) => of_execute(error),
            Failure::Log(error) => of_log(&error),
            Failure::View(view) => Self::new(
                Code::Unavailable,
                reason::LOG_UNAVAILABLE,
                format!("the {view} view cannot answer now"),
            )
            .retry(Duration::from_secs(1)),
            Failure::Generation(error) => of_generation(&error),
            Failure::NotWrittenDown => Self::new(
                Code::Unavailable,
                reason::READ_NOT_RECORDED,
                "the record of reads cannot be written now, so nothing about a learner is shown",
            )
            .retry(Duration::from_secs(1)),
            Failure::NotThereYet => Self::new(
                Code::Unavailable,
                reason::VIEW_BEHIND,
                "the view has not reached the position asked for; try again shortly",
            )
            .retry(Duration::from_millis(200)),
            Failure::Contended => Self::new(
                Code::Aborted,
                reason::TOO_MUCH_CONTENTION,
                "others kept changing the record; send the same request again",
            )
            .retry(Duration::from_millis(50)),
            Failure::Unanswered(moves) => {
                let moves: Vec<String> = moves.iter().map(Uuid::to_string).collect();
                Self::new(
                    Code::FailedPrecondition,
                    reason::OTHER_MOVES_UNANSWERED,
                    "say what becomes of each other planned move of the learner",
                )
                .with("transition_ids", moves.join(","))
            }
            Failure::Proof(fault) => of_proof(&fault),
            Failure::Stopping => Self::new(
                Code::Unavailable,
                reason::SHUTTING_DOWN,
                "this process is stopping; call again",
            )
            .retry(Duration::from_secs(1)),
            Failure::AccessLost => Self::new(
                Code::PermissionDenied,
                reason::ACCESS_LOST,
                "the caller may no longer see what this stream is of",
            ),
        }
    }
}

impl From<Failure> for Status {
    fn from(failure: Failure) -> Self {
        Answer::from(failure).into_status()
    }
}

macro_rules! failure_from {
    ($($source:ty => $variant:ident),* $(,)?) => {$(
        impl From<$source> for Failure {
            fn from(source: $source) -> Self {
                Self::$variant(source)
            }
        }
    )*};
}

failure_from!(
    TokenFault => Token,
    Denied => Denied,
    Refusal => Refused,
    ExecuteError => Execute,
    LogError => Log,
    ProofFault => Proof,
);

impl From<ViewError> for Failure {
    fn from(error: ViewError) -> Self {
        match error {
            ViewError::NotYet => Self::NotThereYet,
            error @ (ViewError::NothingThere
            | ViewError::StillLive
            | ViewError::NotCompared
            | ViewError::Differs(_)) => Self::Generation(error),
            error => {
                tracing::warn!(%error, "a view could not answer");
                Self::View("asked-for")
            }
        }
    }
}

fn of_generation(error: &ViewError) -> Answer {
    let code = Code::FailedPrecondition;
    match error {
        ViewError::StillLive => Answer::new(
            code,
            reason::GENERATION_IS_LIVE,
            "readers see this build of the view; switch to another one first",
        ),
        ViewError::NotCompared => Answer::new(
            code,
            reason::VIEW_DIFFERS,
            "the build has not been compared with the one that answers yet",
        ),
        ViewError::Differs(rows) => Answer::new(
            code,
            reason::VIEW_DIFFERS,
            "the build is not the same as the one that answers; accept the differences if they are meant",
        )
        .with("differences", rows.to_string()),
        _ => Answer::new(
            code,
            reason::NO_SUCH_GENERATION,
            "the view has no build that this could be done to",
        ),
    }
}

fn of_token(fault: TokenFault) -> Answer {
    let reason = match fault {
        TokenFault::Missing => reason::TOKEN_MISSING,
        TokenFault::Expired => reason::TOKEN_EXPIRED,
        TokenFault::Malformed | TokenFault::NotAccepted | TokenFault::WrongAudience => {
            reason::TOKEN_INVALID
        }
    };
    Answer::new(Code::Unauthenticated, reason, fault.to_string())
}

fn of_denied(denied: Denied) -> Answer {
    let reason = match denied {
        Denied::NotAMember => reason::NOT_A_MEMBER,
        Denied::WrongKind => reason::KIND_NOT_ALLOWED,
        Denied::WrongRole => reason::ROLE_NOT_ALLOWED,
    };
    Answer::new(Code::PermissionDenied, reason, denied.to_string())
}

fn of_refusal(refusal: Refusal) -> Answer {
    let message = refusal.to_string();
    match refusal {
        Refusal::NotFound => Answer::new(Code::NotFound, reason::NOT_FOUND, message),
        Refusal::IllegalStep { step, state, possible, .. } => {
            Answer::new(Code::FailedPrecondition, reason::ILLEGAL_STEP, message)
                .with("state", state.to_ascii_uppercase())
                .with("step", step)
                .with("possible", possible.join(","))
        }
        Refusal::Invalid(fields) => {
            let mut answer = Answer::new(Code::InvalidArgument, reason_of(&fields), message);
            answer.fields = fields;
            answer
        }
        Refusal::Rule { reason: reason::NOTHING_TO_CHANGE, message } => {
            Answer::new(Code::InvalidArgument, reason::NOTHING_TO_CHANGE, message)
        }
        Refusal::Rule { reason, message } => Answer::new(Code::FailedPrecondition, reason, message),
        Refusal::Exists { reason, message, existing } => {
            let answer = Answer::new(Code::AlreadyExists, reason, message);
            match existing {
                Some(id) => answer.with("existing_id", id.to_string()),
                None => answer,
            }
        }
        Refusal::Forbidden { reason, message } => {
            Answer::new(Code::PermissionDenied, reason, message)
        }
    }
}

/// The reason of faulty fields: the particular one where all of them have it.
fn reason_of(fields: &[FieldFault]) -> &'static str {
    let only = |field: &str| fields.iter().all(|fault| fault.field == field);
    let Refusal::Invalid(future) = Refusal::future("") else { return reason::INVALID_FIELD };
    if only("page_token") {
        reason::INVALID_PAGE_TOKEN
    } else if only("min_position") || only("from_position") {
        reason::INVALID_POSITION
    } else if fields.iter().all(|fault| future.iter().any(|known| known.message == fault.message)) {
        reason::FUTURE_DATE
    } else {
        reason::INVALID_FIELD
    }
}

fn of_execute(error: ExecuteError) -> Answer {
    let message = error.to_string();
    match error {
        ExecuteError::Refused(refusal) => of_refusal(refusal),
        ExecuteError::Conflict { current } => {
            Answer::new(Code::Aborted, reason::VERSION_CONFLICT, message)
                .with("current_version", current.to_string())
        }
        ExecuteError::RequestIdReused => {
            Answer::new(Code::AlreadyExists, reason::REQUEST_ID_REUSED, message)
        }
        ExecuteError::KeyTaken { scope, existing } => key_taken(scope, existing),
        ExecuteError::LeaseLost => Answer::new(
            Code::FailedPrecondition,
            reason::LEASE_LOST,
            "the lease was lost, given back or never held; nothing was changed",
        ),
        ExecuteError::Overloaded { retry_after } => overloaded(retry_after),
        ExecuteError::TooLarge => {
            Answer::new(Code::ResourceExhausted, reason::MESSAGE_TOO_LARGE, message)
        }
        ExecuteError::Erased => erased(),
        ExecuteError::Unavailable(cause) => unavailable(message).with(OUTCOME, outcome(cause)),
        ExecuteError::Unreadable(error) => of_log(&error),
    }
}

fn of_proof(fault: &ProofFault) -> Answer {
    match fault {
        ProofFault::Nothing => of_refusal(Refusal::NotFound),
        ProofFault::Log(error) => of_log(error),
        ProofFault::Io(_) => unavailable(fault.to_string()),
        ProofFault::Shorter { .. } | ProofFault::Differs { .. } | ProofFault::Foreign => {
            tracing::error!(%fault, "no checkpoint is signed");
            Answer::new(Code::FailedPrecondition, reason::CHECKPOINT_REFUSED, fault.to_string())
        }
    }
}

fn key_taken(scope: Scope, existing: Uuid) -> Answer {
    let (reason, message, key) = match scope {
        Scope::LearnerNumber | Scope::OwnRef | Scope::LearnerNameBirth => (
            reason::LEARNER_ALREADY_REGISTERED,
            "one of your own records holds this identifier or reference",
            "learner_id",
        ),
        Scope::LiveHandover => (
            reason::HANDOVER_ALREADY_LIVE,
            "there is a live handover of this learner to this receiver",
            "handover_id",
        ),
        Scope::Membership => (
            reason::MEMBER_ALREADY_ADDED,
            "this identity holds this role in the organisation already",
            "member_id",
        ),
        _ => (
            reason::ORGANISATION_ALREADY_REGISTERED,
            "an organisation with one of these numbers is registered",
            "organisation_id",
        ),
    };
    Answer::new(Code::AlreadyExists, reason, message).with(key, existing.to_string())
}

fn of_log(error: &LogError) -> Answer {
    let message = error.to_string();
    match error {
        LogError::Overloaded { retry_after } => overloaded(*retry_after),
        LogError::Erased => erased(),
        LogError::Unavailable(_) => unavailable(message),
        LogError::Damaged(_) | LogError::Newer(_) => {
            Answer::new(Code::Internal, reason::INTERNAL, message)
        }
    }
}

/// A refusal that no method made, with its reason. Texts of the transport are not passed on: they may
/// quote what was sent.
pub(crate) fn of_transport(status: &Status) -> Status {
    let text = status.message();
    let (code, reason, message) = match status.code() {
        Code::OutOfRange if text.contains("too large") => (
            Code::ResourceExhausted,
            reason::MESSAGE_TOO_LARGE,
            "the message is larger than the server takes",
        ),
        // A message of the wrong shape, or one that a stream was cut off in.
        Code::Internal if text.contains("decod") || text.contains("request message") => {
            (Code::InvalidArgument, reason::INVALID_FIELD, "the message could not be read")
        }
        Code::Unimplemented => {
            (Code::Unimplemented, reason::NOT_YET_SERVED, "nothing is served under this name")
        }
        Code::DeadlineExceeded | Code::Cancelled => (
            Code::DeadlineExceeded,
            reason::TIMED_OUT,
            "it took longer than the caller or the server allows",
        ),
        Code::ResourceExhausted | Code::Unavailable => {
            return overloaded(Duration::from_secs(1)).into_status();
        }
        // The transport knows what it means; only the reason was missing.
        code => (code, reason::INTERNAL, "the call could not be carried out"),
    };
    Answer::new(code, reason, message).into_status()
}

fn overloaded(after: Duration) -> Answer {
    let message = "more is waiting than the server takes; try again shortly";
    Answer::new(Code::ResourceExhausted, reason::OVERLOADED, message).retry(after)
}

/// Whether a write that could not be carried out may have been done all the same.
const OUTCOME: &str = "outcome";

/// `unknown`: the same request id tells, later. `nothing_done`: it was not done.
fn outcome(cause: Cause) -> &'static str {
    match cause {
        Cause::Unknown | Cause::Fault => "unknown",
        Cause::Unreachable | Cause::Full | Cause::Disk | Cause::Damaged | Cause::Busy => {
            "nothing_done"
        }
        Cause::Keys | Cause::Stopping => "nothing_done",
    }
}

fn erased() -> Answer {
    let message =
        "what was said about this learner was erased; nothing can be read or recorded any more";
    Answer::new(Code::FailedPrecondition, reason::LEARNER_ERASED, message)
}

fn unavailable(message: String) -> Answer {
    Answer::new(Code::Unavailable, reason::LOG_UNAVAILABLE, message).retry(Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(failure: impl Into<Failure>) -> (Code, String) {
        let status = Status::from(failure.into());
        let details = status.get_error_details();
        (status.code(), details.error_info().map(|info| info.reason.clone()).unwrap_or_default())
    }

    #[test]
    fn a_future_day_alone_has_a_reason_of_its_own() {
        assert_eq!(
            reason(Refusal::future("occurred_on")),
            (Code::InvalidArgument, reason::FUTURE_DATE.to_owned())
        );
        let mixed = vec![
            FieldFault { field: "name".to_owned(), message: "is empty".to_owned() },
            FieldFault { field: "on".to_owned(), message: "lies in the future".to_owned() },
        ];
        assert_eq!(
            reason(Refusal::Invalid(mixed)),
            (Code::InvalidArgument, reason::INVALID_FIELD.to_owned())
        );
    }

    #[test]
    fn the_moves_that_were_not_answered_are_named() {
        let status = Status::from(Failure::Unanswered(vec![Uuid::nil()]));
        let details = status.get_error_details();
        let info = details.error_info().expect("every error has a reason");
        assert_eq!(info.reason, reason::OTHER_MOVES_UNANSWERED);
        assert_eq!(info.domain, DOMAIN);
        assert!(info.metadata.contains_key("transition_ids"));
    }

    #[test]
    fn fields_are_named_as_the_request_has_them() {
        let failure = Failure::from(Refusal::field("on", "is before the arrival"));
        let renamed = failure.renamed(|field| format!("x.{field}"));
        let Failure::Refused(Refusal::Invalid(faults)) = renamed else { panic!("still a field") };
        assert_eq!(faults[0].field, "x.on");
    }
}
