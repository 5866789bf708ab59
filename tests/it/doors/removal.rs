//! A membership that ends, ends at once; one that has not begun opens nothing.

use onward_access::DEVELOPMENT_ISSUER;
use onward_contract::access::v1::MemberRole;
use onward_contract::directory::v1 as directory;
use onward_contract::reason;
use onward_tests::actors::Member;
use onward_tests::builders::{Child, days_from_today, request_id};
use onward_tests::expect::{not_found, refused};
use onward_tests::world::{House, Setup, World};
use tonic::Code;

#[tokio::test]
async fn a_removed_member_is_denied_with_the_next_call() -> anyhow::Result<()> {
    for setup in [Setup::SQLITE, Setup::POSTGRES.with_processes(2)] {
        let world = World::start(setup).await?;
        let head = world.member(House::Primary, &[MemberRole::Leadership]).await?;
        let senco = world.senco(House::Primary).await?;
        let everywhere: Vec<Member> =
            world.channels().iter().map(|channel| senco.over(channel.clone())).collect();
        for there in &everywhere {
            assert!(there.status().await.is_ok());
        }
        let remove = directory::RemoveMemberRequest {
            request_id: request_id(),
            organisation_id: senco.organisation.clone(),
            member_id: senco.member.clone(),
            ..Default::default()
        };
        head.directory().remove_member(remove).await?;
        for there in &everywhere {
            let call = there.status().await;
            refused(call, Code::PermissionDenied, reason::NOT_A_MEMBER);
            let write = there.learners().register_learner(Child::of_year_6().register()).await;
            refused(write, Code::PermissionDenied, reason::NOT_A_MEMBER);
        }
    }
    Ok(())
}

#[tokio::test]
async fn members_are_added_by_their_own_organisation_or_the_operator() -> anyhow::Result<()> {
    let world = World::start(Setup::SQLITE).await?;
    let head = world.member(House::Primary, &[MemberRole::Leadership]).await?;
    let add = |organisation: &str, subject: &str, role: MemberRole| directory::AddMemberRequest {
        request_id: request_id(),
        organisation_id: organisation.to_owned(),
        issuer: DEVELOPMENT_ISSUER.to_owned(),
        subject: subject.to_owned(),
        name: "Somebody".to_owned(),
        roles: vec![role.into()],
        ..Default::default()
    };
    let own = head.organisation.clone();
    head.directory().add_member(add(&own, "new", MemberRole::Senco)).await?;
    assert!(world.person(&own, "new", "").status().await.is_ok(), "at once");
    let twice = head.directory().add_member(add(&own, "new", MemberRole::Senco)).await;
    refused(twice, Code::AlreadyExists, reason::MEMBER_ALREADY_ADDED);
    let other = world.id(House::Stranger);
    not_found(head.directory().add_member(add(other, "spy", MemberRole::Senco)).await);
    let above = head.directory().add_member(add(&own, "chief", MemberRole::Operator)).await;
    refused(above, Code::FailedPrecondition, reason::ROLE_NOT_FOR_KIND);

    // From tomorrow on is not today; until yesterday is not any more.
    let later = directory::AddMemberRequest {
        from: Some(days_from_today(1)),
        ..add(&own, "later", MemberRole::Senco)
    };
    head.directory().add_member(later).await?;
    let early = world.person(&own, "later", "").status().await;
    refused(early, Code::PermissionDenied, reason::NOT_A_MEMBER);
    let former = directory::AddMemberRequest {
        from: Some(days_from_today(-30)),
        until: Some(days_from_today(-1)),
        ..add(&own, "former", MemberRole::Senco)
    };
    head.directory().add_member(former).await?;
    let late = world.person(&own, "former", "").status().await;
    refused(late, Code::PermissionDenied, reason::NOT_A_MEMBER);

    let operator = world.operator();
    let last = directory::RemoveMemberRequest {
        request_id: request_id(),
        organisation_id: operator.organisation.clone(),
        member_id: operator.member.clone(),
        ..Default::default()
    };
    let last = operator.directory().remove_member(last).await;
    refused(last, Code::FailedPrecondition, reason::LAST_OPERATOR);
    Ok(())
}
