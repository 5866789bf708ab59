//! Ranges of positions, made before the log comes to them: each is a table of its own, so that storage
//! is handled in pieces and old ones can be moved.

use sqlx::AssertSqlSafe;

use super::{Database, text};
use crate::sql::fault::brief;
use crate::sql::readers::on;

/// Positions in one range.
const RANGE: u64 = 10_000_000;
/// Ranges that are there ahead of the one that the log is in.
const AHEAD: u64 = 2;

/// Makes what is missing. A failure is said and does no harm: the default partition takes what has no
/// range.
pub(crate) async fn make_ahead(database: &Database, head: u64) {
    let current = head / RANGE;
    for number in current..=current + AHEAD {
        if let Err(error) = make(database, number).await {
            tracing::warn!(range = number, reason = %brief(&error), "a range could not be made");
            return;
        }
    }
}

async fn make(database: &Database, number: u64) -> Result<(), sqlx::Error> {
    let name = format!("log_event_{number:06}");
    let there: bool = on!(database.readers, connection => {
        sqlx::query_scalar(text::HAS_RANGE).bind(&name).fetch_one(connection).await
    })?;
    if there {
        return Ok(());
    }
    let (from, to) = (number * RANGE, (number + 1) * RANGE);
    // One simple query is one transaction; the names and numbers are our own.
    let create = format!(
        "{}; SET LOCAL lock_timeout = '2s'; CREATE TABLE IF NOT EXISTS {name} PARTITION OF log_event \
         FOR VALUES FROM ({from}) TO ({to})",
        text::LOCK_RANGES,
    );
    on!(database.readers, connection => {
        sqlx::raw_sql(AssertSqlSafe(create.clone())).execute(connection).await.map(drop)
    })
}
