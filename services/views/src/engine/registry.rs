//! Which views there are, in which version, and in which tables each generation lives.
//!
//! A generation is one build of one view in tables of its own. Of each version one generation is live:
//! readers of that version see it through SQL views (`timeline_v1_entry`) that a switch points elsewhere,
//! so that every process moves with its next statement and none has to be told.

use std::sync::Arc;

use onward_log::{PARTITIONS, Position};

use super::apply::Running;
use super::fold::Applier;
use super::number;
use super::owner::SLICES;
use super::store::{Ddl, Store, Tx};
use super::value::{Row, Value};
use crate::error::ViewError;

/// One build of one view, in tables of its own: a rebuild or a new version is a new generation beside
/// the old one. Numbers are never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Generation(pub(crate) i64);

impl Generation {
    /// The statement for this generation's tables: `timeline_g_entry` is `timeline_g1_entry`.
    pub(crate) fn sql(self, text: &str) -> String {
        text.replace("_g_", &format!("_g{}_", self.0))
    }
}

/// What readers of one version of a view see, whichever generation that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Served {
    pub(crate) view: &'static str,
    pub(crate) version: i64,
}

impl Served {
    /// The statement for what is served: `timeline_g_entry` is `timeline_v1_entry`.
    pub(crate) fn sql(self, text: &str) -> String {
        text.replace("_g_", &format!("_v{}_", self.version))
    }

    /// The generation that is live now; none while the first of this version is built.
    pub(crate) async fn generation(self, store: &Store) -> Result<Option<Generation>, ViewError> {
        let sql = "SELECT generation FROM view_registry \
                   WHERE view = $1 AND version = $2 AND state = 'live'";
        let values = vec![self.view.into(), self.version.into()];
        let rows = store.rows(sql.to_owned(), values).await?;
        rows.first().map(|row| row.int("generation").map(Generation)).transpose()
    }

    /// The position that every reader can rely on.
    ///
    /// # Errors
    /// `NotYet` while the first generation of this version is built.
    pub(crate) async fn position(self, store: &Store) -> Result<Position, ViewError> {
        // One statement, so that a switch cannot fall between the question and the answer.
        let sql = "SELECT MIN(p.scanned) AS lowest FROM view_registry r JOIN view_progress p \
                   ON p.view = r.view AND p.generation = r.generation \
                   WHERE r.view = $1 AND r.version = $2 AND r.state = 'live'";
        let values = vec![self.view.into(), self.version.into()];
        let rows = store.rows(sql.to_owned(), values).await?;
        let lowest = rows.first().map(|row| row.int_or_null("lowest")).transpose()?.flatten();
        lowest.map(number::position).ok_or(ViewError::NotYet)
    }
}

/// How a generation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GenerationState {
    /// Readers see it.
    Live,
    /// It is catching up from the log.
    Building,
    /// It has caught up and follows; a switch makes it live.
    Ready,
    /// It was live before the last switch and follows: the way back.
    Retired,
}

impl GenerationState {
    const ALL: [(Self, &str); 4] = [
        (Self::Live, "live"),
        (Self::Building, "building"),
        (Self::Ready, "ready"),
        (Self::Retired, "retired"),
    ];

    /// As it is stored and shown.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(state, _)| *state == self).map_or("", |(_, text)| text)
    }

    fn parse(text: &str) -> Result<Self, ViewError> {
        let found = Self::ALL.iter().find(|(_, known)| *known == text);
        found.map(|(state, _)| *state).ok_or(ViewError::Damaged("a generation in no known state"))
    }
}

/// A generation as the registry has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Registered {
    pub(crate) generation: Generation,
    pub(crate) version: i64,
    pub(crate) state: GenerationState,
}

impl Registered {
    fn read(row: &Row) -> Result<Self, ViewError> {
        Ok(Self {
            generation: Generation(row.int("generation")?),
            version: row.int("version")?,
            state: GenerationState::parse(&row.text("state")?)?,
        })
    }
}

/// Every generation of a view that is there, oldest first.
const LIST: &str = "SELECT generation, version, state FROM view_registry \
                    WHERE view = $1 AND state <> 'dropped' ORDER BY generation";

