//! Which views there are, in which version, and in which tables each generation lives.

use super::fold::Applier;
use super::owner::SLICES;
use super::store::{Ddl, Store, Tx};
use super::value::Value;
use crate::error::ViewError;
use onward_log::PARTITIONS;

/// One build of one view, in tables of its own: a rebuild or a new version is a new generation beside
/// the old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Generation(pub(crate) i64);

impl Generation {
    /// The statement for this generation's tables: `timeline_g_entry` is `timeline_g1_entry`.
    pub(crate) fn sql(self, text: &str) -> String {
        text.replace("_g_", &format!("_g{}_", self.0))
    }
}

const TABLES: Ddl = Ddl {
    sqlite: include_str!("tables.sqlite.sql"),
    postgres: include_str!("tables.postgres.sql"),
};

/// Makes what is missing, safe twice and by two processes, and answers the live generation of each
/// view in the order given.
///
/// # Errors
/// `Settings` where the database holds a newer version of a view than this program knows.
pub(crate) async fn register(
    store: &Store,
    views: &[&dyn Applier],
) -> Result<Vec<Generation>, ViewError> {
    let mut tx = store.begin_ddl().await?;
    // Tables that are there are left alone: on PostgreSQL even IF NOT EXISTS locks them against the
    // process that applies. The last table of the script stands for all, since DDL is one transaction.
    if !tx.has_table("view_parked").await? {
        let text = tx.pick(TABLES).to_owned();
        tx.script(text).await?;
    }
    for slice in 0..SLICES {
        tx.execute(
            "INSERT INTO view_owner (slice, worker, epoch, until_ms) VALUES ($1, NULL, 0, 0) \
             ON CONFLICT DO NOTHING"
                .to_owned(),
            vec![i64::from(slice).into()],
        )
        .await?;
    }
    let mut generations = Vec::with_capacity(views.len());
    for view in views {
        generations.push(register_one(&mut tx, *view).await?);
    }
    tx.commit().await?;
    Ok(generations)
}

async fn register_one(tx: &mut Tx, view: &dyn Applier) -> Result<Generation, ViewError> {
    let generation = match live(tx, view.name()).await? {
        Some((generation, version)) if version == view.version() => generation,
        Some((_, version)) if version > view.version() => {
            return Err(ViewError::Settings(format!(
                "view {} is at version {version}, this program knows {}: run the newer program",
                view.name(),
                view.version()
            )));
        }
        live => begin_generation(tx, view, live.map(|(generation, _)| generation)).await?,
    };
    if !is_made(tx, view.name(), generation).await? {
        let ddl = generation.sql(tx.pick(view.ddl()));
        tx.script(ddl).await?;
        fill(tx, view.name(), generation).await?;
    }
    Ok(generation)
}

/// Generation and version of the live build of a view.
pub(crate) async fn live(tx: &mut Tx, view: &str) -> Result<Option<(Generation, i64)>, ViewError> {
    let sql = "SELECT generation, version FROM view_registry WHERE view = $1 AND state = 'live'";
    let rows = tx.rows(sql.to_owned(), vec![view.into()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    Ok(Some((Generation(row.int("generation")?), row.int("version")?)))
}

/// A new version starts empty and catches up from the log; what the old one shows is given up at
/// once. Building beside the old one and switching when it has caught up comes with rebuilds.
async fn begin_generation(
    tx: &mut Tx,
    view: &dyn Applier,
    old: Option<Generation>,
) -> Result<Generation, ViewError> {
    let next = Generation(old.map_or(1, |old| old.0 + 1));
    tx.execute(
        "UPDATE view_registry SET state = 'retired' WHERE view = $1 AND state = 'live'".to_owned(),
        vec![view.name().into()],
    )
    .await?;
    tx.execute(
        "INSERT INTO view_registry (view, generation, version, state) VALUES ($1, $2, $3, 'live')"
            .to_owned(),
        vec![view.name().into(), next.0.into(), view.version().into()],
    )
    .await?;
    Ok(next)
}

/// Tables and checkpoints of a generation are made in one transaction: one tells of the other.
async fn is_made(tx: &mut Tx, view: &str, generation: Generation) -> Result<bool, ViewError> {
    let sql = "SELECT COUNT(*) AS there FROM view_checkpoint WHERE view = $1 AND generation = $2";
    let rows = tx.rows(sql.to_owned(), vec![view.into(), generation.0.into()]).await?;
    let there = rows.first().map(|row| row.int("there")).transpose()?;
    Ok(there == i64::try_from(PARTITIONS).ok())
}

/// Checkpoints start at nothing applied.
async fn fill(tx: &mut Tx, view: &str, generation: Generation) -> Result<(), ViewError> {
    let one = |sql: &str, place: i64| {
        (sql.to_owned(), vec![view.into(), generation.0.into(), Value::from(place)])
    };
    for partition in (0_i64..).take(PARTITIONS) {
        let (sql, values) = one(
            "INSERT INTO view_checkpoint (view, generation, partition, sequence) \
             VALUES ($1, $2, $3, 0) ON CONFLICT DO NOTHING",
            partition,
        );
        tx.execute(sql, values).await?;
    }
    for slice in 0..SLICES {
        let (sql, values) = one(
            "INSERT INTO view_progress (view, generation, slice, scanned) \
             VALUES ($1, $2, $3, 0) ON CONFLICT DO NOTHING",
            i64::from(slice),
        );
        tx.execute(sql, values).await?;
    }
    Ok(())
}
