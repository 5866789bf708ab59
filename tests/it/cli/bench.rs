//! `onward bench`: a JSON line a cell, on a store that it made itself.

use onward_tests::servers::{Nats, Postgres};
use serde_json::Value;

use super::onward;

fn cells(out: &str) -> anyhow::Result<Vec<Value>> {
    Ok(out.lines().map(serde_json::from_str).collect::<Result<Vec<_>, _>>()?)
}

fn judge(cell: &Value, workload: &str, backend: &str) {
    assert_eq!((&cell["workload"], &cell["backend"]), (&workload.into(), &backend.into()));
    for figure in ["ops_per_s", "p50_ms", "p99_ms", "max_rss_mib"] {
        assert!(cell[figure].as_f64().is_some_and(|number| number > 0.0), "{figure} of {cell}");
    }
    assert_eq!(cell["errors"], 0, "{cell}");
}

#[tokio::test]
async fn appends_and_visibility_are_measured_on_both_databases() -> anyhow::Result<()> {
    let database = Postgres::create_database().await?;
    let nats = Nats::start().await?;
    let few = ["--clients", "8", "--seconds", "1"];
    let postgres = ["--postgres", database.url()];
    for (where_, backend) in [(&[][..], "sqlite"), (&postgres[..], "postgres")] {
        let append = onward(&[&["bench", "append"], &few[..], where_].concat()).await?.done();
        let cells_ = cells(&append.out)?;
        assert!(!cells_.is_empty());
        cells_.iter().for_each(|cell| judge(cell, "append", backend));
        let url = nats.url();
        let slow = ["--rate", "50", "--learners", "20", "--nats", &url];
        let args = [&["bench", "end-to-end"], &few[..], where_, &slow[..]].concat();
        let seen = onward(&args).await?.done();
        cells(&seen.out)?.iter().for_each(|cell| judge(cell, "end-to-end", backend));
    }
    onward(&["bench", "append", "--clients", "0"]).await?.misused();
    Ok(())
}

/// The slowest of a hundred at a part of what goes, and on a log that is not empty.
#[tokio::test]
async fn a_rate_and_what_is_there_before_are_kept_to() -> anyhow::Result<()> {
    let database = Postgres::create_database().await?;
    let postgres = ["--postgres", database.url()];
    let few = ["--clients", "8", "--seconds", "1", "--prefill", "700", "--rate", "40"];
    for (where_, backend) in [(&[][..], "sqlite"), (&postgres[..], "postgres")] {
        let appended = onward(&[&["bench", "append"], &few[..], where_].concat()).await?.done();
        let calls = ["bench", "end-to-end", "--calls-only", "--learners", "20"];
        let called = onward(&[&calls, &few[..], where_].concat()).await?.done();
        for (out, workload) in [(appended.out, "append"), (called.out, "end-to-end")] {
            let cells = cells(&out)?;
            assert_eq!(cells.len(), 1);
            judge(&cells[0], workload, backend);
            assert_eq!(
                (&cells[0]["rate_asked"], &cells[0]["prefilled"]),
                (&40.into(), &700.into())
            );
            // As many as were due, or fewer where the machine was held up.
            assert!(cells[0]["ops_per_s"].as_f64() <= Some(41.0), "{}", cells[0]);
        }
    }
    Ok(())
}

/// What is printed, and nothing about how long it takes.
#[tokio::test]
async fn recovery_times_are_printed() -> anyhow::Result<()> {
    let said = onward(&["bench", "faults", "--clients", "8", "--seconds", "1"]).await?.done();
    let cells = cells(&said.out)?;
    let of = |workload: &str| cells.iter().filter(|cell| cell["workload"] == workload).count();
    assert_eq!((of("overload"), of("faults")), (2, 4), "{}", said.out);
    for cell in cells.iter().filter(|cell| cell["workload"] == "faults") {
        let took = ["serving_ms", "ended_ms"].iter().filter_map(|key| cell[*key].as_f64());
        assert!(took.sum::<f64>() > 0.0, "{cell}");
    }
    Ok(())
}

#[tokio::test]
async fn a_rebuild_is_measured_on_both_databases() -> anyhow::Result<()> {
    let database = Postgres::create_database().await?;
    let postgres = ["--postgres", database.url()];
    for (where_, backend) in [(&[][..], "sqlite"), (&postgres[..], "postgres")] {
        let args = [&["bench", "rebuild", "--events", "1500"], where_].concat();
        let done = onward(&args).await?.done();
        let cells = cells(&done.out)?;
        assert_eq!(cells.len(), 1);
        let cell = &cells[0];
        assert_eq!((&cell["workload"], &cell["backend"]), (&"rebuild".into(), &backend.into()));
        assert_eq!((&cell["events"], &cell["seals_opened"]), (&1500.into(), &true.into()));
        assert!(cell["ops_per_s"].as_f64().is_some_and(|rate| rate > 0.0), "{cell}");
    }
    onward(&["bench", "rebuild", "--events", "0"]).await?.misused();
    Ok(())
}

#[tokio::test]
async fn claims_and_streams_are_measured_on_both_databases() -> anyhow::Result<()> {
    let database = Postgres::create_database().await?;
    let postgres = ["--postgres", database.url()];
    for (where_, backend) in [(&[][..], "sqlite"), (&postgres[..], "postgres")] {
        let few = ["bench", "claim", "--clients", "4", "--seconds", "1", "--batch", "10"];
        let claims = onward(&[&few, where_].concat()).await?.done();
        for cell in cells(&claims.out)? {
            judge(&cell, "claim", backend);
            assert!(cell["claims_per_s"].as_f64() > cell["ops_per_s"].as_f64(), "{cell}");
        }
        let streams = ["--streams", "1", "--seconds", "1", "--learners", "20"];
        let args = [&["bench", "end-to-end"], &streams[..], where_].concat();
        let seen = onward(&args).await?.done();
        cells(&seen.out)?.iter().for_each(|cell| judge(cell, "end-to-end-stream", backend));
    }
    Ok(())
}

