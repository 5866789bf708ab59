//! Moving readers to another build of a view, and back.

use onward_contract::operations::v1 as wire;
use onward_views::Switch;
use tonic::{Request, Response};

use super::views::named;
use crate::Doors;
use crate::status::Failure;

pub(super) async fn switch(
    doors: &Doors,
    request: Request<wire::SwitchViewRequest>,
) -> Result<Response<wire::SwitchViewResponse>, Failure> {
    let method = "/onward.operations.v1.OperationsService/SwitchView";
    let entered = doors.open(method, request).await?;
    let asked = &entered.message;
    let way = Switch { back: asked.back, accept_differences: asked.accept_differences };
    let generation = doors.views().switch(named(&asked.view)?, way).await?;
    Ok(Response::new(wire::SwitchViewResponse { generation }))
}
