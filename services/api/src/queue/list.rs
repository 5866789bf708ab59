//! The queue and its sums, and the claims that are held.

use onward_access::Denied;
use onward_contract::referral::v1 as wire;
use onward_domain::codes::referral::NeedTick;
use onward_domain::codes::role::MemberRole;
use onward_domain::ids::{OrganisationId, QueueId};
use onward_domain::referral::ReferralState;
use onward_views::ViewName;
use onward_views::queue::{Count, QueueQuery, Referral as Row, Whose};
use tonic::Request;

use super::item::{Opened, open_forms};
use crate::call::moment;
use crate::guard::Caller;
use crate::status::Failure;
use crate::wire::referral as shape;
use crate::{Doors, page, wire as parse};

/// Rows that are read at once.
const CHUNK: u16 = 500;

/// Lists what is in a queue.
pub(super) async fn queue(
    doors: &Doors,
    request: Request<wire::GetQueueRequest>,
) -> Result<wire::GetQueueResponse, Failure> {
    let method = "/onward.referral.v1.QueueService/GetQueue";
    let entered = doors.open(method, request).await?;
    let (caller, message) = (&entered.caller, &entered.message);
    let queue = doors.own_queue(caller, &message.queue_id).await?;
    let wanted = Wanted::read(queue, message)?;
    let binding = page::bind(caller, message, |asked| {
        asked.min_position.clear();
        asked.page_token.clear();
        asked.page_size = 0;
    });
    let cursor = binding.cursor(&message.page_token)?;
    let position = doors.reach(ViewName::Queue, &message.min_position).await?;
    let mut found = wanted.find(doors, caller).await?;
    order(&mut found, &message.order_by);
    let size = usize::from(page::limit(message.page_size));
    let (found, next) = page::cut(found, cursor, size, |one| one.row.referral.to_string())?;
    let counts = doors.views().queue().counts(Whose::Queue(queue)).await?;
    doors.write_down(caller, found.iter().map(|one| one.row.learner)).await?;
    let mut items = Vec::with_capacity(found.len());
    for one in &found {
        items.push(doors.item(caller, one).await?);
    }
    Ok(wire::GetQueueResponse {
        position: position.to_string(),
        next_page_token: next.map(|next| binding.token(&next)).unwrap_or_default(),
        items,
        buckets: Count::by_bucket(&counts)
            .into_iter()
            .map(|(bucket, count)| wire::BucketCount { bucket: shape::bucket(bucket), count })
            .collect(),
        received: counts.iter().map(|count| count.many).sum(),
        not_up_to_date_since: doors
            .stale(ViewName::Queue, found.iter().map(|one| one.row.learner))
            .await?,
    })
}

/// Lists the claims that the caller holds; to a supervisor who asks, everybody's.
pub(super) async fn claims(
    doors: &Doors,
    request: Request<wire::ListClaimsRequest>,
) -> Result<wire::ListClaimsResponse, Failure> {
    let method = "/onward.referral.v1.QueueService/ListClaims";
    let entered = doors.open(method, request).await?;
    let (caller, message) = (&entered.caller, &entered.message);
    if message.all_holders && !caller.principal.has(MemberRole::Supervisor) {
        return Err(Denied::WrongRole.into());
    }
    let queue = doors.own_queue(caller, &message.queue_id).await?;
    let binding = page::bind(caller, message, |asked| {
        asked.min_position.clear();
        asked.page_token.clear();
        asked.page_size = 0;
    });
    let cursor = binding.cursor(&message.page_token)?;
    let position = doors.reach(ViewName::Queue, &message.min_position).await?;
    let mut query = QueueQuery::new(Whose::Queue(queue));
    query.states = vec![ReferralState::Claimed];
    let mut rows = all(doors, query).await?;
    let live = |row: &Row| row.held_until.is_some_and(|until| until > caller.now.at);
    rows.retain(|row| live(row) && (message.all_holders || row.holder == Some(caller.member)));
    rows.sort_by_key(|row| (row.held_until, row.referral));
    if message.order_by == "expires desc" {
        rows.reverse();
    }
    let size = usize::from(page::limit(message.page_size));
    let (rows, next) = page::cut(rows, cursor, size, |row| row.referral.to_string())?;
    doors.write_down(caller, rows.iter().map(|row| row.learner)).await?;
    let mut claims = Vec::with_capacity(rows.len());
    for one in open_forms(doors, rows).await {
        claims.push(claim(doors, caller, &one).await?);
    }
    Ok(wire::ListClaimsResponse {
        position: position.to_string(),
        next_page_token: next.map(|next| binding.token(&next)).unwrap_or_default(),
        claims,
    })
}

