//! Follow a queue: each item as it stands after a change.

use onward_contract::referral::v1 as wire;
use onward_contract::referral::v1::watch_queue_response::Message;
use onward_contract::timeline::v1 as marker;
use onward_domain::decider::Refusal;
use onward_domain::ids::QueueId;
use onward_log::Position;
use onward_views::ViewName;
use onward_views::queue::Whose;
use tonic::{Request, Response};

use super::item::{Opened, open_forms};
use crate::Doors;
use crate::guard::Caller;
use crate::status::Failure;
use crate::timeline::cloud_event_type;
use crate::watch::{Item, ROUND, Round, Source, Stream};

/// Begins to follow.
pub(super) async fn queue(
    doors: &Doors,
    request: Request<wire::WatchQueueRequest>,
) -> Result<Response<Stream<wire::WatchQueueResponse>>, Failure> {
    let method = "/onward.referral.v1.QueueService/WatchQueue";
    let entered = doors.open(method, request).await?;
    let queue = doors.own_queue(&entered.caller, &entered.message.queue_id).await?;
    let from = doors.begins_after(&entered.message.from_position).await?;
    let woken = doors.views().changes(ViewName::Queue);
    Ok(doors.stream(entered, Following { doors: doors.clone(), queue }, from, woken))
}

struct Following {
    doors: Doors,
    queue: QueueId,
}

#[tonic::async_trait]
impl Source for Following {
    type Message = wire::WatchQueueResponse;

    async fn related(&self, caller: &Caller) -> Result<(), Failure> {
        let own = QueueId::of_pathfinder(caller.organisation());
        if own == self.queue { Ok(()) } else { Err(Refusal::NotFound.into()) }
    }

    async fn after(
        &self,
        caller: &Caller,
        after: Position,
    ) -> Result<Round<Self::Message>, Failure> {
        let view = self.doors.views().queue();
        // Read before the rows: what is not yet in them lies beyond it.
        let reached = view.position().await?;
        let rows = view.changed_after(Whose::Queue(self.queue), after, ROUND).await?;
        let more = rows.len() >= usize::from(ROUND);
        let last = rows.last().map_or(after, |row| row.changed);
        let mut items = Vec::with_capacity(rows.len());
        for one in open_forms(&self.doors, rows).await {
            items.push(self.item(caller, &one).await?);
        }
        let reached = if more { last } else { reached.max(last) };
        Ok(Round { items, reached, more })
    }

    fn caught_up(mark: marker::CaughtUp) -> Self::Message {
        wire::WatchQueueResponse { message: Some(Message::CaughtUp(mark)) }
    }

    fn heartbeat(beat: marker::Heartbeat) -> Self::Message {
        wire::WatchQueueResponse { message: Some(Message::Heartbeat(beat)) }
    }
}

impl Following {
    async fn item(
        &self,
        caller: &Caller,
        one: &Opened,
    ) -> Result<Item<wire::WatchQueueResponse>, Failure> {
        let changed = one.row.changed;
        let before = Position::new(changed.get().saturating_sub(1));
        let event = self.doors.log().read(before, 1).await?.into_iter().next();
        let change = wire::QueueChange {
            position: changed.to_string(),
            r#type: event.map(|event| cloud_event_type(&event.event_type)).unwrap_or_default(),
            item: Some(self.doors.item(caller, one).await?),
        };
        Ok(Item {
            learners: vec![one.row.learner],
            message: wire::WatchQueueResponse { message: Some(Message::Change(change)) },
        })
    }
}
