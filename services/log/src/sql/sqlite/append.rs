//! One batch on SQLite, on the one connection that writes.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::{Executor, SqliteConnection};
use uuid::Uuid;

use super::rows::{Values, put};
use super::writer::{Taken, Writer};
use super::{Database, json_ids, text};
use crate::batch::{Backend, Wanted};
use crate::claim_key::{Holder, KeyId};
use crate::error::Cause;
use crate::judge::{Expired, Known};
use crate::lease::{Candidate, LeaseRow, ReadyRow};
use crate::options::Clock;
use crate::plan::Plan;
use crate::recorded::{Recorded, micros};
use crate::request::KeptRow;
use crate::sql::fault::Fault;
use crate::sql::known::{KnownRow, kind, known};
use crate::sql::read::HeadRow;
use crate::sql::shared::{self, CandidateRow, ExpiredRow, Pruning};

/// The batcher's end of SQLite.
pub(crate) struct Appender {
    writer: Arc<Writer>,
    clock: Clock,
    /// The connection, from the begin to the end of a batch.
    taken: Option<Taken>,
    pruning: Pruning,
}

impl Appender {
    pub(crate) fn new(database: &Database, clock: Clock) -> Self {
        let writer = Arc::clone(&database.writer);
        Self { writer, clock, taken: None, pruning: Pruning::default() }
    }

    fn connection(&mut self) -> Result<&mut SqliteConnection, Fault> {
        self.taken.as_mut().and_then(|taken| taken.as_mut()).ok_or(Fault::Lost)
    }

    async fn write_log(&mut self, plan: &Plan) -> Result<(), Fault> {
        let streams: Vec<(Uuid, (u64, u64))> =
            plan.streams.iter().map(|(stream, place)| (*stream, *place)).collect();
        let connection = self.connection()?;
        put(connection, &text::EVENTS, &plan.events, bind_event).await?;
        put(connection, &text::STREAM_ROWS, &streams, bind_stream).await?;
        put(connection, &text::REQUEST_ROWS, &plan.requests, bind_request).await?;
        if !plan.events.is_empty() || !plan.requests.is_empty() {
            let head = &plan.head;
            let batch = sqlx::query(text::BATCH)
                .bind(head.position.cast_signed())
                .bind(head.hash.to_vec())
                .bind(head.recorded_at)
                .bind(head.sequences_to_bytes())
                .bind(head.epoch)
                .bind(head.requests.to_bytes());
            batch.execute(connection).await?;
        }
        Ok(())
    }

    async fn write_keys(&mut self, plan: &Plan) -> Result<(), Fault> {
        let connection = self.connection()?;
        let mut held: Vec<(KeyId, Holder)> = Vec::new();
        for (id, holder) in &plan.keys {
            match holder {
                Some(holder) => held.push((*id, *holder)),
                None => {
                    let gone = sqlx::query(text::DROP_KEY).bind(id.0).bind(id.1.to_vec());
                    gone.bind(id.2).execute(&mut *connection).await?;
                }
            }
        }
        put(connection, &text::KEY_ROWS, &held, bind_key).await?;
        Ok(())
    }

    async fn write_queue(&mut self, plan: &Plan) -> Result<(), Fault> {
        let connection = self.connection()?;
        for (query, list) in [
            (text::UNREADY, plan.unready()),
            (text::LAPSED, plan.lapsed.clone()),
            (text::BACK, plan.ended()),
            (text::HOLD, plan.held.clone()),
        ] {
            if !list.is_empty() {
                sqlx::query(query).bind(json_ids(&list)).execute(&mut *connection).await?;
            }
        }
        put(connection, &text::READY_ROWS, &plan.waiting(), bind_ready).await?;
        for (queue, (day, position)) in plan.marks() {
            let query = sqlx::query(shared::QUEUE).bind(queue).bind(day).bind(position);
            query.execute(&mut *connection).await?;
        }
        if plan.move_marks {
            connection.execute(shared::MOVE_MARKS).await?;
        }
        Ok(())
    }