/// A claim. Its token is a secret of the claim's own answer: nothing but its hash is kept, so that it
/// is told again only by repeating that request.
async fn claim(doors: &Doors, caller: &Caller, one: &Opened) -> Result<wire::Claim, Failure> {
    let holder_name = match one.row.holder {
        Some(holder) => doors.name_of_member(holder).await?,
        None => String::new(),
    };
    Ok(wire::Claim {
        item: Some(doors.item(caller, one).await?),
        holder_member_id: one.row.holder.map(|id| id.to_string()).unwrap_or_default(),
        holder_name,
        claimed_at: one.row.claimed_at.map(moment),
        lease_expires_at: one.row.held_until.map(moment),
        lease_token: String::new(),
    })
}

/// What of a queue is asked for.
struct Wanted {
    query: QueueQuery,
    ticks: Vec<NeedTick>,
    settings: Vec<OrganisationId>,
    breached_only: bool,
}

impl Wanted {
    fn read(queue: QueueId, message: &wire::GetQueueRequest) -> Result<Self, Failure> {
        let mut query = QueueQuery::new(Whose::Queue(queue));
        query.states = shape::states(&message.states)?;
        if query.states.is_empty() {
            let open = ReferralState::ALL.iter().copied().filter(|state| state.is_open());
            query.states = open.collect();
        }
        for number in &message.priorities {
            let priority = shape::priority("priorities", *number)?;
            query.priorities.extend(priority.map(|priority| priority.level()));
        }
        let settings = message.setting_organisation_ids.iter();
        Ok(Self {
            query,
            ticks: shape::ticks("need_ticks", &message.need_ticks)?,
            settings: settings
                .map(|id| parse::id("setting_organisation_ids", id))
                .collect::<Result<_, _>>()?,
            breached_only: message.breached_only,
        })
    }

    /// Everything that fits, in the order of the queue. Ticks are sealed: forms are opened to see them.
    async fn find(&self, doors: &Doors, caller: &Caller) -> Result<Vec<Opened>, Failure> {
        let mut rows = all(doors, self.query.clone()).await?;
        rows.retain(|row| self.settings.is_empty() || self.settings.contains(&row.setting));
        let mut found = open_forms(doors, rows).await;
        found.retain(|one| {
            let ticked = self.ticks.is_empty()
                || one.form.as_ref().is_some_and(|form| {
                    form.need_ticks.iter().any(|tick| self.ticks.contains(tick))
                });
            ticked && (!self.breached_only || one.waited(caller).2)
        });
        Ok(found)
    }
}

/// Every row that a query finds, in the order of the queue.
async fn all(doors: &Doors, mut query: QueueQuery) -> Result<Vec<Row>, Failure> {
    query.limit = CHUNK;
    let mut rows = Vec::new();
    loop {
        let page = doors.views().queue().list(&query).await?;
        rows.extend(page.referrals);
        match page.next {
            Some(next) => query.after = Some(next),
            None => return Ok(rows),
        }
    }
}

fn order(found: &mut [Opened], order_by: &str) {
    let received = |one: &Opened| (one.row.received_on, one.row.submitted_at, one.row.referral);
    match order_by {
        "received" => found.sort_by_key(received),
        "received desc" => found.sort_by_key(|one| std::cmp::Reverse(received(one))),
        // As it came: the order of claims.
        _ => {}
    }
}
