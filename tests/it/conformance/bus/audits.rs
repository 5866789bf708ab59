//! The audit: round after round, every message of the copy is compared with the log. Damage inside is found
//! within one round, and ends the incarnation.

use std::time::Duration;

use async_nats::{HeaderMap, HeaderName};
use onward_bus::{AuditFault, Auditor, Bus, BusOptions, StreamFeed};
use onward_log::{CopyNote, Feed, Position};
use onward_tests::servers::{Nats, until};
use onward_tests::world::Backend;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::ground::Ground;
use super::world::*;

/// Changes one byte after this text in a file of the server's.
pub(super) fn damage(store: &std::path::Path, after: &str) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(store)? {
        let path = entry?.path();
        if path.is_dir() {
            damage(&path, after)?;
            continue;
        }
        let mut bytes = std::fs::read(&path)?;
        let found = bytes.windows(after.len()).position(|part| part == after.as_bytes());
        if let Some(at) = found {
            bytes[at + after.len() - 1] ^= 1;
            std::fs::write(&path, bytes)?;
        }
    }
    Ok(())
}

/// A running auditor.
struct Auditing {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Auditing {
    fn start(bus: &Bus) -> Self {
        let stop = CancellationToken::new();
        let task = tokio::spawn(Auditor::new(bus.clone()).run(stop.clone()));
        Self { stop, task }
    }

