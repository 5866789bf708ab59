//! Adding and removing members. Both act with the next call: roles are look-up keys, not a view.

use futures::FutureExt;
use onward_contract::access::v1 as access;
use onward_contract::directory::v1 as wire;
use onward_contract::reason;
use onward_domain::codes::role::MemberRole;
use onward_domain::codes::setting::OrganisationKind;
use onward_domain::decider::{Refusal, Version};
use onward_domain::ids::{MemberId, OrganisationId};
use onward_domain::organisation::{
    AddMember, Member, MemberAdded, MembershipState, OrganisationRegistered, RemoveMember,
};
use onward_log::{Attempt, Key, Loaded, Stop, Unit};
use onward_views::directory::MembersQuery;
use tonic::{Request, Response};
use uuid::Uuid;

use crate::call::{answer, attempt, issued, receipt};
use crate::guard::Caller;
use crate::status::Failure;
use crate::wire::{self as parse, code, date};
use crate::{Doors, keys};

/// Most members that are looked at in search of another operator.
const ROUND: u16 = 1_000;

/// The organisation, where it is the caller's own or the caller is the operator.
pub(super) async fn own(
    doors: &Doors,
    caller: &Caller,
    organisation: OrganisationId,
) -> Result<std::sync::Arc<OrganisationRegistered>, Failure> {
    let registered = doors.registration(organisation).await?;
    let may = caller.organisation() == organisation || caller.principal.is_operator();
    registered.filter(|_| may).ok_or_else(|| Refusal::NotFound.into())
}

pub(super) async fn add(
    doors: &Doors,
    request: Request<wire::AddMemberRequest>,
) -> Result<Response<wire::AddMemberResponse>, Failure> {
    let method = "/onward.directory.v1.DirectoryService/AddMember";
    let entered = doors.open(method, request).await?;
    let (caller, message) = (&entered.caller, &entered.message);
    let organisation = parse::id("organisation_id", &message.organisation_id)?;
    let kind = own(doors, caller, organisation).await?.kind;
    let member = said(MemberId::new(Uuid::now_v7()), organisation, message)?;
    roles_fit(&member.roles, kind)?;
    let member = MemberAdded { from: member.from.or(Some(caller.now.today)), ..member };
    let reference = entered.reference("member");
    let attempt = adding(doors, member, kind, message.expected_version, reference);
    let executed = doors.write(&entered, attempt).await?;
    let response = wire::AddMemberResponse {
        receipt: Some(receipt(&executed.receipt)),
        member_id: issued(&executed, "member_id"),
    };
    answer(&executed, response)
}

fn said(
    member: MemberId,
    organisation: OrganisationId,
    message: &wire::AddMemberRequest,
) -> Result<MemberAdded, Refusal> {
    let roles = message.roles.iter();
    let roles = roles
        .map(|role| code::parse::<access::MemberRole, MemberRole>("roles", *role))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(MemberAdded {
        member,
        organisation,
        issuer: message.issuer.clone(),
        subject: message.subject.clone(),
        name: message.name.trim().to_owned(),
        roles,
        from: date::optional("from", message.from.as_ref())?,
        until: date::optional("until", message.until.as_ref())?,
        deputy: parse::optional_id("deputy_member_id", message.deputy_member_id.as_deref())?,
    })
}

fn adding(
    doors: &Doors,
    member: MemberAdded,
    kind: OrganisationKind,
    expected: Option<Version>,
    reference: Option<Key>,
) -> Attempt {
    let doors = doors.clone();
    attempt(move |unit| {
        let (doors, member, reference) = (doors.clone(), member.clone(), reference.clone());
        async move {
            // Asked here, where a repeat of a request that was done is not refused for what came since.
            if let Some(deputy) = member.deputy {
                colleague(&doors, member.organisation, deputy).await?;
            }
            let id = member.member.uuid();
            unit.expect(id, expected);
            let mut loaded = unit.fresh::<Member>(id);
            let valid = (member.from, member.until);
            for key in keys::memberships(&member) {
                unit.claim(key, id, valid);
            }
            if let Some(reference) = reference {
                unit.claim(reference, id, (None, None));
            }
            unit.decide(&mut loaded, AddMember { member, organisation_kind: kind }.into())?;
            unit.issue("member_id", id.to_string());
            Ok(())
        }
        .boxed()
    })
}

/// Refuses a role that the kind of organisation does not have.
fn roles_fit(roles: &[MemberRole], kind: OrganisationKind) -> Result<(), Refusal> {
    let fits = |role: &MemberRole| match role {
        MemberRole::Leadership | MemberRole::Dsl | MemberRole::Admin => true,
        MemberRole::Senco | MemberRole::SupportLead => {
            kind.is_setting()
                || matches!(kind, OrganisationKind::Trust | OrganisationKind::DsaAssessor)
        }
        MemberRole::Caseworker | MemberRole::Matching => kind == OrganisationKind::LocalAuthority,
        MemberRole::Triage | MemberRole::Clinician | MemberRole::Supervisor => kind.is_health(),
        MemberRole::Commissioner => kind == OrganisationKind::Icb,
        MemberRole::Operator => kind == OrganisationKind::Operator,
    };
    match roles.iter().find(|role| !fits(role)) {
        None => Ok(()),
        Some(role) => Err(Refusal::Rule {
            reason: reason::ROLE_NOT_FOR_KIND,
            message: format!("an organisation of the kind {kind} has nobody with the role {role}"),
        }),
    }
}

