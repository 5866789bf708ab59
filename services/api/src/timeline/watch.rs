//! Streams of one learner's timeline, and of everything that an organisation may see.

use onward_contract::timeline::v1 as wire;
use onward_contract::timeline::v1::watch_organisation_response::Message as OfOrganisation;
use onward_contract::timeline::v1::watch_timeline_response::Message as OfTimeline;
use onward_domain::ids::LearnerId;
use onward_log::Position;
use onward_views::ViewName;
use tonic::{Request, Response};

use super::filter::Types;
use super::tell::{Teller, ToldEntry};
use crate::guard::Caller;
use crate::status::Failure;
use crate::watch::{Item, ROUND, Round, Source, Stream};
use crate::{Doors, wire as parse};

/// Follows a learner's timeline.
pub(super) async fn timeline(
    doors: &Doors,
    request: Request<wire::WatchTimelineRequest>,
) -> Result<Response<Stream<wire::WatchTimelineResponse>>, Failure> {
    let method = "/onward.timeline.v1.TimelineService/WatchTimeline";
    let entered = doors.open(method, request).await?;
    let learner: LearnerId = parse::id("learner_id", &entered.message.learner_id)?;
    let from = doors.begins_after(&entered.message.from_position).await?;
    doors.may_follow(&entered.caller, learner).await?;
    let woken = doors.views().changes(ViewName::Timeline);
    let source = OneLearner { doors: doors.clone(), learner };
    Ok(doors.stream(entered, source, from, woken))
}

/// Follows everything that the caller's organisation may see.
pub(super) async fn organisation(
    doors: &Doors,
    request: Request<wire::WatchOrganisationRequest>,
) -> Result<Response<Stream<wire::WatchOrganisationResponse>>, Failure> {
    let method = "/onward.timeline.v1.TimelineService/WatchOrganisation";
    let entered = doors.open(method, request).await?;
    let from = doors.begins_after(&entered.message.from_position).await?;
    let types = Types::new(&entered.message.types);
    let woken = doors.views().changes(ViewName::Timeline);
    let source = OneOrganisation { doors: doors.clone(), types };
    Ok(doors.stream(entered, source, from, woken))
}

struct OneLearner {
    doors: Doors,
    learner: LearnerId,
}

#[tonic::async_trait]
impl Source for OneLearner {
    type Message = wire::WatchTimelineResponse;

    async fn related(&self, caller: &Caller) -> Result<(), Failure> {
        self.doors.may_follow(caller, self.learner).await
    }

    async fn after(
        &self,
        caller: &Caller,
        after: Position,
    ) -> Result<Round<Self::Message>, Failure> {
        let view = self.doors.views().timeline();
        // Read before the rows: what is not yet in them lies beyond it.
        let reached = view.position().await?;
        let organisation = caller.organisation();
        let page = view.entries_after(organisation, self.learner, after, ROUND).await?;
        let last = page.entries.last().map_or(after, |last| last.recorded.position);
        let told = Teller::new(&self.doors, caller).tell(&page.entries).await?;
        let reached = page.next.unwrap_or_else(|| reached.max(last));
        let items = told.into_iter().map(|one| item(one, of_timeline)).collect();
        Ok(Round { items, reached, more: page.next.is_some() })
    }

    fn caught_up(mark: wire::CaughtUp) -> Self::Message {
        wire::WatchTimelineResponse { message: Some(OfTimeline::CaughtUp(mark)) }
    }

    fn heartbeat(beat: wire::Heartbeat) -> Self::Message {
        wire::WatchTimelineResponse { message: Some(OfTimeline::Heartbeat(beat)) }
    }
}

struct OneOrganisation {
    doors: Doors,
    types: Types,
}

#[tonic::async_trait]
impl Source for OneOrganisation {
    type Message = wire::WatchOrganisationResponse;

    /// What an organisation may see is its own question: membership and role are all there is to lose.
    async fn related(&self, _: &Caller) -> Result<(), Failure> {
        Ok(())
    }

    async fn after(
        &self,
        caller: &Caller,
        after: Position,
    ) -> Result<Round<Self::Message>, Failure> {
        let view = self.doors.views().timeline();
        let stretch = view.follow(caller.organisation(), after, ROUND).await?;
        let told = Teller::new(&self.doors, caller).tell(&stretch.entries).await?;
        let wanted = told.into_iter().filter(|one| self.types.take(&one.entry.r#type));
        let items = wanted.map(|one| item(one, of_organisation)).collect();
        Ok(Round { items, reached: stretch.next, more: stretch.more })
    }

    fn caught_up(mark: wire::CaughtUp) -> Self::Message {
        wire::WatchOrganisationResponse { message: Some(OfOrganisation::CaughtUp(mark)) }
    }

    fn heartbeat(beat: wire::Heartbeat) -> Self::Message {
        wire::WatchOrganisationResponse { message: Some(OfOrganisation::Heartbeat(beat)) }
    }
}

fn item<M>(told: ToldEntry, message: impl FnOnce(wire::TimelineEntry) -> M) -> Item<M> {
    Item { learners: vec![told.learner], message: message(told.entry) }
}

fn of_timeline(entry: wire::TimelineEntry) -> wire::WatchTimelineResponse {
    wire::WatchTimelineResponse { message: Some(OfTimeline::Entry(entry)) }
}

fn of_organisation(entry: wire::TimelineEntry) -> wire::WatchOrganisationResponse {
    wire::WatchOrganisationResponse { message: Some(OfOrganisation::Entry(entry)) }
}
