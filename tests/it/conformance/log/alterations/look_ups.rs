//! Random alterations of the look-up keys of a house in which everything has happened once.

use std::collections::BTreeMap;
use std::io::Write;

use onward_contract::access::v1::MemberRole;
use onward_contract::directory::v1::RemoveMemberRequest;
use onward_contract::referral::v1::Priority;
use onward_log::{Inspection, Log, VerifyFault};
use onward_tests::builders::{
    Child, higher_education, pack, phase_transfer, referral, request_id, ukprn, urn,
};
use onward_tests::world::{House, Setup, World};
use sqlx::{Connection, PgConnection};

use super::super::place::sqlite;
use super::chance::Chance;
use super::from_environment;
use super::way::{self, Sql};

/// So many on SQLite; each costs a look at the whole log, opened.
const MANY: u64 = 400;
/// So many on PostgreSQL.
const SOME: u64 = 80;

/// Everything that claims a key, and somebody who was removed: her rows are kept in a table of their own.
async fn tell(world: &World, sql: &mut Sql) -> anyhow::Result<()> {
    let school = world.senco(House::Primary).await?;
    let secondary = world.provider(House::Secondary).await?;
    let nursery = world.senco(House::Nursery).await?;
    let triage = world.team(House::Yorkshire, MemberRole::Triage).await?;
    let learner = school.register(&Child::of_year_6()).await?.learner_id;
    let (from, to) = (urn(House::Primary.number()), urn(House::Secondary.number()));
    let moved = school.record(phase_transfer(&learner, from, to)).await?.transition_id;
    school.confirm(&moved).await?;
    let draft = pack(&secondary.organisation, Some(&moved));
    let handover = school.draft(&learner, draft).await?.handover_id;
    school.release(&handover).await?;
    secondary.open(&handover).await?;
    secondary.accept(&handover, None).await?;
    let student = school.register(&Child::of_year_13()).await?.learner_id;
    let university = ukprn(House::University.number());
    school.record(higher_education(&student, urn(House::Primary.number()), university)).await?;
    let waiting = nursery.register(&Child::of_nursery()).await?.learner_id;
    let referred = nursery.refer(referral(&waiting)).await?.referral_id;
    triage.read_form(&referred).await?;
    triage.take_in(&referred, Priority::Urgent).await?;
    let eve = world.senco(House::Primary).await?;
    sql.run("CREATE TABLE kept AS SELECT * FROM log_key").await?;
    let remove = RemoveMemberRequest {
        request_id: request_id(),
        organisation_id: eve.organisation.clone(),
        member_id: eve.member.clone(),
        ..Default::default()
    };
    world.operator().directory().remove_member(remove).await?;
    Ok(())
}

async fn alter(world: &World, sql: &mut Sql, count: u64) -> anyhow::Result<()> {
    let log = Log::look(world.options()).await?;
    let keys = sql.0.verify_look_ups(&log, |_| {}).await?.keys;
    assert!(keys > 60, "{keys}");
    let seed = from_environment("ONWARD_ALTERATIONS_SEED");
    let seed = seed.unwrap_or_else(|| uuid::Uuid::now_v7().as_u64_pair().1);
    let mut chance = Chance::new(seed);
    let (mut found, mut missed) = (BTreeMap::<&str, u64>::new(), Vec::new());
    let mut done = 0;
    while done < count {
        sql.run("BEGIN").await?;
        if let Some(altered) = way::alter_keys(sql, &mut chance).await? {
            done += 1;
            match sql.0.verify_look_ups(&log, |_| {}).await {
                Err(VerifyFault::LookUp { what, .. } | VerifyFault::Table(what)) => {
                    *found.entry(what).or_default() += 1;
                }
                other => missed.push(format!("{}: {other:?}", altered.what)),
            }
        }
        sql.run("ROLLBACK").await?;
    }
    let told = format!("{count} alterations of keys with seed {seed}, found by: {found:?}\n");
    std::io::stdout().lock().write_all(told.as_bytes())?;
    assert!(missed.is_empty(), "seed {seed}:\n{}", missed.join("\n"));
    assert_eq!(sql.0.verify_look_ups(&log, |_| {}).await?.keys, keys, "put back, it is good");
    log.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn alterations_of_look_up_keys_are_found_on_sqlite() -> anyhow::Result<()> {
    let mut world = World::start(Setup::SQLITE).await?;
    let path = world.data().join("log.db");
    tell(&world, &mut Sql(Inspection::of_sqlite(sqlite(&path).await?))).await?;
    world.stop().await?;
    let mut sql = Sql(Inspection::of_sqlite(sqlite(&path).await?));
    alter(&world, &mut sql, MANY).await
}

#[tokio::test(flavor = "multi_thread")]
async fn alterations_of_look_up_keys_are_found_on_postgres() -> anyhow::Result<()> {
    let mut world = World::start(Setup::POSTGRES).await?;
    let url = world.postgres_url().expect("on PostgreSQL").to_owned();
    let mut sql = Sql(Inspection::of_postgres(PgConnection::connect(&url).await?));
    tell(&world, &mut sql).await?;
    world.stop().await?;
    alter(&world, &mut sql, SOME).await
}