/// A member of the same organisation who is not removed.
async fn colleague(
    doors: &Doors,
    organisation: OrganisationId,
    member: MemberId,
) -> Result<(), Stop> {
    let state = match doors.history::<Member>(member.uuid()).await {
        Ok(history) => history.state,
        Err(Failure::Log(error)) => return Err(error.into()),
        Err(_) => return Err(Refusal::NotFound.into()),
    };
    let here = state.added.as_ref().is_some_and(|added| added.fact.organisation == organisation);
    if here && state.removed.is_none() { Ok(()) } else { Err(Refusal::NotFound.into()) }
}

pub(super) async fn remove(
    doors: &Doors,
    request: Request<wire::RemoveMemberRequest>,
) -> Result<Response<wire::RemoveMemberResponse>, Failure> {
    let method = "/onward.directory.v1.DirectoryService/RemoveMember";
    let entered = doors.open(method, request).await?;
    let (caller, message) = (&entered.caller, &entered.message);
    let organisation = parse::id("organisation_id", &message.organisation_id)?;
    let member: MemberId = parse::id("member_id", &message.member_id)?;
    own(doors, caller, organisation).await?;
    let added = doors.history::<Member>(member.uuid()).await?.state.added;
    let added = added.filter(|added| added.fact.organisation == organisation);
    let added = added.ok_or(Refusal::NotFound)?.fact;
    let others = match added.roles.contains(&MemberRole::Operator) {
        true => Some(other_operators(doors, &added).await?),
        false => None,
    };
    let attempt = removing(added, message.expected_version, others, entered.reference("member"));
    let executed = doors.write(&entered, attempt).await?;
    let response = wire::RemoveMemberResponse { receipt: Some(receipt(&executed.receipt)) };
    answer(&executed, response)
}

/// Who else may be an operator; whether one of them is, is judged with the removal.
async fn other_operators(doors: &Doors, leaving: &MemberAdded) -> Result<Vec<MemberId>, Failure> {
    let query = MembersQuery {
        roles: vec![MemberRole::Operator],
        limit: ROUND,
        ..MembersQuery::new(leaving.organisation)
    };
    let found = doors.views().directory().members(&query).await?.members;
    let found = found.into_iter().map(|other| other.member);
    Ok(found.filter(|other| *other != leaving.member).collect())
}

fn removing(
    member: MemberAdded,
    expected: Option<Version>,
    operators: Option<Vec<MemberId>>,
    reference: Option<Key>,
) -> Attempt {
    attempt(move |unit| {
        let (member, reference, operators) = (member.clone(), reference.clone(), operators.clone());
        async move {
            let id = member.member.uuid();
            unit.expect(id, expected);
            let mut loaded = unit.load::<Member>(id).await?;
            if let Some(operators) = operators.filter(|_| active(&loaded)) {
                one_stays(unit, &operators).await?;
            }
            let already = unit.decide(&mut loaded, RemoveMember.into())?;
            if already.is_none() {
                for key in keys::memberships(&member) {
                    unit.release(key, id);
                }
                if let Some(reference) = reference {
                    unit.claim(reference, id, (None, None));
                }
            }
            Ok(())
        }
        .boxed()
    })
}

fn active(member: &Loaded<Member>) -> bool {
    member.state.stands() == Some(MembershipState::Active)
}

/// Rests on another operator's stream, so that two operators cannot remove each other at once.
async fn one_stays(unit: &mut Unit, operators: &[MemberId]) -> Result<(), Stop> {
    for operator in operators {
        let other = unit.load::<Member>(operator.uuid()).await?;
        // One with a last day will be gone one day; that day must not find the house without any.
        let lasts = other.state.added.as_ref().is_some_and(|added| added.fact.until.is_none());
        if active(&other) && lasts {
            return Ok(());
        }
    }
    Err(Stop::Refused(Refusal::Rule {
        reason: reason::LAST_OPERATOR,
        message: "the last operator cannot be removed; make somebody else an operator first"
            .to_owned(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_belong_to_kinds() {
        let cases = [
            (MemberRole::Senco, OrganisationKind::School, true),
            (MemberRole::SupportLead, OrganisationKind::University, true),
            (MemberRole::Senco, OrganisationKind::LocalAuthority, false),
            (MemberRole::Caseworker, OrganisationKind::LocalAuthority, true),
            (MemberRole::Triage, OrganisationKind::Pathfinder, true),
            (MemberRole::Triage, OrganisationKind::School, false),
            (MemberRole::Operator, OrganisationKind::School, false),
            (MemberRole::Leadership, OrganisationKind::Other, true),
        ];
        for (role, kind, fits) in cases {
            assert_eq!(roles_fit(&[role], kind).is_ok(), fits, "{role} in {kind}");
        }
    }
}
