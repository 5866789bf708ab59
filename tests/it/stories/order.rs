//! One order: ten thousand events from 64 callers on two processes, without a gap anywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

use futures::future::try_join_all;
use onward_contract::event::v1::CarriedEvent;
use onward_contract::learner::v1 as learner;
use onward_contract::reason;
use onward_tests::actors::{Operator, Senco};
use onward_tests::builders::{Child, date, phase_transfer, request_id, upn, urn};
use onward_tests::expect::reason_of;
use onward_tests::world::{House, Setup, World};
use prost::Message;
use sqlx::{Connection, PgConnection};
use tonic::{Code, Status};
use uuid::Uuid;

use super::silence::{copied, messages, silent};

/// Events that the callers make before they rest.
const EVENTS: u64 = 10_000;
/// Callers at once.
const CALLERS: u32 = 64;
/// Records that several callers change at the same time.
const CONTESTED: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bus_has_every_position_of_the_log_in_its_place() -> anyhow::Result<()> {
    let world = World::start(Setup::POSTGRES.with_nats().with_processes(2)).await?;
    let operator = world.operator();
    sixty_four_callers_make_ten_thousand_events(&world).await?;
    let head = copied(&operator).await?;
    assert!(head >= EVENTS, "{head}");
    let hashes = the_log_has_no_gap(world.postgres_url().expect("PostgreSQL"), head).await?;
    the_bus_is_its_copy(&world, &hashes).await?;
    // Both processes' views come to the same end.
    for channel in world.channels() {
        let there = Operator(operator.over(channel.clone()));
        let at = there.head().await?;
        for view in there.views(&at).await? {
            assert_eq!((view.lag_events, view.parked), (0, 0), "{}", view.name);
        }
    }
    let secrets: BTreeSet<String> =
        [Child::of_year_6().secrets(), (0..64).map(|caller| upn(caller * 1000)).collect()]
            .concat()
            .into_iter()
            .collect();
    silent("the program log", world.program_log().as_bytes(), &secrets);
    Ok(())
}

async fn sixty_four_callers_make_ten_thousand_events(world: &World) -> anyhow::Result<()> {
    let school = world.senco(House::Primary).await?;
    let mut contested = Vec::new();
    for number in 0..CONTESTED {
        let serial = 90_000 + u32::try_from(number)?;
        let child = Child { upn: Some(upn(serial)), ..Child::of_year_6() };
        contested.push(school.register(&child).await?.learner_id);
    }
    let made = AtomicU64::new(0);
    let callers = (0..CALLERS).map(|caller| {
        let over = |at: u32| {
            let channel = world.channels()[at as usize % world.channels().len()].clone();
            Senco(school.over(channel))
        };
        let here = [over(caller), over(caller + 1)];
        let mine = contested[caller as usize % CONTESTED].clone();
        call(here, caller, mine, &made)
    });
    try_join_all(callers).await?;
    Ok(())
}

/// One caller's work: a child, its move, its confirmation, and a change to a record that others change.
async fn call(
    here: [Senco; 2],
    caller: u32,
    contested: String,
    made: &AtomicU64,
) -> anyhow::Result<()> {
    for round in 0_u32.. {
        if made.load(Ordering::Relaxed) >= EVENTS {
            break;
        }
        let [one, other] = &here;
        let child = Child { upn: Some(upn(caller * 1000 + round)), ..Child::of_year_6() };
        let registered = one.learners().register_learner(with_history(&child)).await?.into_inner();
        let (from, to) = (urn(House::Primary.number()), urn(House::Secondary.number()));
        let recorded = other.record(phase_transfer(&registered.learner_id, from, to)).await?;
        let confirmed = one.confirm(&recorded.transition_id).await?;
        let changed = change(other, &contested, caller, round).await?;
        let receipts = [registered.receipt, recorded.receipt, confirmed.receipt, changed];
        let events: usize = receipts.into_iter().flatten().map(|one| one.event_ids.len()).sum();
        made.fetch_add(events as u64, Ordering::Relaxed);
    }
    Ok(())
}

