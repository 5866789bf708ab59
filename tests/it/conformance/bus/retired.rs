//! Retired incarnations: the newest few are kept, and only the relay takes the others away.

use onward_tests::servers::Nats;

use super::world::*;

#[tokio::test]
async fn old_incarnations_are_removed_once_the_next_has_everything() -> anyhow::Result<()> {
    let copied = Copied::start_with(Nats::start().await?, |options| {
        watchful(options);
        options.retired_kept = 1;
    })
    .await?;
    append(&copied.log, 10).await?;
    let mut name = copied.is_equal().await?;
    let streams = copied.streams().await?;
    // Somebody else's, with a name that only looks like one of ours.
    let foreign = async_nats::jetstream::stream::Config {
        name: "ONWARD_x".to_owned(),
        subjects: vec!["others.>".to_owned()],
        ..Default::default()
    };
    streams.create_stream(foreign).await?;
    for _ in 0..3 {
        streams.publish("onward.v1.0.foreign.thing", "not ours".into()).await?.await?;
        append(&copied.log, 1).await?;
        copied.told("the next one", |now| now.stream.as_ref() != Some(&name)).await?;
        name = copied.is_equal().await?;
    }
    let names = soon("the removal of the old ones", async {
        loop {
            let mut names: Vec<String> =
                subjects_of(&streams).await?.into_iter().map(|(name, _)| name).collect();
            names.sort();
            if names.len() <= 3 {
                return anyhow::Ok(names);
            }
            tokio::task::yield_now().await;
        }
    })
    .await??;
    assert_eq!(names, ["ONWARD_3", "ONWARD_4", "ONWARD_x"]);
    assert_eq!(name, "ONWARD_4");
    copied.stop().await?;
    Ok(())
}
