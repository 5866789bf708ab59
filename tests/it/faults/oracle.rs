//! The books themselves: each check of the ledger is shown an outcome that is wrong in its way, made in a
//! real small installation, and must name it. A check that cannot fail proves nothing about the faults.

use anyhow::{Context, ensure};
use async_nats::HeaderName;
use async_nats::jetstream;
use onward_contract::transition::v1 as transition;
use onward_tests::builders::request_id;
use onward_tests::chaos::{Shape, Site};
use onward_tests::ledger::{Asked, Ledger, Told, Verdict, answers_stand, copies_stand, judge};
use sqlx::{AssertSqlSafe, Connection, Executor, SqliteConnection};

/// What was written, in order, and the books of it.
struct Books {
    site: Site,
    ledger: Ledger,
    /// Each request that was answered, and its position.
    done: Vec<(Asked, i64)>,
}

impl Books {
    /// Six moves that were recorded, one of which nobody told, one that was refused, and one that was never
    /// asked for.
    async fn kept(shape: Shape) -> anyhow::Result<Self> {
        let site = Site::start(shape).await?;
        let mut books = Self { site, ledger: Ledger::default(), done: Vec::new() };
        for number in 0..6 {
            let (asked, told) = books.ask(Asked::record(&books.site.learners()[0])).await?;
            // The caller of the last one went away.
            books.ledger.note(&asked, if number == 5 { Told::Unknown } else { told });
        }
        let refused = Asked::Cancel(transition::CancelTransitionRequest {
            request_id: request_id(),
            transition_id: request_id(),
            reason: transition::TransitionCancelReason::Deferred.into(),
            ..Default::default()
        });
        let told = refused.send(&books.site.senco(0)).await;
        ensure!(matches!(told, Told::Refused(_)), "{told:?}");
        books.ledger.note(&refused, told);
        books.ledger.note(&Asked::record(&books.site.learners()[1]), Told::Unknown);
        Ok(books)
    }

    async fn ask(&mut self, asked: Asked) -> anyhow::Result<(Asked, Told)> {
        let told = asked.send(&self.site.senco(0)).await;
        let Told::Done { receipt, .. } = &told else { anyhow::bail!("{told:?}") };
        self.done.push((asked.clone(), receipt.position.parse()?));
        Ok((asked, told))
    }

    /// Ends every process, with views and bus at the log's head, so that nobody mends what is broken now.
    async fn at_rest(shape: Shape) -> anyhow::Result<Self> {
        let mut books = Self::kept(shape).await?;
        books.site.heal().await?;
        books.site.stop().await?;
        Ok(books)
    }

    /// Changes rows behind everybody's back.
    async fn alter(&self, file: &str, change: String) -> anyhow::Result<()> {
        let path = self.site.data().join(file);
        let url = format!("sqlite://{}", path.to_str().context("a plain path")?);
        let mut sql = SqliteConnection::connect(&url).await?;
        let changed = sql.execute(AssertSqlSafe(change.clone())).await?.rows_affected();
        ensure!(changed > 0, "nothing was changed by {change}");
        sql.close().await?;
        Ok(())
    }

    fn position(&self, number: usize) -> i64 {
        self.done[number].1
    }

    fn id(&self, number: usize) -> String {
        self.done[number].0.id().to_owned()
    }

    /// As SQLite writes it.
    fn id_as_blob(&self, number: usize) -> anyhow::Result<String> {
        Ok(format!("x'{}'", self.id(number).parse::<uuid::Uuid>()?.simple()))
    }
}

/// The check must have failed, and said these words.
fn names<T: std::fmt::Debug>(outcome: anyhow::Result<T>, words: &[&str]) {
    match outcome {
        Ok(passed) => panic!("{words:?} was not noticed: {passed:?}"),
        Err(fault) => {
            let said = format!("{fault:#}");
            for word in words {
                assert!(said.contains(word), "{word:?} is not in: {said}");
            }
        }
    }
}

