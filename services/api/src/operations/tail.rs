//! The log, live: public parts only, for operators.

use onward_contract::operations::v1 as wire;
use onward_contract::operations::v1::tail_log_response::Message;
use onward_contract::timeline::v1 as marker;
use onward_log::codec::{Kind, public_json};
use onward_log::{Log, Position, Recorded};
use tonic::{Request, Response};

use crate::Doors;
use crate::call::moment;
use crate::guard::Caller;
use crate::status::Failure;
use crate::watch::{Item, ROUND, Round, Source, Stream};

type Answered = Result<Response<Stream<wire::TailLogResponse>>, Failure>;

pub(super) async fn tail(doors: &Doors, request: Request<wire::TailLogRequest>) -> Answered {
    let method = "/onward.operations.v1.OperationsService/TailLog";
    let entered = doors.open(method, request).await?;
    let from = doors.begins_after(&entered.message.from_position).await?;
    let ends = entered.message.stop_at_head;
    let feed = Tail { log: doors.log().clone(), ends };
    Ok(doors.stream(entered, feed, from, doors.log().head_watch()))
}

struct Tail {
    log: Log,
    ends: bool,
}

#[tonic::async_trait]
impl Source for Tail {
    type Message = wire::TailLogResponse;

    async fn related(&self, _caller: &Caller) -> Result<(), Failure> {
        // The rule says it all: operators see every public part, and nobody else sees any.
        Ok(())
    }

    async fn after(
        &self,
        _caller: &Caller,
        after: Position,
    ) -> Result<Round<Self::Message>, Failure> {
        let events = self.log.read(after, usize::from(ROUND)).await?;
        Ok(Round {
            reached: events.last().map_or(after, |event| event.position),
            more: events.len() == usize::from(ROUND),
            items: events.iter().map(item).collect(),
        })
    }

    fn caught_up(mark: marker::CaughtUp) -> Self::Message {
        wire::TailLogResponse { message: Some(Message::CaughtUp(mark)) }
    }

    fn heartbeat(beat: marker::Heartbeat) -> Self::Message {
        wire::TailLogResponse { message: Some(Message::Heartbeat(beat)) }
    }

    fn ends_at_head(&self) -> bool {
        self.ends
    }
}

/// Opaque ids name nobody, so there is nothing to write down.
fn item(event: &Recorded) -> Item<wire::TailLogResponse> {
    let message = wire::TailLogResponse { message: Some(Message::Record(record(event))) };
    Item { learners: Vec::new(), message }
}

fn record(event: &Recorded) -> wire::LogRecord {
    let public = public_json(&event.event_type, &event.public);
    wire::LogRecord {
        position: event.position.to_string(),
        event_id: event.event_id.to_string(),
        r#type: Kind::of(&event.event_type)
            .map(|kind| kind.cloud_event_type().to_string())
            .unwrap_or_else(|| event.event_type.clone()),
        stream_id: event.stream.to_string(),
        stream_version: event.version,
        partition: event.partition.into(),
        partition_sequence: event.partition_sequence,
        recorded_at: Some(moment(event.recorded_at)),
        learner_id: event.learner.map(|id| id.to_string()).unwrap_or_default(),
        organisation_id: organisation_of(&public),
        public_json: public,
        hash: event.hash.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

/// The organisation that said it, which every event carries in its public part.
pub(super) fn organisation_of(public: &str) -> String {
    let after = public.split_once("\"organisation_id\":").map(|(_, after)| after);
    after
        .and_then(|after| after.trim_start().strip_prefix('"'))
        .and_then(|after| after.split_once('"'))
        .map(|(id, _)| id.to_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_organisation_is_found_in_the_public_part() {
        assert_eq!(organisation_of(r#"{"organisation_id":"a-b","x":1}"#), "a-b");
        assert_eq!(organisation_of(r#"{"organisation_id": "a-b"}"#), "a-b");
        assert_eq!(organisation_of("{}"), "");
    }
}
