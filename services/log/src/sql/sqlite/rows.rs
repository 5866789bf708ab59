//! Many rows in one statement: fewer trips to the connection's thread. Pieces come in a few fixed sizes,
//! so that the prepared statements are found again.

use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, Sqlite, SqliteConnection};

use super::text::Table;

/// Rows in one statement.
const SIZES: [usize; 4] = [64, 16, 4, 1];

pub(super) type Values = Query<'static, Sqlite, SqliteArguments>;

/// Puts all rows, binding each with `bind`.
pub(super) async fn put<'r, R: Sync + 'r>(
    connection: &mut SqliteConnection,
    table: &Table,
    mut rows: &'r [R],
    bind: impl Fn(Values, &'r R) -> Values + Send,
) -> Result<(), sqlx::Error> {
    while !rows.is_empty() {
        let size = SIZES.into_iter().find(|size| *size <= rows.len()).unwrap_or(1);
        let (piece, rest) = rows.split_at(size);
        let query = piece.iter().fold(sqlx::query(AssertSqlSafe(text(table, size))), &bind);
        query.execute(&mut *connection).await?;
        rows = rest;
    }
    Ok(())
}

/// Nothing of a caller's is in the text.
fn text(table: &Table, rows: usize) -> String {
    let values = vec![table.row; rows].join(",");
    format!("{}{values}{}", table.head, table.tail)
}
