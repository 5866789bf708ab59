//! A page of a timeline. A person's events are few and when they happened is sealed, so that all of
//! them are opened and put in order here.

use onward_contract::timeline::v1 as wire;
use onward_domain::decider::{Now, Refusal};
use onward_domain::ids::LearnerId;
use onward_views::ViewName;
use onward_views::timeline::{EntriesQuery, Entry};
use tonic::Request;

use super::Teller;
use super::filter::Types;
use super::tell::ToldEntry;
use crate::Doors;
use crate::guard::now;
use crate::page;
use crate::status::Failure;
use crate::wire::date;
use crate::{guard::Caller, wire as parse};

/// Entries that are read at once.
const CHUNK: u16 = 500;

/// More than any person's timeline has: a guard against a run of wrong links.
const MOST: usize = 20_000;

/// Answers a page of a timeline.
pub(super) async fn get(
    doors: &Doors,
    request: Request<wire::GetTimelineRequest>,
) -> Result<wire::GetTimelineResponse, Failure> {
    let method = "/onward.timeline.v1.TimelineService/GetTimeline";
    let entered = doors.open(method, request).await?;
    let (caller, message) = (&entered.caller, &entered.message);
    let learner: LearnerId = parse::id("learner_id", &message.learner_id)?;
    let wanted = Wanted::read(message, caller.now)?;
    let binding = page::bind(caller, message, |asked| {
        asked.min_position.clear();
        asked.page_token.clear();
        asked.page_size = 0;
    });
    let cursor = binding.cursor(&message.page_token)?;
    let position = doors.reach(ViewName::Timeline, &message.min_position).await?;
    doors.may_follow(caller, learner).await?;
    let entries = all(doors, caller, learner, message).await?;
    let mut told = Teller::new(doors, caller).tell(&entries).await?;
    told.retain(|one| wanted.takes(one));
    order(&mut told, &message.order_by);
    let size = usize::from(page::limit(message.page_size));
    let (page, next) = page::cut(told, cursor, size, |one| one.entry.event_id.clone())?;
    doors.write_down(caller, page.iter().map(|one| one.learner).chain([learner])).await?;
    Ok(wire::GetTimelineResponse {
        position: position.to_string(),
        next_page_token: next.map(|next| binding.token(&next)).unwrap_or_default(),
        entries: page.into_iter().map(|one| one.entry).collect(),
        not_up_to_date_since: parked_since(doors, learner).await?,
    })
}

/// Everything that the caller may see of the person, oldest first.
async fn all(
    doors: &Doors,
    caller: &Caller,
    learner: LearnerId,
    message: &wire::GetTimelineRequest,
) -> Result<Vec<Entry>, Failure> {
    let mut query = EntriesQuery {
        as_known_at: date::moment("as_known_at", message.as_known_at.as_ref())?,
        limit: CHUNK,
        ..EntriesQuery::new(caller.organisation(), learner)
    };
    let mut entries = Vec::new();
    while entries.len() < MOST {
        let page = doors.views().timeline().entries(&query).await?;
        entries.extend(page.entries);
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    Ok(entries)
}

/// Since when what is shown of the person is not up to date: the view is parked on one of the records.
async fn parked_since(
    doors: &Doors,
    learner: LearnerId,
) -> Result<Option<prost_types::Timestamp>, Failure> {
    let records = doors.views().timeline().records_of_person(learner).await?;
    doors.stale(ViewName::Timeline, records).await
}

struct Wanted {
    types: Types,
    from: Option<jiff::civil::Date>,
    to: Option<jiff::civil::Date>,
}

impl Wanted {
    fn read(message: &wire::GetTimelineRequest, now: Now) -> Result<Self, Refusal> {
        let known_at = date::moment("as_known_at", message.as_known_at.as_ref())?;
        if known_at.is_some_and(|known_at| known_at > now.at) {
            return Err(Refusal::field("as_known_at", "must not lie in the future"));
        }
        Ok(Self {
            types: Types::new(&message.types),
            from: date::optional("occurred_from", message.occurred_from.as_ref())?,
            to: date::optional("occurred_to", message.occurred_to.as_ref())?,
        })
    }

    fn takes(&self, told: &ToldEntry) -> bool {
        let day = now(told.occurred).today;
        self.types.take(&told.entry.r#type)
            && self.from.is_none_or(|from| from <= day)
            && self.to.is_none_or(|to| day <= to)
    }
}

/// What happened at one time keeps the order in which it was recorded.
fn order(told: &mut [ToldEntry], order_by: &str) {
    let occurred = |one: &ToldEntry| (one.occurred, one.entry.position.clone());
    match order_by {
        "occurred desc" => {
            told.sort_by_cached_key(occurred);
            told.reverse();
        }
        "recorded" => told.sort_by_cached_key(|one| one.entry.position.clone()),
        "recorded desc" => {
            told.sort_by_cached_key(|one| one.entry.position.clone());
            told.reverse();
        }
        _ => told.sort_by_cached_key(occurred),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::call::moment;

    fn told(position: u64, occurred: &str) -> ToldEntry {
        ToldEntry {
            entry: wire::TimelineEntry {
                position: onward_log::Position::new(position).to_string(),
                r#type: "org.onward.dsa.dsa_step_recorded.v1".to_owned(),
                ..Default::default()
            },
            occurred: occurred.parse().expect("a moment"),
            learner: LearnerId::new(Uuid::from_u128(2)),
        }
    }

    fn places(order_by: &str) -> Vec<String> {
        let mut all = vec![
            told(3, "2026-09-01T00:00:00Z"),
            told(1, "2026-09-02T00:00:00Z"),
            told(2, "2026-09-01T00:00:00Z"),
        ];
        order(&mut all, order_by);
        all.iter().map(|one| one.entry.position.trim_start_matches('0').to_owned()).collect()
    }

    #[test]
    fn by_when_it_happened_or_was_recorded_either_way() {
        assert_eq!(places(""), ["2", "3", "1"]);
        assert_eq!(places("occurred desc"), ["1", "3", "2"]);
        assert_eq!(places("recorded"), ["1", "2", "3"]);
        assert_eq!(places("recorded desc"), ["3", "2", "1"]);
    }

    #[test]
    fn days_are_days_in_england_and_both_ends_count() {
        let day = |day| Some(date::wire(jiff::civil::date(2026, 9, day)));
        let asked = wire::GetTimelineRequest {
            occurred_from: day(2),
            occurred_to: day(2),
            ..Default::default()
        };
        let at = now("2026-10-01T00:00:00Z".parse().expect("a moment"));
        let wanted = Wanted::read(&asked, at).expect("a question");
        assert!(wanted.takes(&told(1, "2026-09-01T23:30:00Z")), "half past midnight in summer");
        assert!(!wanted.takes(&told(1, "2026-09-02T23:30:00Z")));
        let early = wire::GetTimelineRequest {
            as_known_at: Some(moment("2026-10-02T00:00:00Z".parse().expect("a moment"))),
            ..Default::default()
        };
        assert!(Wanted::read(&early, at).is_err());
    }
}
