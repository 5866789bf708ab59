//! `kill -9` while an erasure is carried through: the next start goes on from wherever it was, and the same
//! request gets its certificate.

use onward_contract::access::v1::MemberRole;
use onward_contract::operations::v1 as wire;
use onward_tests::actors::{Member, NOW};
use onward_tests::builders::{Child, request_id};
use onward_tests::dice::{Dice, Seed, rounds};
use onward_tests::servers::until;
use onward_tests::world::{House, Setup, World};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};
use uuid::Uuid;

/// How far it has come when it is killed, at least.
#[derive(Debug, Clone, Copy)]
enum Until {
    /// It is recorded: from there on there is no way back.
    Recorded,
    /// It is on the list that no backup brings back.
    Listed,
    /// The key is overwritten.
    Destroyed,
    /// Nothing is left to do but to answer.
    Done,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_is_carried_through_on_sqlite() -> anyhow::Result<()> {
    killed_while_it_is_carried_through(World::start(Setup::SQLITE).await?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_is_carried_through_on_postgres() -> anyhow::Result<()> {
    killed_while_it_is_carried_through(World::start(Setup::POSTGRES).await?).await
}

async fn killed_while_it_is_carried_through(mut world: World) -> anyhow::Result<()> {
    let (seed, mut dice) = Seed::of("erasures");
    let first = world.operator().0;
    let second = world.member_of(&first.organisation, &[MemberRole::Operator]).await?;
    let mut gone = Vec::new();
    for _ in 0..rounds(1, 6) {
        for until in [Until::Recorded, Until::Listed, Until::Destroyed, Until::Done] {
            gone.push(one(&mut world, (&first, &second), until, &mut dice).await?);
        }
    }
    let list = std::fs::read_to_string(world.data().join("keys/erased"))?;
    let listed: Vec<&str> = list.lines().collect();
    assert!(gone.iter().all(|id| listed.iter().filter(|line| *line == id).count() == 1), "{list}");
    assert_eq!(count(&world, "SELECT COUNT(*) FROM log_erasing").await?, 0);
    world.stop().await?;
    seed.passed();
    Ok(())
}

/// An erasure looks through the key store's files. Closing a descriptor of a SQLite file takes away the locks
/// that the process has on it: then whoever else opens and closes the store (a backup, another server) removes
/// the write-ahead log that this one goes on writing to, and keys that were made durable are gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_closes_the_key_store_after_an_erasure_takes_no_key_away() -> anyhow::Result<()> {
    let mut world = World::start(Setup::SQLITE).await?;
    let first = world.operator().0;
    let second = world.member_of(&first.organisation, &[MemberRole::Operator]).await?;
    let school = world.senco(House::Primary).await?;
    let gone = school.register(&Child::of_year_6()).await?.learner_id;
    world
        .person(&first.organisation, &first.subject, &first.member)
        .operations()
        .request_erasure(asked(&gone))
        .await?;
    let confirmation = wire::ConfirmErasureRequest {
        request_id: request_id(),
        learner_id: gone.clone(),
        ..Default::default()
    };
    second.operations().confirm_erasure(confirmation).await?;
    // Another process comes and goes.
    assert_eq!(wrapped(&world, &gone).await?, None);
    let kept = school.register(&Child::of_year_6()).await?.learner_id;
    world.kill().await?;
    world.restart().await?;
    assert!(wrapped(&world, &kept).await?.is_some(), "its key was made durable before its record");
    let school = world.senco(House::Primary).await?;
    assert_eq!(school.timeline(&kept, NOW).await?.happened()[0], "learner_registered");
    world.stop().await?;
    Ok(())
}

fn asked(learner: &str) -> wire::RequestErasureRequest {
    wire::RequestErasureRequest {
        request_id: request_id(),
        learner_id: learner.to_owned(),
        ground: wire::ErasureGround::ObjectionUpheld.into(),
        reason: "Asked for, and rightly".to_owned(),
        ..Default::default()
    }
}

/// Erases one child, and kills the server on the way.
async fn one(
    world: &mut World,
    (first, second): (&Member, &Member),
    point: Until,
    dice: &mut Dice,
) -> anyhow::Result<String> {
    let again =
        |world: &World, who: &Member| world.person(&who.organisation, &who.subject, &who.member);
    let school = world.senco(House::Primary).await?;
    let learner = school.register(&Child::of_year_6()).await?.learner_id;
    again(world, first).operations().request_erasure(asked(&learner)).await?;
    let request = wire::ConfirmErasureRequest {
        request_id: request_id(),
        learner_id: learner.clone(),
        ..Default::default()
    };
    let before = count(world, "SELECT COUNT(*) FROM log_erased").await?;
    let call = {
        let (second, request) = (again(world, second), request.clone());
        tokio::spawn(async move { second.operations().confirm_erasure(request).await })
    };
    reached(world, point, &learner, before).await?;
    // A little further, by chance.
    for _ in 0..dice.below(200) {
        tokio::task::yield_now().await;
    }
    world.kill().await?;
    // It may have been answered just before.
    let answered = call.await?.ok().map(tonic::Response::into_inner);
    world.restart().await?;
    // The start itself goes on, before it serves: nobody has to ask again.
    assert_eq!(wrapped(world, &learner).await?, None, "{point:?}: the key is gone");
    assert_eq!(count(world, "SELECT COUNT(*) FROM log_erasing").await?, 0, "{point:?}");
    let second = again(world, second);
    let certificate = second.operations().confirm_erasure(request).await?.into_inner();
    assert!(answered.is_none_or(|answered| answered == certificate), "{point:?}: another answer");
    let records: Vec<&str> =
        certificate.records.iter().map(|record| record.learner_id.as_str()).collect();
    assert_eq!(records, [learner.as_str()], "{point:?}");
    let school = world.senco(House::Primary).await?;
    assert_eq!(school.timeline(&learner, NOW).await?.happened(), ["learner_erased"], "{point:?}");
    Ok(learner)
}

/// Waits until the erasure has come so far.
async fn reached(world: &World, point: Until, learner: &str, before: i64) -> anyhow::Result<()> {
    until(&format!("{point:?}"), || async {
        let there = match point {
            Until::Recorded => count(world, "SELECT COUNT(*) FROM log_erased").await? > before,
            Until::Listed => {
                let list = std::fs::read_to_string(world.data().join("keys/erased"));
                list.unwrap_or_default().lines().any(|line| line == learner)
            }
            Until::Destroyed => wrapped(world, learner).await?.is_none(),
            Until::Done => {
                count(world, "SELECT COUNT(*) FROM log_erased").await? > before
                    && count(world, "SELECT COUNT(*) FROM log_erasing").await? == 0
            }
        };
        Ok(there.then_some(()))
    })
    .await
}

async fn count(world: &World, query: &'static str) -> anyhow::Result<i64> {
    Ok(match world.postgres_url() {
        Some(url) => {
            let mut sql = PgConnection::connect(url).await?;
            sqlx::query_scalar(query).fetch_one(&mut sql).await?
        }
        None => {
            let log = SqliteConnectOptions::new().filename(world.data().join("log.db"));
            sqlx::query_scalar(query).fetch_one(&mut log.connect().await?).await?
        }
    })
}

async fn wrapped(world: &World, learner: &str) -> anyhow::Result<Option<Vec<u8>>> {
    let keys = SqliteConnectOptions::new().filename(world.data().join("keys/learner-keys.db"));
    let query = sqlx::query_scalar("SELECT wrapped FROM subject_key WHERE subject = $1");
    Ok(query.bind(learner.parse::<Uuid>()?).fetch_one(&mut keys.connect().await?).await?)
}
