//! Nothing about a learner where it does not belong: subjects, headers, public parts, tables, program log.

use std::collections::BTreeSet;
use std::path::Path;

use async_nats::jetstream::{self, consumer};
use futures::StreamExt;
use onward_contract::event::v1::CarriedEvent;
use onward_contract::handover::v1::HandoverWithdrawReason;
use onward_tests::actors::{NOW, Operator};
use onward_tests::builders::{Child, nhs_number, pack, phase_transfer, referral, request_id, urn};
use onward_tests::servers::until;
use onward_tests::world::{House, World};
use prost::Message;
use sqlx::{Connection, PgConnection, Row};

mod nothing_is_said_of_a_learner_where_it_does_not_belong {
    use onward_tests::world::{Setup, World};

    #[tokio::test]
    async fn on_sqlite() -> anyhow::Result<()> {
        super::nothing_is_said(World::start(Setup::SQLITE.with_nats()).await?).await
    }

    #[tokio::test]
    async fn on_postgres() -> anyhow::Result<()> {
        super::nothing_is_said(World::start(Setup::POSTGRES.with_nats()).await?).await
    }
}

async fn nothing_is_said(mut world: World) -> anyhow::Result<()> {
    let (child, infant) = (Child::of_year_6(), Child::of_nursery());
    let mut secrets: BTreeSet<String> =
        child.secrets().into_iter().chain(infant.secrets()).collect();
    secrets
        .extend(["Rosalind", "visual timetable", "fifty words", "Twenty hours"].map(str::to_owned));
    secrets.extend([nhs_number(), "ZZ99 1AA".to_owned(), "07700 900201".to_owned()]);
    everything_happens(&world, &child, &infant).await?;
    let operator = world.operator();
    copied(&operator).await?;
    the_bus_is_silent(&world, &secrets).await?;
    the_log_shows_public_parts_only(&operator, &secrets).await?;
    if let Some(url) = world.postgres_url() {
        the_tables_are_silent(url, &secrets).await?;
    }
    // At the end, when nothing is in memory any more and everything is in files.
    let stopped = world.stop().await?;
    let said: String = stopped.into_iter().map(|process| process.stderr).collect();
    silent("the program log", said.as_bytes(), &secrets);
    the_files_are_silent(&world.data(), &secrets)
}

/// Writes, reads, and refusals: all that could let something slip.
async fn everything_happens(world: &World, child: &Child, infant: &Child) -> anyhow::Result<()> {
    let school = world.senco(House::Primary).await?;
    let secondary = world.provider(House::Secondary).await?;
    let nursery = world.senco(House::Nursery).await?;
    let learner = school.register(child).await?.learner_id;
    let (from, to) = (urn(House::Primary.number()), urn(House::Secondary.number()));
    let move_ = school.record(phase_transfer(&learner, from, to)).await?.transition_id;
    school.confirm(&move_).await?;
    let draft = pack(&secondary.organisation, Some(&move_));
    let handover = school.draft(&learner, draft.clone()).await?.handover_id;
    school.release(&handover).await?;
    secondary.inbox(NOW).await?;
    secondary.open(&handover).await?;
    school.withdraw(&handover, HandoverWithdrawReason::SentInError).await?;
    let again = school.draft(&learner, draft).await?.handover_id;
    school.release(&again).await?;
    secondary.open(&again).await?;
    secondary.accept(&again, None).await?;
    school.timeline(&learner, NOW).await?;

    let own = nursery.register(infant).await?.learner_id;
    let mut request = referral(&own);
    request.form.get_or_insert_default().nhs_number = nhs_number();
    let id = nursery.refer(request).await?.referral_id;
    nursery.referral(&id, NOW).await?;

    // Refusals of every sort, with the same words in them.
    assert!(school.register(child).await.is_err(), "she is registered");
    let mut faulty = child.register();
    faulty.details.get_or_insert_default().postcode = child.surname.repeat(12);
    assert!(school.learners().register_learner(faulty).await.is_err());
    let mut wrong = child.register();
    wrong.identifiers[0].value = format!("{}X", child.upn.clone().unwrap_or_default());
    assert!(school.learners().register_learner(wrong).await.is_err());
    let mut reused = child.register();
    reused.request_id = request_id();
    reused.external_ref = Some(child.surname.to_owned());
    assert!(nursery.learners().register_learner(reused.clone()).await.is_ok());
    reused.external_ref = Some(child.forename.to_owned());
    assert!(nursery.learners().register_learner(reused).await.is_err());
    Ok(())
}

