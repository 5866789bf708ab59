//! The server is away, silent, too old or wrongly named: it delays and never fails a write.

use onward_bus::{Bus, BusError, BusOptions};
use onward_log::{Log, Options};
use onward_tests::servers::Nats;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use uuid::Uuid;

use super::world::*;

/// Killed and started again: appends go on, the lag shows, and the copy catches up.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_delays_and_fails_nothing() -> anyhow::Result<()> {
    let mut copied = Copied::start().await?;
    append(&copied.log, 20).await?;
    let name = copied.is_equal().await?;
    for round in 1..=3 {
        let writing = tokio::spawn({
            let log = copied.log.clone();
            async move { many_callers(&log, 4, 20, 3).await }
        });
        copied.nats.kill()?;
        let away = copied.told("the news that the server is away", |now| !now.connected).await?;
        append(&copied.log, 1).await?;
        writing.await??;
        let head = copied.log.head().await?;
        assert!(head > away.copied, "round {round}: the lag shows");
        let said = copied.told("a word about it", |now| now.fault.is_some()).await?;
        assert!(!said.relaying);
        copied.nats.restart().await?;
        let back = copied.caught_up().await?;
        assert!(back.connected && back.relaying, "{back:?}");
        assert_eq!(copied.is_equal().await?, name, "the same incarnation goes on");
    }
    copied.stop().await?;
    Ok(())
}

/// Nobody there when everything else starts.
#[tokio::test]
async fn a_server_may_come_later() -> anyhow::Result<()> {
    let mut nats = Nats::start().await?;
    nats.kill()?;
    let mut copied = Copied::start_with(nats, |_| {}).await?;
    append(&copied.log, 30).await?;
    let away = copied.told("a word about it", |now| now.fault.is_some()).await?;
    assert!(!away.connected && !away.relaying && away.stream.is_none(), "{away:?}");
    copied.nats.restart().await?;
    copied.is_equal().await?;
    copied.stop().await?;
    Ok(())
}

/// A server that hangs keeps its connections: nothing fails, nothing is doubled once it goes on.
#[tokio::test]
async fn a_silent_server_delays_and_doubles_nothing() -> anyhow::Result<()> {
    let copied = Copied::start().await?;
    append(&copied.log, 10).await?;
    let name = copied.is_equal().await?;
    copied.nats.stop()?;
    append(&copied.log, 10).await?;
    copied.told("a word about it", |now| now.fault.is_some()).await?;
    append(&copied.log, 10).await?;
    copied.nats.cont()?;
    assert_eq!(copied.is_equal().await?, name);
    copied.stop().await?;
    Ok(())
}

/// Stopping does not wait for a server that is away, and hands the right to relay over.
#[tokio::test]
async fn a_stopped_relay_gives_its_right_up() -> anyhow::Result<()> {
    let mut copied = Copied::start().await?;
    append(&copied.log, 1).await?;
    copied.caught_up().await?;
    let lease = std::time::Duration::from_secs(60);
    let other = Uuid::now_v7();
    assert!(copied.log.own("relay", other, lease).await?.is_none(), "the relay has it");
    copied.relay.stop().await?;
    assert!(!copied.bus.status().borrow().relaying);
    assert!(copied.log.own("relay", other, lease).await?.is_some(), "anybody may have it");
    copied.log.disown("relay", other).await?;
    copied.nats.kill()?;
    Running::start(&copied.bus).stop().await?;
    copied.log.close().await;
    Ok(())
}

async fn log() -> anyhow::Result<(tempfile::TempDir, Log)> {
    let folder = tempfile::tempdir()?;
    let log = Log::open(Options::sqlite(folder.path().join("data"))).await?;
    Ok((folder, log))
}

#[tokio::test]
async fn an_address_that_cannot_be_one_is_refused() -> anyhow::Result<()> {
    let (_folder, log) = log().await?;
    for url in ["http://127.0.0.1:4222", "nats://", "nats://:4222", "nats://127.0.0.1:99999", ""] {
        let refused = Bus::connect(BusOptions::new(url), log.clone()).await.err();
        assert!(matches!(refused, Some(BusError::Url(_))), "{url:?}: {refused:?}");
    }
    log.close().await;
    Ok(())
}

/// A peer that says it is nats-server 2.11, which would ignore the setting that the copy rests on.
#[tokio::test]
async fn a_server_that_is_too_old_is_refused_with_its_version() -> anyhow::Result<()> {
    let (_folder, log) = log().await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("nats://{}", listener.local_addr()?);
    let old = tokio::spawn(async move {
        let (socket, _) = listener.accept().await?;
        let (read, mut write) = socket.into_split();
        let info = r#"{"server_id":"OLD","version":"2.11.9","headers":true,"max_payload":1048576}"#;
        write.write_all(format!("INFO {info}\r\n").as_bytes()).await?;
        let mut lines = BufReader::new(read).lines();
        while let Some(line) = lines.next_line().await? {
            if line == "PING" {
                write.write_all(b"PONG\r\n").await?;
            }
        }
        anyhow::Ok(())
    });
    let refused = Bus::connect(BusOptions::new(url), log.clone()).await.err();
    let said = refused.map(|error| error.to_string()).unwrap_or_default();
    assert!(said.contains("2.11.9") && said.contains("2.12"), "{said:?}");
    old.abort();
    log.close().await;
    Ok(())
}
