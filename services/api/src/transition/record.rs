//! Recording planned moves: one, or many over one stream.

use bytes::Bytes;
use futures::FutureExt;
use onward_contract::receipt::v1::Warning;
use onward_contract::transition::v1 as wire;
use onward_domain::codes::kind::{PhaseTransferKind, TransitionKind};
use onward_domain::decider::Refusal;
use onward_domain::dsa::DsaCaseOpened;
use onward_domain::ids::{DsaCaseId, LearnerId, OrganisationId, TransitionId};
use onward_domain::transition::{Detail, Record, Transition, derive};
use onward_log::look_up::parties;
use onward_log::{Attempt, Executed, Key, Relation, Unit};
use prost::Message;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

use super::AREA;
use super::detail::{self, Read};
use crate::call::{Entered, answer, attempt, issued, receipt};
use crate::dsa;
use crate::guard::Caller;
use crate::status::{Answer, Failure};
use crate::wire::detail::{carried, field_of, settings_of};
use crate::wire::learner::la_code;
use crate::wire::transition::phase_transfer;
use crate::wire::{self as parse, code};
use crate::{Doors, keys};

const ONE: &str = "/onward.transition.v1.TransitionService/RecordTransition";
const MANY: &str = "/onward.transition.v1.TransitionService/RecordTransitions";

/// A move that was recorded.
struct Done {
    executed: Executed,
    transition_id: String,
    kind: TransitionKind,
    phase_transfer: Option<PhaseTransferKind>,
    dsa_case_id: String,
    warnings: Vec<Warning>,
}

pub(super) async fn one(
    doors: &Doors,
    request: Request<wire::RecordTransitionRequest>,
) -> Result<Response<wire::RecordTransitionResponse>, Failure> {
    let (doors, entered) = doors.open_asking(ONE, request, needs).await?;
    let done = record(&doors, &entered).await?;
    let response = wire::RecordTransitionResponse {
        receipt: Some(receipt(&done.executed.receipt)),
        transition_id: done.transition_id,
        kind: code::number::<wire::TransitionKind, _>(done.kind),
        phase_transfer_kind: phase_transfer(done.phase_transfer),
        dsa_case_id: done.dsa_case_id,
        warnings: done.warnings,
    };
    answer(&done.executed, response)
}

pub(super) async fn many(
    doors: &Doors,
    request: Request<Streaming<wire::RecordTransitionsRequest>>,
) -> Result<Response<ReceiverStream<Result<wire::RecordTransitionsResponse, Status>>>, Failure> {
    let (metadata, _, requests) = request.into_parts();
    let caller = doors.admit(MANY, &metadata).await?;
    Ok(Response::new(doors.each(caller, metadata, requests, item)))
}

/// What the request shows that recording it will look up. A fault in it is told later, in its turn.
fn needs(message: &wire::RecordTransitionRequest, organisation: OrganisationId) -> Vec<Key> {
    let learner = message.learner_id.parse::<LearnerId>().ok();
    let owner = learner.map(|id| Key::party(id.uuid(), organisation, Relation::Owner));
    let settings = message.detail.iter().flat_map(settings_of).flatten();
    let settings = settings.filter_map(Doors::key_of_setting);
    let authority = la_code("home_la_code", &message.home_la_code).ok().flatten();
    let authority = authority.map(|code| keys::authority(&code));
    owner.into_iter().chain(settings).chain(authority).collect()
}

/// The result of one of many: what a call of its own would have answered.
async fn item(
    doors: Doors,
    caller: Caller,
    request: wire::RecordTransitionsRequest,
) -> wire::RecordTransitionsResponse {
    let request_id = request.transition.as_ref().map(|one| one.request_id.clone());
    let request_id = request_id.filter(|id| Uuid::try_parse(id).is_ok()).unwrap_or_default();
    match recorded(&doors, caller, request).await {
        Ok(done) => wire::RecordTransitionsResponse {
            receipt: Some(receipt(&done.executed.receipt)),
            request_id,
            refusal: None,
            already_recorded: done.executed.replayed,
            transition_id: done.transition_id,
            kind: code::number::<wire::TransitionKind, _>(done.kind),
            phase_transfer_kind: phase_transfer(done.phase_transfer),
            dsa_case_id: done.dsa_case_id,
            warnings: done.warnings,
        },
        Err(failure) => wire::RecordTransitionsResponse {
            request_id,
            refusal: Some(Answer::from(failure).into_item()),
            ..Default::default()
        },
    }
}

async fn recorded(
    doors: &Doors,
    caller: Caller,
    request: wire::RecordTransitionsRequest,
) -> Result<Done, Failure> {
    doors.check(MANY, &request.encode_to_vec())?;
    let message =
        request.transition.ok_or_else(|| Refusal::field("transition", "must be given"))?;
    // The same request through either door is the same request.
    let caller = Caller { method: ONE, ..caller };
    let body = Bytes::from(message.encode_to_vec());
    let doors = doors.asking(needs(&message, caller.organisation())).await?;
    let entered = Entered { caller, message, body, metadata: Default::default() };
    let done = record(&doors, &entered).await;
    done.map_err(|failure| failure.renamed(|field| format!("transition.{field}")))
}

