//! Enrolments: recording, ending, listing. Several may hold at once.

use std::cmp::Reverse;

use futures::FutureExt;
use onward_contract::learner::v1 as wire;
use onward_contract::reason;
use onward_contract::receipt::v1::Warning;
use onward_domain::codes::setting::EnrolmentKind;
use onward_domain::decider::Refusal;
use onward_domain::ids::{EnrolmentId, LearnerId};
use onward_domain::learner::{EndEnrolment, Enrolment, Learner, RecordEnrolment, Setting};
use onward_log::Attempt;
use tonic::{Request, Response};
use uuid::Uuid;

use super::details_or;
use crate::Doors;
use crate::call::{Entered, answer, attempt, issued, receipt};
use crate::guard::Caller;
use crate::page;
use crate::status::Failure;
use crate::wire::learner as parse;
use crate::wire::request::Writes;
use crate::wire::{self as read_wire, code, date};

/// An enrolment of a request, with a warning where the directory does not know its setting.
pub(super) async fn read(
    doors: &Doors,
    caller: &Caller,
    field: &str,
    said: &wire::NewEnrolment,
) -> Result<(RecordEnrolment, Option<Warning>), Failure> {
    let at = |name: &str| format!("{field}.{name}");
    let named = doors.setting(&at("setting"), said.setting.as_ref()).await?;
    let own = || Setting { organisation: Some(caller.organisation()), ..Setting::default() };
    let setting = named.map_or_else(own, |resolved| resolved.setting);
    let unknown = setting.organisation.is_none() && setting.number.is_some();
    let kind = code::parse::<wire::EnrolmentKind, EnrolmentKind>(&at("kind"), said.kind)?;
    let expected_return = date::optional(&at("expected_return"), said.expected_return.as_ref())?;
    if kind == EnrolmentKind::Away && expected_return.is_none() {
        return Err(
            Refusal::field(at("expected_return"), "must be given for a learner away").into()
        );
    }
    let enrolment = RecordEnrolment {
        enrolment: EnrolmentId::new(Uuid::now_v7()),
        setting,
        kind,
        from: date::required(&at("from"), said.from.as_ref())?,
        to: date::optional(&at("to"), said.to.as_ref())?,
        expected_return,
    };
    let warning = unknown.then(|| {
        let message = "the directory does not know this setting; it is kept as it was said";
        parse::warning(&at("setting"), reason::UNKNOWN_SETTING, message)
    });
    Ok((enrolment, warning))
}

/// Both say the same place, kind and first day: one enrolment.
pub(super) fn same(one: &RecordEnrolment, other: &RecordEnrolment) -> bool {
    (&one.setting, one.kind, one.from) == (&other.setting, other.kind, other.from)
}

pub(super) async fn record(
    doors: &Doors,
    request: Request<wire::RecordEnrolmentRequest>,
) -> Result<Response<wire::RecordEnrolmentResponse>, Failure> {
    let method = "/onward.learner.v1.LearnerService/RecordEnrolment";
    let entered = doors.open(method, request).await?;
    let learner = doors.own_learner(&entered.caller, &entered.message.learner_id).await?;
    let said = entered.message.enrolment.clone().unwrap_or_default();
    let (enrolment, _) = read(doors, &entered.caller, "enrolment", &said).await?;
    let executed = doors.write(&entered, recording(&entered, learner, enrolment)).await;
    let executed = executed.map_err(|failure| failure.renamed(details_or("enrolment")))?;
    let response = wire::RecordEnrolmentResponse {
        receipt: Some(receipt(&executed.receipt)),
        enrolment_id: issued(&executed, "enrolment_id"),
    };
    answer(&executed, response)
}

fn recording(
    entered: &Entered<wire::RecordEnrolmentRequest>,
    learner: LearnerId,
    enrolment: RecordEnrolment,
) -> Attempt {
    let id = learner.uuid();
    let expected = entered.message.expected_version;
    let reference = entered.reference("learner");
    attempt(move |unit| {
        let (enrolment, reference) = (enrolment.clone(), reference.clone());
        async move {
            unit.expect(id, expected);
            let mut loaded = unit.load::<Learner>(id).await?;
            let minted = enrolment.enrolment;
            let already = unit.decide(&mut loaded, enrolment.into())?;
            let known = already.and_then(|version| {
                let held = loaded.state.enrolments.iter();
                held.map(|held| &held.recorded)
                    .find(|held| held.version == version)
                    .map(|held| held.fact.enrolment)
            });
            unit.issue("enrolment_id", known.unwrap_or(minted).to_string());
            if let Some(reference) = reference.filter(|_| already.is_none()) {
                unit.claim(reference, id, (None, None));
            }
            Ok(())
        }
        .boxed()
    })
}

