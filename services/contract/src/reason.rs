//! The stable reasons of errors: what `ErrorInfo.reason` and `Refusal.reason` say. A caller may branch on them; a
//! reason never changes its meaning and is never reused.

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $name:ident;)+) => {
        $($(#[doc = $doc])+ pub const $name: &str = stringify!($name);)+

        /// Every reason, with what it means in one line.
        pub const ALL: &[(&str, &str)] = &[$(($name, concat!($($doc),+))),+];
    };
}

/// The `domain` of every `ErrorInfo`.
pub const DOMAIN: &str = "onward";

reasons! {
    /// INVALID_ARGUMENT: a field is missing, malformed or too large; `BadRequest` names each with a sentence.
    INVALID_FIELD;
    /// INVALID_ARGUMENT: a page token that was made for another question, or by hand.
    INVALID_PAGE_TOKEN;
    /// INVALID_ARGUMENT: a position that this log never gave.
    INVALID_POSITION;
    /// INVALID_ARGUMENT: a future moment or day where a fact is claimed.
    FUTURE_DATE;
    /// INVALID_ARGUMENT: a request that would change nothing.
    NOTHING_TO_CHANGE;
    /// ALREADY_EXISTS: the request id was used before with another body.
    REQUEST_ID_REUSED;
    /// ABORTED: the stream is not at the version that the caller saw; `current_version` is in the metadata.
    VERSION_CONFLICT;
    /// ABORTED: others kept changing the stream; the same request may be sent again.
    TOO_MUCH_CONTENTION;
    /// UNAUTHENTICATED: no bearer token.
    TOKEN_MISSING;
    /// UNAUTHENTICATED: a token that is malformed, unsigned, signed by somebody else or for another audience.
    TOKEN_INVALID;
    /// UNAUTHENTICATED: the token has expired.
    TOKEN_EXPIRED;
    /// PERMISSION_DENIED: the identity is no member of the organisation that the token names.
    NOT_A_MEMBER;
    /// PERMISSION_DENIED: a kind of organisation that may not call this.
    KIND_NOT_ALLOWED;
    /// PERMISSION_DENIED: no role of the caller may call this.
    ROLE_NOT_ALLOWED;
    /// PERMISSION_DENIED: a method that the contract does not have, or that has no rule.
    METHOD_NOT_ALLOWED;
    /// PERMISSION_DENIED: access was lost while a stream was open.
    ACCESS_LOST;
    /// NOT_FOUND: it does not exist, or it is not the caller's to see. Never tells which.
    NOT_FOUND;
    /// FAILED_PRECONDITION: a step that the state does not allow; `state` and `possible` are in the metadata.
    ILLEGAL_STEP;
    /// FAILED_PRECONDITION: a repeat of a step that gives another day or moment for it than was recorded.
    ALREADY_RECORDED;
    /// FAILED_PRECONDITION: a named person must answer for this step, and none was named.
    ACTOR_REQUIRED;
    /// FAILED_PRECONDITION: what was said of the learner has been erased; nothing more can be written.
    LEARNER_ERASED;
    /// FAILED_PRECONDITION: nobody has asked for this erasure, which is to be confirmed.
    ERASURE_NOT_REQUESTED;
    /// FAILED_PRECONDITION: whoever asked for an erasure cannot confirm it too.
    ERASURE_NEEDS_TWO_PEOPLE;
    /// UNIMPLEMENTED: a method that comes with later work.
    NOT_YET_SERVED;
    /// ALREADY_EXISTS: an organisation with one of these identifiers is registered for these days.
    ORGANISATION_ALREADY_REGISTERED;
    /// ALREADY_EXISTS: this identity is a member of the organisation already.
    MEMBER_ALREADY_ADDED;
    /// FAILED_PRECONDITION: a role that this kind of organisation does not have.
    ROLE_NOT_FOR_KIND;
    /// FAILED_PRECONDITION: the last operator cannot be removed.
    LAST_OPERATOR;
    /// ALREADY_EXISTS: one of the caller's own records holds this identifier or own reference; `learner_id` is in the
    /// metadata.
    LEARNER_ALREADY_REGISTERED;
    /// ALREADY_EXISTS: another of the caller's own records holds this identifier.
    IDENTIFIER_IN_USE;
    /// FAILED_PRECONDITION: the record does not hold this identifier.
    IDENTIFIER_NOT_HELD;
    /// FAILED_PRECONDITION: other planned moves of the learner were not answered; their ids are in the metadata.
    OTHER_MOVES_UNANSWERED;
    /// FAILED_PRECONDITION: a correction of a detail into another kind of move.
    KIND_CANNOT_CHANGE;
    /// ALREADY_EXISTS: an open case for this learner, provider and academic year.
    CASE_ALREADY_OPEN;
    /// ALREADY_EXISTS: a live handover of this learner to this receiver.
    HANDOVER_ALREADY_LIVE;
    /// FAILED_PRECONDITION: must-haves or grounds are missing; each is a precondition violation.
    HANDOVER_INCOMPLETE;
    /// FAILED_PRECONDITION: the sender took the handover back.
    HANDOVER_WITHDRAWN;
    /// FAILED_PRECONDITION: a newer version replaced the handover.
    HANDOVER_SUPERSEDED;
    /// FAILED_PRECONDITION: the lease was lost, given back or never held; nothing was changed.
    LEASE_LOST;
    /// FAILED_PRECONDITION: only the keeper of the referral, or a supervisor, may do this.
    NOT_THE_KEEPER;
    /// FAILED_PRECONDITION: a referral without consent cannot be accepted.
    CONSENT_MISSING;
    /// FAILED_PRECONDITION: a swallowing concern cannot be less than urgent.
    URGENT_PATH;
    /// ALREADY_EXISTS: the thing with this id exists and says something else; `existing_id` is in the metadata.
    EXISTS_WITH_OTHER_CONTENT;
    /// FAILED_PRECONDITION: a fact that was corrected already; the correction itself can be corrected.
    ALREADY_CORRECTED;
    /// FAILED_PRECONDITION: the record has another current number of this kind; end that one first.
    IDENTIFIER_CONFLICT;
    /// FAILED_PRECONDITION: the record's current number cannot be added as a former one; end it as superseded.
    IDENTIFIER_IS_CURRENT;
    /// FAILED_PRECONDITION: a number that was ended as never this learner's does not come back.
    IDENTIFIER_WAS_WRONG;
    /// FAILED_PRECONDITION: NSA is recorded with SEN support only.
    NSA_NEEDS_SEN_SUPPORT;
    /// FAILED_PRECONDITION: a referral form without a need or a reason cannot be accepted.
    FORM_INCOMPLETE;
    /// FAILED_PRECONDITION: a lease that has not run out does not lapse.
    LEASE_STILL_RUNS;
    /// FAILED_PRECONDITION: the view has no build that this could be done to; ListViews shows what there is.
    NO_SUCH_GENERATION;
    /// FAILED_PRECONDITION: the build is not the same as the one that answers, or was not compared yet; the number of
    /// rows that differ is in the metadata, `differences`.
    VIEW_DIFFERS;
    /// FAILED_PRECONDITION: readers see this build, so that it cannot be given up.
    GENERATION_IS_LIVE;
    /// RESOURCE_EXHAUSTED: too much at once; `RetryInfo` says when to come again.
    OVERLOADED;
    /// RESOURCE_EXHAUSTED: a message larger than the server takes.
    MESSAGE_TOO_LARGE;
    /// UNAVAILABLE: the record of reads could not be written, so nothing was shown.
    READ_NOT_RECORDED;
    /// UNAVAILABLE: the log's database cannot be reached. A write's metadata says its `outcome`: `nothing_done`, or
    /// `unknown`, where the same request id tells later.
    LOG_UNAVAILABLE;
    /// FAILED_PRECONDITION: no checkpoint is signed, since the log is not what one was signed for before.
    CHECKPOINT_REFUSED;
    /// UNAVAILABLE: the view has not come to `min_position` yet.
    VIEW_BEHIND;
    /// UNAVAILABLE: the process is stopping; call another or come again.
    SHUTTING_DOWN;
    /// DEADLINE_EXCEEDED: it took longer than the caller or the server allows.
    TIMED_OUT;
    /// INTERNAL: a fault of the server; the request id finds it in the program log.
    INTERNAL;
    /// Warning: a code that no code set has; it is kept as it was said.
    UNKNOWN_CODE;
    /// Warning: a code that is no longer in use.
    ENDED_CODE;
    /// Warning: nobody clearly owns the referral; it waits to be routed.
    UNROUTED;
    /// Warning: a setting that the directory does not know; it is kept as it was said.
    UNKNOWN_SETTING;
}