/// A child with a long history: a dozen spells of support, an event each.
fn with_history(child: &Child) -> learner::RegisterLearnerRequest {
    let mut request = child.register();
    request.sen_provisions = (1..=12)
        .map(|month| learner::SenProvision {
            provision_code: "K".to_owned(),
            start: Some(date(2024, month, 1)),
            end: Some(date(2024, month, 20)),
        })
        .collect();
    request
}

/// Changes a contested record. Who loses too often is told so, and sends the same request again.
async fn change(
    school: &Senco,
    contested: &str,
    caller: u32,
    round: u32,
) -> Result<Option<onward_contract::receipt::v1::Receipt>, Status> {
    let request = learner::AmendLearnerRequest {
        request_id: request_id(),
        learner_id: contested.to_owned(),
        details: Some(learner::LearnerDetailsChange {
            home_language: Some(format!("Language {caller} {round}")),
            ..Default::default()
        }),
        ..Default::default()
    };
    loop {
        match school.learners().amend_learner(request.clone()).await {
            Ok(reply) => return Ok(reply.into_inner().receipt),
            Err(status)
                if status.code() == Code::Aborted
                    && reason_of(&status) == reason::TOO_MUCH_CONTENTION => {}
            Err(status) => return Err(status),
        }
    }
}

/// Position, stream, version, partition, sequence within it, event id, hash.
type Stored = (i64, Uuid, i64, i16, i64, Uuid, Vec<u8>);

/// Positions 1…n, each stream's versions 1…n, each partition's sequence 1…n, as the log's table has
/// them; answers the hashes.
async fn the_log_has_no_gap(url: &str, head: u64) -> anyhow::Result<Vec<String>> {
    let mut sql = PgConnection::connect(url).await?;
    let events: Vec<Stored> = sqlx::query_as(
        "SELECT position, stream, version::bigint, partition_no, \
         partition_sequence::bigint, event_id, hash FROM log_event ORDER BY position",
    )
    .fetch_all(&mut sql)
    .await?;
    assert!(events.len() as u64 >= head);
    let mut versions: BTreeMap<Uuid, i64> = BTreeMap::new();
    let mut partitions: BTreeMap<i16, i64> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    let mut hashes = Vec::new();
    for (expected, event) in (1_i64..).zip(events) {
        let (position, stream, version, partition, sequence, id, hash) = event;
        assert_eq!(position, expected, "no position is left out");
        let last = versions.entry(stream).or_default();
        *last += 1;
        assert_eq!(version, *last, "at {position}");
        let last = partitions.entry(partition).or_default();
        *last += 1;
        assert_eq!(sequence, *last, "at {position}");
        assert!(ids.insert(id), "an event twice, at {position}");
        hashes.push(hex::encode(hash));
    }
    assert!(partitions.len() > 60, "spread over the partitions");
    hashes.truncate(usize::try_from(head)?);
    Ok(hashes)
}

/// Stream sequence = position, and what is stored there is what the log has there.
async fn the_bus_is_its_copy(world: &World, hashes: &[String]) -> anyhow::Result<()> {
    let secrets: BTreeSet<String> = Child::of_year_6().secrets().into_iter().take(3).collect();
    let messages = messages(world, hashes.len() as u64).await?;
    let mut versions: BTreeMap<String, u64> = BTreeMap::new();
    for (position, (message, hash)) in (1_u64..).zip(messages.iter().zip(hashes)) {
        let info = message.info().map_err(|error| anyhow::anyhow!("{error}"))?;
        assert_eq!(info.stream_sequence, position);
        let header = |name: &str| {
            let headers = message.headers.as_ref().expect("every event has headers");
            headers.get(name).map(ToString::to_string).unwrap_or_default()
        };
        assert_eq!(header("onward-position"), format!("{position:020}"));
        assert_eq!(header("onward-hash"), *hash);
        assert!(header("ce-type").starts_with("org.onward."), "{}", header("ce-type"));
        let body = CarriedEvent::decode(message.payload.clone())?;
        let version = versions.entry(header("ce-subject")).or_default();
        *version += 1;
        assert_eq!(body.stream_version, *version, "at {position}");
        silent("a subject", message.subject.as_bytes(), &secrets);
        silent("a header", format!("{:?}", message.headers).as_bytes(), &secrets);
        silent("a body", &message.payload, &secrets);
    }
    Ok(())
}
