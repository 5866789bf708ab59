//! One random alteration: of any column of any table that `verify` covers, a row gone, a row too many, two
//! changed places, the tail cut off, or an event edited and everything after it computed anew.

use onward_log::Inspection;
use sqlx::{AssertSqlSafe, Row};

use super::chance::Chance;
use super::forge::{Forgery, forge};

/// The database, through the connection that it is checked through.
pub(super) struct Sql(pub Inspection);

/// What was altered.
pub(super) struct Altered {
    pub what: String,
}

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    Int,
    Id,
    MaybeId,
    Bytes,
    Text,
}
use Holds::{Bytes, Id, Int, MaybeId, Text};

/// A table: how its rows are told apart, and what it holds.
struct Table {
    name: &'static str,
    key: &'static str,
    columns: &'static [(&'static str, Holds)],
}

const TABLES: [Table; 9] = [
    Table {
        name: "log_event",
        key: "position",
        columns: &[
            ("position", Int),
            ("previous", Int),
            ("partition_no", Int),
            ("partition_sequence", Int),
            ("stream", Id),
            ("version", Int),
            ("event_id", Id),
            ("learner", MaybeId),
            ("event_type", Text),
            ("schema_version", Int),
            ("recorded_at", Int),
            ("public_part", Bytes),
            ("sealed_part", Bytes),
            ("hash", Bytes),
        ],
    },
    Table {
        name: "log_stream",
        key: "stream",
        columns: &[("stream", Id), ("version", Int), ("last_position", Int)],
    },
    Table {
        name: "log_request",
        key: "sequence",
        columns: &[
            ("organisation", Id),
            ("request_id", Id),
            ("method", Text),
            ("body_hash", Bytes),
            ("position", Int),
            ("stream_version", Int),
            ("event_ids", Bytes),
            ("recorded_at", Int),
            ("issued", Bytes),
            ("sequence", Int),
            ("hash", Bytes),
        ],
    },
    Table {
        name: "log_access",
        key: "sequence",
        columns: &[
            ("sequence", Int),
            ("at", Int),
            ("organisation", Id),
            ("member", MaybeId),
            ("role", Text),
            ("purpose", Text),
            ("method", Text),
            ("learners", Bytes),
            ("request_id", MaybeId),
            ("hash", Bytes),
        ],
    },
    Table {
        name: "log_batch",
        key: "last_position",
        columns: &[
            ("last_position", Int),
            ("hash", Bytes),
            ("recorded_at", Int),
            ("sequences", Bytes),
            ("epoch", Int),
            ("requests", Bytes),
        ],
    },
    Table {
        name: "log_tree",
        key: "number",
        columns: &[("level", Int), ("number", Int), ("hash", Bytes)],
    },
    Table {
        name: "log_checkpoint",
        key: "number",
        columns: &[("number", Int), ("size", Int), ("note", Text)],
    },
    Table {
        name: "log_identity",
        key: "shard",
        columns: &[("log_id", Id), ("keys_id", Id), ("lookup_check", Bytes)],
    },
    Table { name: "log_erased", key: "learner", columns: &[("learner", Id), ("position", Int)] },
];

/// Checked with the learners' keys only.
const KEYS: Table = Table {
    name: "log_key",
    key: "hash",
    columns: &[
        ("scope", Int),
        ("hash", Bytes),
        ("slot", Id),
        ("stream", Id),
        ("valid_from", Int),
        ("valid_until", Int),
    ],
};

impl Sql {
    pub(super) fn is_postgres(&mut self) -> bool {
        self.0.postgres().is_some()
    }

    /// Runs statements; answers the rows that the last one changed.
    pub(super) async fn run(&mut self, text: &str) -> Result<u64, sqlx::Error> {
        let text = AssertSqlSafe(text.to_owned());
        if let Some(connection) = self.0.postgres() {
            return Ok(sqlx::raw_sql(text).execute(connection).await?.rows_affected());
        }
        let connection = self.0.sqlite().expect("one or the other");
        Ok(sqlx::raw_sql(text).execute(connection).await?.rows_affected())
    }

