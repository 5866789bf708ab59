//! The people of the stories: each a member of an organisation who speaks the contract in short verbs.
//!
//! A verb answers what the service answered. Whoever needs a whole request uses the service's client,
//! which every member has: a story about somebody who may not do a thing tries it that way.

mod providers;
mod sencos;
mod teams;

use std::ops::Deref;

use onward_contract::directory::v1::directory_service_client::DirectoryServiceClient;
use onward_contract::handover::v1::handover_service_client::HandoverServiceClient;
use onward_contract::learner::v1::learner_service_client::LearnerServiceClient;
use onward_contract::operations::v1 as operations;
use onward_contract::operations::v1::operations_service_client::OperationsServiceClient;
use onward_contract::referral::v1::queue_service_client::QueueServiceClient;
use onward_contract::referral::v1::referral_service_client::ReferralServiceClient;
use onward_contract::timeline::v1 as timeline;
use onward_contract::timeline::v1::timeline_service_client::TimelineServiceClient;
use onward_contract::transition::v1 as transition;
use onward_contract::transition::v1::dsa_service_client::DsaServiceClient;
use onward_contract::transition::v1::transition_service_client::TransitionServiceClient;
use prost_types::Timestamp;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};

use crate::builders::request_id;

/// As a reading verb's position: everything that has been written, wherever that is.
pub const NOW: &str = "now";

/// Longest answer that is read, in bytes.
const LARGEST: usize = 16 * 1024 * 1024;

