//! Values that go into and come out of both databases: numbers, ids, texts, bytes and lists of them.

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Postgres, Row as _, Sqlite};
use uuid::Uuid;

use crate::error::ViewError;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// 64-bit number: a position, a version, a day, a moment in nanoseconds.
    Int,
    /// Opaque id.
    Id,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
}

/// One value of a statement.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value {
    Int(Option<i64>),
    Id(Option<Uuid>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
    /// Bound as an array on PostgreSQL, as JSON on SQLite; see [`super::store::Store::among`].
    Ids(Vec<Uuid>),
    /// As `Ids`, of texts.
    Texts(Vec<String>),
    /// As `Ids`, of numbers.
    Ints(Vec<i64>),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<Option<i64>> for Value {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Int(Some(i64::from(value)))
    }
}

impl From<Uuid> for Value {
    fn from(value: Uuid) -> Self {
        Self::Id(Some(value))
    }
}

impl From<Option<Uuid>> for Value {
    fn from(value: Option<Uuid>) -> Self {
        Self::Id(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(Some(value))
    }
}

impl From<Option<String>> for Value {
    fn from(value: Option<String>) -> Self {
        Self::Text(value)
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Self::Bytes(Some(value.to_vec()))
    }
}

/// A list in JSON, as SQLite's `json_each` takes it. Ids go as hexadecimal digits.
fn json<T>(values: &[T], one: impl Fn(&T) -> String) -> String {
    let mut text = String::from("[");
    for (place, value) in values.iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        text.push_str(&one(value));
    }
    text.push(']');
    text
}

/// A JSON string of a code, a type or a number: none of them needs more than these escapes.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

type SqliteQuery<'q> = Query<'q, Sqlite, SqliteArguments>;
type PostgresQuery<'q> = Query<'q, Postgres, PgArguments>;

pub(crate) fn bind_sqlite(query: SqliteQuery<'_>, value: Value) -> SqliteQuery<'_> {
    match value {
        Value::Int(value) => query.bind(value),
        Value::Id(value) => query.bind(value),
        Value::Text(value) => query.bind(value),
        Value::Bytes(value) => query.bind(value),
        Value::Ids(values) => query.bind(json(&values, |id| quoted(&id.simple().to_string()))),
        Value::Texts(values) => query.bind(json(&values, |text| quoted(text))),
        Value::Ints(values) => query.bind(json(&values, i64::to_string)),
    }
}

pub(crate) fn bind_postgres(query: PostgresQuery<'_>, value: Value) -> PostgresQuery<'_> {
    match value {
        Value::Int(value) => query.bind(value),
        Value::Id(value) => query.bind(value),
        Value::Text(value) => query.bind(value),
        Value::Bytes(value) => query.bind(value),
        Value::Ids(values) => query.bind(values),
        Value::Texts(values) => query.bind(values),
        Value::Ints(values) => query.bind(values),
    }
}

/// Binds one column of many rows as an array. A value of another kind than the column's becomes null.
pub(crate) fn bind_array(
    query: PostgresQuery<'_>,
    kind: Kind,
    values: Vec<Value>,
) -> PostgresQuery<'_> {
    macro_rules! array {
        ($variant:ident) => {{
            let one = |value| match value {
                Value::$variant(value) => value,
                _ => None,
            };
            query.bind(values.into_iter().map(one).collect::<Vec<_>>())
        }};
    }
    match kind {
        Kind::Int => array!(Int),
        Kind::Id => array!(Id),
        Kind::Text => array!(Text),
        Kind::Bytes => array!(Bytes),
    }
}

/// Rows in the binary form of PostgreSQL's COPY: a header, each row as the number of its columns and
/// each value behind its length, and an end (documentation of COPY, "Binary Format").
pub(crate) fn binary(rows: &[Vec<Value>]) -> Vec<u8> {
    let mut out = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0".to_vec();
    for row in rows {
        let columns = i16::try_from(row.len()).unwrap_or(i16::MAX);
        out.extend(columns.to_be_bytes());
        for value in row {
            match value {
                Value::Int(Some(number)) => field(&mut out, &number.to_be_bytes()),
                Value::Id(Some(id)) => field(&mut out, id.as_bytes()),
                Value::Text(Some(text)) => field(&mut out, text.as_bytes()),
                Value::Bytes(Some(bytes)) => field(&mut out, bytes),
                // No column holds a list.
                _ => out.extend((-1_i32).to_be_bytes()),
            }
        }
    }
    out.extend((-1_i16).to_be_bytes());
    out
}

fn field(out: &mut Vec<u8>, bytes: &[u8]) {
    let length = i32::try_from(bytes.len()).unwrap_or(i32::MAX);
    out.extend(length.to_be_bytes());
    out.extend_from_slice(bytes);
}

/// One row that was read, from either database.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

macro_rules! columns {
    ($($name:ident / $optional:ident: $kind:ty;)*) => {$(
        /// Reads a column that is always there.
        pub(crate) fn $name(&self, column: &str) -> Result<$kind, ViewError> {
            Ok(match self {
                Self::Sqlite(row) => row.try_get(column)?,
                Self::Postgres(row) => row.try_get(column)?,
            })
        }

        /// Reads a column that may be null.
        pub(crate) fn $optional(&self, column: &str) -> Result<Option<$kind>, ViewError> {
            Ok(match self {
                Self::Sqlite(row) => row.try_get(column)?,
                Self::Postgres(row) => row.try_get(column)?,
            })
        }
    )*};
}

impl Row {
    columns! {
        int / int_or_null: i64;
        id / id_or_null: Uuid;
        text / text_or_null: String;
    }

    /// Reads a column of bytes, which is always there.
    pub(crate) fn bytes(&self, column: &str) -> Result<Vec<u8>, ViewError> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }

    /// Reads a column that holds 0 or 1.
    pub(crate) fn flag(&self, column: &str) -> Result<bool, ViewError> {
        Ok(self.int(column)? != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_written_as_copy_reads_them() {
        let rows = [vec![Value::from(1_i64), Value::from("a"), Value::Id(None)]];
        let expected = [
            b"PGCOPY\n\xff\r\n\0".as_slice(),
            &[0; 8],
            &[0, 3],
            &[0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1],
            &[0, 0, 0, 1, b'a'],
            &[0xff; 4],
            &[0xff; 2],
        ];
        assert_eq!(binary(&rows), expected.concat());
    }

    #[test]
    fn lists_become_json() {
        assert_eq!(json(&[1_i64, 2], i64::to_string), "[1,2]");
        assert_eq!(json(&["a\"b\\c"], |text| quoted(text)), r#"["a\"b\\c"]"#);
        assert_eq!(json::<i64>(&[], i64::to_string), "[]");
    }
}