    pub(super) async fn number(&mut self, text: &str) -> Result<i64, sqlx::Error> {
        let text = AssertSqlSafe(text.to_owned());
        if let Some(connection) = self.0.postgres() {
            return sqlx::query(text).fetch_one(connection).await?.try_get(0);
        }
        let connection = self.0.sqlite().expect("one or the other");
        sqlx::query(text).fetch_one(connection).await?.try_get(0)
    }

    fn bytes(&mut self, hex: &str) -> String {
        if self.is_postgres() { format!("'\\x{hex}'::bytea") } else { format!("x'{hex}'") }
    }

    fn id(&mut self, hex: &str) -> String {
        if self.is_postgres() { format!("'{hex}'::uuid") } else { format!("x'{hex}'") }
    }
}

/// Alters something; nothing where chance picked what cannot be done.
pub(super) async fn alter(sql: &mut Sql, chance: &mut Chance) -> anyhow::Result<Option<Altered>> {
    let (what, changed) = match chance.below(20) {
        0 => {
            let position = 1 + chance.below(200);
            let forged = Forgery::Edit { position };
            (format!("{forged:?}"), forge(sql, forged).await.map(|()| 1))
        }
        1 => {
            let forged = Forgery::Cut { events: 1 + chance.below(100) };
            (format!("{forged:?}"), forge(sql, forged).await.map(|()| 1))
        }
        kind => {
            let table = chance.one_of(&TABLES);
            let Some(text) = in_table(table, kind, sql, chance).await? else { return Ok(None) };
            let done = sql.run(&text).await;
            (text, done.map_err(anyhow::Error::from))
        }
    };
    // A statement that the database refuses, or that changes nothing, is no alteration.
    Ok(changed.is_ok_and(|rows| rows > 0).then_some(Altered { what }))
}

/// Alters the look-up keys: as any table, or puts back what a member held who was removed.
pub(super) async fn alter_keys(
    sql: &mut Sql,
    chance: &mut Chance,
) -> anyhow::Result<Option<Altered>> {
    let back = "INSERT INTO log_key SELECT * FROM kept EXCEPT SELECT * FROM log_key";
    let what = match chance.below(20) {
        0 => Some(back.to_owned()),
        1 => Some(format!("{back} LIMIT 1")),
        kind => in_table(&KEYS, kind, sql, chance).await?,
    };
    let Some(what) = what else { return Ok(None) };
    let changed = sql.run(&what).await;
    Ok(changed.is_ok_and(|rows| rows > 0).then_some(Altered { what }))
}

async fn in_table(
    table: &Table,
    kind: u64,
    sql: &mut Sql,
    chance: &mut Chance,
) -> anyhow::Result<Option<String>> {
    let rows = sql.number(&format!("SELECT COUNT(*) FROM {}", table.name)).await?;
    let rows = rows.cast_unsigned();
    Ok(match kind {
        2..=4 if rows > 0 => delete(table, rows, chance),
        5..=7 if rows > 0 => insert(table, sql, chance),
        8..=10 if rows > 1 => swap(table, rows, chance),
        11.. if rows > 0 => edit(table, rows, sql, chance),
        _ => None,
    })
}

/// The row at this place in the order of the table's key.
fn row_at(table: &Table, place: u64) -> String {
    let Table { name, key, .. } = table;
    format!("(SELECT {key} FROM {name} ORDER BY {key} LIMIT 1 OFFSET {place})")
}