/// Everything that one append records.
#[derive(Clone)]
struct Recording {
    record: Record,
    case: Option<DsaCaseOpened>,
    parties: Vec<(OrganisationId, Relation)>,
    owner: OrganisationId,
    reference: Option<Key>,
}

async fn record(
    doors: &Doors,
    entered: &Entered<wire::RecordTransitionRequest>,
) -> Result<Done, Failure> {
    let (caller, message) = (&entered.caller, &entered.message);
    let learner = doors.own_learner(caller, &message.learner_id).await?;
    let carried = message.detail.clone().map(carried);
    let carried = carried.ok_or_else(|| Refusal::field("detail", "must be given"))?;
    let case = opens_case(message).then(|| DsaCaseId::new(Uuid::now_v7()));
    let read = detail::read(doors, &carried, case).await?;
    let (kind, letter) = derive(&read.detail, read.known());
    let recording = recording(doors, entered, learner, &read).await?;
    let executed = doors.write(entered, recording_attempt(recording)).await;
    let executed = executed
        .map_err(dsa::already_open)
        .map_err(|failure| failure.renamed(|field| field_of(&carried, &field)))?;
    let transition_id = issued(&executed, "transition_id");
    let (kind, phase_transfer) = match executed.replayed {
        // What the first answer said: the directory may know the settings better by now.
        true => kept(doors, &transition_id).await?,
        false => (kind, letter),
    };
    let dsa_case_id = issued(&executed, "dsa_case_id");
    let warnings = read.warnings();
    Ok(Done { executed, transition_id, kind, phase_transfer, dsa_case_id, warnings })
}

fn opens_case(message: &wire::RecordTransitionRequest) -> bool {
    use wire::record_transition_request::Detail;
    matches!(&message.detail, Some(Detail::HigherEducationEntry(entry)) if entry.opens_dsa_case)
}

async fn recording(
    doors: &Doors,
    entered: &Entered<wire::RecordTransitionRequest>,
    learner: LearnerId,
    read: &Read,
) -> Result<Recording, Failure> {
    let home_la = la_code("home_la_code", &entered.message.home_la_code)?;
    let authority = match &home_la {
        Some(code) => doors.authority(code).await?,
        None => None,
    };
    let transition = TransitionId::new(Uuid::now_v7());
    let detail = read.detail.clone();
    let settings = read.known();
    let owner = entered.caller.organisation();
    let parties = parties(&detail, authority);
    let case = case_of(&detail, transition, learner);
    let record = Record { transition, learner, home_la, authority, detail, settings };
    Ok(Recording { record, case, parties, owner, reference: entered.reference(AREA) })
}

fn case_of(detail: &Detail, transition: TransitionId, learner: LearnerId) -> Option<DsaCaseOpened> {
    let Detail::HigherEducationEntry(entry) = detail else { return None };
    Some(DsaCaseOpened {
        case: entry.dsa_case?,
        learner,
        transition: Some(transition),
        provider: entry.provider.clone(),
        course: entry.course.clone(),
        course_start: entry.start,
        academic_year: entry.academic_year.clone(),
        previous: None,
    })
}

fn recording_attempt(recording: Recording) -> Attempt {
    attempt(move |unit| {
        let recording = recording.clone();
        async move {
            let id = recording.record.transition.uuid();
            let learner = recording.record.learner;
            let mut loaded = unit.fresh::<Transition>(id);
            unit.decide(&mut loaded, recording.record.into())?;
            unit.issue("transition_id", id.to_string());
            claim_parties(unit, id, &[(recording.owner, Relation::Owner)]);
            claim_parties(unit, id, &recording.parties);
            unit.claim(keys::moves_of(learner), id, (None, None));
            if let Some(reference) = recording.reference {
                unit.claim(reference, id, (None, None));
            }
            if let Some(case) = recording.case {
                unit.issue("dsa_case_id", case.case.to_string());
                dsa::open_case(unit, recording.owner, case)?;
            }
            Ok(())
        }
        .boxed()
    })
}

pub(super) fn claim_parties(unit: &mut Unit, id: Uuid, parties: &[(OrganisationId, Relation)]) {
    for (party, relation) in parties {
        unit.claim(Key::party(id, *party, *relation), id, (None, None));
    }
}

async fn kept(
    doors: &Doors,
    transition_id: &str,
) -> Result<(TransitionKind, Option<PhaseTransferKind>), Failure> {
    let id: TransitionId = parse::id("transition_id", transition_id)?;
    let state = doors.history::<Transition>(id.uuid()).await?.state;
    // The record as it was made: later corrections are not this answer's.
    let first = state.facts.into_iter().find_map(|fact| match fact {
        onward_domain::transition::TransitionFact::Recorded(recorded) => Some(recorded),
        _ => None,
    });
    let recorded = first.ok_or(Refusal::NotFound)?;
    Ok((recorded.kind, recorded.phase_transfer))
}
