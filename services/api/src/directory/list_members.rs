//! Listing members. Who they are is sealed under their own keys and opened for the answer.

use std::cmp::Reverse;

use onward_contract::access::v1 as access;
use onward_contract::directory::v1 as wire;
use onward_domain::codes::role::MemberRole;
use onward_domain::event::{Event, OrganisationFact};
use onward_domain::ids::OrganisationId;
use onward_domain::organisation::MemberAdded;
use onward_views::ViewName;
use onward_views::directory::{Member, MembersQuery};
use tonic::{Request, Response};

use super::members::own;
use crate::Doors;
use crate::page;
use crate::status::Failure;
use crate::wire::{self as parse, code, date};

/// Read at once: an organisation's members are ordered by what is sealed, so all are opened.
const ROUND: u16 = 1_000;

pub(super) async fn list(
    doors: &Doors,
    request: Request<wire::ListMembersRequest>,
) -> Result<Response<wire::ListMembersResponse>, Failure> {
    let method = "/onward.directory.v1.DirectoryService/ListMembers";
    let entered = doors.open(method, request).await?;
    let (caller, message) = (&entered.caller, &entered.message);
    let organisation = parse::id("organisation_id", &message.organisation_id)?;
    own(doors, caller, organisation).await?;
    let binding = page::bind(caller, message, |asked| {
        asked.min_position.clear();
        asked.page_token.clear();
        asked.page_size = 0;
    });
    let cursor = binding.cursor(&message.page_token)?;
    let position = doors.reach(ViewName::Directory, &message.min_position).await?;
    let mut members = all(doors, &query(organisation, message)?).await?;
    if !message.include_ended {
        members.retain(|member| member.until.is_none_or(|until| entered.caller.now.today <= until));
    }
    let order = |member: &MemberAdded| (member.name.to_lowercase(), member.member);
    match message.order_by.as_str() {
        "name desc" => members.sort_by_cached_key(|member| Reverse(order(member))),
        _ => members.sort_by_cached_key(order),
    }
    let size = page::size(u32::try_from(message.page_size).unwrap_or_default());
    let (page, next) = page::cut(members, cursor, size, |member| member.member.to_string())?;
    Ok(Response::new(wire::ListMembersResponse {
        position: position.to_string(),
        next_page_token: next.map(|cursor| binding.token(&cursor)).unwrap_or_default(),
        members: page.into_iter().map(shown).collect(),
    }))
}

fn query(
    organisation: OrganisationId,
    message: &wire::ListMembersRequest,
) -> Result<MembersQuery, Failure> {
    let roles = message.roles.iter();
    let roles = roles
        .map(|role| code::parse::<access::MemberRole, MemberRole>("roles", *role))
        .collect::<Result<Vec<_>, _>>()?;
    let removed = message.include_ended;
    Ok(MembersQuery { roles, removed, limit: ROUND, ..MembersQuery::new(organisation) })
}

async fn all(doors: &Doors, query: &MembersQuery) -> Result<Vec<MemberAdded>, Failure> {
    let (mut all, mut query) = (Vec::new(), query.clone());
    loop {
        let page = doors.views().directory().members(&query).await?;
        let said: Vec<_> = page.members.iter().filter_map(|member| member.said.clone()).collect();
        let opened = doors.log().open_events(&said).await;
        let mut names = said.iter().map(|said| said.stream).zip(opened).collect::<Vec<_>>();
        for member in page.members {
            let place = names.iter().position(|(stream, _)| *stream == member.member.uuid());
            let opened = place.map(|place| names.swap_remove(place).1);
            let event = opened.and_then(Result::ok).map(|opened| opened.event);
            all.push(named(member, event));
        }
        match page.next {
            Some(next) => query.after = Some(next),
            None => return Ok(all),
        }
    }
}

/// The member as it was added; without a name where its key was destroyed.
fn named(row: Member, event: Option<Event>) -> MemberAdded {
    match event {
        Some(Event::Organisation(OrganisationFact::MemberAdded(fact))) => fact,
        _ => MemberAdded {
            member: row.member,
            organisation: row.organisation,
            issuer: String::new(),
            subject: String::new(),
            name: String::new(),
            roles: row.roles,
            from: row.from,
            until: row.until,
            deputy: row.deputy,
        },
    }
}

fn shown(member: MemberAdded) -> wire::Member {
    let roles = member.roles.iter();
    wire::Member {
        member_id: member.member.to_string(),
        organisation_id: member.organisation.to_string(),
        issuer: member.issuer,
        subject: member.subject,
        name: member.name,
        roles: roles.map(|role| code::number::<access::MemberRole, _>(*role)).collect(),
        from: member.from.map(date::wire),
        until: member.until.map(date::wire),
        deputy_member_id: member.deputy.map(|deputy| deputy.to_string()).unwrap_or_default(),
    }
}
