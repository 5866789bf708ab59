//! An incarnation's number is given out once, also where a relay asks the server for a stream and falls silent
//! before the server hears of it.

use std::time::Duration;

use async_nats::jetstream;
use futures::StreamExt;
use onward_bus::{Bus, BusOptions};
use onward_log::{Log, Options};
use onward_tests::servers::{Nats, Postgres};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use super::world::*;

/// The server's word that a stream was made; its last token is the name.
const MADE: &str = "$JS.EVENT.ADVISORY.STREAM.CREATED.*";

/// A way to the server that keeps the first request for a stream back until it is told to let it go, whether
/// or not the client is still there.
struct Late {
    url: String,
    kept: oneshot::Receiver<()>,
    let_go: oneshot::Sender<()>,
}

impl Late {
    async fn to(server: &str) -> anyhow::Result<Self> {
        let target = server.trim_start_matches("nats://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("nats://{}", listener.local_addr()?);
        let (keeps, kept) = oneshot::channel();
        let (let_go, may_go) = oneshot::channel();
        tokio::spawn(async move {
            let (client, _) = listener.accept().await?;
            let (mut from_server, mut to_server) = TcpStream::connect(target).await?.into_split();
            let (mut from_client, mut to_client) = client.into_split();
            let back = async move { tokio::io::copy(&mut from_server, &mut to_client).await };
            tokio::spawn(back);
            let mut chunk = vec![0; 64 * 1024];
            let mut trap = Some((keeps, may_go));
            while let count @ 1.. = from_client.read(&mut chunk).await? {
                let text = String::from_utf8_lossy(&chunk[..count]);
                if let Some((keeps, may_go)) = trap.take_if(|_| text.contains("STREAM.CREATE.")) {
                    // The test waits for the one and says the other.
                    let _ = (keeps.send(()), may_go.await);
                }
                to_server.write_all(&chunk[..count]).await?;
            }
            anyhow::Ok(())
        });
        Ok(Self { url, kept, let_go })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_request_brings_no_number_back() -> anyhow::Result<()> {
    let (nats, folder) = (Nats::start().await?, tempfile::tempdir()?);
    let database = Postgres::create_database().await?;
    let open = || Log::open(Options::postgres(database.url(), folder.path().join("keys")));
    let (log, client) = (open().await?, nats.client().await?);
    let streams = jetstream::new(client.clone());
    let mut made = client.subscribe(MADE).await?;
    client.flush().await?;

    let late = Late::to(&nats.url()).await?;
    let mut options = BusOptions::new(late.url);
    options.lease = Duration::from_secs(1);
    let paused = Running::start(&Bus::connect(options, log.clone()).await?);
    soon("the request for a stream", late.kept).await??;
    paused.crash().await;

    // Another takes over, and its stream is lost together with it.
    let bus = connect(&nats, &log, watchful).await?;
    let relay = Running::start(&bus);
    append(&log, 20).await?;
    let name = caught_up(&bus, &log).await?.stream.expect("it has a name");
    is_copy(&streams, &name, &log).await?;
    relay.crash().await;
    streams.delete_stream(&name).await?;

    // Only now the server hears of the first request.
    late.let_go.send(()).expect("it is kept");
    let mut numbers = Vec::new();
    for _ in 0..2 {
        let word = soon("the word of a stream", made.next()).await?.expect("the server is there");
        numbers.push(word.subject.to_string());
    }
    assert_ne!(numbers[0], numbers[1], "two incarnations had one number");

    // Whoever relays next leaves it: a later one had been given out.
    let relay = Running::start(&bus);
    append(&log, 20).await?;
    let newest = told(&bus, "the next one", |now| {
        now.copied.get() == 40 && now.stream.as_ref().is_some_and(|it| it == "ONWARD_3")
    });
    let newest = newest.await?.stream.expect("it has a name");
    is_copy(&streams, &newest, &log).await?;
    let word = soon("the word of a stream", made.next()).await?.expect("the server is there");
    assert!(!numbers.contains(&word.subject.to_string()));
    relay.stop().await?;
    log.close().await;
    Ok(())
}
