//! QueueService: referrals from the side of the team that works a queue.
//!
//! | file | what people do |
//! |---|---|
//! | `triage.rs` | read a form, ask for more, accept, reject |
//! | `claim.rs` | take the next ones, hold them longer, give them back |
//! | `filter.rs` | which waiting referrals a claim may take |
//! | `care.rs` | screen, treat, screen again, close, pass on |
//! | `item.rs` | a referral as anybody of the team sees it before a claim |
//! | `list.rs` | the queue and its sums; the claims that are held |
//! | `watch.rs` | follow the queue |

mod care;
mod claim;
mod filter;
mod item;
mod list;
mod triage;
mod watch;

use onward_contract::referral::v1 as wire;
use onward_contract::referral::v1::queue_service_server::QueueService;
use onward_domain::codes::role::MemberRole;
use onward_domain::decider::Refusal;
use onward_domain::ids::{OrganisationId, QueueId, ReferralId};
use onward_domain::referral::TeamMember;
use onward_log::Relation;
use tonic::{Request, Response, Status};

use crate::Doors;
use crate::call::answer;
use crate::guard::Caller;
use crate::status::Failure;
use crate::wire as parse;

/// The service.
#[derive(Clone)]
pub(crate) struct Queue(pub(crate) Doors);

impl Doors {
    /// The queue that a request names by its pathfinder's key or id: the caller's own. Somebody else's is
    /// not there.
    async fn own_queue(&self, caller: &Caller, named: &str) -> Result<QueueId, Failure> {
        let holder = match named.parse::<OrganisationId>() {
            Ok(id) => Some(id),
            Err(_) => self.holder_of("pathfinder_key", named).await?,
        };
        match holder {
            Some(holder) if holder == caller.organisation() => Ok(QueueId::of_pathfinder(holder)),
            _ => Err(Refusal::NotFound.into()),
        }
    }

    /// The referral that a request names, for the team whose queue holds it.
    async fn queued(&self, caller: &Caller, id: &str) -> Result<ReferralId, Failure> {
        let id: ReferralId = parse::id("referral_id", id)?;
        self.related(caller, id.uuid(), &[Relation::Queue]).await?;
        Ok(id)
    }
}

/// The caller as one of the team.
fn team(caller: &Caller) -> TeamMember {
    TeamMember { member: caller.member, supervisor: caller.principal.has(MemberRole::Supervisor) }
}

#[tonic::async_trait]
impl QueueService for Queue {
    type WatchQueueStream = crate::watch::Stream<wire::WatchQueueResponse>;

    async fn get_queue(
        &self,
        request: Request<wire::GetQueueRequest>,
    ) -> Result<Response<wire::GetQueueResponse>, Status> {
        Ok(Response::new(list::queue(&self.0, request).await?))
    }

    async fn open_for_triage(
        &self,
        request: Request<wire::OpenForTriageRequest>,
    ) -> Result<Response<wire::OpenForTriageResponse>, Status> {
        let (executed, response) = triage::open(&self.0, request).await?;
        answer(&executed, response)
    }

    async fn request_information(
        &self,
        request: Request<wire::RequestInformationRequest>,
    ) -> Result<Response<wire::RequestInformationResponse>, Status> {
        let (executed, response) = triage::ask(&self.0, request).await?;
        answer(&executed, response)
    }

    async fn accept_referral(
        &self,
        request: Request<wire::AcceptReferralRequest>,
    ) -> Result<Response<wire::AcceptReferralResponse>, Status> {
        let (executed, response) = triage::accept(&self.0, request).await?;
        answer(&executed, response)
    }

    async fn reject_referral(
        &self,
        request: Request<wire::RejectReferralRequest>,
    ) -> Result<Response<wire::RejectReferralResponse>, Status> {
        let (executed, response) = triage::reject(&self.0, request).await?;
        answer(&executed, response)
    }

    async fn redirect_referral(
        &self,
        request: Request<wire::RedirectReferralRequest>,
    ) -> Result<Response<wire::RedirectReferralResponse>, Status> {
        let (executed, response) = care::redirect(&self.0, request).await?;
        answer(&executed, response)
    }

    async fn claim_referrals(
        &self,
        request: Request<wire::ClaimReferralsRequest>,
    ) -> Result<Response<wire::ClaimReferralsResponse>, Status> {
        let (executed, response) = claim::claim(&self.0, request).await?;
        answer(&executed, response)
    }

    async fn extend_claim(
        &self,
        request: Request<wire::ExtendClaimRequest>,
    ) -> Result<Response<wire::ExtendClaimResponse>, Status> {
        let (executed, response) = claim::extend(&self.0, request).await?;
        answer(&executed, response)
    }

    async fn release_claim(
        &self,
        request: Request<wire::ReleaseClaimRequest>,
    ) -> Result<Response<wire::ReleaseClaimResponse>, Status> {
        let (executed, response) = claim::release(&self.0, request).await?;
        answer(&executed, response)
    }

    async fn record_screening(
        &self,
        request: Request<wire::RecordScreeningRequest>,
    ) -> Result<Response<wire::RecordScreeningResponse>, Status> {
        let (executed, response) = care::screen(&self.0, request).await?;
        answer(&executed, response)
    }

    async fn record_intervention(
        &self,
        request: Request<wire::RecordInterventionRequest>,
    ) -> Result<Response<wire::RecordInterventionResponse>, Status> {
        let (executed, response) = care::treat(&self.0, request).await?;
        answer(&executed, response)
    }

    async fn record_rescreen(
        &self,
        request: Request<wire::RecordRescreenRequest>,
    ) -> Result<Response<wire::RecordRescreenResponse>, Status> {
        let (executed, response) = care::rescreen(&self.0, request).await?;
        answer(&executed, response)
    }

    async fn close_referral(
        &self,
        request: Request<wire::CloseReferralRequest>,
    ) -> Result<Response<wire::CloseReferralResponse>, Status> {
        let (executed, response) = care::close(&self.0, request).await?;
        answer(&executed, response)
    }

    async fn list_claims(
        &self,
        request: Request<wire::ListClaimsRequest>,
    ) -> Result<Response<wire::ListClaimsResponse>, Status> {
        Ok(Response::new(list::claims(&self.0, request).await?))
    }

    async fn watch_queue(
        &self,
        request: Request<wire::WatchQueueRequest>,
    ) -> Result<Response<Self::WatchQueueStream>, Status> {
        Ok(watch::queue(&self.0, request).await?)
    }
}
