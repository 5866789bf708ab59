//! Open a handover, for a named person of the receiver, and read its pack.

use onward_contract::handover::v1 as wire;
use onward_domain::decider::Refusal;
use onward_domain::handover::{Handover as Concept, Open};
use tonic::Request;

use super::record::released_at;
use super::{AREA, Written, learner_of};
use crate::Doors;
use crate::call::receipt;
use crate::wire as parse;

/// Opens a handover and answers its pack. Opening an undelivered one records both.
pub(super) async fn open(
    doors: &Doors,
    request: Request<wire::OpenHandoverRequest>,
) -> Written<wire::OpenHandoverResponse> {
    let method = "/onward.handover.v1.HandoverService/OpenHandover";
    let entered = doors.open(method, request).await?;
    let (caller, message) = (&entered.caller, &entered.message);
    let id = doors.received(caller, &message.handover_id).await?;
    parse::required_actor(message.actor.as_ref())?;
    let executed = doors.step::<Concept, _>(&entered, AREA, id.uuid(), Open).await?;
    // A repeated request gets its first receipt, but no content that has been taken back since.
    let told = doors.handover(id).await?;
    told.state.visible_to(caller.organisation())?;
    let learner = learner_of(&told)?;
    doors.write_down(caller, [learner]).await?;
    let pack = &told.state.pack.as_ref().ok_or(Refusal::NotFound)?.fact;
    let history = match released_at(&told) {
        Some(released) if pack.include_history => {
            doors.history_shared(caller, learner, released).await?
        }
        _ => Vec::new(),
    };
    let response = wire::OpenHandoverResponse {
        receipt: Some(receipt(&executed.receipt)),
        handover: Some(doors.shown_handover(caller.organisation(), &told).await?),
        pack: Some(parse::handover::shown_pack(pack)),
        history,
    };
    Ok((executed, response))
}