/// Every generation of a view that is there, oldest first.
pub(crate) async fn list(store: &Store, view: &str) -> Result<Vec<Registered>, ViewError> {
    let rows = store.rows(LIST.to_owned(), vec![view.into()]).await?;
    rows.iter().map(Registered::read).collect()
}

/// As [`list`], inside a transaction.
pub(crate) async fn list_in(tx: &mut Tx, view: &str) -> Result<Vec<Registered>, ViewError> {
    let rows = tx.rows(LIST.to_owned(), vec![view.into()]).await?;
    rows.iter().map(Registered::read).collect()
}

/// What this program applies events to as they come: of its own version of each view the live
/// generation, then those beside it that have caught up.
pub(crate) async fn active(
    store: &Store,
    views: &[Arc<dyn Applier>],
) -> Result<Vec<Running>, ViewError> {
    let mut running = Vec::with_capacity(views.len());
    for applier in views {
        let mut listed = list(store, applier.name()).await?;
        listed.retain(|one| {
            one.version == applier.version() && one.state != GenerationState::Building
        });
        listed.sort_by_key(|one| (one.state != GenerationState::Live, one.generation));
        running
            .extend(listed.into_iter().map(|one| Running::of(Arc::clone(applier), one.generation)));
    }
    Ok(running)
}

const TABLES: Ddl = Ddl {
    sqlite: include_str!("tables.sqlite.sql"),
    postgres: include_str!("tables.postgres.sql"),
};

const BUILDS: Ddl = Ddl {
    sqlite: include_str!("builds.sqlite.sql"),
    postgres: include_str!("builds.postgres.sql"),
};

/// A column that came later.
const HASH: Ddl = Ddl {
    sqlite: "ALTER TABLE view_progress ADD COLUMN hash BLOB NOT NULL DEFAULT X''",
    postgres: "ALTER TABLE view_progress ADD COLUMN hash BYTEA NOT NULL DEFAULT ''",
};

/// What stands before the indexes that only readers need.
const READERS_ONLY: &str = "-- Only readers need these";

