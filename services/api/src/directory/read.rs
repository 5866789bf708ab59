//! Reading organisations.

use std::cmp::Reverse;

use onward_contract::access::v1 as access;
use onward_contract::directory::v1 as wire;
use onward_domain::decider::Refusal;
use onward_domain::event::{Event, OrganisationFact};
use onward_domain::ids::OrganisationId;
use onward_domain::organisation::{self, OrganisationNumber, OrganisationRegistered};
use onward_log::Position;
use onward_views::ViewName;
use onward_views::directory::{Organisation, OrganisationsQuery};
use onward_views::inbox::{HandoversQuery, Side};
use tonic::{Request, Response};

use crate::Doors;
use crate::guard::Caller;
use crate::page;
use crate::status::Failure;
use crate::wire::{self as parse, code, date};

/// Read at once where a list has to be seen whole before it can be ordered.
const ROUND: u16 = 5_000;

pub(super) async fn get(
    doors: &Doors,
    request: Request<wire::GetOrganisationRequest>,
) -> Result<Response<wire::GetOrganisationResponse>, Failure> {
    let method = "/onward.directory.v1.DirectoryService/GetOrganisation";
    let entered = doors.open(method, request).await?;
    let position = doors.head_from(&entered.message.min_position).await?;
    let id: OrganisationId = parse::id("organisation_id", &entered.message.organisation_id)?;
    let history = doors.history::<organisation::Organisation>(id.uuid()).await?;
    let registered = history.state.registered.as_ref().ok_or(Refusal::NotFound)?;
    let mut shown =
        parse::directory::organisation(&registered.fact, history.version(), history.begun_at());
    if !sees_contact(doors, &entered.caller, id).await? {
        shown.holiday_contact.clear();
    }
    Ok(Response::new(wire::GetOrganisationResponse {
        position: position.to_string(),
        organisation: Some(shown),
    }))
}

/// Its holiday contact is for itself, the operator, and whoever sent it a handover.
async fn sees_contact(
    doors: &Doors,
    caller: &Caller,
    organisation: OrganisationId,
) -> Result<bool, Failure> {
    if caller.organisation() == organisation || caller.principal.is_operator() {
        return Ok(true);
    }
    let sent = HandoversQuery {
        other: Some(organisation),
        limit: 50,
        ..HandoversQuery::new(caller.organisation(), Side::Sent)
    };
    let sent = doors.views().inbox().list(&sent).await?;
    // A draft has not been sent.
    Ok(sent.handovers.iter().any(|handover| handover.released_at.is_some()))
}

pub(super) async fn list(
    doors: &Doors,
    request: Request<wire::ListOrganisationsRequest>,
) -> Result<Response<wire::ListOrganisationsResponse>, Failure> {
    let method = "/onward.directory.v1.DirectoryService/ListOrganisations";
    let entered = doors.open(method, request).await?;
    let (caller, message) = (&entered.caller, &entered.message);
    let filter = Filter::read(message)?;
    let binding = page::bind(caller, &entered.message, |asked| {
        asked.min_position.clear();
        asked.page_token.clear();
        asked.page_size = 0;
    });
    let cursor = binding.cursor(&message.page_token)?;
    let size = page::size(u32::try_from(message.page_size).unwrap_or_default());
    let position = doors.reach(ViewName::Directory, &message.min_position).await?;
    let (found, next) = filter.page(doors, &message.order_by, cursor, size).await?;
    let mut organisations = Vec::with_capacity(found.len());
    for one in found {
        organisations.push(shown(doors, caller, one).await?);
    }
    let next_page_token = next.map(|cursor| binding.token(&cursor)).unwrap_or_default();
    let position = position.to_string();
    Ok(Response::new(wire::ListOrganisationsResponse { position, next_page_token, organisations }))
}

/// What is asked for.
struct Filter {
    query: OrganisationsQuery,
    /// Numbers beyond the one that the view filters by.
    also: Vec<OrganisationNumber>,
}

impl Filter {
    fn read(message: &wire::ListOrganisationsRequest) -> Result<Self, Refusal> {
        let kinds = message.kinds.iter();
        let kinds = kinds
            .map(|kind| code::parse::<access::OrganisationKind, _>("kinds", *kind))
            .collect::<Result<Vec<_>, _>>()?;
        let identifiers = message.identifiers.clone().unwrap_or_default();
        let mut numbers = parse::directory::numbers_of(&identifiers)?.into_iter();
        let query = OrganisationsQuery {
            kinds,
            number: numbers.next(),
            name_contains: parse::text(&message.name_contains),
            open_on: date::optional("open_on", message.open_on.as_ref())?,
            after: None,
            limit: ROUND,
        };
        Ok(Self { query, also: numbers.collect() })
    }

    /// A page and where the next begins.
    async fn page(
        mut self,
        doors: &Doors,
        order_by: &str,
        cursor: Option<String>,
        size: usize,
    ) -> Result<(Vec<Organisation>, Option<String>), Failure> {
        if order_by == "registered" && self.also.is_empty() {
            self.query.after = cursor.map(|cursor| place(&cursor)).transpose()?;
            self.query.limit = u16::try_from(size).unwrap_or(u16::MAX);
            let page = doors.views().directory().organisations(&self.query).await?;
            return Ok((page.organisations, page.next.map(|next| next.to_string())));
        }
        // What the view does not order or filter by is ordered and filtered here, whole: organisations
        // are some tens of thousands in all.
        let mut all = self.all(doors).await?;
        match order_by {
            "registered" => {}
            "registered desc" => all.reverse(),
            "name desc" => all.sort_by_cached_key(|one| Reverse(order_of(one))),
            _ => all.sort_by_cached_key(order_of),
        }
        page::cut(all, cursor, size, |one| one.organisation.to_string())
    }

    async fn all(mut self, doors: &Doors) -> Result<Vec<Organisation>, Failure> {
        let mut all = Vec::new();
        loop {
            let page = doors.views().directory().organisations(&self.query).await?;
            let found = page.organisations.into_iter();
            all.extend(
                found.filter(|one| self.also.iter().all(|number| one.numbers.contains(number))),
            );
            match page.next {
                Some(next) => self.query.after = Some(next),
                None => return Ok(all),
            }
        }
    }
}

fn order_of(one: &Organisation) -> (String, OrganisationId) {
    (one.name.to_lowercase(), one.organisation)
}

fn place(cursor: &str) -> Result<Position, Refusal> {
    cursor.parse().map_err(|_| Refusal::field("page_token", "does not belong to this query"))
}

async fn shown(
    doors: &Doors,
    caller: &Caller,
    row: Organisation,
) -> Result<wire::Organisation, Failure> {
    // In a list the contact is shown where no look-up is needed; GetOrganisation has the rest.
    let sees = caller.organisation() == row.organisation || caller.principal.is_operator();
    let contact = match row.said.as_ref().filter(|_| sees) {
        None => None,
        Some(said) => match doors.log().open_event(said).await.map(|opened| opened.event) {
            Ok(Event::Organisation(OrganisationFact::Registered(fact))) => fact.holiday_contact,
            _ => None,
        },
    };
    let fact = OrganisationRegistered {
        organisation: row.organisation,
        kind: row.kind,
        name: row.name,
        numbers: row.numbers,
        phase: row.phase,
        low_age: row.low_age,
        high_age: row.high_age,
        open_from: row.open_from,
        open_to: row.open_to,
        go_live: row.go_live,
        holiday_contact: contact,
        successor_of: row.successor_of,
    };
    Ok(parse::directory::organisation(&fact, row.version, row.registered_at))
}
