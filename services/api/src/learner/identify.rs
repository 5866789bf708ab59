//! Adding and ending identifiers. One that ends is never deleted.

use futures::FutureExt;
use onward_contract::learner::v1 as wire;
use onward_contract::reason;
use onward_domain::codes::reason::IdentifierEnd;
use onward_domain::decider::Refusal;
use onward_domain::ids::LearnerId;
use onward_domain::learner::{AddIdentifier, EndIdentifier, Learner};
use onward_log::{Attempt, ExecuteError, Scope};
use tonic::{Request, Response};

use super::not_found;
use crate::call::{Entered, answer, attempt, receipt};
use crate::status::Failure;
use crate::wire::code;
use crate::wire::learner::{self as parse, Brought};
use crate::{Doors, keys};

pub(super) async fn add(
    doors: &Doors,
    request: Request<wire::AddIdentifierRequest>,
) -> Result<Response<wire::AddIdentifierResponse>, Failure> {
    let method = "/onward.learner.v1.LearnerService/AddIdentifier";
    let entered = doors.open(method, request).await?;
    let caller = &entered.caller;
    let learner = doors.own_learner(caller, &entered.message.learner_id).await?;
    let identifier = entered.message.identifier.clone().unwrap_or_default();
    let brought = parse::brought("identifier", &identifier, caller.kind())?;
    let (kind, value) = (brought.kind, brought.value.clone());
    let executed = doors.write(&entered, adding(&entered, learner, brought)).await;
    let executed = executed.map_err(in_use)?;
    // As it is kept: the house may have made a former number of it.
    let state = doors.history::<Learner>(learner.uuid()).await?.state;
    let held = state
        .identifiers
        .iter()
        .rev()
        .find(|held| held.added.fact.kind == kind && held.added.fact.value == value)
        .ok_or_else(not_found)?;
    doors.write_down(caller, [learner]).await?;
    let response = wire::AddIdentifierResponse {
        receipt: Some(receipt(&executed.receipt)),
        identifier: Some(parse::identifier(held, caller.kind())),
    };
    answer(&executed, response)
}

fn adding(
    entered: &Entered<wire::AddIdentifierRequest>,
    learner: LearnerId,
    brought: Brought,
) -> Attempt {
    let (id, now) = (learner.uuid(), entered.caller.now);
    let expected = entered.message.expected_version;
    let reference = entered.reference("learner");
    let organisation = entered.caller.organisation();
    let key = keys::learner_number(organisation, parse::kind_name(brought.kind), &brought.value);
    attempt(move |unit| {
        let Brought { kind, value, former, from } = brought.clone();
        let (key, reference) = (key.clone(), reference.clone());
        async move {
            unit.expect(id, expected);
            let mut loaded = unit.load::<Learner>(id).await?;
            let add = AddIdentifier { kind, value, former, from, now };
            if unit.decide(&mut loaded, add.into())?.is_none() {
                unit.claim(key, id, (None, None));
                if let Some(reference) = reference {
                    unit.claim(reference, id, (None, None));
                }
            }
            Ok(())
        }
        .boxed()
    })
}

fn in_use(failure: Failure) -> Failure {
    match failure {
        Failure::Execute(ExecuteError::KeyTaken { scope: Scope::LearnerNumber, existing }) => {
            Refusal::Exists {
                reason: reason::IDENTIFIER_IN_USE,
                message: "another of your own records holds this identifier".to_owned(),
                existing: Some(existing),
            }
            .into()
        }
        other => other.renamed(|field| format!("identifier.{field}")),
    }
}

pub(super) async fn end(
    doors: &Doors,
    request: Request<wire::EndIdentifierRequest>,
) -> Result<Response<wire::EndIdentifierResponse>, Failure> {
    let method = "/onward.learner.v1.LearnerService/EndIdentifier";
    let entered = doors.open(method, request).await?;
    let (caller, message) = (&entered.caller, &entered.message);
    let learner = doors.own_learner(caller, &message.learner_id).await?;
    let kind = parse::number_kind("kind", message.kind, caller.kind())?;
    let value = parse::number("value", kind, &message.value)?;
    let reason = code::parse::<wire::IdentifierEndReason, IdentifierEnd>("reason", message.reason)?;
    let step = EndIdentifier { kind, value, reason };
    let executed = doors.write(&entered, ending(&entered, learner, step)).await?;
    let response = wire::EndIdentifierResponse { receipt: Some(receipt(&executed.receipt)) };
    answer(&executed, response)
}

fn ending(
    entered: &Entered<wire::EndIdentifierRequest>,
    learner: LearnerId,
    step: EndIdentifier,
) -> Attempt {
    let id = learner.uuid();
    let expected = entered.message.expected_version;
    let reference = entered.reference("learner");
    let organisation = entered.caller.organisation();
    let key = keys::learner_number(organisation, parse::kind_name(step.kind), &step.value);
    attempt(move |unit| {
        let (step, key, reference) = (step.clone(), key.clone(), reference.clone());
        async move {
            unit.expect(id, expected);
            let mut loaded = unit.load::<Learner>(id).await?;
            let wrong = step.reason == IdentifierEnd::Wrong;
            if unit.decide(&mut loaded, step.into())?.is_none() {
                // A wrong number finds nobody any more, and is free for whose it is; a superseded one
                // stays an alias.
                if wrong {
                    unit.release(key, id);
                }
                if let Some(reference) = reference {
                    unit.claim(reference, id, (None, None));
                }
            }
            Ok(())
        }
        .boxed()
    })
}