/// Waits until the bus has all that the log has; answers how much that is.
pub(super) async fn copied(operator: &Operator) -> anyhow::Result<u64> {
    let head = operator.head().await?.parse()?;
    until("the copy on the bus", || async {
        let bus = operator.status().await?.bus.unwrap_or_default();
        Ok((bus.last_sequence >= head).then_some(()))
    })
    .await?;
    Ok(head)
}

/// Every message of the bus, in order.
pub(super) async fn messages(world: &World, count: u64) -> anyhow::Result<Vec<jetstream::Message>> {
    let bus = world.operator().status().await?.bus.unwrap_or_default();
    let context = jetstream::new(world.nats().client().await?);
    let stream = context.get_stream(&bus.stream).await?;
    let ordered = consumer::pull::OrderedConfig::default();
    let mut messages = stream.create_consumer(ordered).await?.messages().await?;
    let mut read = Vec::new();
    while (read.len() as u64) < count {
        read.push(messages.next().await.expect("the stream goes on")?);
    }
    Ok(read)
}

async fn the_bus_is_silent(world: &World, secrets: &BTreeSet<String>) -> anyhow::Result<()> {
    let head = world.operator().head().await?.parse()?;
    for message in messages(world, head).await? {
        silent("a subject", message.subject.as_bytes(), secrets);
        let headers = format!("{:?}", message.headers);
        silent("a header", headers.as_bytes(), secrets);
        let body = CarriedEvent::decode(message.payload.clone())?;
        silent("a public part", &body.public_part, secrets);
        silent("a body", &message.payload, secrets);
    }
    Ok(())
}

async fn the_log_shows_public_parts_only(
    operator: &Operator,
    secrets: &BTreeSet<String>,
) -> anyhow::Result<()> {
    let records = operator.log_after("").await?;
    let head: usize = operator.head().await?.parse()?;
    assert!(records.len() >= head, "all of it");
    for record in records {
        silent("what tail shows", format!("{record:?}{}", record.public_json).as_bytes(), secrets);
    }
    Ok(())
}

async fn the_tables_are_silent(url: &str, secrets: &BTreeSet<String>) -> anyhow::Result<()> {
    let mut sql = PgConnection::connect(url).await?;
    let tables = sqlx::query(
        "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables \
         WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
    )
    .fetch_all(&mut sql)
    .await?;
    assert!(tables.len() > 10, "log and views");
    for table in tables {
        let table: String = table.get("name");
        // Bytes come as hexadecimal text: both spellings of a secret are looked for.
        let query = sqlx::AssertSqlSafe(format!("SELECT t::text AS row FROM {table} t"));
        for row in sqlx::query(query).fetch_all(&mut sql).await? {
            let row: String = row.get("row");
            silent(&table, row.as_bytes(), secrets);
            let spelt: BTreeSet<String> = secrets.iter().map(hex::encode).collect();
            silent(&table, row.as_bytes(), &spelt);
        }
    }
    Ok(())
}

fn the_files_are_silent(folder: &Path, secrets: &BTreeSet<String>) -> anyhow::Result<()> {
    let mut seen = 0;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            the_files_are_silent(&path, secrets)?;
        } else {
            silent(&path.display().to_string(), &std::fs::read(&path)?, secrets);
        }
        seen += 1;
    }
    assert!(seen > 0, "there are files in {}", folder.display());
    Ok(())
}

/// Insists that none of the secrets is in these bytes. What is found is not printed.
pub(super) fn silent(place: &str, bytes: &[u8], secrets: &BTreeSet<String>) {
    for (number, secret) in secrets.iter().enumerate() {
        let secret = secret.as_bytes();
        let found = bytes.windows(secret.len()).any(|window| window == secret);
        assert!(!found, "secret {number} is in {place}");
    }
}
