//! The record of reads on SQLite: a transaction of its own on the one connection that writes.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::{Executor, SqliteConnection};

use super::rows::{Values, put};
use super::writer::{Taken, Writer};
use super::{Database, text};
use crate::access::{AccessEntry, Ledger, Read, chain};
use crate::chain::GENESIS;
use crate::sql::fault::Fault;
use crate::sql::shared;

/// The record's end of SQLite.
pub(crate) struct Reads {
    writer: Arc<Writer>,
    taken: Option<Taken>,
}

impl Reads {
    pub(crate) fn new(database: &Database) -> Self {
        Self { writer: Arc::clone(&database.writer), taken: None }
    }
}

#[async_trait]
impl Ledger for Reads {
    async fn append(&mut self, reads: &[Read]) -> Result<(), Fault> {
        let taken = self.taken.insert(Arc::clone(&self.writer).take().await?);
        write(taken.as_mut().ok_or(Fault::Lost)?, reads).await?;
        self.taken = None;
        Ok(())
    }

    async fn reset(&mut self) {
        // Closing the connection rolls back what was open.
        if let Some(mut taken) = self.taken.take() {
            *taken = None;
        }
    }
}

async fn write(connection: &mut SqliteConnection, reads: &[Read]) -> Result<(), sqlx::Error> {
    connection.execute(text::BEGIN).await?;
    let last: Option<(i64, Vec<u8>)> =
        sqlx::query_as(shared::LAST_ACCESS).fetch_optional(&mut *connection).await?;
    let last = last
        .map_or((0, GENESIS), |(sequence, hash)| (sequence, hash.try_into().unwrap_or(GENESIS)));
    put(connection, &text::READ_ROWS, &chain(last, reads), bind).await?;
    connection.execute("COMMIT").await?;
    Ok(())
}

fn bind(query: Values, entry: &AccessEntry) -> Values {
    query
        .bind(entry.sequence)
        .bind(entry.at)
        .bind(entry.organisation)
        .bind(entry.member)
        .bind(entry.role.clone())
        .bind(entry.purpose.clone())
        .bind(entry.method.clone())
        .bind(entry.learners.clone())
        .bind(entry.request_id)
        .bind(entry.hash.to_vec())
}
