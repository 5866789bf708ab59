//! Correcting a move. Nothing is erased: the state becomes what follows without the mistake.

use futures::FutureExt;
use onward_contract::reason;
use onward_contract::transition::v1 as wire;
use onward_contract::transition::v1::correct_transition_request::Truth;
use onward_contract::transition::v1::transition_detail::Detail as Carried;
use onward_domain::decider::{Refusal, Version};
use onward_domain::ids::{DsaCaseId, EventId, TransitionId};
use onward_domain::transition::{
    Correct, Detail, SettingsKnown, Transition, TransitionFold, TransitionRecorded,
};
use onward_log::look_up::parties;
use onward_log::{Attempt, Key, Loaded, Stop, Unit};
use tonic::{Request, Response};

use super::record::claim_parties;
use super::{AREA, detail};
use crate::Doors;
use crate::call::{Entered, answer, attempt, receipt};
use crate::status::Failure;
use crate::wire::detail::field_of;
use crate::wire::transition::phase_transfer;
use crate::wire::{self as parse, code, date};

pub(super) async fn correct(
    doors: &Doors,
    request: Request<wire::CorrectTransitionRequest>,
) -> Result<Response<wire::CorrectTransitionResponse>, Failure> {
    let method = "/onward.transition.v1.TransitionService/CorrectTransition";
    let entered = doors.open(method, request).await?;
    let party = doors.party(&entered.caller, &entered.message.transition_id).await?;
    let carried = carried(&entered.message).cloned();
    let command = command(doors, &entered, party.transition).await?;
    let attempt = correcting(
        party.transition,
        command,
        entered.message.expected_version,
        entered.reference(AREA),
    );
    let executed = doors.write(&entered, attempt).await;
    let executed = executed.map_err(|failure| {
        failure.renamed(|field| match (&carried, field.as_str()) {
            (Some(carried), _) if field.starts_with("detail.") => {
                format!("detail.{}", field_of(carried, &field))
            }
            (_, "on") => "day".to_owned(),
            (_, "corrects") => "mistaken_event_id".to_owned(),
            _ => field,
        })
    })?;
    let state = doors.history::<Transition>(party.transition.uuid()).await?.state;
    let now = state.recorded.as_ref().map(|recorded| &recorded.fact).ok_or(Refusal::NotFound)?;
    let response = wire::CorrectTransitionResponse {
        receipt: Some(receipt(&executed.receipt)),
        state: state.state.map(code::number::<wire::TransitionState, _>).unwrap_or_default(),
        kind: code::number::<wire::TransitionKind, _>(now.kind),
        phase_transfer_kind: phase_transfer(now.phase_transfer),
    };
    answer(&executed, response)
}

fn carried(message: &wire::CorrectTransitionRequest) -> Option<&Carried> {
    match &message.truth {
        Some(Truth::Detail(detail)) => detail.detail.as_ref(),
        _ => None,
    }
}

async fn command(
    doors: &Doors,
    entered: &Entered<wire::CorrectTransitionRequest>,
    transition: TransitionId,
) -> Result<Correct, Failure> {
    let message = &entered.message;
    let corrects: EventId = parse::id("mistaken_event_id", &message.mistaken_event_id)?;
    let events = doors.log().stream(transition.uuid()).await?;
    let mistaken = events.iter().find(|event| event.event_id == corrects);
    let corrects_version = mistaken.ok_or(Refusal::NotFound)?.version;
    let (mut detail_now, mut settings, mut on) = (None, SettingsKnown::default(), None);
    match &message.truth {
        Some(Truth::Detail(said)) => {
            let missing = || Refusal::field("detail.detail", "one of its fields must be given");
            let carried = said.detail.as_ref().ok_or_else(missing)?;
            let case = existing_case(doors, transition, carried).await?;
            let read = detail::read(doors, carried, case).await;
            let read =
                read.map_err(|failure| failure.renamed(|field| format!("detail.{field}")))?;
            settings = read.known();
            detail_now = Some(read.detail);
        }
        Some(Truth::Day(day)) => on = Some(date::required("day", Some(day))?),
        Some(Truth::NeverHappened(_)) => {}
        None => return Err(Refusal::field("truth", "one of its fields must be given").into()),
    }
    Ok(Correct {
        corrects,
        corrects_version,
        detail: detail_now,
        settings,
        on,
        reason: message.reason.trim().to_owned(),
        now: entered.caller.now,
    })
}

/// The case that the entry opened stays with it; a correction opens none.
async fn existing_case(
    doors: &Doors,
    transition: TransitionId,
    carried: &Carried,
) -> Result<Option<DsaCaseId>, Failure> {
    let Carried::HigherEducationEntry(entry) = carried else { return Ok(None) };
    let state = doors.history::<Transition>(transition.uuid()).await?.state;
    let case = match state.recorded.map(|recorded| recorded.fact.detail) {
        Some(Detail::HigherEducationEntry(held)) => held.dsa_case,
        _ => None,
    };
    if entry.opens_dsa_case && case.is_none() {
        let field = "detail.higher_education_entry.opens_dsa_case";
        return Err(Refusal::field(field, "cannot be corrected; open a case instead").into());
    }
    Ok(case)
}

fn correcting(
    transition: TransitionId,
    command: Correct,
    expected: Option<Version>,
    reference: Option<Key>,
) -> Attempt {
    let id = transition.uuid();
    attempt(move |unit| {
        let (command, reference) = (command.clone(), reference.clone());
        async move {
            unit.expect(id, expected);
            let mut loaded = unit.load::<Transition>(id).await?;
            let before = recorded(&loaded.state)?.clone();
            same_kind(&before.detail, command.detail.as_ref())?;
            if unit.decide(&mut loaded, command.into())?.is_some() {
                return Ok(());
            }
            follow(unit, &loaded, &before)?;
            if let Some(reference) = reference {
                unit.claim(reference, id, (None, None));
            }
            Ok(())
        }
        .boxed()
    })
}

fn recorded(state: &TransitionFold) -> Result<&TransitionRecorded, Refusal> {
    state.recorded.as_ref().map(|recorded| &recorded.fact).ok_or(Refusal::NotFound)
}

fn same_kind(before: &Detail, now: Option<&Detail>) -> Result<(), Refusal> {
    let kind = std::mem::discriminant::<Detail>;
    match now {
        Some(now) if kind(now) != kind(before) => Err(Refusal::Rule {
            reason: reason::KIND_CANNOT_CHANGE,
            message: "a move of another kind is another move: cancel this one and record that"
                .to_owned(),
        }),
        _ => Ok(()),
    }
}

/// The parties follow the corrected settings.
fn follow(
    unit: &mut Unit,
    loaded: &Loaded<Transition>,
    before: &TransitionRecorded,
) -> Result<(), Stop> {
    let now = recorded(&loaded.state)?;
    let (old, new) =
        (parties(&before.detail, before.authority), parties(&now.detail, now.authority));
    for (party, relation) in old.iter().filter(|party| !new.contains(party)) {
        unit.release(Key::party(loaded.stream, *party, *relation), loaded.stream);
    }
    let added: Vec<_> = new.iter().filter(|party| !old.contains(party)).copied().collect();
    claim_parties(unit, loaded.stream, &added);
    Ok(())
}
