//! One batch on PostgreSQL: four round trips (begin and lock, read, write, commit) on a connection of
//! the batcher's own.

use async_trait::async_trait;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Executor, PgConnection};
use uuid::Uuid;

use super::{Database, arrays, text};
use crate::batch::{Backend, Wanted};
use crate::error::Cause;
use crate::judge::{Expired, Known};
use crate::lease::Candidate;
use crate::plan::Plan;
use crate::sql::fault::Fault;
use crate::sql::known::{KnownRow, known};
use crate::sql::shared::{self, CandidateRow, ExpiredRow, Pruning};

/// The batcher's end of PostgreSQL.
pub(crate) struct Appender {
    settings: PgConnectOptions,
    connection: Option<PgConnection>,
    pruning: Pruning,
}

impl Appender {
    pub(crate) fn new(database: &Database) -> Self {
        Self { settings: database.settings.clone(), connection: None, pruning: Pruning::default() }
    }

    fn connection(&mut self) -> Result<&mut PgConnection, Fault> {
        self.connection.as_mut().ok_or(Fault::Lost)
    }

    async fn write_log(&mut self, plan: &Plan) -> Result<(), Fault> {
        let (events, streams) = (arrays::events(plan), arrays::streams(plan));
        let requests = arrays::requests(plan);
        sqlx::query(text::WRITE)
            .bind(plan.head.recorded_at)
            .bind(events.positions)
            .bind(events.previous)
            .bind(events.partitions)
            .bind(events.sequences)
            .bind(events.streams)
            .bind(events.versions)
            .bind(events.ids)
            .bind(events.learners)
            .bind(events.types)
            .bind(events.schemas)
            .bind(events.public)
            .bind(events.sealed)
            .bind(events.hashes)
            .bind(streams.streams)
            .bind(streams.versions)
            .bind(streams.positions)
            .bind(requests.organisations)
            .bind(requests.ids)
            .bind(requests.methods)
            .bind(requests.bodies)
            .bind(requests.positions)
            .bind(requests.versions)
            .bind(requests.event_ids)
            .bind(requests.moments)
            .bind(requests.issued)
            .bind(plan.head.position.cast_signed())
            .bind(plan.head.hash.as_slice())
            .bind(plan.head.sequences_to_bytes())
            .bind(plan.head.epoch)
            .bind(requests.sequences)
            .bind(requests.hashes)
            .bind(plan.head.requests.to_bytes())
            .execute(self.connection()?)
            .await?;
        Ok(())
    }

    async fn write_keys(&mut self, plan: &Plan) -> Result<(), Fault> {
        let keys = arrays::keys(plan);
        let connection = self.connection()?;
        if !keys.gone.0.is_empty() {
            let (scopes, hashes, slots) = keys.gone;
            let query = sqlx::query(text::DROP_KEYS).bind(scopes).bind(hashes).bind(slots);
            query.execute(&mut *connection).await?;
        }
        if !keys.put.0.is_empty() {
            let (scopes, hashes, slots) = keys.put;
            let query = sqlx::query(text::PUT_KEYS).bind(scopes).bind(hashes).bind(slots);
            let query = query.bind(keys.streams).bind(keys.from).bind(keys.until);
            query.execute(connection).await?;
        }
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
                sqlx::query(query).bind(list).execute(&mut *connection).await?;
            }
        }
        let ready = arrays::ready(plan);
        if !ready.referrals.is_empty() {
            let query = sqlx::query(text::READY).bind(ready.referrals).bind(ready.queues);
            let query = query.bind(ready.learners).bind(ready.settings).bind(ready.days);
            query.bind(ready.positions).bind(ready.priorities).execute(&mut *connection).await?;
        }
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
        let leases = arrays::leases(plan);
        let connection = self.connection()?;
        if !leases.gone.is_empty() {
            sqlx::query(text::UNLEASE).bind(leases.gone).execute(&mut *connection).await?;
        }
        if !leases.referrals.is_empty() {
            let query = sqlx::query(text::LEASE).bind(leases.referrals).bind(leases.queues);
            let query = query.bind(leases.learners).bind(leases.members);
            let query = query.bind(leases.organisations).bind(leases.tokens).bind(leases.until);
            query.execute(connection).await?;
        }
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
    async fn begin(&mut self, wanted: &Wanted) -> Result<(), Fault> {
        if self.connection.is_none() {
            self.connection = Some(self.settings.connect().await?);
        }
        let connection = self.connection()?;
        let locked = if wanted.all_queues || !wanted.queues.is_empty() {
            sqlx::raw_sql(text::BEGIN).execute(&mut *connection).await?;
            if wanted.all_queues {
                connection.fetch_all(text::LOCK_ALL_QUEUES).await?;
            } else {
                let queues: Vec<Uuid> = wanted.queues.iter().copied().collect();
                sqlx::query(text::LOCK_QUEUES).bind(queues).fetch_all(&mut *connection).await?;
            }
            sqlx::raw_sql(text::LOCK).fetch_all(connection).await?
        } else {
            sqlx::raw_sql(text::BEGIN_AND_LOCK).fetch_all(connection).await?
        };
        if locked.len() == 1 {
            return Ok(());
        }
        tracing::error!("log_lock has no row for the log: nothing is written without its lock");
        Err(Fault::Cause(Cause::Fault))
    }

    async fn read(&mut self, wanted: &Wanted) -> Result<Known, Fault> {
        let (organisations, ids): (Vec<Uuid>, Vec<Uuid>) = wanted.requests.iter().copied().unzip();
        let streams: Vec<Uuid> = wanted.streams.iter().copied().collect();
        let learners: Vec<Uuid> = wanted.learners.iter().copied().collect();
        let scopes: Vec<i16> = wanted.keys.iter().map(|key| key.0).collect();
        let hashes: Vec<&[u8]> = wanted.keys.iter().map(|key| key.1.as_slice()).collect();
        let slots: Vec<Uuid> = wanted.keys.iter().map(|key| key.2).collect();
        let leases: Vec<Uuid> = wanted.leases.iter().copied().collect();
        let query = sqlx::query_as(text::KNOWN).bind(organisations).bind(ids).bind(streams);
        let query = query.bind(learners).bind(scopes).bind(hashes).bind(slots).bind(leases);
        let rows: Vec<KnownRow> = query.fetch_all(self.connection()?).await?;
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
        let done = sqlx::raw_sql("COMMIT").execute(self.connection()?).await;
        done.map(drop).map_err(|error| match Fault::from(error) {
            Fault::Lost => Fault::InDoubt,
            other => other,
        })
    }

    async fn abandon(&mut self) -> Result<(), Fault> {
        sqlx::raw_sql("ROLLBACK").execute(self.connection()?).await?;
        Ok(())
    }

    async fn reset(&mut self) {
        if let Some(connection) = self.connection.take() {
            super::leave(connection).await;
        }
    }
}