/// What is right passes every check; otherwise the others would show nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_right_passes() -> anyhow::Result<()> {
    let mut books = Books::kept(Shape::SQLITE.with_nats()).await?;
    let verdict = judge(&mut books.site, &books.ledger).await?;
    assert_eq!(verdict, Verdict { done: 5, refused: 1, found: 1, lost: 1 });
    Ok(())
}

/// An answer of OK, and nothing of it is there: neither its event nor the answer kept with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_is_gone_is_named() -> anyhow::Result<()> {
    let books = Books::at_rest(Shape::SQLITE).await?;
    answers_stand(&books.site, &books.ledger).await?;
    let (id, at) = (books.id_as_blob(2)?, books.position(2));
    books.alter("log.db", format!("DELETE FROM log_event WHERE position = {at}")).await?;
    names(answers_stand(&books.site, &books.ledger).await, &["at no event", &books.id(2)]);
    books.alter("log.db", format!("DELETE FROM log_request WHERE request_id = {id}")).await?;
    names(answers_stand(&books.site, &books.ledger).await, &["is gone", &books.id(2)]);
    names(copies_stand(&books.site).await, &["missing"]);
    Ok(())
}

/// The event is there, and the answer that it was made for is not: a retry would make it again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_without_a_request_is_named() -> anyhow::Result<()> {
    let books = Books::at_rest(Shape::SQLITE).await?;
    let id = books.id_as_blob(1)?;
    books.alter("log.db", format!("DELETE FROM log_request WHERE request_id = {id}")).await?;
    names(answers_stand(&books.site, &books.ledger).await, &["6 events, 5 of requests"]);
    Ok(())
}

/// One event under two request ids; and an event that was written twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_doubled_event_is_named() -> anyhow::Result<()> {
    let books = Books::at_rest(Shape::SQLITE).await?;
    let (one, other) = (books.position(1), books.position(2));
    let ids = "SELECT event_ids FROM log_request WHERE position";
    let double =
        format!("UPDATE log_request SET event_ids = ({ids} = {one}) WHERE position = {other}");
    books.alter("log.db", double).await?;
    names(answers_stand(&books.site, &books.ledger).await, &["has two requests"]);

    let books = Books::at_rest(Shape::SQLITE).await?;
    let again = format!(
        "CREATE TEMP TABLE again AS SELECT * FROM log_event WHERE position = {one}; \
         UPDATE again SET position = position + 1000, partition_sequence = partition_sequence + 1000, \
         version = version + 1, event_id = randomblob(16); INSERT INTO log_event SELECT * FROM again",
        one = books.position(1)
    );
    books.alter("log.db", again).await?;
    names(answers_stand(&books.site, &books.ledger).await, &["7 events, 6 of requests"]);
    Ok(())
}

/// Somebody was told no, or told something else, and it was done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_does_not_agree_is_named() -> anyhow::Result<()> {
    let mut books = Books::kept(Shape::SQLITE).await?;
    let (asked, _) = books.ask(Asked::record(&books.site.learners()[2])).await?;
    books.ledger.note(&asked, Told::Refused("OVERLOADED".to_owned()));
    let outcome = answers_stand(&books.site, &books.ledger).await;
    names(outcome, &["was refused (OVERLOADED) and is there", asked.id()]);

    for (field, word) in [("position", "is elsewhere"), ("events", "made other events")] {
        let mut books = Books::kept(Shape::SQLITE).await?;
        let (asked, told) = books.ask(Asked::record(&books.site.learners()[2])).await?;
        let Told::Done { mut receipt, replayed, transition_id } = told else { continue };
        match field {
            "position" => receipt.position = "1".to_owned(),
            _ => receipt.event_ids = vec![request_id()],
        }
        books.ledger.note(&asked, Told::Done { receipt, replayed, transition_id });
        names(answers_stand(&books.site, &books.ledger).await, &[word, asked.id()]);
    }
    Ok(())
}

