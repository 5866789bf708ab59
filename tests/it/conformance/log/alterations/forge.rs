//! The strongest alteration: whoever can write to the database changes an event, or cuts the tail off, and
//! then computes everything that follows from it anew, so that the log is whole in itself. What they cannot do
//! is sign: so they take away the checkpoints that would tell.

use onward_log::proof::{Peaks, leaf_hash};
use onward_log::{EventHash, Linked, PARTITIONS, event_hash};
use sqlx::Row;
use uuid::Uuid;

use super::way::Sql;

/// What is forged.
#[derive(Debug, Clone, Copy)]
pub(super) enum Forgery {
    /// This event says something else.
    Edit { position: u64 },
    /// The last so many events were never there.
    Cut { events: u64 },
}

/// What a hash covers of a row, and where it is.
struct Stored {
    position: i64,
    partition: i64,
    sequence: i64,
    stream: Uuid,
    version: i64,
    event_id: Uuid,
    learner: Option<Uuid>,
    kind: String,
    schema: i64,
    recorded_at: i64,
    public: Vec<u8>,
    sealed: Vec<u8>,
}

const ALL: &str = "SELECT position, CAST(partition_no AS BIGINT), partition_sequence, stream, version, \
                   event_id, learner, event_type, CAST(schema_version AS BIGINT), recorded_at, public_part, \
                   sealed_part FROM log_event ORDER BY position";

macro_rules! stored {
    ($row:expr) => {
        Ok(Stored {
            position: $row.try_get(0)?,
            partition: $row.try_get(1)?,
            sequence: $row.try_get(2)?,
            stream: $row.try_get(3)?,
            version: $row.try_get(4)?,
            event_id: $row.try_get(5)?,
            learner: $row.try_get(6)?,
            kind: $row.try_get(7)?,
            schema: $row.try_get(8)?,
            recorded_at: $row.try_get(9)?,
            public: $row.try_get(10)?,
            sealed: $row.try_get(11)?,
        })
    };
}

async fn all(sql: &mut Sql) -> anyhow::Result<Vec<Stored>> {
    let rows: Result<Vec<Stored>, sqlx::Error> = if let Some(connection) = sql.0.postgres() {
        let rows = sqlx::query(ALL).fetch_all(connection).await?;
        rows.iter().map(|row| stored!(row)).collect()
    } else {
        let connection = sql.0.sqlite().expect("one or the other");
        let rows = sqlx::query(ALL).fetch_all(connection).await?;
        rows.iter().map(|row| stored!(row)).collect()
    };
    Ok(rows?)
}

/// Forges the log.
pub(super) async fn forge(sql: &mut Sql, what: Forgery) -> anyhow::Result<()> {
    let mut events = all(sql).await?;
    let kept = match what {
        Forgery::Edit { .. } => events.len(),
        Forgery::Cut { events: gone } => events.len() - usize::try_from(gone)?,
    };
    events.truncate(kept);
    if let Forgery::Edit { position } = what {
        let edited = &mut events[usize::try_from(position - 1)?];
        edited.sealed.push(0);
    }
    let end = events.len();
    for table in
        ["log_checkpoint WHERE size", "log_event WHERE position", "log_batch WHERE last_position"]
    {
        let from = if table.starts_with("log_checkpoint") { 0 } else { end };
        sql.run(&format!("DELETE FROM {table} > {from}")).await?;
    }
    let hash = rehash(sql, &events).await?;
    settle(sql, &events, hash).await
}

/// Computes the chain and the tree anew.
async fn rehash(sql: &mut Sql, events: &[Stored]) -> anyhow::Result<EventHash> {
    let (mut before, mut group) = ([0; 32], Peaks::default());
    sql.run("DELETE FROM log_tree").await?;
    for event in events {
        let linked = Linked {
            position: event.position.cast_unsigned(),
            partition: event.partition.try_into()?,
            partition_sequence: event.sequence.cast_unsigned(),
            stream: event.stream,
            version: event.version.cast_unsigned(),
            event_id: event.event_id,
            learner: event.learner,
            event_type: &event.kind,
            schema_version: event.schema.try_into()?,
            recorded_at: event.recorded_at,
            public: &event.public,
            sealed: &event.sealed,
        };
        before = event_hash(&before, &linked);
        let (hash, sealed) = (literal(sql, &before), literal(sql, &event.sealed));
        let position = event.position;
        let set = format!("UPDATE log_event SET hash = {hash}, sealed_part = {sealed}");
        sql.run(&format!("{set} WHERE position = {position}")).await?;
        group.push(leaf_hash(&before));
        if group.size() == 256 {
            let root = literal(sql, &std::mem::take(&mut group).root());
            let number = position / 256 - 1;
            sql.run(&format!("INSERT INTO log_tree VALUES (0, 1, {number}, {root})")).await?;
        }
    }
    Ok(before)
}

/// Makes the tables beside the events agree with them.
async fn settle(sql: &mut Sql, events: &[Stored], hash: EventHash) -> anyhow::Result<()> {
    let last = events.last().expect("a log with events");
    let mut sequences = [0_i64; PARTITIONS];
    for event in events {
        sequences[usize::try_from(event.partition)?] = event.sequence;
    }
    let sequences: Vec<u8> = sequences.iter().flat_map(|number| number.to_be_bytes()).collect();
    let (end, recorded_at) = (last.position, last.recorded_at);
    // The answers that name what is gone go too. Their chain then ends with the last before the first of
    // these; a request may name an event of long before, so that all from there on go.
    let first_gone = format!(
        "(SELECT COALESCE(MIN(sequence), 1000000) FROM log_request WHERE position > {end})"
    );
    let gone = sql.number(&format!("SELECT CAST({first_gone} AS BIGINT)")).await?;
    sql.run(&format!("DELETE FROM log_request WHERE sequence >= {gone}")).await?;
    let count = sql.number("SELECT COUNT(*) FROM log_request").await?;
    let requests = match sql.is_postgres() {
        true => {
            format!("int8send({count}) || (SELECT hash FROM log_request WHERE sequence = {count})")
        }
        false => format!(
            "CAST(x'{}' || (SELECT hash FROM log_request WHERE sequence = {count}) AS BLOB)",
            hex::encode(count.to_be_bytes())
        ),
    };
    let (hash, sequences) = (literal(sql, &hash), literal(sql, &sequences));
    sql.run("DELETE FROM log_batch").await?;
    sql.run(&format!(
        "INSERT INTO log_batch (shard, last_position, hash, recorded_at, sequences, epoch, requests) \
         SELECT 0, {end}, {hash}, {recorded_at}, {sequences}, 1, {requests}"
    ))
    .await?;
    sql.run("DELETE FROM log_stream").await?;
    sql.run(
        "INSERT INTO log_stream (shard, stream, version, last_position) \
         SELECT 0, stream, MAX(version), MAX(position) FROM log_event GROUP BY stream",
    )
    .await?;
    sql.run(&format!("DELETE FROM log_erased WHERE position > {end}")).await?;
    Ok(())
}

fn literal(sql: &mut Sql, bytes: &[u8]) -> String {
    let hex = hex::encode(bytes);
    if sql.is_postgres() { format!("'\\x{hex}'::bytea") } else { format!("x'{hex}'") }
}
