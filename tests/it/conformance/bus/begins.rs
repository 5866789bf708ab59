//! What keeps a process from starting with a bus: a copy that may forget.

use std::time::Duration;

use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy};
use onward_bus::{Bus, BusError, BusOptions};
use onward_tests::servers::Nats;

use super::world::*;

/// One of ours, changed while nobody ran; and one that somebody made in its place.
#[tokio::test]
async fn a_stream_that_may_discard_old_messages_is_refused() -> anyhow::Result<()> {
    let copied = Copied::start().await?;
    append(&copied.log, 10).await?;
    let name = copied.is_equal().await?;
    let streams = copied.streams().await?;
    copied.relay.stop().await?;
    let (nats, log) = (copied.nats, copied.log);
    let start = || Bus::connect(BusOptions::new(nats.url()), log.clone());
    let made = streams.get_stream(&name).await?.cached_info().config.clone();

    /// What is told, and how the settings came to it.
    type Way = (&'static str, fn(&mut Config));
    let ways: [Way; 3] = [
        ("max_age", |config| config.max_age = Duration::from_secs(3_600)),
        ("discard: old", |config| config.discard = DiscardPolicy::Old),
        ("max_msgs_per_subject", |config| config.max_messages_per_subject = 1_000),
    ];
    for (said, change) in ways {
        let mut config = made.clone();
        change(&mut config);
        streams.update_stream(config).await?;
        let refused = start().await.err();
        assert!(matches!(refused, Some(BusError::Discards { .. })), "{said}: {refused:?}");
        let line = refused.map(|error| error.to_string()).unwrap_or_default();
        assert!(line.contains(&name) && line.contains(said) && !line.contains('\n'), "{line}");
    }
    streams.update_stream(made).await?;
    start().await?;

    streams.delete_stream(&name).await?;
    let config = Config {
        name: name.clone(),
        subjects: vec!["onward.v1.>".to_owned()],
        retention: RetentionPolicy::Interest,
        discard: DiscardPolicy::New,
        ..Config::default()
    };
    streams.create_stream(config).await?;
    assert!(matches!(start().await.err(), Some(BusError::Discards { .. })));
    log.close().await;
    Ok(())
}

/// Another log's copy, and a stream that only bears such a name aside from our subjects, are no concern.
#[tokio::test]
async fn what_is_not_ours_may_forget() -> anyhow::Result<()> {
    let nats = Nats::start().await?;
    let streams = async_nats::jetstream::new(nats.client().await?);
    let config = Config {
        name: "ONWARD_9".to_owned(),
        subjects: vec!["theirs.>".to_owned()],
        max_age: Duration::from_secs(60),
        metadata: [("onward-log".to_owned(), uuid::Uuid::now_v7().to_string())].into(),
        ..Config::default()
    };
    streams.create_stream(config).await?;
    let folder = tempfile::tempdir()?;
    let log = onward_log::Log::open(onward_log::Options::sqlite(folder.path())).await?;
    Bus::connect(BusOptions::new(nats.url()), log.clone()).await?;
    log.close().await;
    Ok(())
}
