//! A signed checkpoint of the log, for whoever wants to keep one.

use onward_contract::operations::v1 as wire;
use onward_log::Position;
use onward_log::proof::SignedCheckpoint;
use tonic::{Request, Response};

use crate::Doors;
use crate::status::Failure;

pub(super) async fn get(
    doors: &Doors,
    request: Request<wire::GetCheckpointRequest>,
) -> Result<Response<wire::GetCheckpointResponse>, Failure> {
    let method = "/onward.operations.v1.OperationsService/GetCheckpoint";
    let entered = doors.open(method, request).await?;
    let asked = &entered.message.min_position;
    // A position that is not there yet is answered as everywhere.
    doors.head_from(asked).await?;
    let at_least: Position = asked.parse().unwrap_or_default();
    let signed = doors.log().checkpoint(at_least).await?;
    let position = Position::new(signed.checkpoint.size).to_string();
    let checkpoint = Some(shown(doors, &signed));
    Ok(Response::new(wire::GetCheckpointResponse { position, checkpoint }))
}

/// A checkpoint as the contract shows it.
pub(super) fn shown(doors: &Doors, signed: &SignedCheckpoint) -> wire::Checkpoint {
    wire::Checkpoint {
        note: signed.note.clone(),
        size: signed.checkpoint.size,
        root: hex(&signed.checkpoint.root),
        verifier_key: doors.log().verifier_key().to_string(),
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
