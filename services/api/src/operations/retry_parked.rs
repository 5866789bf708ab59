//! Trying again what a view could not take in.

use onward_contract::operations::v1 as wire;
use onward_domain::decider::Refusal;
use onward_views::ViewName;
use tonic::{Request, Response};
use uuid::Uuid;

use super::views::named;
use crate::Doors;
use crate::status::Failure;

pub(super) async fn retry(
    doors: &Doors,
    request: Request<wire::RetryParkedRequest>,
) -> Result<Response<wire::RetryParkedResponse>, Failure> {
    let method = "/onward.operations.v1.OperationsService/RetryParked";
    let entered = doors.open(method, request).await?;
    let asked = &entered.message;
    let views = match asked.view.as_str() {
        "" => ViewName::ALL.to_vec(),
        name => vec![named(name)?],
    };
    let learner = match asked.learner_id.as_str() {
        "" => None,
        id => Some(id.parse::<Uuid>().map_err(|_| Refusal::field("learner_id", "is not a UUID"))?),
    };
    let mut answer = wire::RetryParkedResponse::default();
    for view in views {
        let retried = doors.views().retry_parked(view, learner).await?;
        answer.applied += retried.applied;
        answer.waiting += retried.waiting;
    }
    Ok(Response::new(answer))
}
