//! Messages ⇄ domain types. Total: nothing panics, and what cannot be is refused with the path of its
//! field.

pub mod code;
pub mod date;
pub mod detail;
pub mod directory;
pub mod dsa;
pub mod handover;
pub mod learner;
pub mod person;
pub mod referral;
pub mod request;
pub mod setting;
pub mod transition;

use std::str::FromStr;

use onward_contract::receipt::v1::Actor as WireActor;
use onward_domain::decider::Refusal;
use onward_domain::event::{Actor, Occurred, Provenance};

use crate::guard::Caller;

/// An id in its one spelling.
///
/// # Errors
/// Not a hyphenated UUID.
pub fn id<T: FromStr>(field: &str, text: &str) -> Result<T, Refusal> {
    text.parse().map_err(|_| {
        Refusal::field(field, "must be a UUID of the form xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")
    })
}

/// An id that may be absent (absent and empty are the same).
///
/// # Errors
/// There, and not a hyphenated UUID.
pub fn optional_id<T: FromStr>(field: &str, text: Option<&str>) -> Result<Option<T>, Refusal> {
    text.filter(|text| !text.is_empty()).map(|text| id(field, text)).transpose()
}

/// A text that may be absent: empty and absent are the same, outer blanks do not count.
pub fn text(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The person who answers for a step, where one is named.
pub fn actor(actor: Option<&WireActor>) -> Option<Actor> {
    actor.map(|actor| Actor {
        name: actor.name.trim().to_owned(),
        role: actor.role.trim().to_owned(),
        client: text(&actor.client),
    })
}

/// The person who answers for a step that needs one.
///
/// # Errors
/// `ACTOR_REQUIRED`: nobody is named.
pub fn required_actor(named: Option<&WireActor>) -> Result<Actor, Refusal> {
    actor(named).filter(|actor| !actor.name.is_empty()).ok_or(Refusal::Rule {
        reason: onward_contract::reason::ACTOR_REQUIRED,
        message: "a named person must answer for this step; name one in actor".to_owned(),
    })
}

/// What is said with every fact of a write.
pub fn provenance(
    caller: &Caller,
    named: Option<&WireActor>,
    occurred: Option<Occurred>,
    external_ref: Option<&str>,
) -> Provenance {
    caller.provenance(actor(named), occurred, external_ref.and_then(text))
}
