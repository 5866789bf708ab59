//! A move as its callers may see it.

use onward_contract::transition::v1 as wire;
use onward_domain::decider::Refusal;
use onward_domain::ids::OrganisationId;
use onward_domain::learner::Setting;
use onward_domain::transition::{
    Detail, ReportedBy, Transition, TransitionFact, TransitionRecorded,
};
use tonic::{Request, Response};

use crate::Doors;
use crate::call::moment;
use crate::fold::History;
use crate::guard::Caller;
use crate::status::Failure;
use crate::wire::detail::detail_shown;
use crate::wire::transition::{phase_transfer, planned_shown, reported_by_number};
use crate::wire::{code, date, setting};

pub(super) async fn get(
    doors: &Doors,
    request: Request<wire::GetTransitionRequest>,
) -> Result<Response<wire::GetTransitionResponse>, Failure> {
    let method = "/onward.transition.v1.TransitionService/GetTransition";
    let entered = doors.open(method, request).await?;
    let caller = &entered.caller;
    let party = doors.party(caller, &entered.message.transition_id).await?;
    let position = doors.head_from(&entered.message.min_position).await?;
    let history = doors.history::<Transition>(party.transition.uuid()).await?;
    let learner = recorded(&history)?.learner;
    let mut transition = transition(doors, caller, &history).await?;
    transition.learner = Some(doors.recognised(caller, learner).await?);
    doors.write_down(caller, [learner]).await?;
    Ok(Response::new(wire::GetTransitionResponse {
        position: position.to_string(),
        transition: Some(transition),
    }))
}

/// The record as it is true now.
pub(super) fn recorded(history: &History<Transition>) -> Result<&TransitionRecorded, Refusal> {
    history.state.recorded.as_ref().map(|recorded| &recorded.fact).ok_or(Refusal::NotFound)
}

/// A move, without the learner's summary.
pub(super) async fn transition(
    doors: &Doors,
    caller: &Caller,
    history: &History<Transition>,
) -> Result<wire::Transition, Failure> {
    let (state, fact) = (&history.state, recorded(history)?);
    let from = named(doors, fact.detail.from()).await?;
    let to = named(doors, fact.detail.to()).await?;
    let said = |one: &Setting| {
        let known = [(fact.detail.from(), &from), (fact.detail.to(), &to)];
        let shown = known.into_iter().find(|(setting, _)| *setting == Some(one));
        shown.map_or_else(
            || setting::as_said(one, None),
            |(_, shown)| shown.as_ref()?.as_said.clone(),
        )
    };
    let detail = detail_shown(&fact.detail, &said);
    let cancelled = state.cancelled.as_ref().map(|cancelled| cancelled.fact.reason);
    let ended = state.ended.as_ref().map(|ended| ended.fact.reason);
    Ok(wire::Transition {
        transition_id: fact.transition.to_string(),
        learner: None,
        state: state.state.map(code::number::<wire::TransitionState, _>).unwrap_or_default(),
        kind: code::number::<wire::TransitionKind, _>(fact.kind),
        phase_transfer_kind: phase_transfer(fact.phase_transfer),
        detail: Some(detail),
        from,
        to,
        planned: state.planned.map(planned_shown),
        home_la_code: fact.home_la.clone().unwrap_or_default(),
        arrived_on: state.arrived_on().map(date::wire),
        reported_by: reporter(history, fact).map(reported_by_number).unwrap_or_default(),
        cancel_reason: cancelled
            .map(code::number::<wire::TransitionCancelReason, _>)
            .unwrap_or_default(),
        end_reason: ended.map(code::number::<wire::TransitionEndReason, _>).unwrap_or_default(),
        dsa_case_id: case(&fact.detail),
        external_ref: history.reference_of(caller.organisation()),
        version: history.version(),
        recorded_at: Some(moment(history.begun_at())),
        recorded_by_organisation_id: history
            .begun_by()
            .map(|organisation| organisation.to_string())
            .unwrap_or_default(),
    })
}

async fn named(
    doors: &Doors,
    setting: Option<&Setting>,
) -> Result<Option<onward_contract::directory::v1::Setting>, Failure> {
    match setting.filter(|setting| setting.is_named()) {
        Some(setting) => Ok(Some(doors.setting_shown(setting).await?)),
        None => Ok(None),
    }
}

fn case(detail: &Detail) -> String {
    match detail {
        Detail::HigherEducationEntry(entry) => {
            entry.dsa_case.map(|case| case.to_string()).unwrap_or_default()
        }
        _ => String::new(),
    }
}

/// Who reported the last step: as it was said, else as the organisation stands to the move.
fn reporter(history: &History<Transition>, fact: &TransitionRecorded) -> Option<ReportedBy> {
    match history.state.facts.last()? {
        TransitionFact::Arrived(arrived) => Some(arrived.source),
        TransitionFact::NotArrived(missed) => Some(missed.source),
        _ => {
            let by = history.told.last()?.provenance.organisation;
            Some(stands(by, fact).unwrap_or(ReportedBy::SettingLeft))
        }
    }
}

fn stands(by: OrganisationId, fact: &TransitionRecorded) -> Option<ReportedBy> {
    let is = |setting: Option<&Setting>| setting.is_some_and(|one| one.organisation == Some(by));
    if is(fact.detail.from()) {
        Some(ReportedBy::SettingLeft)
    } else if is(fact.detail.to()) {
        Some(ReportedBy::SettingEntered)
    } else if fact.authority == Some(by) {
        Some(ReportedBy::Authority)
    } else {
        None
    }
}
