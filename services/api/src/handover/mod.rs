//! HandoverService: what one setting tells the next about a learner.
//!
//! | file | what people do |
//! |---|---|
//! | `draft.rs` | create and edit a draft |
//! | `release.rs` | check, preview, release and withdraw it |
//! | `open.rs` | open it: the receiver reads the pack |
//! | `accept.rs` | accept it, onto a record of the receiver's own; decline it |
//! | `support.rs` | answer the agreed items |
//! | `list.rs` | one handover, what was sent, what was received |
//! | `watch.rs` | follow what is received |
//! | `record.rs` | the sender's record: who the learner is, and the history that goes along |
//! | `deliver.rs` | the first showing |
//! | `shown.rs` | a handover as one side may see it |

mod accept;
mod deliver;
mod draft;
mod list;
mod open;
mod record;
mod release;
mod shown;
mod support;
mod watch;

use onward_contract::handover::v1 as wire;
use onward_contract::handover::v1::handover_service_server::HandoverService;
use onward_domain::decider::Refusal;
use onward_domain::handover::Handover as Concept;
use onward_domain::ids::HandoverId;
use onward_log::{Executed, Relation};
use tonic::{Request, Response, Status};

use crate::Doors;
use crate::call::answer;
use crate::fold::{self, History};
use crate::guard::Caller;
use crate::status::Failure;
use crate::wire as parse;

/// The service.
#[derive(Clone)]
pub(crate) struct Handover(pub(crate) Doors);

/// What a write came to, and its answer.
type Written<T> = Result<(Executed, T), Failure>;

/// A handover's stream, folded.
type Told = History<Concept>;

/// The area of its events and of its references.
const AREA: &str = "handover";

impl fold::Concept for Concept {
    const AREA: &'static str = AREA;
}

impl Doors {
    /// The handover that a request names, for the organisation that sends it.
    async fn sent(&self, caller: &Caller, id: &str) -> Result<HandoverId, Failure> {
        let id: HandoverId = parse::id("handover_id", id)?;
        self.related(caller, id.uuid(), &[Relation::Owner]).await?;
        Ok(id)
    }

    /// The handover that a request names, for the organisation that receives it: it is there from the
    /// release on.
    async fn received(&self, caller: &Caller, id: &str) -> Result<HandoverId, Failure> {
        let id: HandoverId = parse::id("handover_id", id)?;
        self.related(caller, id.uuid(), &[Relation::Receiver]).await?;
        Ok(id)
    }

    /// The handover's stream.
    async fn handover(&self, id: HandoverId) -> Result<Told, Failure> {
        self.history::<Concept>(id.uuid()).await
    }
}

/// The sender's record that a handover is about.
fn learner_of(told: &Told) -> Result<onward_domain::ids::LearnerId, Failure> {
    let drafted = told.state.drafted.as_ref().ok_or(Refusal::NotFound)?;
    Ok(drafted.fact.learner)
}

#[tonic::async_trait]
impl HandoverService for Handover {
    type WatchReceivedStream = crate::watch::Stream<wire::WatchReceivedResponse>;

    async fn create_handover(
        &self,
        request: Request<wire::CreateHandoverRequest>,
    ) -> Result<Response<wire::CreateHandoverResponse>, Status> {
        let (executed, response) = draft::create(&self.0, request).await?;
        answer(&executed, response)
    }

    async fn edit_handover(
        &self,
        request: Request<wire::EditHandoverRequest>,
    ) -> Result<Response<wire::EditHandoverResponse>, Status> {
        let (executed, response) = draft::edit(&self.0, request).await?;
        answer(&executed, response)
    }

    async fn check_handover(
        &self,
        request: Request<wire::CheckHandoverRequest>,
    ) -> Result<Response<wire::CheckHandoverResponse>, Status> {
        Ok(Response::new(release::check(&self.0, request).await?))
    }

    async fn preview_handover(
        &self,
        request: Request<wire::PreviewHandoverRequest>,
    ) -> Result<Response<wire::PreviewHandoverResponse>, Status> {
        Ok(Response::new(release::preview(&self.0, request).await?))
    }

    async fn release_handover(
        &self,
        request: Request<wire::ReleaseHandoverRequest>,
    ) -> Result<Response<wire::ReleaseHandoverResponse>, Status> {
        let (executed, response) = release::release(&self.0, request).await?;
        answer(&executed, response)
    }

    async fn withdraw_handover(
        &self,
        request: Request<wire::WithdrawHandoverRequest>,
    ) -> Result<Response<wire::WithdrawHandoverResponse>, Status> {
        let (executed, response) = release::withdraw(&self.0, request).await?;
        answer(&executed, response)
    }

    async fn open_handover(
        &self,
        request: Request<wire::OpenHandoverRequest>,
    ) -> Result<Response<wire::OpenHandoverResponse>, Status> {
        let (executed, response) = open::open(&self.0, request).await?;
        answer(&executed, response)
    }

    async fn accept_handover(
        &self,
        request: Request<wire::AcceptHandoverRequest>,
    ) -> Result<Response<wire::AcceptHandoverResponse>, Status> {
        let (executed, response) = accept::accept(&self.0, request).await?;
        answer(&executed, response)
    }

    async fn decline_handover(
        &self,
        request: Request<wire::DeclineHandoverRequest>,
    ) -> Result<Response<wire::DeclineHandoverResponse>, Status> {
        let (executed, response) = accept::decline(&self.0, request).await?;
        answer(&executed, response)
    }

    async fn confirm_support(
        &self,
        request: Request<wire::ConfirmSupportRequest>,
    ) -> Result<Response<wire::ConfirmSupportResponse>, Status> {
        let (executed, response) = support::confirm(&self.0, request).await?;
        answer(&executed, response)
    }

    async fn get_handover(
        &self,
        request: Request<wire::GetHandoverRequest>,
    ) -> Result<Response<wire::GetHandoverResponse>, Status> {
        Ok(Response::new(list::get(&self.0, request).await?))
    }

    async fn list_sent(
        &self,
        request: Request<wire::ListSentRequest>,
    ) -> Result<Response<wire::ListSentResponse>, Status> {
        Ok(Response::new(list::sent(&self.0, request).await?))
    }

    async fn list_received(
        &self,
        request: Request<wire::ListReceivedRequest>,
    ) -> Result<Response<wire::ListReceivedResponse>, Status> {
        Ok(Response::new(list::received(&self.0, request).await?))
    }

    async fn watch_received(
        &self,
        request: Request<wire::WatchReceivedRequest>,
    ) -> Result<Response<Self::WatchReceivedStream>, Status> {
        Ok(watch::received(&self.0, request).await?)
    }
}