    async fn write_leases(&mut self, plan: &Plan) -> Result<(), Fault> {
        let connection = self.connection()?;
        let (mut gone, mut held) = (Vec::new(), Vec::new());
        for (referral, lease) in &plan.leases {
            match lease {
                Some(lease) => held.push((*referral, lease)),
                None => gone.push(*referral),
            }
        }
        if !gone.is_empty() {
            let query = sqlx::query(text::UNLEASE).bind(json_ids(&gone));
            query.execute(&mut *connection).await?;
        }
        put(connection, &text::LEASE_ROWS, &held, bind_lease).await?;
        Ok(())
    }

    /// Last, so that nothing of the same batch is left of an erased learner.
    async fn write_erased(&mut self, plan: &Plan) -> Result<(), Fault> {
        if plan.erased.is_empty() {
            return Ok(());
        }
        let connection = self.connection()?;
        for (learner, position) in &plan.erased {
            let erased = sqlx::query(shared::ERASE).bind(*learner).bind(position.cast_signed());
            erased.execute(&mut *connection).await?;
            for statement in shared::ERASING {
                sqlx::query(statement).bind(*learner).execute(&mut *connection).await?;
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Backend for Appender {
    async fn begin(&mut self, _wanted: &Wanted) -> Result<(), Fault> {
        self.taken = Some(Arc::clone(&self.writer).take().await?);
        self.connection()?.execute(text::BEGIN).await?;
        Ok(())
    }

    async fn read(&mut self, wanted: &Wanted) -> Result<Known, Fault> {
        let now = micros((self.clock)());
        let connection = self.connection()?;
        let head: HeadRow = sqlx::query_as(shared::HEAD).fetch_one(&mut *connection).await?;
        let mut rows = vec![KnownRow {
            kind: kind::HEAD,
            a: Some(head.0),
            b: Some(head.2),
            c: Some(head.4),
            d: Some(now),
            x: Some(head.1),
            y: Some(head.3),
            z: Some(head.5),
            ..KnownRow::default()
        }];
        for (query, list) in lists(wanted) {
            if let Some(list) = list {
                let found: Vec<KnownRow> =
                    sqlx::query_as(query).bind(list).fetch_all(&mut *connection).await?;
                rows.extend(found);
            }
        }
        Ok(known(rows)?)
    }

    async fn candidates(
        &mut self,
        queue: Uuid,
        now: i64,
        limit: usize,
    ) -> Result<Vec<Candidate>, Fault> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let query = sqlx::query_as(text::CANDIDATES).bind(queue).bind(now).bind(limit);
        let rows: Vec<CandidateRow> = query.fetch_all(self.connection()?).await?;
        Ok(rows.into_iter().map(shared::candidate).collect())
    }

    async fn expired(&mut self, now: i64, limit: usize) -> Result<Vec<Expired>, Fault> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let query = sqlx::query_as(text::EXPIRED).bind(now).bind(limit);
        let rows: Vec<ExpiredRow> = query.fetch_all(self.connection()?).await?;
        Ok(rows.into_iter().map(shared::expired).collect())
    }

    async fn write(&mut self, plan: &Plan) -> Result<(), Fault> {
        self.write_keys(plan).await?;
        self.write_queue(plan).await?;
        self.write_leases(plan).await?;
        self.write_log(plan).await?;
        self.write_erased(plan).await?;
        if let Some(below) = self.pruning.due(plan.head.position) {
            let prune = sqlx::query(shared::PRUNE).bind(below.cast_signed());
            prune.execute(self.connection()?).await?;
        }
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), Fault> {
        let done = self.connection()?.execute("COMMIT").await;
        done.map_err(|error| match Fault::from(error) {
            // The last frame may be in the write-ahead log although its sync failed: whoever opens the
            // file after a crash would find it committed. Asking again writes over it, or finds it.
            Fault::Cause(Cause::Disk) | Fault::Lost => Fault::InDoubt,
            other => other,
        })?;
        self.taken = None;
        Ok(())
    }

    async fn abandon(&mut self) -> Result<(), Fault> {
        self.connection()?.execute("ROLLBACK").await?;
        self.taken = None;
        Ok(())
    }

    async fn reset(&mut self) {
        // Closing the connection rolls back what was open; the next batch opens a new one.
        if let Some(mut taken) = self.taken.take() {
            *taken = None;
        }
    }
}

/// What is wanted, by query; nothing where nothing is.
fn lists(wanted: &Wanted) -> [(&'static str, Option<String>); 5] {
    let ids = |ids: &std::collections::BTreeSet<Uuid>| {
        let ids: Vec<Uuid> = ids.iter().copied().collect();
        Some(json_ids(&ids)).filter(|_| !ids.is_empty())
    };
    let requests = wanted.requests.iter();
    let requests = requests
        .map(|(organisation, id)| format!("[\"{}\",\"{}\"]", organisation.simple(), id.simple()));
    let keys = wanted.keys.iter().map(|(scope, hash, slot)| {
        format!("[{scope},\"{}\",\"{}\"]", hex::encode(hash), slot.simple())
    });
    let requests = Some(super::json_list(requests)).filter(|_| !wanted.requests.is_empty());
    let keys = Some(super::json_list(keys)).filter(|_| !wanted.keys.is_empty());
    [
        (text::REQUESTS, requests),
        (text::STREAMS, ids(&wanted.streams)),
        (text::ERASED, ids(&wanted.learners)),
        (text::KEYS, keys),
        (text::LEASES, ids(&wanted.leases)),
    ]
}

// === what a row binds

fn bind_event(query: Values, event: &Recorded) -> Values {
    query
        .bind(event.position.sql())
        .bind(event.previous.sql())
        .bind(i64::from(event.partition))
        .bind(event.partition_sequence.cast_signed())
        .bind(event.stream)
        .bind(event.version.cast_signed())
        .bind(event.event_id.uuid())
        .bind(event.learner.map(Uuid::from))
        .bind(event.event_type.clone())
        .bind(i64::from(event.schema_version))
        .bind(micros(event.recorded_at))
        .bind(event.public.to_vec())
        .bind(event.sealed.to_vec())
        .bind(event.hash.to_vec())
}

fn bind_stream(query: Values, (stream, (version, position)): &(Uuid, (u64, u64))) -> Values {
    query.bind(*stream).bind(version.cast_signed()).bind(position.cast_signed())
}

fn bind_request(query: Values, row: &KeptRow) -> Values {
    let KeptRow { request, columns, sequence, hash } = row;
    query
        .bind(request.organisation)
        .bind(request.id)
        .bind(request.method)
        .bind(request.body_hash.to_vec())
        .bind(columns.position)
        .bind(columns.stream_version)
        .bind(columns.event_ids.clone())
        .bind(columns.recorded_at)
        .bind(columns.issued.clone())
        .bind(sequence.cast_signed())
        .bind(hash.to_vec())
}

fn bind_key(query: Values, (id, holder): &(KeyId, Holder)) -> Values {
    query
        .bind(id.0)
        .bind(id.1.to_vec())
        .bind(id.2)
        .bind(holder.stream)
        .bind(holder.valid_from)
        .bind(holder.valid_until)
}

fn bind_ready(query: Values, row: &&ReadyRow) -> Values {
    query
        .bind(row.ready.referral.uuid())
        .bind(row.ready.queue.uuid())
        .bind(row.ready.learner.uuid())
        .bind(row.ready.setting.uuid())
        .bind(row.day())
        .bind(row.position)
        .bind(i16::from(row.ready.priority))
}

fn bind_lease(query: Values, (referral, lease): &(Uuid, &LeaseRow)) -> Values {
    query
        .bind(*referral)
        .bind(lease.queue)
        .bind(lease.learner)
        .bind(lease.member)
        .bind(lease.organisation)
        .bind(lease.token_hash.to_vec())
        .bind(lease.until)
}
