//! Opening a case and taking its steps.

use futures::FutureExt;
use onward_contract::transition::v1 as wire;
use onward_domain::codes::dsa::DsaAction;
use onward_domain::decider::{Refusal, Version};
use onward_domain::dsa::{DsaCase, DsaCaseOpened, RecordStep};
use onward_domain::ids::{DsaCaseId, LearnerId, TransitionId};
use onward_domain::transition::Transition;
use onward_log::{Attempt, Key, Relation};
use tonic::{Request, Response};
use uuid::Uuid;

use super::{AREA, already_open, open_case};
use crate::call::{Entered, answer, attempt, issued, receipt};
use crate::guard::Caller;
use crate::status::Failure;
use crate::wire::request::Writes;
use crate::wire::{self as parse, code, date, dsa, text};
use crate::{Doors, keys};

pub(super) async fn open(
    doors: &Doors,
    request: Request<wire::OpenCaseRequest>,
) -> Result<Response<wire::OpenCaseResponse>, Failure> {
    let method = "/onward.transition.v1.DsaService/OpenCase";
    let entered = doors.open(method, request).await?;
    let case = said(doors, &entered).await?;
    let (owner, reference) = (entered.caller.organisation(), entered.reference(AREA));
    let attempt = attempt(move |unit| {
        let (case, reference) = (case.clone(), reference.clone());
        async move {
            let id = case.case.uuid();
            unit.issue("case_id", id.to_string());
            if let Some(reference) = reference {
                unit.claim(reference, id, (None, None));
            }
            open_case(unit, owner, case)
        }
        .boxed()
    });
    let executed = doors.write(&entered, attempt).await.map_err(already_open)?;
    let response = wire::OpenCaseResponse {
        receipt: Some(receipt(&executed.receipt)),
        case_id: issued(&executed, "case_id"),
    };
    answer(&executed, response)
}

async fn said(
    doors: &Doors,
    entered: &Entered<wire::OpenCaseRequest>,
) -> Result<DsaCaseOpened, Failure> {
    let (caller, message) = (&entered.caller, &entered.message);
    let learner = doors.own_learner(caller, &message.learner_id).await?;
    let transition = match message.transition_id.as_deref().filter(|id| !id.is_empty()) {
        Some(id) => Some(own_move(doors, caller, learner, id).await?),
        None => None,
    };
    let previous = match message.previous_case_id.as_deref().filter(|id| !id.is_empty()) {
        Some(id) => Some(earlier(doors, caller, learner, id).await?),
        None => None,
    };
    let provider = doors.required_setting("provider", message.provider.as_ref()).await?;
    Ok(DsaCaseOpened {
        case: DsaCaseId::new(Uuid::now_v7()),
        learner,
        transition,
        provider: provider.setting,
        course: message.course.trim().to_owned(),
        course_start: date::required("course_start", message.course_start.as_ref())?,
        academic_year: message.academic_year.clone(),
        previous,
    })
}

/// A move of the caller's, on the same record.
async fn own_move(
    doors: &Doors,
    caller: &Caller,
    learner: LearnerId,
    id: &str,
) -> Result<TransitionId, Failure> {
    let transition: TransitionId = parse::id("transition_id", id)?;
    doors.related(caller, transition.uuid(), &[Relation::Owner]).await?;
    let state = doors.history::<Transition>(transition.uuid()).await?.state;
    let same = state.recorded.is_some_and(|recorded| recorded.fact.learner == learner);
    if same { Ok(transition) } else { Err(Refusal::NotFound.into()) }
}

/// An earlier case of the caller's, on the same record, that is over.
async fn earlier(
    doors: &Doors,
    caller: &Caller,
    learner: LearnerId,
    id: &str,
) -> Result<DsaCaseId, Failure> {
    let case: DsaCaseId = parse::id("previous_case_id", id)?;
    doors.related(caller, case.uuid(), &[Relation::Owner]).await?;
    let state = doors.history::<DsaCase>(case.uuid()).await?.state;
    if state.opened.is_none_or(|opened| opened.fact.learner != learner) {
        return Err(Refusal::NotFound.into());
    }
    if !state.state.is_some_and(|state| state.is_final()) {
        return Err(Refusal::field("previous_case_id", "is not over yet").into());
    }
    Ok(case)
}

pub(super) async fn step(
    doors: &Doors,
    request: Request<wire::RecordStepRequest>,
) -> Result<Response<wire::RecordStepResponse>, Failure> {
    let method = "/onward.transition.v1.DsaService/RecordStep";
    let entered = doors.open(method, request).await?;
    let (caller, message) = (&entered.caller, &entered.message);
    let id: DsaCaseId = parse::id("case_id", &message.case_id)?;
    doors.case(caller, id).await?;
    message.required_day(caller.now)?;
    let action = code::parse::<wire::DsaStep, DsaAction>("step", message.step)?;
    let reason = dsa::reason(action, message.reason.as_ref())?;
    let step = RecordStep { action, reason, supplier: text(&message.supplier) };
    let attempt = stepping(id, step, message.expected_version, entered.reference(AREA));
    let executed = doors.write(&entered, attempt).await?;
    // The case may have moved on since: the answer is about the step that was taken.
    let state = after(doors, id, executed.receipt.stream_version).await?;
    let response = wire::RecordStepResponse {
        receipt: Some(receipt(&executed.receipt)),
        state: state.map(code::number::<wire::DsaState, _>).unwrap_or_default(),
    };
    answer(&executed, response)
}

fn stepping(
    id: DsaCaseId,
    step: RecordStep,
    expected: Option<Version>,
    reference: Option<Key>,
) -> Attempt {
    let id = id.uuid();
    attempt(move |unit| {
        let (step, reference) = (step.clone(), reference.clone());
        async move {
            unit.expect(id, expected);
            let mut loaded = unit.load::<DsaCase>(id).await?;
            if unit.decide(&mut loaded, step.into())?.is_some() {
                return Ok(());
            }
            let over = loaded.state.state.is_some_and(|state| state.is_final());
            if let Some(opened) = loaded.state.opened.as_ref().filter(|_| over) {
                // A new try is a new case.
                let case = &opened.fact;
                let open = keys::open_case(case.learner, &case.provider, &case.academic_year);
                unit.release(open, id);
            }
            if let Some(reference) = reference {
                unit.claim(reference, id, (None, None));
            }
            Ok(())
        }
        .boxed()
    })
}

/// The state that a case had at a version.
async fn after(
    doors: &Doors,
    id: DsaCaseId,
    version: Version,
) -> Result<Option<onward_domain::dsa::DsaState>, Failure> {
    let mut events = doors.log().stream(id.uuid()).await?;
    events.retain(|event| event.version <= version);
    Ok(doors.fold::<DsaCase>(events).await?.state.state)
}
