//! The copy: sequence = position, whoever writes; what a message says, and what it must not.

use onward_bus::StreamFeed;
use onward_domain::ids::LearnerId;
use onward_log::{Feed, Position};
use onward_tests::servers::Nats;
use uuid::Uuid;

use super::world::*;

/// Thousands of events from many callers, in single ones and in small batches.
#[tokio::test(flavor = "multi_thread")]
async fn sequence_is_position_after_thousands_of_events_from_many_callers() -> anyhow::Result<()> {
    let copied = Copied::start().await?;
    many_callers(&copied.log, 16, 40, 9).await?;
    let head = copied.log.head().await?.get();
    assert!(head > 3_000, "{head} events");
    assert_eq!(copied.is_equal().await?, "ONWARD_1");
    let stream = copied.streams().await?.get_stream("ONWARD_1").await?;
    let state = &stream.cached_info().state;
    assert_eq!((state.first_sequence, state.last_sequence, state.messages), (1, head, head));
    copied.stop().await?;
    Ok(())
}

/// Few and fixed subjects, CloudEvents headers, opaque ids; what is personal is sealed.
#[tokio::test]
async fn a_message_is_a_cloud_event_with_nothing_personal() -> anyhow::Result<()> {
    let copied = Copied::start().await?;
    let learner = LearnerId::new(Uuid::now_v7());
    append_named(&copied.log, learner, 2, "Quillfeather").await?;
    let name = copied.is_equal().await?;
    let streams = copied.streams().await?;
    let held = messages(&streams, &name).await?;
    let stored = &everything(&copied.log, Position::START).await?[1];
    let message = &held[1];
    let header =
        |name: &str| message.headers.get(name).map(ToString::to_string).unwrap_or_default();
    assert_eq!(message.subject, format!("onward.v1.{}.{REGISTERED}", stored.partition));
    assert_eq!(header("ce-specversion"), "1.0");
    assert_eq!(header("ce-id"), stored.event_id.to_string());
    assert_eq!(header("ce-type"), format!("org.onward.{REGISTERED}.v1"));
    assert_eq!(header("ce-source"), "urn:onward:log");
    assert_eq!(header("ce-time"), stored.recorded_at.to_string());
    assert_eq!(header("ce-subject"), stored.stream.to_string());
    assert_eq!(header("content-type"), "application/protobuf");
    assert_eq!(header("onward-position"), "00000000000000000002");
    assert_eq!(header("onward-partition"), stored.partition.to_string());
    assert_eq!(header("onward-partition-sequence"), "2");
    assert_eq!(header("onward-hash"), hex::encode(stored.hash));
    let settings = serde_json::to_string(&streams.get_stream(&name).await?.cached_info().config)?;
    for planted in ["Quillfeather", "Thaddeus", "ZZ98 7QX", "2014-05-17"] {
        assert!(!settings.contains(planted), "{planted} in the settings");
        for message in &held {
            let seen = format!("{:?} {:?}", message.subject, message.headers);
            assert!(!seen.contains(planted), "{planted} in {seen}");
            let bytes = planted.as_bytes();
            let inside = message.payload.windows(bytes.len()).any(|part| part == bytes);
            assert!(!inside, "{planted} in a payload");
        }
    }
    copied.stop().await?;
    Ok(())
}

/// The server holds what was stored to what it was made with: nothing is dropped, purged or rewritten.
#[tokio::test]
async fn a_stored_message_cannot_be_deleted_or_purged() -> anyhow::Result<()> {
    let copied = Copied::start().await?;
    append(&copied.log, 3).await?;
    let name = copied.is_equal().await?;
    let stream = copied.streams().await?.get_stream(&name).await?;
    assert!(stream.delete_message(2).await.is_err());
    assert!(stream.purge().await.is_err());
    assert_eq!(copied.is_equal().await?, name);
    copied.stop().await?;
    Ok(())
}

/// Events at the log's limit are more than one message of the server takes together.
#[tokio::test]
async fn large_events_are_copied_too() -> anyhow::Result<()> {
    let copied = Copied::start().await?;
    let (learner, large) = (LearnerId::new(Uuid::now_v7()), "x".repeat(240 * 1024));
    for _ in 0..6 {
        append_named(&copied.log, learner, 2, &large).await?;
    }
    append(&copied.log, 500).await?;
    copied.is_equal().await?;
    copied.stop().await?;
    Ok(())
}

/// A new incarnation begins with the newest events; older ones come from the log.
#[tokio::test]
async fn what_is_older_than_the_stream_is_read_from_the_log() -> anyhow::Result<()> {
    let mut nats = Nats::start().await?;
    nats.kill()?;
    let mut copied = Copied::start_with(nats, |options| options.kept = 10).await?;
    append(&copied.log, 100).await?;
    copied.nats.restart().await?;
    let name = copied.is_equal().await?;
    append(&copied.log, 5).await?;
    copied.is_equal().await?;
    let stream = copied.streams().await?.get_stream(&name).await?;
    assert_eq!(stream.cached_info().state.first_sequence, 91);
    let mut feed = StreamFeed::new(copied.bus.clone(), Position::START);
    let mut read = Vec::new();
    while read.len() < 105 {
        read.extend(soon("the next events", feed.next(7)).await??);
    }
    assert_eq!(read, everything(&copied.log, Position::START).await?);
    copied.stop().await?;
    Ok(())
}
