//! JetStream itself: each event published alone, and acknowledged once it is stored.

use std::time::{Duration, Instant};

use anyhow::Context;
use async_nats::jetstream;
use bytes::Bytes;

use super::{EVENT, calls, print, until};
use crate::cli::BenchArgs;
use crate::commands::bench::figures::Figures;
use crate::commands::bench::load::Load;

/// A name that no log uses.
const STREAM: &str = "BENCH_PEER";

/// Longest wait for an acknowledgement.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs it.
pub(super) async fn run(args: &BenchArgs, url: &str) -> anyhow::Result<()> {
    let client = async_nats::connect(url).await.context("the nats-server cannot be reached")?;
    let context = jetstream::new(client);
    let settings = jetstream::stream::Config {
        name: STREAM.to_owned(),
        subjects: vec!["bench.peer.>".to_owned()],
        storage: jetstream::stream::StorageType::File,
        ..Default::default()
    };
    context.create_stream(settings).await.context("the stream cannot be made")?;
    let measured = measure(args, &context).await;
    context.delete_stream(STREAM).await.context("the stream is left behind")?;
    measured
}

async fn measure(args: &BenchArgs, context: &jetstream::Context) -> anyhow::Result<()> {
    let (begun, load) = (Instant::now(), Load::begin());
    let until = until(args.seconds);
    let data = Bytes::from(vec![7_u8; EVENT]);
    let callers: Vec<_> = (0..args.clients)
        .map(|_| {
            let (context, data) = (context.clone(), data.clone());
            tokio::spawn(calls(until, move || {
                let (context, data) = (context.clone(), data.clone());
                async move {
                    let stored = context.publish("bench.peer.event", data).await?;
                    tokio::time::timeout(PATIENCE, stored.into_future()).await??;
                    Ok(())
                }
            }))
        })
        .collect();
    let mut figures = Figures::default();
    for caller in callers {
        figures.add(caller.await?);
    }
    print("jetstream publish with ack", "nats", args.clients, (begun.elapsed(), load), figures)
}