#[tokio::test]
async fn a_restart_is_measured_on_both_databases() -> anyhow::Result<()> {
    let database = Postgres::create_database().await?;
    let postgres = ["--postgres", database.url()];
    for (where_, backend) in [(&[][..], "sqlite"), (&postgres[..], "postgres")] {
        let restart = ["bench", "restart", "--events", "1000", "--views"];
        let seen = onward(&[&restart, where_].concat()).await?.done();
        let cells = cells(&seen.out)?;
        for cell in &cells {
            judge(cell, "restart", backend);
            assert!(cell["events"].as_u64() >= Some(1_000), "{cell}");
            assert!(cell["first_write_ms"].as_u64() >= cell["serving_ms"].as_u64(), "{cell}");
        }
        // Once wherever the views are, once when they show everything.
        assert_eq!(cells.len(), 2, "{}", seen.out);
        assert!(cells[0]["views_lag_at_the_kill"].is_u64(), "{}", seen.out);
        assert_eq!(cells[1]["views_lag_at_the_kill"], 0, "{}", seen.out);
    }
    Ok(())
}

/// Every check that `onward verify` makes, none of them left out.
#[tokio::test]
async fn a_verification_is_measured_on_both_databases() -> anyhow::Result<()> {
    let database = Postgres::create_database().await?;
    let postgres = ["--postgres", database.url()];
    for (where_, backend) in [(&[][..], "sqlite"), (&postgres[..], "postgres")] {
        let verify = ["bench", "verify", "--events", "1200"];
        let whole = cells(&onward(&[&verify, where_].concat()).await?.done().out)?;
        let no_views = [&verify, where_, &["--no-views"]].concat();
        let log_alone = cells(&onward(&no_views).await?.done().out)?;
        for (cells, views) in [(whole, true), (log_alone, false)] {
            assert_eq!(cells.len(), 1);
            let cell = &cells[0];
            assert_eq!((&cell["workload"], &cell["backend"]), (&"verify".into(), &backend.into()));
            assert!(cell["ops_per_s"].as_f64().is_some_and(|rate| rate > 0.0), "{cell}");
            assert!(cell["max_rss_mib"].as_u64().is_some_and(|most| most > 0), "{cell}");
            let checks = cell["checks"].as_object().expect("checks");
            // The operator is registered and a member in two events more.
            assert_eq!((&checks["events"], &checks["proven"]), (&cell["events"], &cell["events"]));
            assert!(cell["events"].as_u64() >= Some(1_200), "{cell}");
            assert!(checks["answers"].as_u64() > Some(0), "{cell}");
            assert!(checks["look-ups"].as_u64() > Some(1_200), "{cell}");
            assert!(checks.values().all(Value::is_u64), "nothing is left out: {cell}");
            assert_eq!(checks.contains_key("view timeline"), views, "{cell}");
        }
    }
    onward(&["bench", "verify", "--events", "0"]).await?.misused();
    Ok(())
}

#[tokio::test]
async fn a_peer_that_is_not_there_is_said_to_be_left_out() -> anyhow::Result<()> {
    let database = Postgres::create_database().await?;
    let few = ["bench", "peers", "--clients", "8", "--seconds", "1", "--learners", "20"];
    let seen = onward(&[&few[..], &["--postgres", database.url()]].concat()).await?.done();
    let cells = cells(&seen.out)?;
    let ours = ["append", "end-to-end", "plain table"];
    ours.iter().zip(&cells).for_each(|(workload, cell)| judge(cell, workload, "postgres"));
    assert_eq!(
        cells[1]["views_in_this_process"], false,
        "calls alone, as the peers': {}",
        cells[1]
    );
    for (workload, cell) in ["message-db", "jetstream"].iter().zip(&cells[3..]) {
        assert_eq!(cell["workload"], *workload);
        assert!(cell["left_out"].is_string(), "with a reason: {cell}");
    }
    // Where it is installed, it is measured as the others are.
    match cells[5]["left_out"].as_str() {
        Some(why) => assert!(why.contains("cargo install umadb"), "{why}"),
        None => judge(&cells[5], "umadb append", "umadb"),
    }
    let nowhere = ["--umadb", "/no/such/umadb"];
    onward(&[&few[..], &nowhere].concat()).await?.refused(&["/no/such/umadb"]);
    Ok(())
}

#[tokio::test]
async fn the_relay_is_measured_alone() -> anyhow::Result<()> {
    let nats = Nats::start().await?;
    let url = nats.url();
    let args = ["bench", "relay", "--seconds", "1"];
    let relayed = onward(&[&args[..], &["--nats", &url]].concat()).await?.done();
    let cell = cells(&relayed.out)?.pop().expect("a cell");
    for figure in ["ops_per_s", "audited_per_s", "events"] {
        assert!(cell[figure].as_f64().is_some_and(|number| number > 0.0), "{figure} of {cell}");
    }
    // It leaves nothing behind, and needs somewhere to copy to.
    let streams = async_nats::jetstream::new(nats.client().await?);
    assert!(streams.get_stream("ONWARD_1").await.is_err());
    onward(&args).await?.refused(&["--nats"]);
    Ok(())
}
