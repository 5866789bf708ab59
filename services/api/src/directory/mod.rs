//! DirectoryService: organisations and their members.
//!
//! | method | file |
//! |---|---|
//! | RegisterOrganisation | `register.rs` |
//! | GetOrganisation, ListOrganisations | `read.rs` |
//! | AddMember, RemoveMember | `members.rs` |
//! | ListMembers | `list_members.rs` |

mod list_members;
mod members;
mod read;
mod register;

use onward_contract::directory::v1 as wire;
use onward_contract::directory::v1::directory_service_server::DirectoryService;
use tonic::{Request, Response, Status};

use crate::Doors;

/// The service.
#[derive(Clone)]
pub(crate) struct Directory(pub(crate) Doors);

#[tonic::async_trait]
impl DirectoryService for Directory {
    async fn register_organisation(
        &self,
        request: Request<wire::RegisterOrganisationRequest>,
    ) -> Result<Response<wire::RegisterOrganisationResponse>, Status> {
        Ok(register::register(&self.0, request).await?)
    }

    async fn get_organisation(
        &self,
        request: Request<wire::GetOrganisationRequest>,
    ) -> Result<Response<wire::GetOrganisationResponse>, Status> {
        Ok(read::get(&self.0, request).await?)
    }

    async fn list_organisations(
        &self,
        request: Request<wire::ListOrganisationsRequest>,
    ) -> Result<Response<wire::ListOrganisationsResponse>, Status> {
        Ok(read::list(&self.0, request).await?)
    }

    async fn add_member(
        &self,
        request: Request<wire::AddMemberRequest>,
    ) -> Result<Response<wire::AddMemberResponse>, Status> {
        Ok(members::add(&self.0, request).await?)
    }

    async fn remove_member(
        &self,
        request: Request<wire::RemoveMemberRequest>,
    ) -> Result<Response<wire::RemoveMemberResponse>, Status> {
        Ok(members::remove(&self.0, request).await?)
    }

    async fn list_members(
        &self,
        request: Request<wire::ListMembersRequest>,
    ) -> Result<Response<wire::ListMembersResponse>, Status> {
        Ok(list_members::list(&self.0, request).await?)
    }
}