/// Makes what is missing, safe twice and by two processes. `long`: the log is too long to let readers
/// watch an empty view fill up.
///
/// # Errors
/// `Settings` where the database holds only newer versions of a view than this program knows.
pub(crate) async fn register(
    store: &Store,
    views: &[Arc<dyn Applier>],
    long: bool,
) -> Result<(), ViewError> {
    let mut tx = store.begin_ddl().await?;
    // Tables that are there are left alone: on PostgreSQL even IF NOT EXISTS locks them against the
    // process that applies. The last table of a script stands for all, since DDL is one transaction.
    for (last, ddl) in [("view_parked", TABLES), ("view_build", BUILDS)] {
        if !tx.has_table(last).await? {
            let text = tx.pick(ddl).to_owned();
            tx.script(text).await?;
        }
    }
    if !tx.has_column("view_progress", "hash").await? {
        let text = tx.pick(HASH).to_owned();
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
    for view in views {
        register_one(&mut tx, view.as_ref(), long).await?;
    }
    tx.commit().await
}

/// Sees to it that this program's version of a view is there. The first of all is live at once; a new
/// version, or the first beside a long log, is built, and becomes live when it has caught up.
async fn register_one(tx: &mut Tx, view: &dyn Applier, long: bool) -> Result<(), ViewError> {
    let listed = list_in(tx, view.name()).await?;
    if listed.iter().any(|one| one.version == view.version()) {
        return Ok(());
    }
    if let Some(newer) = listed.iter().find(|one| one.version > view.version()) {
        return Err(ViewError::Settings(format!(
            "view {} is at version {}, this program knows {}: run the newer program",
            view.name(),
            newer.version,
            view.version()
        )));
    }
    let built = long || !listed.is_empty();
    let state = if built { GenerationState::Building } else { GenerationState::Live };
    let generation = begin(tx, view, state).await?;
    // Readers are held off by the position while it is built.
    point(tx, view, generation).await
}

/// Generation and version of the live build of a view.
pub(crate) async fn live(tx: &mut Tx, view: &str) -> Result<Option<(Generation, i64)>, ViewError> {
    let sql = "SELECT generation, version FROM view_registry WHERE view = $1 AND state = 'live'";
    let rows = tx.rows(sql.to_owned(), vec![view.into()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    Ok(Some((Generation(row.int("generation")?), row.int("version")?)))
}

/// A new generation, empty. Its tables get the indexes that only readers need at once only where it is
/// live at once.
pub(crate) async fn begin(
    tx: &mut Tx,
    view: &dyn Applier,
    state: GenerationState,
) -> Result<Generation, ViewError> {
    let sql = "SELECT MAX(generation) AS last FROM view_registry WHERE view = $1";
    let rows = tx.rows(sql.to_owned(), vec![view.name().into()]).await?;
    let last = rows.first().map(|row| row.int_or_null("last")).transpose()?.flatten();
    let next = Generation(last.unwrap_or_default() + 1);
    tx.execute(
        "INSERT INTO view_registry (view, generation, version, state) VALUES ($1, $2, $3, $4)"
            .to_owned(),
        vec![view.name().into(), next.0.into(), view.version().into(), state.as_str().into()],
    )
    .await?;
    let ddl = next.sql(tx.pick(view.ddl()));
    match (state, ddl.split_once(READERS_ONLY)) {
        (GenerationState::Building, Some((tables, _))) => tx.script(tables.to_owned()).await?,
        _ => tx.script(ddl).await?,
    }
    fill(tx, view.name(), next).await?;
    Ok(next)
}

/// Makes the indexes that only readers need, and tells PostgreSQL's planner what the tables hold.
pub(crate) async fn finish(
    tx: &mut Tx,
    view: &dyn Applier,
    generation: Generation,
) -> Result<(), ViewError> {
    let ddl = generation.sql(tx.pick(view.ddl()));
    if let Some((_, indexes)) = ddl.split_once(READERS_ONLY) {
        // The rest of the marker's own line is a comment still.
        tx.script(format!("--{indexes}")).await?;
    }
    if tx.is_postgres() {
        for table in view.tables() {
            tx.script(format!("ANALYZE {}", generation.sql(table.name))).await?;
        }
    }
    Ok(())
}

/// Lets readers of this version see this generation from their next statement on.
pub(crate) async fn point(
    tx: &mut Tx,
    view: &dyn Applier,
    generation: Generation,
) -> Result<(), ViewError> {
    let served = Served { view: view.name(), version: view.version() };
    let mut script = String::new();
    for table in view.tables() {
        let (name, target) = (served.sql(table.name), generation.sql(table.name));
        script +=
            &format!("DROP VIEW IF EXISTS {name}; CREATE VIEW {name} AS SELECT * FROM {target}; ");
    }
    tx.script(script).await
}

/// Changes the state of a generation.
pub(crate) async fn set_state(
    tx: &mut Tx,
    view: &str,
    generation: Generation,
    state: GenerationState,
) -> Result<(), ViewError> {
    let sql = "UPDATE view_registry SET state = $3 WHERE view = $1 AND generation = $2";
    let values = vec![view.into(), generation.0.into(), state.as_str().into()];
    tx.execute(sql.to_owned(), values).await.map(drop)
}

/// Removes a generation with all its rows; its number stays used.
pub(crate) async fn remove(
    tx: &mut Tx,
    view: &dyn Applier,
    one: Registered,
) -> Result<(), ViewError> {
    let generation = one.generation;
    let key = || vec![view.name().into(), Value::from(generation.0)];
    for table in ["view_checkpoint", "view_progress", "view_parked", "view_build"] {
        let sql = format!("DELETE FROM {table} WHERE view = $1 AND generation = $2");
        tx.execute(sql, key()).await?;
    }
    let sql = "UPDATE view_registry SET state = 'dropped' WHERE view = $1 AND generation = $2";
    tx.execute(sql.to_owned(), key()).await?;
    let served = Served { view: view.name(), version: one.version };
    let mut script = String::new();
    for table in view.tables() {
        if one.state == GenerationState::Live {
            script += &format!("DROP VIEW IF EXISTS {}; ", served.sql(table.name));
        }
        script += &format!("DROP TABLE IF EXISTS {}; ", generation.sql(table.name));
    }
    tx.script(script).await
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
