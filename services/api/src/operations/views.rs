//! The views, and what is parked in them.

use std::collections::BTreeMap;

use onward_contract::operations::v1 as wire;
use onward_domain::decider::Refusal;
use onward_log::Position;
use onward_views::{Parked, ViewName};
use tonic::{Request, Response};
use uuid::Uuid;

use super::status::view;
use crate::Doors;
use crate::call::moment;
use crate::page::{self, Binding};
use crate::status::Failure;

/// Parked events that are read at once.
const ROUND: u16 = 500;

pub(super) async fn list(
    doors: &Doors,
    request: Request<wire::ListViewsRequest>,
) -> Result<Response<wire::ListViewsResponse>, Failure> {
    let method = "/onward.operations.v1.OperationsService/ListViews";
    let entered = doors.open(method, request).await?;
    let asked = &entered.message;
    let position = doors.head_from(&asked.min_position).await?;
    let mut views: Vec<wire::ViewStatus> = doors.views().status().await?.iter().map(view).collect();
    views.sort_by(|one, other| one.name.cmp(&other.name));
    let binding = Binding::new(&[method, &asked.order_by]);
    let (views, next_page_token) =
        page_of(views, &binding, &asked.page_token, asked.page_size, |view| view.name.clone())?;
    let position = position.to_string();
    Ok(Response::new(wire::ListViewsResponse { position, next_page_token, views }))
}

pub(super) async fn parked(
    doors: &Doors,
    request: Request<wire::ListParkedRequest>,
) -> Result<Response<wire::ListParkedResponse>, Failure> {
    let method = "/onward.operations.v1.OperationsService/ListParked";
    let entered = doors.open(method, request).await?;
    let asked = &entered.message;
    let position = doors.head_from(&asked.min_position).await?;
    let views = match asked.view.as_str() {
        "" => ViewName::ALL.to_vec(),
        name => vec![named(name)?],
    };
    let mut waiting = Vec::new();
    for view in views {
        waiting.extend(gathered(&all(doors, view).await?));
    }
    // Since when, then where: two things parked in one moment keep their order.
    waiting.sort_by_key(order);
    if asked.order_by.ends_with("desc") {
        waiting.reverse();
    }
    let binding = Binding::new(&[method, &asked.order_by, &asked.view]);
    let (parked, next_page_token) =
        page_of(waiting, &binding, &asked.page_token, asked.page_size, |one| {
            format!("{}/{}", one.view, one.position)
        })?;
    let position = position.to_string();
    Ok(Response::new(wire::ListParkedResponse { position, next_page_token, parked }))
}

/// The view that a request names.
///
/// # Errors
/// None of that name.
pub(super) fn named(name: &str) -> Result<ViewName, Refusal> {
    ViewName::parse(name).map_err(|_| Refusal::field("view", "is not the name of a view"))
}

async fn all(doors: &Doors, view: ViewName) -> Result<Vec<Parked>, Failure> {
    let mut all: Vec<Parked> = Vec::new();
    loop {
        let after = all.last().map_or(Position::START, |parked| parked.position);
        let page = doors.views().parked(view, after, ROUND).await?;
        let last = page.len() < usize::from(ROUND);
        all.extend(page);
        if last {
            return Ok(all);
        }
    }
}

/// One line a learner: the event that cannot be applied, and how many wait with it.
fn gathered(events: &[Parked]) -> Vec<wire::Parked> {
    let mut waiting: BTreeMap<Uuid, wire::Parked> = BTreeMap::new();
    for event in events {
        let one = waiting.entry(event.key).or_insert_with(|| wire::Parked {
            view: event.view.clone(),
            // Organisations' events are parked by their stream, which is no learner.
            learner_id: if event.event_type.starts_with("directory.") {
                String::new()
            } else {
                event.key.to_string()
            },
            position: event.position.to_string(),
            waiting: 0,
            fault: event.reason.clone(),
            since: Some(moment(event.recorded_at)),
            attempts: u32::try_from(event.tries).unwrap_or(u32::MAX),
        });
        one.waiting += 1;
    }
    waiting.into_values().collect()
}

fn order(parked: &wire::Parked) -> (i64, i32, String, String) {
    let since = parked.since.unwrap_or_default();
    (since.seconds, since.nanos, parked.position.clone(), parked.view.clone())
}

/// The page after the token's cursor, of a list that is short enough to be held whole.
fn page_of<T>(
    items: Vec<T>,
    binding: &Binding,
    token: &str,
    size: i32,
    name: impl Fn(&T) -> String,
) -> Result<(Vec<T>, String), Failure> {
    let cursor = binding.cursor(token)?;
    let begin = match &cursor {
        None => 0,
        Some(cursor) => {
            items.iter().position(|item| name(item) == *cursor).map_or(items.len(), |at| at + 1)
        }
    };
    let size = page::size(size.try_into().unwrap_or_default());
    let total = items.len();
    let page: Vec<T> = items.into_iter().skip(begin).take(size).collect();
    let more = begin + page.len() < total;
    let next = page.last().filter(|_| more).map(|last| binding.token(&name(last)));
    Ok((page, next.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_to_the_end() {
        let binding = Binding::new(&["views"]);
        let items = || vec!["a", "b", "c"];
        let name = |item: &&str| (*item).to_owned();
        let (first, token) = page_of(items(), &binding, "", 2, name).expect("a page");
        assert_eq!(first, ["a", "b"]);
        let (second, end) = page_of(items(), &binding, &token, 2, name).expect("a page");
        assert_eq!((second, end.as_str()), (vec!["c"], ""));
        assert!(page_of(items(), &Binding::new(&["other"]), &token, 2, name).is_err());
    }
}
