//! Faults at named points, reached from outside: a proxy swallows exactly one message, and whoever waits
//! for it is ended, or its connection breaks, or nobody says anything for a while.

use onward_tests::chaos::Shape;
use onward_tests::dice::rounds;
use onward_tests::proxy::{Message, Then};

use super::Trial;

/// The names under which the log and the views are known to PostgreSQL.
const LOG: &str = "onward-log";
const VIEWS: &str = "onward-views";

/// Kills the process that waits for a message which the proxy has swallowed, round after round.
async fn killed_at(test: &'static str, name: &'static str, message: Message) -> anyhow::Result<()> {
    let mut trial = Trial::of(test, Shape::POSTGRES.with_nats().proxied()).await?;
    let load = trial.load();
    for _ in 0..rounds(3, 30) {
        load.done(trial.dice.below(20)).await?;
        let proxy = match message {
            Message::PublishAck => &trial.site.bus,
            Message::Commit | Message::CommitReply => &trial.site.sql,
        };
        let proxy = proxy.as_ref().expect("a site behind proxies");
        proxy.swallow(name, message, Then::Silence).await?;
        trial.site.kill(0).await?;
        trial.site.serve(0).await?;
    }
    load.done(1).await?;
    load.rest().await;
    let replayed = trial.ledger.replayed();
    let verdict = trial.judge().await?;
    if (name, message) == (LOG, Message::CommitReply) {
        assert!(verdict.found + replayed > 0, "what was committed was not answered: {verdict:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_before_the_commit() -> anyhow::Result<()> {
    killed_at("killed before the commit", LOG, Message::Commit).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_after_the_commit_before_the_reply() -> anyhow::Result<()> {
    killed_at("killed after the commit", LOG, Message::CommitReply).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_after_the_views_commit() -> anyhow::Result<()> {
    killed_at("killed after the views' commit", VIEWS, Message::CommitReply).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_after_the_publish_before_the_next_read() -> anyhow::Result<()> {
    killed_at("killed after the publish", "", Message::PublishAck).await
}

/// The connection breaks instead: the process goes on and finds out what became of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_that_is_lost_with_its_connection() -> anyhow::Result<()> {
    let mut trial = Trial::of("lost reply", Shape::POSTGRES.with_nats().proxied()).await?;
    let load = trial.load();
    for round in 0..rounds(8, 80) {
        load.done(trial.dice.below(10)).await?;
        let (name, message) = match round % 4 {
            0 => (LOG, Message::CommitReply),
            1 => (LOG, Message::Commit),
            2 => (VIEWS, Message::CommitReply),
            _ => ("", Message::PublishAck),
        };
        let proxy = if round % 4 == 3 { &trial.site.bus } else { &trial.site.sql };
        let proxy = proxy.as_ref().expect("a site behind proxies");
        proxy.swallow(name, message, Then::Break).await?;
    }
    load.done(1).await?;
    load.rest().await;
    let verdict = trial.judge().await?;
    assert_eq!(verdict.lost, 0, "the process asks again by itself: {verdict:?}");
    Ok(())
}

/// Only the bus's word is lost; the connection goes on. The relay reads the stream again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ack_that_is_lost_alone() -> anyhow::Result<()> {
    let mut trial = Trial::of("lost ack", Shape::SQLITE.with_nats().proxied()).await?;
    let load = trial.load();
    for _ in 0..rounds(2, 20) {
        let proxy = trial.site.bus.as_ref().expect("a site behind proxies");
        proxy.swallow("", Message::PublishAck, Then::GoOn).await?;
        load.done(trial.dice.below(30)).await?;
    }
    load.rest().await;
    trial.judge().await?;
    Ok(())
}
