//! Somebody changes the stream's settings while it is copied to: the copy moves to a stream of its own
//! making, and says why.

use std::time::Duration;

use async_nats::jetstream::stream::{Config, DiscardPolicy};
use onward_log::Position;
use onward_tests::servers::Nats;

use super::follow::{follow, same_as_the_log};
use super::world::*;

/// Each change in turn, under one relay and one follower.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_with_other_settings_is_left() -> anyhow::Result<()> {
    let changes: [fn(&mut Config); 4] = [
        |config| config.max_age = Duration::from_secs(3_600),
        |config| (config.discard, config.max_messages) = (DiscardPolicy::Old, 1_000),
        |config| config.subjects.push("others.>".to_owned()),
        |config| config.allow_atomic_publish = false,
    ];
    let copied = Copied::start_with(Nats::start().await?, watchful).await?;
    append(&copied.log, 10).await?;
    let reading = follow(&copied.bus, Position::START, 14);
    let streams = copied.streams().await?;
    for change in changes {
        let name = copied.is_equal().await?;
        let mut config = streams.get_stream(&name).await?.cached_info().config.clone();
        change(&mut config);
        streams.update_stream(config).await?;
        append(&copied.log, 1).await?;
        copied.befell(&format!("{name} is left: its settings")).await?;
        copied.told("the next one", |now| now.stream.as_ref() != Some(&name)).await?;
    }
    let name = copied.is_equal().await?;
    assert_eq!(name, "ONWARD_5");
    let config = streams.get_stream(&name).await?.cached_info().config.clone();
    assert!(config.max_age.is_zero() && config.deny_purge && config.allow_atomic_publish);
    same_as_the_log(reading, &copied.log, Position::START).await?;
    copied.stop().await?;
    Ok(())
}
