//! The server's own rules, before anything is sent: the contract's rules of each field, and the
//! decisions of the domain on what is new. What only the server can tell is looked up elsewhere.

use onward_api::validate::Validator;
use onward_api::wire::learner as read;
use onward_contract::learner::v1 as wire;
use onward_domain::decider::{Decider, Now, Outcome as Decided, Refusal};
use onward_domain::ids::LearnerId;
use onward_domain::learner::{
    AddIdentifier, Learner, LearnerRegistered, LearnerState, RecordNeeds, Register,
};
use prost::Message;
use uuid::Uuid;

use super::own::Own;
use super::tally::Outcome;

/// An id that stands for one that the server will give.
pub const SOME_ID: &str = "00000000-0000-7000-8000-000000000000";

/// The contract's rules of a request's fields.
///
/// # Errors
/// The reason why the server would refuse it.
pub fn fields<M: Message>(name: &str, request: &M) -> Result<(), Outcome> {
    let Ok(validator) = Validator::shared() else { return Ok(()) };
    validator.check(name, &request.encode_to_vec()).map_err(refused)
}

/// A refusal of the rules as the outcome of a row.
pub fn refused(refusal: Refusal) -> Outcome {
    let code = match &refusal {
        Refusal::Rule { reason, .. }
        | Refusal::Exists { reason, .. }
        | Refusal::Forbidden { reason, .. } => (*reason).to_owned(),
        _ if refusal.is_future() => onward_contract::reason::FUTURE_DATE.to_owned(),
        _ => onward_contract::reason::INVALID_FIELD.to_owned(),
    };
    let message = match &refusal {
        Refusal::Invalid(faults) => {
            let each = faults.iter().map(|fault| format!("{}: {}", fault.field, fault.message));
            format!("{refusal}; {}", each.collect::<Vec<_>>().join("; "))
        }
        _ => refusal.to_string(),
    };
    Outcome::failed(&code, message)
}

/// A registration, as the server would judge it.
///
/// # Errors
/// The reason why the server would refuse it.
pub fn registration(own: &Own, request: &wire::RegisterLearnerRequest) -> Result<(), Outcome> {
    fields("onward.learner.v1.RegisterLearnerRequest", request)?;
    registered(own, request).map_err(refused)
}

fn registered(own: &Own, request: &wire::RegisterLearnerRequest) -> Result<(), Refusal> {
    let now = own.now();
    let kind = onward_api::wire::code::parse::<onward_contract::access::v1::OrganisationKind, _>(
        "kind",
        own.organisation.kind,
    )?;
    let details = request.details.clone().unwrap_or_default();
    let (person, own_ref) =
        read::person(&details, request.looked_after.as_ref(), request.sensitive)?;
    let learner = LearnerId::new(Uuid::nil());
    let mut state = LearnerState::default();
    let registered = LearnerRegistered { learner, person, own_ref };
    step(&mut state, Register { learner: registered, now })?;
    for (index, one) in request.identifiers.iter().enumerate() {
        let brought = read::brought(&format!("identifiers[{index}]"), one, kind)?;
        let read::Brought { kind, value, former, from } = brought;
        step(&mut state, AddIdentifier { kind, value, former, from, now })?;
    }
    for spell in read::spells("sen_provisions", &request.sen_provisions)?.0 {
        step(&mut state, spell)?;
    }
    let needs = needs(&request.needs, now)?;
    if !needs.needs.is_empty() {
        step(&mut state, needs)?;
    }
    Ok(())
}

fn needs(needs: &[wire::Need], now: Now) -> Result<RecordNeeds, Refusal> {
    let (needs, _) = read::needs("needs", needs, now.today)?;
    Ok(RecordNeeds { needs })
}

fn step(
    state: &mut LearnerState,
    command: impl Into<<Learner as Decider>::Command>,
) -> Result<(), Refusal> {
    if let Decided::Recorded(facts) = Learner::decide(state, command.into())? {
        for fact in &facts {
            Learner::evolve(state, fact);
        }
    }
    Ok(())
}

/// An amendment, as far as it can be judged without the record's history.
///
/// # Errors
/// The reason why the server would refuse it.
pub fn amendment(own: &Own, request: &wire::AmendLearnerRequest) -> Result<(), Outcome> {
    fields("onward.learner.v1.AmendLearnerRequest", request)?;
    let spells = request.sen_provisions.as_ref().map(|list| list.items.as_slice());
    read::spells("sen_provisions.items", spells.unwrap_or_default()).map_err(refused)?;
    let said = request.needs.as_ref().map(|list| list.items.as_slice());
    let needs = needs(said.unwrap_or_default(), own.now()).map_err(refused)?;
    if let Some(said) = request.looked_after.as_ref() {
        read::in_care(said).map_err(refused)?;
    }
    if needs.needs.is_empty() {
        return Ok(());
    }
    // A record that is known, and of which nothing else is.
    let mut state = LearnerState::default();
    let learner = LearnerId::new(Uuid::nil());
    let person = onward_domain::learner::Person {
        surname: "x".to_owned(),
        forename: "x".to_owned(),
        known_as: None,
        date_of_birth: jiff::civil::Date::constant(2000, 1, 1),
        sex: None,
        postcode: None,
        nc_year: None,
        home_language: None,
        looked_after: None,
        sensitive: false,
    };
    let registered = LearnerRegistered { learner, person, own_ref: None };
    step(&mut state, Register { learner: registered, now: own.now() })
        .and_then(|()| step(&mut state, needs))
        .map_err(refused)
}
