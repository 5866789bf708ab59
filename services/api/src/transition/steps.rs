//! The steps of a move that are one command on one stream.

use onward_contract::transition::v1 as wire;
use onward_domain::codes::reason::{TransitionCancel, TransitionEnd, TransitionReschedule};
use onward_domain::transition::{Arrive, Cancel, Command, End, NotArrive, Reschedule, Transition};
use onward_log::Executed;
use tonic::{Request, Response};

use super::{AREA, Party};
use crate::Doors;
use crate::call::{Entered, answer, receipt};
use crate::status::Failure;
use crate::wire::request::Writes;
use crate::wire::transition::planned;
use crate::wire::{code, text};

type Answered<T> = Result<Response<T>, Failure>;

pub(super) async fn arrive(
    doors: &Doors,
    request: Request<wire::RecordArrivalRequest>,
) -> Answered<wire::RecordArrivalResponse> {
    let method = "/onward.transition.v1.TransitionService/RecordArrival";
    let entered = doors.open(method, request).await?;
    let (caller, message) = (&entered.caller, &entered.message);
    let party = doors.party(caller, &message.transition_id).await?;
    let on = message.required_day(caller.now)?;
    let step = Arrive { on, by: party.reports_as(caller), now: caller.now };
    let executed = take(doors, &entered, &party, step).await?;
    let receipt = Some(receipt(&executed.receipt));
    answer(&executed, wire::RecordArrivalResponse { receipt })
}

pub(super) async fn not_arrive(
    doors: &Doors,
    request: Request<wire::RecordNonArrivalRequest>,
) -> Answered<wire::RecordNonArrivalResponse> {
    let method = "/onward.transition.v1.TransitionService/RecordNonArrival";
    let entered = doors.open(method, request).await?;
    let (caller, message) = (&entered.caller, &entered.message);
    let party = doors.party(caller, &message.transition_id).await?;
    let on = message.required_day(caller.now)?;
    let by = party.reports_as(caller);
    let step = NotArrive { on, by, note: text(&message.note), now: caller.now };
    let executed = take(doors, &entered, &party, step).await?;
    let receipt = Some(receipt(&executed.receipt));
    answer(&executed, wire::RecordNonArrivalResponse { receipt })
}

pub(super) async fn reschedule(
    doors: &Doors,
    request: Request<wire::RescheduleTransitionRequest>,
) -> Answered<wire::RescheduleTransitionResponse> {
    let method = "/onward.transition.v1.TransitionService/RescheduleTransition";
    let entered = doors.open(method, request).await?;
    let message = &entered.message;
    let party = doors.party(&entered.caller, &message.transition_id).await?;
    let planned = planned("planned", message.planned.as_ref())?;
    let reason = code::parse::<wire::TransitionRescheduleReason, TransitionReschedule>(
        "reason",
        message.reason,
    )?;
    let executed = take(doors, &entered, &party, Reschedule { planned, reason }).await?;
    let receipt = Some(receipt(&executed.receipt));
    answer(&executed, wire::RescheduleTransitionResponse { receipt })
}

pub(super) async fn cancel(
    doors: &Doors,
    request: Request<wire::CancelTransitionRequest>,
) -> Answered<wire::CancelTransitionResponse> {
    let method = "/onward.transition.v1.TransitionService/CancelTransition";
    let entered = doors.open(method, request).await?;
    let message = &entered.message;
    let party = doors.party(&entered.caller, &message.transition_id).await?;
    let reason =
        code::parse::<wire::TransitionCancelReason, TransitionCancel>("reason", message.reason)?;
    let executed = take(doors, &entered, &party, Cancel { reason }).await?;
    let receipt = Some(receipt(&executed.receipt));
    answer(&executed, wire::CancelTransitionResponse { receipt })
}

pub(super) async fn end(
    doors: &Doors,
    request: Request<wire::EndTransitionRequest>,
) -> Answered<wire::EndTransitionResponse> {
    let method = "/onward.transition.v1.TransitionService/EndTransition";
    let entered = doors.open(method, request).await?;
    let (caller, message) = (&entered.caller, &entered.message);
    let party = doors.party(caller, &message.transition_id).await?;
    let on = message.required_day(caller.now)?;
    let reason = code::parse::<wire::TransitionEndReason, TransitionEnd>("reason", message.reason)?;
    let executed = take(doors, &entered, &party, End { on, reason, now: caller.now }).await?;
    let receipt = Some(receipt(&executed.receipt));
    answer(&executed, wire::EndTransitionResponse { receipt })
}

async fn take<T: Writes>(
    doors: &Doors,
    entered: &Entered<T>,
    party: &Party,
    step: impl Into<Command>,
) -> Result<Executed, Failure> {
    let stream = party.transition.uuid();
    let executed = doors.step::<Transition, _>(entered, AREA, stream, step).await;
    executed.map_err(|failure| failure.renamed(day))
}

/// The day of a step is the request's `occurred_on`.
pub(super) fn day(field: String) -> String {
    if field == "on" { "occurred_on".to_owned() } else { field }
}
