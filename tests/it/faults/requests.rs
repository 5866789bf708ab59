//! One request id, many at once: a thousand callers, other bodies, other organisations.

use std::collections::BTreeSet;

use futures::future::join_all;
use onward_contract::access::v1::MemberRole;
use onward_contract::reason;
use onward_contract::transition::v1 as transition;
use onward_tests::actors::Senco;
use onward_tests::builders::{Child, phase_transfer, request_id, upn, urn};
use onward_tests::expect::{reason_of, refused};
use onward_tests::servers::Onward;
use onward_tests::world::{House, Setup, World};
use tonic::Code;
use tonic::transport::{Channel, Endpoint};

/// Calls at once.
const CALLS: usize = 1_000;
/// Connections that they share.
const CONNECTIONS: usize = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_at_once_on_sqlite() -> anyhow::Result<()> {
    a_thousand_at_once(&World::start(Setup::SQLITE).await?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_at_once_on_two_processes() -> anyhow::Result<()> {
    a_thousand_at_once(&World::start(Setup::POSTGRES.with_processes(2)).await?).await
}

async fn a_thousand_at_once(world: &World) -> anyhow::Result<()> {
    let school = world.senco(House::Primary).await?;
    let request = a_move(&school, 1).await?;
    let before: u64 = school.head().await?.parse()?;
    let doors = doors(world, &school)?;
    let calls = (0..CALLS).map(|call| {
        let (door, request) = (doors[call % doors.len()].clone(), request.clone());
        async move { door.record(request).await }
    });
    let answers = join_all(calls).await.into_iter().collect::<Result<Vec<_>, _>>()?;
    assert!(answers.iter().all(|answer| *answer == answers[0]), "a thousand equal answers");
    let after: u64 = school.head().await?.parse()?;
    assert_eq!(after, before + 1, "one event");
    Ok(())
}

/// Two bodies race for one id: one has it, whole, and the other has nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_bodies_race_for_one_id() -> anyhow::Result<()> {
    let world = World::start(Setup::POSTGRES.with_processes(2)).await?;
    let school = world.senco(House::Primary).await?;
    let one = a_move(&school, 1).await?;
    let other = transition::RecordTransitionRequest {
        request_id: one.request_id.clone(),
        ..a_move(&school, 2).await?
    };
    let before: u64 = school.head().await?.parse()?;
    let doors = doors(&world, &school)?;
    let calls = (0..200).map(|call| {
        let request = if call % 2 == 0 { one.clone() } else { other.clone() };
        let door = doors[call % doors.len()].clone();
        async move { (call % 2, door.record(request).await) }
    });
    let mut winners = BTreeSet::new();
    let mut receipts = Vec::new();
    for (body, answer) in join_all(calls).await {
        match answer {
            Ok(done) => {
                winners.insert(body);
                receipts.push(done);
            }
            Err(status) => {
                assert_eq!(status.code(), Code::AlreadyExists, "{status:?}");
                assert_eq!(reason_of(&status), reason::REQUEST_ID_REUSED);
            }
        }
    }
    assert_eq!((winners.len(), receipts.len()), (1, 100), "one body, all of its callers");
    assert!(receipts.iter().all(|receipt| *receipt == receipts[0]));
    let after: u64 = school.head().await?.parse()?;
    assert_eq!(after, before + 1, "one event");
    Ok(())
}

/// Ids are an organisation's own: the same one elsewhere is another, and tells nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_organisation_uses_the_same_id() -> anyhow::Result<()> {
    let world = World::start(Setup::SQLITE).await?;
    let school = world.senco(House::Primary).await?;
    let stranger = world.member(House::Stranger, &[MemberRole::Senco]).await?;
    let stranger = Senco(stranger);
    let mine = a_move(&school, 1).await?;
    let theirs = transition::RecordTransitionRequest {
        request_id: mine.request_id.clone(),
        ..a_move(&stranger, 2).await?
    };
    let (first, second) =
        tokio::join!(school.record(mine.clone()), stranger.record(theirs.clone()));
    let (first, second) = (first?, second?);
    assert_ne!(first.transition_id, second.transition_id);
    assert_eq!(school.record(mine.clone()).await?, first);
    assert_eq!(stranger.record(theirs).await?, second);
    // Somebody else's whole request, word for word: their record is not the stranger's to see.
    let copied = transition::RecordTransitionRequest { request_id: request_id(), ..mine };
    refused(stranger.record(copied).await, Code::NotFound, reason::NOT_FOUND);
    Ok(())
}

async fn a_move(
    school: &Senco,
    serial: u32,
) -> anyhow::Result<transition::RecordTransitionRequest> {
    let child = Child { upn: Some(upn(8000 + serial)), ..Child::of_year_6() };
    let learner = school.register(&child).await?.learner_id;
    let (from, to) = (urn(House::Primary.number()), urn(House::Secondary.number()));
    Ok(phase_transfer(&learner, from, to))
}

/// The same person on a few connections to each process.
fn doors(world: &World, school: &Senco) -> anyhow::Result<Vec<Senco>> {
    let mut doors = Vec::new();
    for channel in world.channels() {
        doors.push(Senco(school.over(channel.clone())));
    }
    let address = Onward::addr(world.server()).to_owned();
    for _ in doors.len()..CONNECTIONS {
        let channel: Channel = Endpoint::from_shared(address.clone())?.connect_lazy();
        doors.push(Senco(school.over(channel)));
    }
    Ok(doors)
}
