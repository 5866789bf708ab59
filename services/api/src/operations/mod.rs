//! OperationsService: how the log, the bus and the views stand; the log's public parts, live.
//!
//! | method | file |
//! |---|---|
//! | GetStatus | `status.rs` |
//! | TailLog | `tail.rs` |
//! | ListViews, ListParked | `views.rs` |

mod status;
mod tail;
mod views;

use onward_contract::operations::v1 as wire;
use onward_contract::operations::v1::operations_service_server::OperationsService;
use tonic::{Request, Response, Status};

use crate::Doors;
use crate::watch::Stream;

/// The service.
#[derive(Clone)]
pub(crate) struct Operations(pub(crate) Doors);

#[tonic::async_trait]
impl OperationsService for Operations {
    type TailLogStream = Stream<wire::TailLogResponse>;

    async fn get_status(
        &self,
        request: Request<wire::GetStatusRequest>,
    ) -> Result<Response<wire::GetStatusResponse>, Status> {
        Ok(status::get(&self.0, request).await?)
    }

    async fn tail_log(
        &self,
        request: Request<wire::TailLogRequest>,
    ) -> Result<Response<Self::TailLogStream>, Status> {
        Ok(tail::tail(&self.0, request).await?)
    }

    async fn list_views(
        &self,
        request: Request<wire::ListViewsRequest>,
    ) -> Result<Response<wire::ListViewsResponse>, Status> {
        Ok(views::list(&self.0, request).await?)
    }

    async fn list_parked(
        &self,
        request: Request<wire::ListParkedRequest>,
    ) -> Result<Response<wire::ListParkedResponse>, Status> {
        Ok(views::parked(&self.0, request).await?)
    }
}
