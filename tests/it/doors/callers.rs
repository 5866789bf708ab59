//! A caller of each kind of organisation with each role, against each method.

use futures::{StreamExt, TryStreamExt, stream};
use onward_access::DEVELOPMENT_ISSUER;
use onward_contract::access::v1::{MemberRole, OrganisationKind};
use onward_contract::directory::v1::AddMemberRequest;
use onward_contract::reason;
use onward_tests::actors::Member;
use onward_tests::builders::{nobodys_id, request_id};
use onward_tests::expect::{faulty_fields, reason_of};
use onward_tests::world::{House, World};
use tonic::{Code, Status};

use super::{Method, raw};

on_both_databases!(
    each_kind_and_role_comes_in_where_the_contract_says_so_and_nowhere_else,
    a_stranger_with_a_good_token_is_let_in_nowhere,
);

/// Calls under way at once.
const AT_ONCE: usize = 64;

/// Somebody, and what is known of them.
struct Caller {
    member: Member,
    kind: OrganisationKind,
    role: MemberRole,
}

async fn each_kind_and_role_comes_in_where_the_contract_says_so_and_nowhere_else(
    world: &World,
) -> anyhow::Result<()> {
    let callers = everybody(world).await?;
    let methods = Method::all();
    for kind in kinds() {
        assert!(callers.iter().any(|caller| caller.kind == kind), "somebody of {kind:?}");
    }
    for role in roles() {
        assert!(callers.iter().any(|caller| caller.role == role), "somebody with {role:?}");
    }
    for method in &methods {
        let in_reach =
            |caller: &&Caller| method.admits_kind(caller.kind) && method.admits_role(caller.role);
        assert!(callers.iter().any(|caller| in_reach(&caller)), "nobody can call {}", method.path);
    }
    let head = world.operator().head().await?;
    let calls =
        callers.iter().flat_map(|caller| methods.iter().map(move |method| (caller, method)));
    stream::iter(calls)
        .for_each_concurrent(AT_ONCE, |(caller, method)| async move {
            let answer = raw::call(&caller.member, method, Vec::new()).await;
            judge(caller, method, answer);
        })
        .await;
    assert_eq!(world.operator().head().await?, head, "no refusal leaves a row behind");
    let said = world.program_log();
    assert!(!said.contains("panicked"), "{said}");
    Ok(())
}

fn judge(caller: &Caller, method: &Method, answer: Result<Vec<u8>, Status>) {
    let who = format!("{:?} {:?} {}", caller.kind, caller.role, method.path);
    let (kind, role) = (method.admits_kind(caller.kind), method.admits_role(caller.role));
    let Err(status) = answer else {
        assert!(kind && role, "{who} was let in");
        return;
    };
    let (code, reason) = (status.code(), reason_of(&status));
    if kind && role {
        let refusals = [Code::InvalidArgument, Code::NotFound, Code::FailedPrecondition];
        assert!(refusals.contains(&code), "{who}: {code:?} {reason} {}", status.message());
        if method.rule.writes && !method.descriptor.is_client_streaming() {
            // An empty write is refused for its fields, and its id is one of them.
            assert_eq!(code, Code::InvalidArgument, "{who}");
            assert!(faulty_fields(&status).contains("request_id"), "{who}");
        }
    } else {
        // The empty request is faulty too: kind and role come before anything else.
        let expected = if kind { reason::ROLE_NOT_ALLOWED } else { reason::KIND_NOT_ALLOWED };
        assert_eq!((code, reason.as_str()), (Code::PermissionDenied, expected), "{who}");
    }
}

/// A member for each kind and each role that it can have.
async fn everybody(world: &World) -> anyhow::Result<Vec<Caller>> {
    let operator = world.operator();
    let mut wanted = Vec::new();
    for kind in kinds() {
        let house = House::ALL.into_iter().find(|house| house.kind() == kind);
        let organisation = match house {
            Some(house) => world.id(house).to_owned(),
            None => operator.organisation.clone(),
        };
        let its = roles().filter(|role| *role != MemberRole::Operator);
        wanted.extend(its.map(|role| (organisation.clone(), kind, role)));
    }
    let added = stream::iter(wanted).map(|(organisation, kind, role)| {
        let mut directory = operator.directory();
        async move {
            let subject = format!("{kind:?}-{role:?}");
            let request = AddMemberRequest {
                request_id: request_id(),
                organisation_id: organisation.clone(),
                issuer: DEVELOPMENT_ISSUER.to_owned(),
                subject: subject.clone(),
                name: subject.clone(),
                roles: vec![role.into()],
                ..Default::default()
            };
            let added = match directory.add_member(request).await {
                Ok(added) => added.into_inner(),
                // Not every kind of organisation has somebody with every role.
                Err(status) if reason_of(&status) == reason::ROLE_NOT_FOR_KIND => return Ok(None),
                Err(status) => return Err(status),
            };
            let member = world.person(&organisation, &subject, &added.member_id);
            Ok(Some(Caller { member, kind, role }))
        }
    });
    let callers: Vec<Option<Caller>> = added.buffered(AT_ONCE).try_collect().await?;
    let mut callers: Vec<Caller> = callers.into_iter().flatten().collect();
    callers.push(Caller {
        member: operator.0.clone(),
        kind: OrganisationKind::Operator,
        role: MemberRole::Operator,
    });
    Ok(callers)
}

fn kinds() -> impl Iterator<Item = OrganisationKind> {
    (1..).map_while(|number| OrganisationKind::try_from(number).ok())
}

fn roles() -> impl Iterator<Item = MemberRole> {
    (1..).map_while(|number| MemberRole::try_from(number).ok())
}

/// A good token of somebody who is no member opens nothing, not even a refusal of its fields.
async fn a_stranger_with_a_good_token_is_let_in_nowhere(world: &World) -> anyhow::Result<()> {
    let strangers = [
        world.person(world.id(House::Primary), "nobody", ""),
        world.person(&nobodys_id(), "operator", ""),
        world.person(world.id(House::Primary), "operator", ""),
    ];
    for method in Method::all() {
        for stranger in &strangers {
            let status = raw::call(stranger, &method, Vec::new()).await.expect_err("nobody");
            let told = (status.code(), reason_of(&status));
            let expected = (Code::PermissionDenied, reason::NOT_A_MEMBER.to_owned());
            assert_eq!(told, expected, "{}", method.path);
        }
    }
    Ok(())
}
