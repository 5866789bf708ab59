//! ReferralService: referrals from the side of whoever refers.
//!
//! | file | what people do |
//! |---|---|
//! | `submit.rs` | refer a child, one or many |
//! | `route.rs` | which queue a referral belongs to |
//! | `change.rs` | answer the team, take it back |
//! | `list.rs` | one referral, all of the organisation's |
//! | `told.rs` | a referral's stream, and the referral as one side may see it |

mod change;
mod list;
mod route;
mod submit;
mod told;

use onward_contract::referral::v1 as wire;
use onward_contract::referral::v1::referral_service_server::ReferralService;
use onward_domain::ids::ReferralId;
use onward_log::{Executed, Relation};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use crate::Doors;
use crate::call::answer;
use crate::guard::Caller;
use crate::status::Failure;
use crate::wire as parse;

pub(crate) use told::{Told, View, waited};

/// The service.
#[derive(Clone)]
pub(crate) struct Referral(pub(crate) Doors);

/// What a write came to, and its answer.
pub(crate) type Written<T> = Result<(Executed, T), Failure>;

/// The area of its events and of its references.
pub(crate) const AREA: &str = "referral";

impl Doors {
    /// The referral that a request names, for the organisation that refers.
    async fn referred(&self, caller: &Caller, id: &str) -> Result<ReferralId, Failure> {
        let id: ReferralId = parse::id("referral_id", id)?;
        self.related(caller, id.uuid(), &[Relation::Owner]).await?;
        Ok(id)
    }
}

#[tonic::async_trait]
impl ReferralService for Referral {
    type SubmitReferralsStream = ReceiverStream<Result<wire::SubmitReferralsResponse, Status>>;

    async fn submit_referral(
        &self,
        request: Request<wire::SubmitReferralRequest>,
    ) -> Result<Response<wire::SubmitReferralResponse>, Status> {
        let (executed, response) = submit::submit(&self.0, request).await?;
        answer(&executed, response)
    }

    async fn submit_referrals(
        &self,
        request: Request<Streaming<wire::SubmitReferralsRequest>>,
    ) -> Result<Response<Self::SubmitReferralsStream>, Status> {
        Ok(Response::new(submit::submit_many(&self.0, request).await?))
    }

    async fn provide_information(
        &self,
        request: Request<wire::ProvideInformationRequest>,
    ) -> Result<Response<wire::ProvideInformationResponse>, Status> {
        let (executed, response) = change::inform(&self.0, request).await?;
        answer(&executed, response)
    }

    async fn withdraw_referral(
        &self,
        request: Request<wire::WithdrawReferralRequest>,
    ) -> Result<Response<wire::WithdrawReferralResponse>, Status> {
        let (executed, response) = change::withdraw(&self.0, request).await?;
        answer(&executed, response)
    }

    async fn get_referral(
        &self,
        request: Request<wire::GetReferralRequest>,
    ) -> Result<Response<wire::GetReferralResponse>, Status> {
        Ok(Response::new(list::get(&self.0, request).await?))
    }

    async fn list_referrals(
        &self,
        request: Request<wire::ListReferralsRequest>,
    ) -> Result<Response<wire::ListReferralsResponse>, Status> {
        Ok(Response::new(list::list(&self.0, request).await?))
    }
}
