//! One handover, what was sent, and what was received. The first showing to the receiver is recorded.

use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use onward_contract::handover::v1 as wire;
use onward_domain::decider::Refusal;
use onward_domain::handover::HandoverState;
use onward_domain::ids::{HandoverId, LearnerId, OrganisationId};
use onward_log::{LogError, Relation};
use onward_views::ViewName;
use onward_views::inbox::{
    Handover as Row, HandoversPage, HandoversQuery, InboxCursor, InboxOrder, Side,
};
use tonic::Request;

use super::{AREA, learner_of};
use crate::guard::Caller;
use crate::page::{self, Binding};
use crate::status::Failure;
use crate::wire::{code, handover as shape};
use crate::{Doors, keys, wire as parse};

/// Streams that are read at once for one page.
const AT_ONCE: usize = 8;

/// Answers one handover, to its sender or its receiver.
pub(super) async fn get(
    doors: &Doors,
    request: Request<wire::GetHandoverRequest>,
) -> Result<wire::GetHandoverResponse, Failure> {
    let method = "/onward.handover.v1.HandoverService/GetHandover";
    let entered = doors.open(method, request).await?;
    let caller = &entered.caller;
    let id: HandoverId = parse::id("handover_id", &entered.message.handover_id)?;
    let relations = [Relation::Owner, Relation::Receiver];
    let held = doors.related(caller, id.uuid(), &relations).await?;
    let position = doors.head_from(&entered.message.min_position).await?;
    let told = doors.handover(id).await?;
    if !held.contains(&Relation::Owner) {
        told.state.visible_to(caller.organisation())?;
    }
    doors.write_down(caller, [learner_of(&told)?]).await?;
    let handover = doors.shown_handover(caller.organisation(), &told).await?;
    let position = position.to_string();
    Ok(wire::GetHandoverResponse { position, handover: Some(handover) })
}

/// Lists what the caller's organisation sent, drafts included.
pub(super) async fn sent(
    doors: &Doors,
    request: Request<wire::ListSentRequest>,
) -> Result<wire::ListSentResponse, Failure> {
    let method = "/onward.handover.v1.HandoverService/ListSent";
    let entered = doors.open(method, request).await?;
    let (caller, message) = (&entered.caller, &entered.message);
    let mut query = HandoversQuery::new(caller.organisation(), Side::Sent);
    query.states = states(&message.states)?;
    let learner = message.learner_id.as_deref();
    query.learner = parse::optional_id::<LearnerId>("learner_id", learner)?;
    if let Some(learner) = query.learner {
        doors.related(caller, learner.uuid(), &[Relation::Owner]).await?;
    }
    let other = message.recipient_organisation_id.as_deref();
    query.other = other_side(doors, "recipient_organisation_id", other).await?;
    query.order = order(&message.order_by, InboxOrder::ChangedNewest);
    let binding = page::bind(caller, message, |asked| {
        asked.min_position.clear();
        asked.page_token.clear();
        asked.page_size = 0;
    });
    query.limit = page::limit(message.page_size);
    query.after = cursor(&binding, &message.page_token)?;
    let position = doors.reach(ViewName::Inbox, &message.min_position).await?;
    let found = match parse::text(&message.external_ref) {
        Some(reference) => referred(doors, &query, &reference).await?,
        None => doors.views().inbox().list(&query).await?,
    };
    doors.write_down(caller, found.handovers.iter().map(|row| row.learner)).await?;
    Ok(wire::ListSentResponse {
        position: position.to_string(),
        next_page_token: next(&binding, found.next),
        handovers: doors.all_listed(caller.organisation(), &found.handovers).await?,
        not_up_to_date_since: stale(doors, &found.handovers).await?,
    })
}

async fn stale(doors: &Doors, listed: &[Row]) -> Result<Option<prost_types::Timestamp>, Failure> {
    doors.stale(ViewName::Inbox, listed.iter().map(|row| row.learner)).await
}

/// Lists what was released to the caller's organisation; showing one for the first time delivers it.
pub(super) async fn received(
    doors: &Doors,
    request: Request<wire::ListReceivedRequest>,
) -> Result<wire::ListReceivedResponse, Failure> {
    let method = "/onward.handover.v1.HandoverService/ListReceived";
    let entered = doors.open(method, request).await?;
    let (caller, message) = (&entered.caller, &entered.message);
    let mut query = HandoversQuery::new(caller.organisation(), Side::Received);
    query.states = states(&message.states)?;
    let other = message.sender_organisation_id.as_deref();
    query.other = other_side(doors, "sender_organisation_id", other).await?;
    query.order = order(&message.order_by, InboxOrder::ReleasedNewest);
    let binding = page::bind(caller, message, |asked| {
        asked.min_position.clear();
        asked.page_token.clear();
        asked.page_size = 0;
    });
    query.limit = page::limit(message.page_size);
    query.after = cursor(&binding, &message.page_token)?;
    let position = doors.reach(ViewName::Inbox, &message.min_position).await?;
    let found = doors.views().inbox().list(&query).await?;
    let content = found.handovers.iter().filter(|row| row.withdrawn_at.is_none());
    doors.write_down(caller, content.map(|row| row.learner)).await?;
    deliver(doors, caller, &found.handovers).await;
    Ok(wire::ListReceivedResponse {
        position: position.to_string(),
        next_page_token: next(&binding, found.next),
        handovers: doors.all_listed(caller.organisation(), &found.handovers).await?,
        not_up_to_date_since: stale(doors, &found.handovers).await?,
    })
}

