//! One referral of the caller's organisation, and all of them.

use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use onward_contract::referral::v1 as wire;
use onward_domain::ids::{LearnerId, ReferralId};
use onward_log::{LogError, Relation};
use onward_views::ViewName;
use onward_views::queue::{QueueQuery, Referral as Row, Whose};
use tonic::Request;

use super::{AREA, View};
use crate::call::moment;
use crate::guard::Caller;
use crate::status::Failure;
use crate::wire::{date, referral as shape};
use crate::{Doors, keys, page, wire as parse};

/// Rows that are read at once.
const CHUNK: u16 = 500;

/// Streams that are read at once for one page.
const AT_ONCE: usize = 8;

/// Answers one referral, with its form.
pub(super) async fn get(
    doors: &Doors,
    request: Request<wire::GetReferralRequest>,
) -> Result<wire::GetReferralResponse, Failure> {
    let method = "/onward.referral.v1.ReferralService/GetReferral";
    let entered = doors.open(method, request).await?;
    let caller = &entered.caller;
    let id = doors.referred(caller, &entered.message.referral_id).await?;
    let position = doors.head_from(&entered.message.min_position).await?;
    let told = doors.referral(id).await?;
    doors.write_down(caller, [told.submitted()?.learner]).await?;
    let view = View::Referrer { form: true };
    let today = caller.now.today;
    let shown = doors.shown_referral(caller.organisation(), &told, view, today).await?;
    let position = position.to_string();
    Ok(wire::GetReferralResponse { position, referral: Some(shown) })
}

/// Lists what the caller's organisation referred, without the forms.
pub(super) async fn list(
    doors: &Doors,
    request: Request<wire::ListReferralsRequest>,
) -> Result<wire::ListReferralsResponse, Failure> {
    let method = "/onward.referral.v1.ReferralService/ListReferrals";
    let entered = doors.open(method, request).await?;
    let (caller, message) = (&entered.caller, &entered.message);
    let query = query(doors, caller, message).await?;
    let binding = page::bind(caller, message, |asked| {
        asked.min_position.clear();
        asked.page_token.clear();
        asked.page_size = 0;
    });
    let cursor = binding.cursor(&message.page_token)?;
    let position = doors.reach(ViewName::Queue, &message.min_position).await?;
    let mut rows = all(doors, query).await?;
    if let Some(reference) = parse::text(&message.external_ref) {
        let key = keys::external_ref(caller.organisation(), AREA, &reference);
        let found = doors.log().find(&[key]).await?;
        let named = |row: &Row| found.iter().any(|found| found.stream == row.referral.uuid());
        rows.retain(named);
    }
    order(&mut rows, &message.order_by);
    let size = usize::from(page::limit(message.page_size));
    let (rows, next) = page::cut(rows, cursor, size, |row| row.referral.to_string())?;
    doors.write_down(caller, rows.iter().map(|row| row.learner)).await?;
    // Boxed, so that the borrow of a row is no part of the stream's type.
    let shown = rows.iter().map(|row| listed(doors, caller, row).boxed());
    let shown = stream::iter(shown.collect::<Vec<_>>());
    let referrals = shown.buffered(AT_ONCE).try_collect().await?;
    Ok(wire::ListReferralsResponse {
        position: position.to_string(),
        next_page_token: next.map(|next| binding.token(&next)).unwrap_or_default(),
        referrals,
        not_up_to_date_since: doors
            .stale(ViewName::Queue, rows.iter().map(|row| row.learner))
            .await?,
    })
}

async fn query(
    doors: &Doors,
    caller: &Caller,
    message: &wire::ListReferralsRequest,
) -> Result<QueueQuery, Failure> {
    let mut query = QueueQuery::new(Whose::Referrer(caller.organisation()));
    query.learner = parse::optional_id::<LearnerId>("learner_id", message.learner_id.as_deref())?;
    if let Some(learner) = query.learner {
        doors.related(caller, learner.uuid(), &[Relation::Owner]).await?;
    }
    query.states = shape::states(&message.states)?;
    query.received_from = date::optional("received_from", message.received_from.as_ref())?;
    let to = date::optional("received_to", message.received_to.as_ref())?;
    query.received_before = to.map(|to| to.saturating_add(jiff::ToSpan::days(1)));
    query.limit = CHUNK;
    Ok(query)
}

/// Everything that a query finds, in the order of the queue.
async fn all(doors: &Doors, mut query: QueueQuery) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    loop {
        let page = doors.views().queue().list(&query).await?;
        // The sealed copies are not needed: the page's streams are read from the log.
        rows.extend(page.referrals.into_iter().map(|row| Row { form: None, ..row }));
        match page.next {
            Some(next) => query.after = Some(next),
            None => return Ok(rows),
        }
    }
}

fn order(rows: &mut [Row], order_by: &str) {
    match order_by {
        "received" => rows.sort_by_key(|row| (row.received_on, row.submitted_at)),
        "changed" => rows.sort_by_key(|row| row.changed),
        "changed desc" => rows.sort_by_key(|row| std::cmp::Reverse(row.changed)),
        _ => rows.sort_by_key(|row| std::cmp::Reverse((row.received_on, row.submitted_at))),
    }
}

/// A referral of a list. One of which everything was erased is listed without content.
async fn listed(doors: &Doors, caller: &Caller, row: &Row) -> Result<wire::Referral, Failure> {
    let id: ReferralId = row.referral;
    match doors.referral(id).await {
        Ok(told) => {
            let view = View::Referrer { form: false };
            let today = caller.now.today;
            doors.shown_referral(caller.organisation(), &told, view, today).await
        }
        Err(Failure::Log(LogError::Erased)) => Ok(wire::Referral {
            referral_id: id.to_string(),
            state: shape::state(row.state),
            bucket: shape::bucket(row.state.bucket()),
            version: row.version,
            submitted_at: Some(moment(row.submitted_at)),
            ..Default::default()
        }),
        Err(failure) => Err(failure),
    }
}
