//! Follow what is received: each handover as it stands after a change, from the release on.

use onward_contract::handover::v1 as wire;
use onward_contract::handover::v1::watch_received_response::Message;
use onward_contract::timeline::v1 as marker;
use onward_domain::handover::HandoverState;
use onward_log::Position;
use onward_views::ViewName;
use tonic::{Request, Response};

use crate::Doors;
use crate::guard::Caller;
use crate::status::Failure;
use crate::timeline::cloud_event_type;
use crate::watch::{Item, ROUND, Round, Source, Stream};

/// Begins to follow.
pub(super) async fn received(
    doors: &Doors,
    request: Request<wire::WatchReceivedRequest>,
) -> Result<Response<Stream<wire::WatchReceivedResponse>>, Failure> {
    let method = "/onward.handover.v1.HandoverService/WatchReceived";
    let entered = doors.open(method, request).await?;
    let from = doors.begins_after(&entered.message.from_position).await?;
    let woken = doors.views().changes(ViewName::Inbox);
    Ok(doors.stream(entered, Received(doors.clone()), from, woken))
}

struct Received(Doors);

#[tonic::async_trait]
impl Source for Received {
    type Message = wire::WatchReceivedResponse;

    /// The inbox is the organisation's own: membership and role are all there is to lose.
    async fn related(&self, _: &Caller) -> Result<(), Failure> {
        Ok(())
    }

    async fn after(
        &self,
        caller: &Caller,
        after: Position,
    ) -> Result<Round<Self::Message>, Failure> {
        let inbox = self.0.views().inbox();
        // Read before the rows: what is not yet in them lies beyond it.
        let reached = inbox.position().await?;
        let found = inbox.received_after(caller.organisation(), after, ROUND).await?;
        let more = found.len() >= usize::from(ROUND);
        let last = found.last().map(|handover| handover.changed);
        let mut items = Vec::with_capacity(found.len());
        for row in found {
            items.push(self.item(caller, &row).await?);
        }
        let reached = if more { last.unwrap_or(after) } else { reached.max(last.unwrap_or(after)) };
        Ok(Round { items, reached, more })
    }

    fn caught_up(mark: marker::CaughtUp) -> Self::Message {
        wire::WatchReceivedResponse { message: Some(Message::CaughtUp(mark)) }
    }

    fn heartbeat(beat: marker::Heartbeat) -> Self::Message {
        wire::WatchReceivedResponse { message: Some(Message::Heartbeat(beat)) }
    }

    async fn showing(&self, caller: &Caller, message: &Self::Message) -> bool {
        let Some(Message::Change(change)) = &message.message else { return false };
        let Some(handover) = &change.handover else { return false };
        if handover.state == crate::wire::handover::state(Some(HandoverState::Released))
            && let Ok(id) = handover.handover_id.parse()
        {
            self.0.deliver(caller, id).await;
            return true;
        }
        false
    }
}

impl Received {
    async fn item(
        &self,
        caller: &Caller,
        row: &onward_views::inbox::Handover,
    ) -> Result<Item<wire::WatchReceivedResponse>, Failure> {
        let before = Position::new(row.changed.get().saturating_sub(1));
        let event = self.0.log().read(before, 1).await?.into_iter().next();
        let handover = self.0.listed(caller.organisation(), row).await?;
        let named = handover.learner.is_some();
        let change = wire::ReceivedChange {
            position: row.changed.to_string(),
            r#type: event.map(|event| cloud_event_type(&event.event_type)).unwrap_or_default(),
            handover: Some(handover),
        };
        Ok(Item {
            learners: if named { vec![row.learner] } else { Vec::new() },
            message: wire::WatchReceivedResponse { message: Some(Message::Change(change)) },
        })
    }
}
