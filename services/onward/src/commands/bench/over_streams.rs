//! The same recordings over streams both ways: requests go out as fast as the server takes them, results
//! come back in order.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use onward_contract::transition::v1 as wire;
use tokio::sync::{Mutex, Semaphore};
use tokio_stream::wrappers::ReceiverStream;

use super::figures::Figures;
use super::house::{School, transfer};
use super::watching::Open;
use crate::cli::BenchArgs;
use crate::commands::client::{Server, told};

/// Requests of a stream that are not answered yet. HTTP/2 alone would let thousands lie in its buffers.
const OUTSTANDING: usize = 512;

/// Runs so many streams, each on a connection of its own.
pub async fn run(
    args: &BenchArgs,
    streams: u32,
    school: &Arc<School>,
    open: &Open,
) -> anyhow::Result<Figures> {
    let until = Instant::now() + Duration::from_secs(args.seconds.into());
    let mut running = Vec::new();
    for (number, server) in school.connections(streams).await?.into_iter().enumerate() {
        let (school, open) = (Arc::clone(school), open.clone());
        running.push(tokio::spawn(one(server, school, number * 1_009, until, open)));
    }
    let mut figures = Figures::default();
    for stream in running {
        figures.add(stream.await??);
    }
    Ok(figures)
}

async fn one(
    server: Server,
    school: Arc<School>,
    first: usize,
    until: Instant,
    open: Open,
) -> anyhow::Result<Figures> {
    let (sender, requests) = tokio::sync::mpsc::channel(OUTSTANDING);
    let sent: Arc<Mutex<VecDeque<Instant>>> = Arc::default();
    let room = Arc::new(Semaphore::new(OUTSTANDING));
    let (times, free) = (Arc::clone(&sent), Arc::clone(&room));
    tokio::spawn(async move {
        let mut next = first;
        while Instant::now() < until {
            let learner = &school.learners[next % school.learners.len()];
            let request = wire::RecordTransitionsRequest { transition: Some(transfer(learner)) };
            let Ok(one) = free.acquire().await else { return };
            one.forget();
            times.lock().await.push_back(Instant::now());
            if sender.send(request).await.is_err() {
                return;
            }
            next += 1;
        }
    });
    let answers = server.transitions().record_transitions(ReceiverStream::new(requests)).await;
    let mut answers = answers.map_err(|s| told(&s))?.into_inner();
    let mut figures = Figures::default();
    while let Some(answer) = answers.message().await.map_err(|s| told(&s))? {
        let begun = sent.lock().await.pop_front().unwrap_or(until);
        room.add_permits(1);
        match answer.receipt.filter(|_| answer.refusal.is_none()) {
            Some(receipt) => {
                figures.call(begun.elapsed());
                let event_id = receipt.event_ids.into_iter().next().unwrap_or_default();
                open.settle(event_id, begun).await;
            }
            None => figures.errors += 1,
        }
    }
    Ok(figures)
}