/// Puts the bearer token on every call.
#[derive(Clone)]
pub struct Bearer(MetadataValue<Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

/// What a service's client is made on.
pub type Transport = InterceptedService<Channel, Bearer>;

/// Somebody who belongs to an organisation.
#[derive(Clone)]
pub struct Member {
    channel: Channel,
    token: String,
    /// The organisation (UUID).
    pub organisation: String,
    /// The subject of the token.
    pub subject: String,
    /// The membership (UUID).
    pub member: String,
}

macro_rules! clients {
    ($($(#[$doc:meta])* $name:ident: $client:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name(&self) -> $client<Transport> {
            $client::new(self.transport()).max_decoding_message_size(LARGEST)
        }
    )*};
}

impl Member {
    /// A member who calls over this channel with this token.
    pub fn new(
        channel: Channel,
        token: String,
        organisation: String,
        subject: String,
        member: String,
    ) -> Self {
        Self { channel, token, organisation, subject, member }
    }

    /// The same member with another token.
    pub fn with_token(&self, token: String) -> Self {
        Self { token, ..self.clone() }
    }

    /// The same member, calling over another channel.
    pub fn over(&self, channel: Channel) -> Self {
        Self { channel, ..self.clone() }
    }

    /// The bearer token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The channel.
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    fn transport(&self) -> Transport {
        let value = format!("Bearer {}", self.token).parse();
        let bearer = Bearer(value.expect("a token is ASCII"));
        InterceptedService::new(self.channel.clone(), bearer)
    }

    clients! {
        /// Organisations and members.
        directory: DirectoryServiceClient;
        /// Records of learners.
        learners: LearnerServiceClient;
        /// Moves between settings.
        transitions: TransitionServiceClient;
        /// Disabled Students' Allowance cases.
        dsa: DsaServiceClient;
        /// Packs on their way.
        handovers: HandoverServiceClient;
        /// Timelines.
        timelines: TimelineServiceClient;
        /// Referrals, the setting's side.
        referrals: ReferralServiceClient;
        /// Referrals, the team's side.
        queues: QueueServiceClient;
        /// How the installation is.
        operations: OperationsServiceClient;
    }

    /// Where the log ends.
    pub async fn head(&self) -> Answer<String> {
        Ok(self.status().await?.log.unwrap_or_default().head_position)
    }

    /// The position that a reader asks for.
    async fn reach(&self, position: &str) -> Answer<String> {
        if position == NOW { self.head().await } else { Ok(position.to_owned()) }
    }

    /// How the installation is.
    pub async fn status(&self) -> Answer<operations::GetStatusResponse> {
        let request = operations::GetStatusRequest::default();
        Ok(self.operations().get_status(request).await?.into_inner())
    }

    /// A learner's timeline in the order of recording, from a position on.
    pub async fn timeline(&self, learner: &str, min_position: &str) -> Answer<Timeline> {
        self.timeline_of(timeline::GetTimelineRequest {
            min_position: self.reach(min_position).await?,
            order_by: "recorded".to_owned(),
            learner_id: learner.to_owned(),
            page_size: 500,
            ..Default::default()
        })
        .await
    }

    /// A learner's timeline as the member's organisation knew it at a moment.
    pub async fn timeline_as_known_at(&self, learner: &str, at: Timestamp) -> Answer<Timeline> {
        self.timeline_of(timeline::GetTimelineRequest {
            order_by: "recorded".to_owned(),
            learner_id: learner.to_owned(),
            page_size: 500,
            as_known_at: Some(at),
            ..Default::default()
        })
        .await
    }

    /// A timeline, asked for in full.
    pub async fn timeline_of(&self, request: timeline::GetTimelineRequest) -> Answer<Timeline> {
        Ok(Timeline(self.timelines().get_timeline(request).await?.into_inner().entries))
    }

    /// One move.
    pub async fn transition(&self, id: &str, min_position: &str) -> Answer<transition::Transition> {
        let request = transition::GetTransitionRequest {
            min_position: self.reach(min_position).await?,
            transition_id: id.to_owned(),
        };
        let reply = self.transitions().get_transition(request).await?.into_inner();
        Ok(reply.transition.unwrap_or_default())
    }

    /// Every move that the member's organisation may see, on one side or (unspecified) on every side.
    pub async fn moves(
        &self,
        side: transition::TransitionSide,
        min_position: &str,
    ) -> Answer<Vec<transition::Transition>> {
        let request = transition::ListTransitionsRequest {
            min_position: self.reach(min_position).await?,
            side: side.into(),
            ..Default::default()
        };
        Ok(self.transitions().list_transitions(request).await?.into_inner().transitions)
    }
}

/// What a service answered, or why it did not.
pub type Answer<T> = Result<T, Status>;

/// Entries of a timeline, as the member who asked may see them.
#[derive(Clone)]
pub struct Timeline(pub Vec<timeline::TimelineEntry>);

impl Timeline {
    /// What happened, as `phase_transfer_recorded`, in the order of the answer.
    pub fn happened(&self) -> Vec<&str> {
        self.0.iter().map(|entry| event(&entry.r#type)).collect()
    }

    /// The first entry about an event such as `arrival_recorded`.
    ///
    /// # Panics
    /// There is none.
    #[track_caller]
    pub fn entry(&self, event_name: &str) -> &timeline::TimelineEntry {
        let found = self.0.iter().find(|entry| event(&entry.r#type) == event_name);
        found.unwrap_or_else(|| panic!("no {event_name} in {:?}", self.happened()))
    }

    /// Whether there is an entry about an event such as `arrival_recorded`.
    pub fn tells(&self, event_name: &str) -> bool {
        self.happened().contains(&event_name)
    }
}

/// `handover_released` of `org.onward.handover.handover_released.v1`.
fn event(cloud_event: &str) -> &str {
    cloud_event.rsplit('.').nth(1).unwrap_or_default()
}

macro_rules! people {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(pub Member);

        impl Deref for $name {
            type Target = Member;

            fn deref(&self) -> &Member {
                &self.0
            }
        }
    )*};
}

people! {
    /// Co-ordinates special educational needs where the learner is now: records, hands over, refers.
    Senco;
    /// Receives learners: a school, college, training provider or university.
    Provider;
    /// Works a referral queue, in triage or in therapy.
    PathfinderMember;
    /// Keeps plans and deadlines for a local authority.
    Authority;
    /// Runs the installation.
    Operator;
}

impl Authority {
    /// Reports that the learner has arrived.
    pub async fn report_arrival(
        &self,
        transition: &str,
        on: onward_contract::google::r#type::Date,
    ) -> Answer<transition::RecordArrivalResponse> {
        report_arrival(self, transition, on).await
    }
}

impl Operator {
    /// How far each view is.
    pub async fn views(&self, min_position: &str) -> Answer<Vec<operations::ViewStatus>> {
        let request = operations::ListViewsRequest {
            min_position: self.reach(min_position).await?,
            ..Default::default()
        };
        Ok(self.operations().list_views(request).await?.into_inner().views)
    }

    /// What no view could take in.
    pub async fn parked(&self) -> Answer<Vec<operations::Parked>> {
        let request = operations::ListParkedRequest::default();
        Ok(self.operations().list_parked(request).await?.into_inner().parked)
    }

    /// The public parts of everything in the log after a position.
    pub async fn log_after(&self, position: &str) -> Answer<Vec<operations::LogRecord>> {
        let request =
            operations::TailLogRequest { from_position: position.to_owned(), stop_at_head: true };
        let mut stream = self.operations().tail_log(request).await?.into_inner();
        let mut records = Vec::new();
        while let Some(message) = stream.message().await? {
            if let Some(operations::tail_log_response::Message::Record(record)) = message.message {
                records.push(record);
            }
        }
        Ok(records)
    }
}

async fn report_arrival(
    who: &Member,
    transition: &str,
    on: onward_contract::google::r#type::Date,
) -> Answer<transition::RecordArrivalResponse> {
    let request = transition::RecordArrivalRequest {
        request_id: request_id(),
        transition_id: transition.to_owned(),
        occurred_on: Some(on),
        ..Default::default()
    };
    Ok(who.transitions().record_arrival(request).await?.into_inner())
}
