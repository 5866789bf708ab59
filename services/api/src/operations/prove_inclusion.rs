//! A receipt for one event, for the organisation that recorded it.

use onward_contract::operations::v1 as wire;
use onward_domain::codes::setting::OrganisationKind;
use onward_domain::decider::Refusal;
use onward_log::codec::public_json;
use onward_log::{Position, Recorded};
use tonic::{Request, Response};
use uuid::Uuid;

use super::get_checkpoint::{hex, shown};
use super::tail::organisation_of;
use crate::Doors;
use crate::guard::Caller;
use crate::status::Failure;
use crate::wire::optional_id;

/// Events that one request yields at most: those of a receipt stand side by side and end at its position.
const OF_ONE_REQUEST: u64 = 500;

pub(super) async fn prove(
    doors: &Doors,
    request: Request<wire::ProveInclusionRequest>,
) -> Result<Response<wire::ProveInclusionResponse>, Failure> {
    let method = "/onward.operations.v1.OperationsService/ProveInclusion";
    let entered = doors.open(method, request).await?;
    let asked = &entered.message;
    let invalid = |_| Refusal::field("position", "must be a receipt's position");
    let position: Position = asked.position.parse().map_err(invalid)?;
    let id: Option<Uuid> = optional_id("event_id", asked.event_id.as_deref())?;
    let event = find(doors, position, id).await?;
    // The same answer for what does not exist and for what is another's.
    let event = event.filter(|event| may_have(&entered.caller, event)).ok_or(Refusal::NotFound)?;
    let size = Some(asked.checkpoint_size).filter(|size| *size > 0);
    let receipt = doors.log().prove(event.position, size).await?;
    let keys = [doors.log().verifier_key()];
    // Nobody is given a receipt that does not hold.
    let proven = receipt.verify(&keys).map_err(|fault| {
        tracing::error!(%fault, position = %event.position, "a receipt does not hold");
        Failure::View("proof")
    })?;
    Ok(Response::new(wire::ProveInclusionResponse {
        position: event.position.to_string(),
        event_id: event.event_id.to_string(),
        event_hash: hex(&proven.hash),
        leaf_index: receipt.index,
        path: receipt.path.iter().map(|hash| hex(hash)).collect(),
        checkpoint: Some(shown(doors, &proven.checkpoint)),
        receipt_file: receipt.text(),
    }))
}

/// The event at a position, or the one with this id among those that were recorded with it.
async fn find(
    doors: &Doors,
    position: Position,
    id: Option<Uuid>,
) -> Result<Option<Recorded>, Failure> {
    let first = position.get().saturating_sub(OF_ONE_REQUEST);
    let first = if id.is_some() { first } else { position.get().saturating_sub(1) };
    let count = usize::try_from(position.get() - first).unwrap_or_default();
    let events = doors.log().read(Position::new(first), count).await?;
    let wanted = |event: &Recorded| match id {
        Some(id) => event.event_id.uuid() == id,
        None => event.position == position,
    };
    Ok(events.into_iter().find(wanted))
}

/// The operator may have any; everybody else, what their own organisation recorded.
fn may_have(caller: &Caller, event: &Recorded) -> bool {
    let by = organisation_of(&public_json(&event.event_type, &event.public));
    caller.kind() == OrganisationKind::Operator || by == caller.organisation().to_string()
}
