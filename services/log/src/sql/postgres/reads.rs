//! The record of reads on PostgreSQL, on a connection of its own and under a lock of its own.

use async_trait::async_trait;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgConnection};
use uuid::Uuid;

use super::{Database, text};
use crate::access::{AccessEntry, Ledger, Read, chain};
use crate::chain::GENESIS;
use crate::sql::fault::Fault;
use crate::sql::shared;

/// The record's end of PostgreSQL.
pub(crate) struct Reads {
    settings: PgConnectOptions,
    connection: Option<PgConnection>,
}

impl Reads {
    pub(crate) fn new(database: &Database) -> Self {
        Self { settings: database.settings.clone(), connection: None }
    }
}

#[async_trait]
impl Ledger for Reads {
    async fn append(&mut self, reads: &[Read]) -> Result<(), Fault> {
        if self.connection.is_none() {
            self.connection = Some(self.settings.connect().await?);
        }
        let connection = self.connection.as_mut().ok_or(Fault::Lost)?;
        sqlx::raw_sql(text::BEGIN_AND_LOCK_READS).execute(&mut *connection).await?;
        let last: Option<(i64, Vec<u8>)> =
            sqlx::query_as(shared::LAST_ACCESS).fetch_optional(&mut *connection).await?;
        let last = last.map_or((0, GENESIS), |(sequence, hash)| {
            (sequence, hash.try_into().unwrap_or(GENESIS))
        });
        insert(connection, &chain(last, reads)).await?;
        sqlx::raw_sql("COMMIT").execute(connection).await?;
        Ok(())
    }

    async fn reset(&mut self) {
        if let Some(connection) = self.connection.take() {
            super::leave(connection).await;
        }
    }
}

async fn insert(connection: &mut PgConnection, entries: &[AccessEntry]) -> Result<(), Fault> {
    let sequences: Vec<i64> = entries.iter().map(|entry| entry.sequence).collect();
    let moments: Vec<i64> = entries.iter().map(|entry| entry.at).collect();
    let organisations: Vec<Uuid> = entries.iter().map(|entry| entry.organisation).collect();
    let members: Vec<Option<Uuid>> = entries.iter().map(|entry| entry.member).collect();
    let roles: Vec<&str> = entries.iter().map(|entry| entry.role.as_str()).collect();
    let purposes: Vec<&str> = entries.iter().map(|entry| entry.purpose.as_str()).collect();
    let methods: Vec<&str> = entries.iter().map(|entry| entry.method.as_str()).collect();
    let learners: Vec<&[u8]> = entries.iter().map(|entry| entry.learners.as_slice()).collect();
    let requests: Vec<Option<Uuid>> = entries.iter().map(|entry| entry.request_id).collect();
    let hashes: Vec<&[u8]> = entries.iter().map(|entry| entry.hash.as_slice()).collect();
    let query = sqlx::query(text::WRITE_READS).bind(sequences).bind(moments).bind(organisations);
    let query = query.bind(members).bind(roles).bind(purposes).bind(methods);
    query.bind(learners).bind(requests).bind(hashes).execute(connection).await?;
    Ok(())
}
