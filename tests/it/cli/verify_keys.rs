//! `onward verify` and the look-up keys: who is a member, who is party to what.

use onward_contract::directory::v1::RemoveMemberRequest;
use onward_contract::reason;
use onward_tests::actors::Senco;
use onward_tests::builders::{Child, pack, phase_transfer, request_id, urn};
use onward_tests::expect::refused;
use onward_tests::world::{House, Setup, World};
use tonic::Code;

use super::verify::{alter, verify};

async fn good(world: &World) -> anyhow::Result<u64> {
    let rows = verify(world, &["--no-views"]).await?.done().rows();
    let row = rows.iter().find(|row| row["check"] == "look-ups").cloned().unwrap_or_default();
    assert_eq!(row["outcome"], "good", "{rows:?}");
    Ok(row["rows"].as_u64().unwrap_or_default())
}

/// Does this to the keys, asks what is found, and puts them back.
async fn found(world: &World, what: &'static str, words: &[&str]) -> anyhow::Result<()> {
    alter(world, "CREATE TABLE before AS SELECT * FROM log_key").await?;
    assert!(alter(world, what).await? > 0, "{what}");
    let said = verify(world, &["--no-views"]).await?;
    said.refused(&[&["look-ups"], words].concat());
    alter(world, "DELETE FROM log_key").await?;
    alter(world, "INSERT INTO log_key SELECT * FROM before").await?;
    alter(world, "DROP TABLE before").await?;
    Ok(())
}

/// A handover that was released to the secondary school; the receiver's party to it.
async fn released(world: &World, school: &Senco) -> anyhow::Result<String> {
    let secondary = world.provider(House::Secondary).await?;
    let learner = school.register(&Child::of_year_6()).await?.learner_id;
    let (from, to) = (urn(House::Primary.number()), urn(House::Secondary.number()));
    let moved = school.record(phase_transfer(&learner, from, to)).await?.transition_id;
    school.confirm(&moved).await?;
    let draft = pack(&secondary.organisation, Some(&moved));
    let handover = school.draft(&learner, draft).await?.handover_id;
    school.release(&handover).await?;
    Ok(handover)
}

async fn keys_are_held_to_the_events(setup: Setup) -> anyhow::Result<()> {
    let world = World::start(setup).await?;
    let school = world.senco(House::Primary).await?;
    released(&world, &school).await?;
    let keys = good(&world).await?;
    assert!(keys > 50, "houses, members, a learner, a move and a handover: {keys}");

    // Somebody is removed, and whoever can write to the database puts her rows back.
    let eve = world.senco(House::Primary).await?;
    alter(&world, "CREATE TABLE kept AS SELECT * FROM log_key").await?;
    let remove = RemoveMemberRequest {
        request_id: request_id(),
        organisation_id: eve.organisation.clone(),
        member_id: eve.member.clone(),
        ..Default::default()
    };
    world.operator().directory().remove_member(remove).await?;
    refused(eve.status().await, Code::PermissionDenied, reason::NOT_A_MEMBER);
    assert_eq!(good(&world).await?, keys, "her keys are gone");
    let back = "INSERT INTO log_key SELECT * FROM kept EXCEPT SELECT * FROM log_key";
    found(&world, back, &["a membership", &eve.member, "no event"]).await?;

    // Every other way in or out.
    let gone = "DELETE FROM log_key WHERE scope = 8";
    found(&world, gone, &["a party", "missing"]).await?;
    let members = "DELETE FROM log_key WHERE scope = 5";
    found(&world, members, &["a membership", "missing"]).await?;
    let longer = "UPDATE log_key SET valid_until = 29990101 WHERE scope = 5";
    found(&world, longer, &["a membership"]).await?;
    let number = "UPDATE log_key SET scope = 2 WHERE scope = 1";
    found(&world, number, &["an organisation's own key", "no event"]).await?;
    let another =
        "UPDATE log_key SET stream = (SELECT MIN(stream) FROM log_stream) WHERE scope = 4";
    let another = match setup {
        // There is no smallest UUID on older servers.
        Setup { backend: onward_tests::world::Backend::Postgres, .. } => {
            "UPDATE log_key SET stream = (SELECT stream FROM log_event WHERE position = 1) \
             WHERE scope = 4"
        }
        _ => another,
    };
    found(&world, another, &["a live handover", "another stream"]).await?;
    let nobodys = "UPDATE log_key SET stream = slot WHERE scope = 7 AND valid_from IS NOT NULL";
    found(&world, nobodys, &["an organisation's number"]).await?;
    good(&world).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_held_to_the_events_on_sqlite() -> anyhow::Result<()> {
    keys_are_held_to_the_events(Setup::SQLITE).await
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_held_to_the_events_on_postgres() -> anyhow::Result<()> {
    keys_are_held_to_the_events(Setup::POSTGRES).await
}

/// Without the learners' keys it is said that these were not looked at.
#[tokio::test(flavor = "multi_thread")]
async fn without_keys_it_is_said_that_they_were_not_checked() -> anyhow::Result<()> {
    let mut world = World::start(Setup::SQLITE).await?;
    world.stop().await?;
    std::fs::rename(world.data().join("keys"), world.data().join("elsewhere"))?;
    let rows = verify(&world, &["--no-views"]).await?.done().rows();
    let row = |check: &str| rows.iter().find(|row| row["check"] == check).cloned();
    for check in ["look-ups", "proven"] {
        assert_eq!(row(check).unwrap_or_default()["outcome"], "not checked", "{rows:?}");
    }
    Ok(())
}

/// Without being told of any checkpoint, the log is held to the newest that lies in the data folder: an older
/// copy is found, until somebody stands by it.
#[tokio::test(flavor = "multi_thread")]
async fn an_older_copy_is_found_until_it_is_accepted() -> anyhow::Result<()> {
    let mut world = World::start(Setup::SQLITE).await?;
    let school = world.senco(House::Primary).await?;
    school.register(&Child::of_year_6()).await?;
    world.stop().await?;
    let rows = verify(&world, &["--no-views"]).await?.done().rows();
    let proven = rows.iter().find(|row| row["check"] == "proven").cloned().unwrap_or_default();
    assert!(proven["note"].as_str().is_some_and(|note| note.contains("newest.checkpoint")));
    assert!(proven["rows"].as_u64() > Some(10), "{proven}");
    let (log, kept) = (world.data().join("log.db"), world.data().join("kept.db"));
    std::fs::copy(&log, &kept)?;

    world.restart().await?;
    let school = Senco(school.over(world.channels()[0].clone()));
    school.register(&Child::of_year_11()).await?;
    world.stop().await?;
    verify(&world, &["--no-views"]).await?.done();
    std::fs::rename(&kept, &log)?;
    verify(&world, &["--no-views"]).await?.refused(&["checkpoints", "the log is shorter"]);

    let data = world.data().to_string_lossy().into_owned();
    super::onward(&["log", "accept-restore", "--data", &data]).await?.done();
    let rows = verify(&world, &["--no-views"]).await?.done().rows();
    assert!(rows.iter().all(|row| row["outcome"] == "good"), "{rows:?}");
    Ok(())
}
