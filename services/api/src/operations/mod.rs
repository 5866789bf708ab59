//! OperationsService: how the log, the bus and the views stand; the log's public parts, live.
//!
//! | method | file |
//! |---|---|
//! | GetStatus | `status.rs` |
//! | TailLog | `tail.rs` |
//! | ListViews, ListParked | `views.rs` |
//! | GetCheckpoint | `get_checkpoint.rs` |
//! | ProveInclusion | `prove_inclusion.rs` |
//! | RetryParked | `retry_parked.rs` |
//! | RebuildView, CompareView, AbandonView | `rebuild_view.rs` |
//! | SwitchView | `switch_view.rs` |
//! | RequestErasure, ConfirmErasure | `request_erasure.rs`, `confirm_erasure.rs` |

mod confirm_erasure;
mod get_checkpoint;
mod prove_inclusion;
mod rebuild_view;
mod request_erasure;
mod retry_parked;
mod status;
mod switch_view;
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

    async fn get_checkpoint(
        &self,
        request: Request<wire::GetCheckpointRequest>,
    ) -> Result<Response<wire::GetCheckpointResponse>, Status> {
        Ok(get_checkpoint::get(&self.0, request).await?)
    }

    async fn prove_inclusion(
        &self,
        request: Request<wire::ProveInclusionRequest>,
    ) -> Result<Response<wire::ProveInclusionResponse>, Status> {
        Ok(prove_inclusion::prove(&self.0, request).await?)
    }

    async fn retry_parked(
        &self,
        request: Request<wire::RetryParkedRequest>,
    ) -> Result<Response<wire::RetryParkedResponse>, Status> {
        Ok(retry_parked::retry(&self.0, request).await?)
    }

    async fn rebuild_view(
        &self,
        request: Request<wire::RebuildViewRequest>,
    ) -> Result<Response<wire::RebuildViewResponse>, Status> {
        Ok(rebuild_view::rebuild(&self.0, request).await?)
    }

    async fn compare_view(
        &self,
        request: Request<wire::CompareViewRequest>,
    ) -> Result<Response<wire::CompareViewResponse>, Status> {
        Ok(rebuild_view::compare(&self.0, request).await?)
    }

    async fn switch_view(
        &self,
        request: Request<wire::SwitchViewRequest>,
    ) -> Result<Response<wire::SwitchViewResponse>, Status> {
        Ok(switch_view::switch(&self.0, request).await?)
    }

    async fn abandon_view(
        &self,
        request: Request<wire::AbandonViewRequest>,
    ) -> Result<Response<wire::AbandonViewResponse>, Status> {
        Ok(rebuild_view::abandon(&self.0, request).await?)
    }

    async fn request_erasure(
        &self,
        request: Request<wire::RequestErasureRequest>,
    ) -> Result<Response<wire::RequestErasureResponse>, Status> {
        Ok(request_erasure::request(&self.0, request).await?)
    }

    async fn confirm_erasure(
        &self,
        request: Request<wire::ConfirmErasureRequest>,
    ) -> Result<Response<wire::ConfirmErasureResponse>, Status> {
        Ok(confirm_erasure::confirm(&self.0, request).await?)
    }
}
