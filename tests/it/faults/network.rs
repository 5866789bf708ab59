//! Lines that are cut, fall silent one way or both, or are slow: to the database, and to the bus.

use onward_tests::chaos::{Load, Shape, Site};
use onward_tests::dice::rounds;
use onward_tests::proxy::{Proxy, Way};
use std::time::Duration;

use super::Trial;

/// A line of the site.
#[derive(Clone, Copy, PartialEq)]
enum Line {
    Sql,
    Bus,
}

impl Line {
    fn proxy(self, site: &Site) -> &Proxy {
        let proxy = if self == Self::Sql { &site.sql } else { &site.bus };
        proxy.as_ref().expect("a site behind proxies")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_both_ways() -> anyhow::Result<()> {
    let mut trial = Trial::of("cut", Shape::POSTGRES.with_nats().proxied()).await?;
    let load = trial.load();
    for round in 0..rounds(4, 40) {
        load.done(trial.dice.below(20)).await?;
        let line = if round % 2 == 0 { Line::Sql } else { Line::Bus };
        let proxy = line.proxy(&trial.site);
        proxy.cut();
        match line {
            Line::Sql => load.turned_away(1).await?,
            // Nobody who writes waits for the bus.
            Line::Bus => load.done(20).await?,
        }
        proxy.heal();
    }
    finish(trial, load).await
}

/// Broken once, at any moment: whoever comes back is served.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn interrupted_again_and_again() -> anyhow::Result<()> {
    let mut trial = Trial::of("interrupted", Shape::POSTGRES.with_nats().proxied()).await?;
    let load = trial.load();
    for _ in 0..rounds(10, 100) {
        load.done(trial.dice.below(10)).await?;
        let line = if trial.dice.chance(70) { Line::Sql } else { Line::Bus };
        line.proxy(&trial.site).interrupt();
    }
    finish(trial, load).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_comes_through_upwards() -> anyhow::Result<()> {
    silent("silent upwards", &[Way::Up]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_comes_through_downwards() -> anyhow::Result<()> {
    silent("silent downwards", &[Way::Down]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_comes_through_at_all() -> anyhow::Result<()> {
    silent("silent", &[Way::Up, Way::Down]).await
}

/// What was said into the silence is lost with its connection.
async fn silent(test: &'static str, ways: &[Way]) -> anyhow::Result<()> {
    let mut trial = Trial::of(test, Shape::POSTGRES.with_nats().proxied()).await?;
    let load = trial.load();
    for round in 0..rounds(4, 40) {
        load.done(trial.dice.below(20)).await?;
        let line = if round % 2 == 0 { Line::Sql } else { Line::Bus };
        let proxy = line.proxy(&trial.site);
        for way in ways {
            proxy.silence(*way);
        }
        proxy.keeps_something().await;
        if line == Line::Bus {
            load.done(20).await?;
        }
        proxy.heal();
    }
    finish(trial, load).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_lines_delay_and_lose_nothing() -> anyhow::Result<()> {
    let mut trial = Trial::of("slow", Shape::POSTGRES.with_nats().proxied()).await?;
    let load = trial.load();
    for _ in 0..rounds(2, 20) {
        let by = Duration::from_millis(u64::try_from(trial.dice.below(40))?);
        Line::Sql.proxy(&trial.site).delay(by);
        Line::Bus.proxy(&trial.site).delay(by * 3);
        load.done(20).await?;
    }
    finish(trial, load).await
}

async fn finish(trial: Trial, load: Load) -> anyhow::Result<()> {
    load.done(1).await?;
    load.rest().await;
    trial.judge().await?;
    Ok(())
}