    async fn stop(self) -> anyhow::Result<()> {
        self.stop.cancel();
        soon("the end of the auditor", self.task).await??;
        Ok(())
    }
}

/// Rounds follow each other without a pause.
fn restless(options: &mut BusOptions) {
    watchful(options);
    options.audit_every = Duration::ZERO;
    options.audit_rate = 1_000_000;
}

/// Rounds follow each other, and reach what has been appended meanwhile.
async fn rounds_follow_each_other(backend: Backend) -> anyhow::Result<()> {
    let ground = Ground::on(backend).await?;
    let copied = Copied::on(&ground, Nats::start().await?, restless).await?;
    let auditing = Auditing::start(&copied.bus);
    append(&copied.log, 400).await?;
    append(&copied.log, 300).await?;
    let whole = |to: u64| {
        move |now: &onward_bus::BusStatus| {
            now.audit.ended_at.is_some() && now.audit.position.get() == to
        }
    };
    let first = copied.told("a whole round", whole(700)).await?.audit;
    append(&copied.log, 100).await?;
    let next = copied.told("a later one", whole(800)).await?.audit;
    assert!(next.rounds > first.rounds && next.incarnation == 1, "{first:?}, {next:?}");
    auditing.stop().await?;
    // Whoever looks next knows, without an auditor of its own.
    assert_eq!(copied.log.copy_state().await?.audit.position.get(), 800);
    copied.stop().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn rounds_follow_each_other_on_sqlite() -> anyhow::Result<()> {
    rounds_follow_each_other(Backend::Sqlite).await
}

#[tokio::test(flavor = "multi_thread")]
async fn rounds_follow_each_other_on_postgres() -> anyhow::Result<()> {
    rounds_follow_each_other(Backend::Postgres).await
}

/// A stream filled by somebody with our own messages but for one that was altered: its end is the log's, and
/// only the chain shows it. Nobody relays.
async fn forge(copied: &Copied, at: u64) -> anyhow::Result<()> {
    let name = copied.bus.status().borrow().stream.clone().expect("it has a name");
    let held = messages(&copied.streams().await?, &name).await?;
    replace(copied, &name, held, |message| {
        if message.sequence == at {
            message.payload[5] ^= 1;
        }
    })
    .await
}

/// The stream made again with these messages, each as `alter` leaves it.
async fn replace(
    copied: &Copied,
    name: &str,
    held: Vec<Held>,
    alter: impl Fn(&mut Held),
) -> anyhow::Result<()> {
    let streams = copied.streams().await?;
    let config = streams.get_stream(name).await?.cached_info().config.clone();
    streams.delete_stream(name).await?;
    streams.create_stream(config).await?;
    for mut message in held {
        alter(&mut message);
        let mut headers = HeaderMap::new();
        // What the server keeps of the batch is not the forger's to send.
        let is_servers = |name: &HeaderName| name.to_string().starts_with("Nats-");
        for (header, values) in message.headers.iter().filter(|(name, _)| !is_servers(name)) {
            values.iter().for_each(|value| headers.append(header.clone(), value.clone()));
        }
        let (subject, payload) = (message.subject, message.payload.into());
        streams.publish_with_headers(subject, headers, payload).await?.await?;
    }
    Ok(())
}

/// A copy with a forged message, over which nobody relays.
async fn forged(ground: &Ground, at: u64) -> anyhow::Result<Copied> {
    let mut copied = Copied::on(ground, Nats::start().await?, restless).await?;
    append(&copied.log, 40).await?;
    copied.is_equal().await?;
    let relay = std::mem::replace(&mut copied.relay, Running::none());
    relay.stop().await?;
    forge(&copied, at).await?;
    Ok(copied)
}

/// On demand it names the place; a follower reads the log from there, and tells everybody.
#[tokio::test]
async fn a_forged_message_is_found_by_the_audit_and_by_followers() -> anyhow::Result<()> {
    let copied = forged(&Ground::on(Backend::Sqlite).await?, 17).await?;
    match copied.bus.audit().await {
        Err(AuditFault::Differs { position, .. }) => assert_eq!(position.get(), 17),
        other => panic!("{other:?}"),
    }
    let mut feed = StreamFeed::new(copied.bus.clone(), Position::START);
    let mut read = Vec::new();
    while read.len() < 40 {
        read.extend(soon("the next events", feed.next(10)).await??);
    }
    assert_eq!(read, everything(&copied.log, Position::START).await?);
    copied.befell("does not follow").await?;
    copied.stop().await?;
    Ok(())
}

/// Whatever a message says beside the event's own bytes is compared too: others read nothing else.
#[tokio::test]
async fn an_altered_header_or_subject_is_found() -> anyhow::Result<()> {
    let mut copied =
        Copied::on(&Ground::on(Backend::Sqlite).await?, Nats::start().await?, restless).await?;
    append(&copied.log, 12).await?;
    copied.is_equal().await?;
    let relay = std::mem::replace(&mut copied.relay, Running::none());
    relay.stop().await?;
    let name = copied.bus.status().borrow().stream.clone().expect("it has a name");
    let held = messages(&copied.streams().await?, &name).await?;
    let other = uuid::Uuid::from_u128(7).to_string();
    let altered = [
        ("ce-specversion", "0.3"),
        ("ce-source", "urn:somebody:else"),
        ("ce-subject", &other),
        ("ce-id", &other),
        ("ce-type", "org.onward.learner.learner_registered.v9"),
        ("ce-time", "2026-01-01T00:00:00Z"),
        ("content-type", "text/plain"),
        ("onward-position", "00000000000000000008"),
        ("onward-partition", "63"),
        ("onward-partition-sequence", "999"),
        ("onward-hash", &"0".repeat(64)),
        ("the subject", "onward.v1.0.learner.somebody_elses"),
    ];
    for (what, value) in altered {
        replace(&copied, &name, held.clone(), |message| {
            if message.sequence != 7 {
            } else if what == "the subject" {
                message.subject = value.to_owned();
            } else {
                assert_ne!(message.headers.get(what).map(|had| had.as_str()), Some(value));
                message.headers.insert(what, value);
            }
        })
        .await?;
        match copied.bus.audit().await {
            Err(AuditFault::Differs { position, .. }) => assert_eq!(position.get(), 7, "{what}"),
            other => panic!("{what}: {other:?}"),
        }
    }
    replace(&copied, &name, held, |_| {}).await?;
    assert_eq!(copied.bus.audit().await?.last.get(), 12, "unaltered, it is whole");
    copied.stop().await?;
    Ok(())
}

/// The audit finds it, and the relay, which has looked at the end of the stream only, moves on.
async fn the_audit_ends_the_incarnation(backend: Backend) -> anyhow::Result<()> {
    let ground = Ground::on(backend).await?;
    let mut copied = forged(&ground, 23).await?;
    copied.relay = Running::start(&copied.bus);
    copied.told("the relay, which goes on with it", |now| now.relaying).await?;
    let auditing = Auditing::start(&copied.bus);
    copied.befell("ONWARD_1 is left").await?;
    let state = copied.log.copy_state().await?;
    let said = state.incident.map(|said| said.what).unwrap_or_default();
    assert!(said.contains("00000000000000000023"), "the place is named: {said}");
    assert_eq!(copied.is_equal().await?, "ONWARD_2");
    let whole =
        |now: &onward_bus::BusStatus| now.audit.incarnation == 2 && now.audit.position.get() == 40;
    copied.told("a round of the next incarnation", whole).await?;
    auditing.stop().await?;
    copied.stop().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_ends_a_damaged_incarnation_on_sqlite() -> anyhow::Result<()> {
    the_audit_ends_the_incarnation(Backend::Sqlite).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_ends_a_damaged_incarnation_on_postgres() -> anyhow::Result<()> {
    the_audit_ends_the_incarnation(Backend::Postgres).await
}

/// The database itself is altered: the copy is what shows it, and is not left for a new one that would not.
#[tokio::test(flavor = "multi_thread")]
async fn an_altered_log_does_not_cost_its_copy() -> anyhow::Result<()> {
    let ground = Ground::on(Backend::Postgres).await?;
    let copied = Copied::on(&ground, Nats::start().await?, restless).await?;
    append(&copied.log, 40).await?;
    copied.is_equal().await?;
    ground
        .alter("UPDATE log_event SET public_part = public_part || '\\x00' WHERE position = 23")
        .await?;
    match copied.bus.audit().await {
        Err(AuditFault::LogDiffers(position)) => assert_eq!(position.get(), 23),
        other => panic!("{other:?}"),
    }
    ground.alter("UPDATE log_event SET hash = sha256(hash) WHERE position = 11").await?;
    let auditing = Auditing::start(&copied.bus);
    copied.befell("run onward verify").await?;
    auditing.stop().await?;
    let state = copied.log.copy_state().await?;
    assert_eq!((state.condemned, state.incarnation), (None, 1));
    copied.stop().await?;
    Ok(())
}

/// A round that somebody else began goes on where it was: what lies before is the next round's.
#[tokio::test(flavor = "multi_thread")]
async fn a_round_goes_on_where_it_was() -> anyhow::Result<()> {
    let ground = Ground::on(Backend::Sqlite).await?;
    let copied = forged(&ground, 17).await?;
    let (position, until) = (Position::new(20), Position::new(40));
    copied.log.note_copy(CopyNote::Audited { incarnation: 1, position, until }).await?;
    let auditing = Auditing::start(&copied.bus);
    let over = |now: &onward_bus::BusStatus| now.audit.rounds == 1;
    let told = copied.told("the end of the round", over).await?;
    assert_eq!((told.audit.position.get(), told.audit.until.get()), (40, 0));
    // The next one begins at the first.
    copied.befell("00000000000000000017").await?;
    auditing.stop().await?;
    copied.stop().await?;
    Ok(())
}

/// A byte of an old message is changed in the files of a server that was stopped in order, and so does not
/// read them again: nobody but a reader of that very message would notice.
#[tokio::test(flavor = "multi_thread")]
async fn damage_on_the_disk_is_found_within_a_round() -> anyhow::Result<()> {
    let ground = Ground::on(Backend::Sqlite).await?;
    let mut copied = Copied::on(&ground, Nats::start().await?, restless).await?;
    append(&copied.log, 60).await?;
    copied.is_equal().await?;
    copied.nats.end()?;
    damage(&copied.nats.dir().join("store"), "onward-position: 00000000000000000030")?;
    copied.nats.restart().await?;
    let auditing = Auditing::start(&copied.bus);
    // Whatever the server makes of it: a message that it cannot bring, or a tail that it drops.
    copied.befell("ONWARD_1").await?;
    append(&copied.log, 1).await?;
    // The relay may have to hear of it first.
    until("a copy that is whole", || async { Ok(copied.is_equal().await.ok()) }).await?;
    let whole = |now: &onward_bus::BusStatus| now.audit.position.get() == 61;
    copied.told("a whole round", whole).await?;
    let audited = copied.bus.audit().await?;
    assert_eq!((audited.first.get(), audited.last.get()), (1, 61));
    auditing.stop().await?;
    copied.stop().await?;
    Ok(())
}