/// The same request, another answer than the first time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_that_tells_another_story_is_named() -> anyhow::Result<()> {
    let mut books = Books::kept(Shape::SQLITE).await?;
    let (asked, told) = books.ask(Asked::record(&books.site.learners()[2])).await?;
    let Told::Done { mut receipt, replayed, transition_id } = told else { panic!("done") };
    receipt.stream_version += 1;
    books.ledger.note(&asked, Told::Done { receipt, replayed, transition_id });
    names(judge(&mut books.site, &books.ledger).await, &["has another answer", asked.id()]);
    Ok(())
}

/// A version that is left out; an event whose bytes, or whose hash, are not the ones written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gap_or_an_altered_event_is_named() -> anyhow::Result<()> {
    let changes =
        ["version = version + 1", "sealed_part = randomblob(64)", "hash = randomblob(32)"];
    let books = Books::at_rest(Shape::SQLITE).await?;
    copies_stand(&books.site).await?;
    let at = books.position(3);
    for change in changes {
        let books = Books::at_rest(Shape::SQLITE).await?;
        assert_eq!(books.position(3), at, "every installation begins alike");
        books
            .alter("log.db", format!("UPDATE log_event SET {change} WHERE position = {at}"))
            .await?;
        names(copies_stand(&books.site).await, &[&format!("{at:020}")]);
    }
    Ok(())
}

/// A row of a view that is missing, one that is there twice over, and one that says something else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_that_is_not_the_logs_is_named() -> anyhow::Result<()> {
    let books = Books::at_rest(Shape::SQLITE).await?;
    let at = books.position(3);
    let entry = "timeline_g1_entry";
    let change = format!("UPDATE {entry} SET version = version + 1 WHERE position = {at}");
    books.alter("views.db", change).await?;
    names(copies_stand(&books.site).await, &[entry, "not what the log makes"]);
    books.alter("views.db", format!("DELETE FROM {entry} WHERE position = {at}")).await?;
    names(copies_stand(&books.site).await, &[entry, "not what the log makes"]);
    Ok(())
}

/// One message of the bus is not the log's: its body, or a header.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bus_that_is_not_the_logs_is_named() -> anyhow::Result<()> {
    let books = Books::at_rest(Shape::SQLITE.with_nats()).await?;
    copies_stand(&books.site).await?;
    let at = u64::try_from(books.position(3))?;
    forge(&books.site, at, |headers, _| headers.insert("ce-source", "urn:somebody:else")).await?;
    names(copies_stand(&books.site).await, &["the copy differs", &format!("{at:020}")]);
    let books = Books::at_rest(Shape::SQLITE.with_nats()).await?;
    forge(&books.site, at, |_, body| body[5] ^= 1).await?;
    names(copies_stand(&books.site).await, &["the copy differs", &format!("{at:020}")]);
    Ok(())
}

/// Makes the stream again with the same messages but for one.
async fn forge(
    site: &Site,
    at: u64,
    alter: impl Fn(&mut async_nats::HeaderMap, &mut Vec<u8>),
) -> anyhow::Result<()> {
    let nats = site.nats.as_ref().context("a bus")?;
    let streams = jetstream::new(async_nats::connect(nats.url()).await?);
    let stream = streams.get_stream("ONWARD_1").await?;
    let (config, last) = {
        let info = stream.cached_info();
        (info.config.clone(), info.state.last_sequence)
    };
    let mut held = Vec::new();
    for sequence in 1..=last {
        held.push(stream.get_raw_message(sequence).await?);
    }
    streams.delete_stream("ONWARD_1").await?;
    streams.create_stream(config).await?;
    for message in held {
        let (mut headers, mut body) = (async_nats::HeaderMap::new(), message.payload.to_vec());
        // What the server keeps of the batch is not the forger's to send.
        let is_servers = |name: &HeaderName| name.to_string().starts_with("Nats-");
        for (header, values) in message.headers.iter().filter(|(name, _)| !is_servers(name)) {
            values.iter().for_each(|value| headers.append(header.clone(), value.clone()));
        }
        if message.sequence == at {
            alter(&mut headers, &mut body);
        }
        streams.publish_with_headers(message.subject, headers, body.into()).await?.await?;
    }
    Ok(())
}
