//! Building a view anew beside the one that answers; comparing the two; giving a build up.

use onward_contract::operations::v1 as wire;
use tonic::{Request, Response};

use super::status::comparison;
use super::views::named;
use crate::Doors;
use crate::status::Failure;

pub(super) async fn rebuild(
    doors: &Doors,
    request: Request<wire::RebuildViewRequest>,
) -> Result<Response<wire::RebuildViewResponse>, Failure> {
    let method = "/onward.operations.v1.OperationsService/RebuildView";
    let entered = doors.open(method, request).await?;
    let generation = doors.views().rebuild(named(&entered.message.view)?).await?;
    Ok(Response::new(wire::RebuildViewResponse { generation }))
}

pub(super) async fn compare(
    doors: &Doors,
    request: Request<wire::CompareViewRequest>,
) -> Result<Response<wire::CompareViewResponse>, Failure> {
    let method = "/onward.operations.v1.OperationsService/CompareView";
    let entered = doors.open(method, request).await?;
    let found = doors.views().compare(named(&entered.message.view)?).await?;
    Ok(Response::new(wire::CompareViewResponse { comparison: Some(comparison(&found)) }))
}

pub(super) async fn abandon(
    doors: &Doors,
    request: Request<wire::AbandonViewRequest>,
) -> Result<Response<wire::AbandonViewResponse>, Failure> {
    let method = "/onward.operations.v1.OperationsService/AbandonView";
    let entered = doors.open(method, request).await?;
    let asked = &entered.message;
    let wanted = Some(asked.generation).filter(|number| *number > 0);
    let generation = doors.views().abandon(named(&asked.view)?, wanted).await?;
    Ok(Response::new(wire::AbandonViewResponse { generation }))
}