fn edit(table: &Table, rows: u64, sql: &mut Sql, chance: &mut Chance) -> Option<String> {
    let (column, holds) = *chance.one_of(table.columns);
    let value = match holds {
        Int => chance
            .one_of(&["{} + 1", "{} - 1", "{} + 256", "{} + 65536", "0", "-1", "{} * 2 + 7"])
            .replace("{}", column),
        Id => {
            let hex = chance.hex(16);
            sql.id(&hex)
        }
        MaybeId if chance.below(2) == 0 => "NULL".to_owned(),
        MaybeId => {
            let hex = chance.hex(16);
            sql.id(&hex)
        }
        Bytes => {
            let length = *chance.one_of(&[0, 1, 16, 32, 40, 512]);
            let hex = chance.hex(length);
            let bytes = sql.bytes(&hex);
            let more = format!("{column} || {}", sql.bytes("00"));
            chance.one_of(&[bytes, format!("substr({column}, 2)"), more]).clone()
        }
        Text => chance
            .one_of(&[
                "{} || 'x'",
                "upper({})",
                "'x'",
                "''",
                "replace({}, 'e', 'E')",
                "substr({}, 2)",
            ])
            .replace("{}", column),
    };
    let (Table { name, key, .. }, row) = (table, row_at(table, chance.below(rows)));
    Some(format!(
        "UPDATE {name} SET {column} = {value} WHERE {key} = {row} AND {column} IS DISTINCT FROM {value}"
    ))
}

/// Old batch rows are pruned by the log itself, so that only the newest counts.
fn delete(table: &Table, rows: u64, chance: &mut Chance) -> Option<String> {
    let place = if table.name == "log_batch" { rows - 1 } else { chance.below(rows) };
    Some(format!("DELETE FROM {} WHERE {} = {}", table.name, table.key, row_at(table, place)))
}

/// A copy of a row under the next key.
fn insert(table: &Table, sql: &mut Sql, chance: &mut Chance) -> Option<String> {
    let Table { name, key, columns } = table;
    let next = match *name {
        "log_identity" => return None,
        "log_stream" | "log_erased" => {
            let hex = chance.hex(16);
            sql.id(&hex)
        }
        "log_key" => {
            let hex = chance.hex(32);
            sql.bytes(&hex)
        }
        _ => format!("(SELECT MAX({key}) + 1 FROM {name})"),
    };
    let request = chance.hex(16);
    let request = sql.id(&request);
    let names: Vec<&str> = columns.iter().map(|(column, _)| *column).collect();
    let values = names.iter().map(|column| match *column {
        column if column == *key => next.clone(),
        "request_id" if *name == "log_request" => request.clone(),
        column => column.to_owned(),
    });
    let values: Vec<String> = values.collect();
    let newest = format!("ORDER BY {key} DESC LIMIT 1");
    Some(format!(
        "INSERT INTO {name} (shard, {}) SELECT 0, {} FROM {name} {newest}",
        names.join(", "),
        values.join(", ")
    ))
}

/// Two rows change places, or what they hold in one column.
fn swap(table: &Table, rows: u64, chance: &mut Chance) -> Option<String> {
    let Table { name, key, columns } = table;
    let (one, other) = (chance.below(rows), chance.below(rows));
    let (column, _) = *chance.one_of(columns);
    if one == other {
        return None;
    }
    let (one, other) = (row_at(table, one), row_at(table, other));
    if column == *key {
        // By way of a place that nobody has; only where keys are numbers.
        let numbers = columns.iter().any(|(column, holds)| column == key && *holds == Int);
        let far = 1_000_000_000_u64;
        return numbers.then(|| {
            format!(
                "CREATE TEMPORARY TABLE swapped AS SELECT {one} AS a, {other} AS b; \
                 UPDATE {name} SET {key} = {far} WHERE {key} = (SELECT a FROM swapped); \
                 UPDATE {name} SET {key} = (SELECT a FROM swapped) WHERE {key} = (SELECT b FROM swapped); \
                 UPDATE {name} SET {key} = (SELECT b FROM swapped) WHERE {key} = {far}"
            )
        });
    }
    // What is the same in both cannot change places.
    let of = |row: &str| format!("(SELECT {column} FROM {name} WHERE {key} = {row})");
    let (first, second) = (of(&one), of(&other));
    Some(format!(
        "UPDATE {name} SET {column} = CASE WHEN {key} = {one} THEN {second} ELSE {first} END \
         WHERE {key} IN ({one}, {other}) AND {first} IS DISTINCT FROM {second}"
    ))
}