pub(super) async fn end(
    doors: &Doors,
    request: Request<wire::EndEnrolmentRequest>,
) -> Result<Response<wire::EndEnrolmentResponse>, Failure> {
    let method = "/onward.learner.v1.LearnerService/EndEnrolment";
    let entered = doors.open(method, request).await?;
    let (caller, message) = (&entered.caller, &entered.message);
    let learner = doors.own_learner(caller, &message.learner_id).await?;
    let enrolment = read_wire::id("enrolment_id", &message.enrolment_id)?;
    let step = EndEnrolment { enrolment, on: message.required_day(caller.now)?, now: caller.now };
    let executed = doors.step::<Learner, _>(&entered, "learner", learner.uuid(), step).await;
    let executed = executed.map_err(|failure| {
        failure.renamed(|field| if field == "on" { "occurred_on".to_owned() } else { field })
    })?;
    let response = wire::EndEnrolmentResponse { receipt: Some(receipt(&executed.receipt)) };
    answer(&executed, response)
}

pub(super) async fn list(
    doors: &Doors,
    request: Request<wire::ListEnrolmentsRequest>,
) -> Result<Response<wire::ListEnrolmentsResponse>, Failure> {
    let method = "/onward.learner.v1.LearnerService/ListEnrolments";
    let entered = doors.open(method, request).await?;
    let (caller, message) = (&entered.caller, &entered.message);
    let learner = doors.own_learner(caller, &message.learner_id).await?;
    let on = date::optional("on", message.on.as_ref())?;
    let binding = page::bind(caller, message, |asked| {
        asked.min_position.clear();
        asked.page_token.clear();
        asked.page_size = 0;
    });
    let cursor = binding.cursor(&message.page_token)?;
    let position = doors.head_from(&message.min_position).await?;
    let mut held = doors.history::<Learner>(learner.uuid()).await?.state.enrolments;
    held.retain(|one| {
        let (from, last) = (one.recorded.fact.from, parse::last_day(one));
        on.is_none_or(|on| from <= on && last.is_none_or(|last| on <= last))
    });
    sort(&mut held, &message.order_by);
    let size = page::size(u32::try_from(message.page_size).unwrap_or_default());
    let key = |one: &Enrolment| one.recorded.fact.enrolment.to_string();
    let (found, next) = page::cut(held, cursor, size, key)?;
    let mut enrolments = Vec::with_capacity(found.len());
    for one in &found {
        enrolments.push(shown(doors, one).await?);
    }
    doors.write_down(caller, [learner]).await?;
    Ok(Response::new(wire::ListEnrolmentsResponse {
        position: position.to_string(),
        next_page_token: next.map(|cursor| binding.token(&cursor)).unwrap_or_default(),
        enrolments,
    }))
}

/// Newest first, unless asked otherwise.
pub(super) fn sort(held: &mut [Enrolment], order_by: &str) {
    let key = |one: &Enrolment| (one.recorded.fact.from, one.recorded.version);
    match order_by {
        "from" => held.sort_by_key(key),
        _ => held.sort_by_key(|one| Reverse(key(one))),
    }
}

/// An enrolment as the contract shows it.
pub(super) async fn shown(doors: &Doors, held: &Enrolment) -> Result<wire::Enrolment, Failure> {
    let fact = &held.recorded.fact;
    Ok(wire::Enrolment {
        enrolment_id: fact.enrolment.to_string(),
        kind: code::number::<wire::EnrolmentKind, _>(fact.kind),
        setting: Some(doors.setting_shown(&fact.setting).await?),
        from: Some(date::wire(fact.from)),
        to: parse::last_day(held).map(date::wire),
        expected_return: fact.expected_return.map(date::wire),
    })
}
