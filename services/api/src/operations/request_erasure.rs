//! Ask that a learner be erased. Nothing is erased by it: somebody else has to confirm.

use std::collections::VecDeque;

use futures::FutureExt;
use onward_contract::operations::v1 as wire;
use onward_contract::receipt::v1::Actor;
use onward_domain::codes::reason::ErasureGround;
use onward_domain::decider::Refusal;
use onward_domain::ids::LearnerId;
use onward_domain::learner::{Learner, LearnerState, RequestErasure};
use onward_log::{Loaded, LogError, Stop, Unit};
use tonic::{Request, Response};

use crate::Doors;
use crate::call::{answer, attempt, receipt};
use crate::guard::Caller;
use crate::status::Failure;
use crate::wire as parse;
use crate::wire::code::{self, wire_enums};
use crate::wire::request::Writes;

/// More records of one person than there are: a guard against a run of wrong links.
const MOST_RECORDS: usize = 64;

/// As the ids of the records that go are issued.
pub(super) const LEARNER_ID: &str = "learner_id";

pub(super) async fn request(
    doors: &Doors,
    request: Request<wire::RequestErasureRequest>,
) -> Result<Response<wire::RequestErasureResponse>, Failure> {
    let method = "/onward.operations.v1.OperationsService/RequestErasure";
    let entered = doors.open(method, request).await?;
    let message = &entered.message;
    let learner: LearnerId = parse::id("learner_id", &message.learner_id)?;
    let command = RequestErasure {
        ground: code::parse::<wire::ErasureGround, ErasureGround>("ground", message.ground)?,
        reason: message.reason.trim().to_owned(),
        asked_by: person(doors, &entered.caller),
    };
    let expected = message.expected_version;
    let attempt = attempt(move |unit| {
        let command = command.clone();
        async move {
            unit.expect(learner.uuid(), expected);
            let mut record = record(unit, learner).await?;
            unit.decide(&mut record, command.into())?;
            unit.issue(LEARNER_ID, learner.to_string());
            for linked in linked(unit, learner, &record.state).await? {
                unit.issue(LEARNER_ID, linked.stream.to_string());
            }
            Ok(())
        }
        .boxed()
    });
    let executed = doors.write(&entered, attempt).await?;
    let response = wire::RequestErasureResponse {
        receipt: Some(receipt(&executed.receipt)),
        learner_ids: issued(&executed.issued),
    };
    answer(&executed, response)
}

/// The record, which has to be one: any other id names nobody.
pub(super) async fn record(unit: &mut Unit, learner: LearnerId) -> Result<Loaded<Learner>, Stop> {
    if unit.log().keeper_of(learner).await?.is_none() {
        return Err(Refusal::NotFound.into());
    }
    unit.load::<Learner>(learner.uuid()).await
}

/// Every other record of the person, as far as links lead. One that was erased before has nothing left.
pub(super) async fn linked(
    unit: &mut Unit,
    learner: LearnerId,
    state: &LearnerState,
) -> Result<Vec<Loaded<Learner>>, Stop> {
    let links = |state: &LearnerState| -> Vec<LearnerId> {
        state.links.iter().map(|link| link.fact.other).collect()
    };
    let mut known = vec![learner];
    let mut edge: VecDeque<LearnerId> = links(state).into();
    let mut found = Vec::new();
    while let Some(next) = edge.pop_front() {
        if known.contains(&next) || known.len() >= MOST_RECORDS {
            continue;
        }
        known.push(next);
        match record(unit, next).await {
            Ok(record) => {
                edge.extend(links(&record.state));
                found.push(record);
            }
            Err(Stop::Log(LogError::Erased)) => {}
            Err(stop) => return Err(stop),
        }
    }
    Ok(found)
}

/// What tells the caller from other people, in whichever organisation they act.
pub(super) fn person(doors: &Doors, caller: &Caller) -> String {
    let identity = &caller.principal.identity;
    doors.log().person(&identity.issuer, &identity.subject)
}

/// The records that go, as they were issued.
pub(super) fn issued(issued: &[(String, String)]) -> Vec<String> {
    let ids = issued.iter().filter(|(name, _)| name == LEARNER_ID);
    ids.map(|(_, id)| id.clone()).collect()
}

wire_enums!(wire::ErasureGround => "ERASURE_GROUND_");

impl Writes for wire::RequestErasureRequest {
    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn external_ref(&self) -> Option<&str> {
        None
    }

    fn actor(&self) -> Option<&Actor> {
        self.actor.as_ref()
    }

    fn expected_version(&self) -> Option<u64> {
        self.expected_version
    }
}