/// Records the first showing of each that was not shown before.
async fn deliver(doors: &Doors, caller: &Caller, shown: &[Row]) {
    let new = shown.iter().filter(|row| row.delivered_at.is_none() && row.withdrawn_at.is_none());
    let new: Vec<HandoverId> = new.map(|row| row.handover).collect();
    stream::iter(new)
        .for_each_concurrent(AT_ONCE, |handover| doors.deliver(caller, handover))
        .await;
}

impl Doors {
    /// Handovers of a list, as an organisation may see them.
    pub(super) async fn all_listed(
        &self,
        organisation: OrganisationId,
        rows: &[Row],
    ) -> Result<Vec<wire::Handover>, Failure> {
        // Boxed, so that the borrow of a row is no part of the stream's type.
        let listed = rows.iter().map(|row| self.listed(organisation, row).boxed());
        stream::iter(listed.collect::<Vec<_>>()).buffered(AT_ONCE).try_collect().await
    }

    /// A handover of a list. One of which everything was erased is listed without content.
    pub(super) async fn listed(
        &self,
        organisation: OrganisationId,
        row: &Row,
    ) -> Result<wire::Handover, Failure> {
        match self.handover(row.handover).await {
            Ok(told) => self.shown_handover(organisation, &told).await,
            Err(Failure::Log(LogError::Erased)) => self.bare(row).await,
            Err(failure) => Err(failure),
        }
    }

    async fn bare(&self, row: &Row) -> Result<wire::Handover, Failure> {
        Ok(wire::Handover {
            handover_id: row.handover.to_string(),
            pack_version: row.pack_version,
            state: shape::state(Some(row.state)),
            sender: Some(self.shown_organisation(row.sender).await?),
            recipient: Some(self.shown_organisation(row.receiver).await?),
            version: row.version,
            ..Default::default()
        })
    }
}

/// What the caller recorded under one reference of its own: a handful, looked up one by one.
async fn referred(
    doors: &Doors,
    query: &HandoversQuery,
    reference: &str,
) -> Result<HandoversPage, Failure> {
    let key = keys::external_ref(query.caller, AREA, reference);
    let found = doors.log().find(&[key]).await?;
    let mut handovers = Vec::new();
    for found in found {
        let id = HandoverId::new(found.stream);
        let Some(row) = doors.views().inbox().get(query.caller, id).await? else { continue };
        let fits = row.sender == query.caller
            && (query.states.is_empty() || query.states.contains(&row.state))
            && query.learner.is_none_or(|learner| learner == row.learner)
            && query.other.is_none_or(|other| other == row.receiver);
        if fits {
            handovers.push(row);
        }
    }
    handovers.sort_by_key(|row| std::cmp::Reverse(row.changed));
    Ok(HandoversPage { handovers, next: None })
}

async fn other_side(
    doors: &Doors,
    field: &str,
    id: Option<&str>,
) -> Result<Option<OrganisationId>, Failure> {
    let other = parse::optional_id::<OrganisationId>(field, id)?;
    if let Some(other) = other {
        doors.registration(other).await?.ok_or(Refusal::NotFound)?;
    }
    Ok(other)
}

/// The states asked for.
fn states(numbers: &[i32]) -> Result<Vec<HandoverState>, Refusal> {
    let one = |number: &i32| code::parse::<wire::HandoverState, _>("states", *number);
    numbers.iter().map(one).collect()
}

fn order(order_by: &str, first: InboxOrder) -> InboxOrder {
    match order_by {
        "changed desc" => InboxOrder::ChangedNewest,
        "changed" => InboxOrder::ChangedOldest,
        "released desc" => InboxOrder::ReleasedNewest,
        "released" => InboxOrder::ReleasedOldest,
        _ => first,
    }
}

fn cursor(binding: &Binding, token: &str) -> Result<Option<InboxCursor>, Refusal> {
    let Some(cursor) = binding.cursor(token)? else { return Ok(None) };
    let (order, position) = cursor.split_once('.').unwrap_or_default();
    match (order.parse(), position.parse()) {
        (Ok(order), Ok(position)) => Ok(Some(InboxCursor { order, position })),
        _ => Err(Refusal::field("page_token", "does not belong to this query")),
    }
}

fn next(binding: &Binding, next: Option<InboxCursor>) -> String {
    next.map(|next| binding.token(&format!("{}.{}", next.order, next.position))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_those_of_the_rules() {
        let asked = [wire::HandoverState::SupportConfirmed.into(), 2];
        let read = [HandoverState::SupportConfirmed, HandoverState::Released];
        assert_eq!(states(&asked).as_deref(), Ok(&read[..]));
        assert!(states(&[0]).is_err() && states(&[99]).is_err());
    }

    #[test]
    fn a_page_goes_on_where_it_ended() {
        let binding = Binding::new(&["ListSent"]);
        let place = InboxCursor { order: 20_260_901, position: 42 };
        let token = next(&binding, Some(place));
        assert_eq!(cursor(&binding, &token), Ok(Some(place)));
        assert_eq!(cursor(&binding, ""), Ok(None));
        assert!(cursor(&binding, &binding.token("42")).is_err());
        assert_eq!(next(&binding, None), "");
    }
}
