//! A move that a row changes: another date is a new schedule, anything else a correction.

use onward_api::wire::detail::carried;
use onward_contract::timeline::v1::GetTimelineRequest;
use onward_contract::transition::v1 as wire;
use onward_contract::transition::v1::correct_transition_request::Truth;
use onward_contract::transition::v1::planned_date::Planned as When;
use onward_contract::transition::v1::transition_detail::Detail as Carried;
use prost::Message;
use tonic::Status;

use super::compare::{level, planned_of, take_planned, take_settings};
use super::moves::Move;
use super::own::Own;
use super::tally::Outcome;
use super::{check, detail};

/// Brings a known move to what the row says.
///
/// # Errors
/// What the server refuses.
pub async fn change(
    own: &Own,
    known: &wire::Transition,
    said: &Move,
    dry_run: bool,
) -> Result<Outcome, Box<Status>> {
    let before = known.detail.as_ref().and_then(|detail| detail.detail.clone());
    let Some(before) = before else { return Ok(Outcome::Same) };
    let mut now = carried(detail::wire(&said.detail, said.opens_dsa_case));
    let planned = planned_of(&now).filter(|when| said.says_when && Some(*when) != planned(known));
    // The date is not corrected but rescheduled, so the record keeps its own.
    take_planned(&mut now, &before);
    take_settings(own, &mut now, &before).await?;
    level(&mut now, &before);
    unsaid(&mut now, &before, said);
    let corrected = now != before;
    let home_la = !said.home_la.is_empty()
        && !known.home_la_code.is_empty()
        && said.home_la != known.home_la_code;
    if !corrected && planned.is_none() && !home_la {
        return Ok(Outcome::Same);
    }
    if let Some(refused) = refused(known, home_la) {
        return Ok(refused);
    }
    if dry_run {
        return Ok(Outcome::Changed);
    }
    if corrected {
        correct(own, known, said, now).await?;
    }
    if let Some(planned) = planned {
        reschedule(own, known, said, planned).await?;
    }
    Ok(Outcome::Changed)
}

/// What the file leaves out stays.
fn unsaid(now: &mut Carried, before: &Carried, said: &Move) {
    match (now, before) {
        (Carried::PhaseTransfer(now), Carried::PhaseTransfer(before)) => {
            if !said.says_basis {
                now.basis = before.basis;
            }
            if now.year_group.is_empty() {
                now.year_group.clone_from(&before.year_group);
            }
        }
        (Carried::InYearMove(now), Carried::InYearMove(before)) if now.year_group.is_empty() => {
            now.year_group.clone_from(&before.year_group);
        }
        _ => {}
    }
}

fn planned(known: &wire::Transition) -> Option<When> {
    known.planned.and_then(|planned| planned.planned)
}

/// What no row can change.
fn refused(known: &wire::Transition, home_la: bool) -> Option<Outcome> {
    use wire::TransitionState as S;
    if matches!(known.state(), S::Arrived | S::Ended) {
        let message = "the learner has moved already; a file does not change what has happened: \
                       correct the move itself";
        return Some(Outcome::failed("already_moved", message));
    }
    if home_la {
        let message = "the move is recorded with another home authority, which cannot be changed: \
                       cancel the move as recorded in error and send the row again";
        return Some(Outcome::failed("home_authority_differs", message));
    }
    None
}

async fn correct(
    own: &Own,
    known: &wire::Transition,
    said: &Move,
    now: Carried,
) -> Result<(), Box<Status>> {
    let mut request = wire::CorrectTransitionRequest {
        transition_id: known.transition_id.clone(),
        expected_version: Some(known.version),
        mistaken_event_id: recording(own, known).await?,
        truth: Some(Truth::Detail(wire::TransitionDetail { detail: Some(now) })),
        reason: "a file of the sender's says it differently".to_owned(),
        ..Default::default()
    };
    request.request_id = own.request_id("correction", &said.key, &request.encode_to_vec());
    let reply = own.server.transitions().correct_transition(request).await?.into_inner();
    own.wrote(reply.receipt.as_ref());
    Ok(())
}

/// The event that recorded the move.
async fn recording(own: &Own, known: &wire::Transition) -> Result<String, Box<Status>> {
    let learner = known.learner.clone().unwrap_or_default().learner_id;
    let mut request = GetTimelineRequest {
        min_position: own.position(),
        page_size: 500,
        order_by: "recorded".to_owned(),
        learner_id: learner,
        ..Default::default()
    };
    loop {
        let page = own.server.timelines().get_timeline(request.clone()).await?.into_inner();
        // The first event of a move is its recording.
        let first = page.entries.iter().find(|entry| entry.transition_id == known.transition_id);
        match first {
            Some(first) => return Ok(first.event_id.clone()),
            None if page.next_page_token.is_empty() => return Ok(check::SOME_ID.to_owned()),
            None => request.page_token = page.next_page_token,
        }
    }
}

async fn reschedule(
    own: &Own,
    known: &wire::Transition,
    said: &Move,
    when: When,
) -> Result<(), Box<Status>> {
    use wire::TransitionRescheduleReason as Reason;
    let reason = match (planned(known), when) {
        (Some(When::Month(month)), When::Day(day))
            if (month.year, month.month) == (day.year, day.month) =>
        {
            Reason::DayNowKnown
        }
        _ => Reason::Other,
    };
    let mut request = wire::RescheduleTransitionRequest {
        transition_id: known.transition_id.clone(),
        planned: Some(wire::PlannedDate { planned: Some(when) }),
        reason: reason.into(),
        ..Default::default()
    };
    // The version is part of the id: back and forth again are new requests.
    let key = format!("{}|{}", said.key, known.version);
    request.request_id = own.request_id("schedule", &key, &request.encode_to_vec());
    let reply = own.server.transitions().reschedule_transition(request).await?.into_inner();
    own.wrote(reply.receipt.as_ref());
    Ok(())
}
