//! From a call to the entry in the timeline: a school records transitions through gRPC, at a steady rate
//! or as many as go, and its organisation's watch shows them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Map, json};

use super::figures::{self, Cell, Figures, rounded};
use super::house::{House, School, transfer};
use super::load::Load;
use super::pace::Pace;
use super::watching::{Open, Watch};
use super::{backend, over_streams};
use crate::cli::EndToEndArgs;
use crate::commands::client::Server;
use crate::role::Role;

/// Connections that the callers share.
pub(super) const CONNECTIONS: u32 = 8;

/// Runs the bench.
pub async fn run(args: EndToEndArgs) -> anyhow::Result<()> {
    // The embedded database has one process, with every share of the work.
    let calls_alone = args.calls_only && args.bench.postgres.is_some();
    let roles = calls_alone.then(|| vec![Role::Api]);
    let house = House::open(&args.bench, roles, args.prefill.prefill).await?;
    let measured = measure(&args, &house).await;
    house.leave().await?;
    measured
}

async fn measure(args: &EndToEndArgs, house: &House) -> anyhow::Result<()> {
    let school = Arc::new(house.school(args.learners).await?);
    let open = Open::default();
    let watch = match args.calls_only {
        true => None,
        false => Some(Watch::begin(&school, open.clone()).await?),
    };
    let (begun, load) = (Instant::now(), Load::begin());
    let called = match args.streams {
        0 => call_at_rate(args, &school, &open).await?,
        streams => over_streams::run(&args.bench, streams, &school, &open).await?,
    };
    let took = begun.elapsed();
    let mut more = Map::new();
    load.tell(&mut more);
    more.insert("rate_asked".into(), json!(if args.streams > 0 { 0 } else { rate(args) }));
    house.filled.tell(&mut more);
    more.insert("streams".into(), json!(args.streams));
    more.insert("learners".into(), json!(school.learners.len()));
    more.insert("bus".into(), json!(args.bench.nats.is_some()));
    let views = !args.calls_only || args.bench.postgres.is_none();
    more.insert("views_in_this_process".into(), json!(views));
    more.insert("views_and_watch".into(), json!(watch.is_some()));
    if let Some(watch) = watch {
        let mut seen = watch.finish().await?;
        more.insert("visible_p50_ms".into(), json!(rounded(seen.percentile(0.50))));
        more.insert("visible_p99_ms".into(), json!(rounded(seen.percentile(0.99))));
        more.insert("all_visible_after_s".into(), json!(rounded(begun.elapsed().as_secs_f64())));
    }
    let (workload, clients) = match args.streams {
        0 => ("end-to-end", args.bench.clients),
        streams => ("end-to-end-stream", streams),
    };
    let backend = backend(&args.bench);
    let cell = Cell { workload, backend, clients, batch: 1, took, more };
    figures::print(cell, called)
}

/// Calls a second; 0 is as many as go.
fn rate(args: &EndToEndArgs) -> u32 {
    args.bench.rate.unwrap_or(1000)
}

async fn call_at_rate(
    args: &EndToEndArgs,
    school: &Arc<School>,
    open: &Open,
) -> anyhow::Result<Figures> {
    let (rate, args) = (rate(args), &args.bench);
    let connections = school.connections(args.clients.min(CONNECTIONS)).await?;
    let until = Instant::now() + Duration::from_secs(args.seconds.into());
    let mut callers = Vec::new();
    for caller in 0..args.clients {
        let pace = Pace::new(rate, args.clients, caller, until);
        let caller = Caller {
            server: connections[caller as usize % connections.len()].clone(),
            school: Arc::clone(school),
            next: caller as usize,
            open: open.clone(),
        };
        callers.push(tokio::spawn(caller.calls(pace)));
    }
    let mut figures = Figures::default();
    for caller in callers {
        figures.add(caller.await?);
    }
    Ok(figures)
}

struct Caller {
    server: Server,
    school: Arc<School>,
    next: usize,
    open: Open,
}

impl Caller {
    async fn calls(mut self, mut pace: Pace) -> Figures {
        let mut figures = Figures::default();
        let mut transitions = self.server.transitions();
        while let Some(begun) = pace.next().await {
            let learner = &self.school.learners[self.next % self.school.learners.len()];
            match transitions.record_transition(transfer(learner)).await {
                Ok(reply) => {
                    figures.call(begun.elapsed());
                    let receipt = reply.into_inner().receipt.unwrap_or_default();
                    let event_id = receipt.event_ids.into_iter().next().unwrap_or_default();
                    self.open.settle(event_id, begun).await;
                }
                Err(_) => figures.errors += 1,
            }
            self.next += 257;
        }
        figures
    }
}
