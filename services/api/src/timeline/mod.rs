//! TimelineService: what happened to a learner, as the organisation that asks may know it.
//!
//! | file | what it holds |
//! |---|---|
//! | `get.rs` | a page of a timeline, now or as it was known |
//! | `watch.rs` | a learner's and an organisation's stream |
//! | `tell.rs` | an entry opened, in words, with names |
//! | `describe.rs` | every fact in plain English |
//! | `filter.rs` | which entries a question is about |

mod describe;
mod filter;
mod get;
mod tell;
mod watch;

use onward_contract::timeline::v1 as wire;
use onward_contract::timeline::v1::timeline_service_server::TimelineService;
use onward_domain::decider::Refusal;
use onward_domain::ids::LearnerId;
use onward_log::Relation;
use tonic::{Request, Response, Status};

use crate::Doors;
use crate::guard::Caller;
use crate::status::Failure;

pub(crate) use tell::{Teller, cloud_event_type};

/// The service.
#[derive(Clone)]
pub(crate) struct Timeline(pub(crate) Doors);

impl Doors {
    /// Refuses a caller whose organisation neither keeps the record nor has anything of it shared with
    /// it. The same look-ups are made whether or not the record exists.
    async fn may_follow(&self, caller: &Caller, learner: LearnerId) -> Result<(), Failure> {
        let own = self.related(caller, learner.uuid(), &[Relation::Owner]).await;
        let shared = self.views().timeline().may_see(caller.organisation(), learner).await?;
        match own {
            Err(Failure::Refused(Refusal::NotFound)) if shared => Ok(()),
            other => other.map(drop),
        }
    }
}

#[tonic::async_trait]
impl TimelineService for Timeline {
    type WatchTimelineStream = crate::watch::Stream<wire::WatchTimelineResponse>;
    type WatchOrganisationStream = crate::watch::Stream<wire::WatchOrganisationResponse>;

    async fn get_timeline(
        &self,
        request: Request<wire::GetTimelineRequest>,
    ) -> Result<Response<wire::GetTimelineResponse>, Status> {
        Ok(Response::new(get::get(&self.0, request).await?))
    }

    async fn watch_timeline(
        &self,
        request: Request<wire::WatchTimelineRequest>,
    ) -> Result<Response<Self::WatchTimelineStream>, Status> {
        Ok(watch::timeline(&self.0, request).await?)
    }

    async fn watch_organisation(
        &self,
        request: Request<wire::WatchOrganisationRequest>,
    ) -> Result<Response<Self::WatchOrganisationStream>, Status> {
        Ok(watch::organisation(&self.0, request).await?)
    }
}
