//! Whether what was built follows from this log. Beside the position that a slice has seen stands the hash
//! of the event there, and hashes are a chain: where the log has another event at that position, or none,
//! the log was restored from an older copy, or it is another one. What was built then holds what the log
//! does not say, and would miss what it says from now on.

use std::sync::Arc;

use onward_log::Log;

use super::fold::Applier;
use super::number;
use super::registry::{self, Generation};
use super::store::Store;
use super::switch;
use crate::error::ViewError;

/// Looks at every generation of this program's views. A view of which one does not follow is begun anew,
/// and its readers are told to wait until it is built. Answers the names of those.
///
/// # Errors
/// The database, or the log.
pub(crate) async fn check(
    store: &Store,
    log: &Log,
    views: &[Arc<dyn Applier>],
) -> Result<Vec<&'static str>, ViewError> {
    let mut begun = Vec::new();
    for view in views {
        for one in registry::list(store, view.name()).await? {
            if one.version != view.version()
                || follows(store, log, view.name(), one.generation).await?
            {
                continue;
            }
            switch::start_over(store, view.as_ref(), one.generation).await?;
            tracing::error!(
                view = view.name(),
                "the view holds what the log does not say: the log was restored, or it is another; \
                 the view is built anew"
            );
            begun.push(view.name());
            break;
        }
    }
    Ok(begun)
}

async fn follows(
    store: &Store,
    log: &Log,
    view: &str,
    generation: Generation,
) -> Result<bool, ViewError> {
    let sql = "SELECT DISTINCT scanned, hash FROM view_progress \
               WHERE view = $1 AND generation = $2 AND scanned > 0";
    let seen = store.rows(sql.to_owned(), vec![view.into(), generation.0.into()]).await?;
    for row in seen {
        let (scanned, hash) = (row.int("scanned")?, row.bytes("hash")?);
        let events = log.read(number::position(scanned - 1), 1).await;
        let events = events.map_err(|error| ViewError::Log(error.to_string()))?;
        let there = events.first().filter(|event| number::of_position(event.position) == scanned);
        // Written before hashes were: that it is there is all that can be told.
        if there.is_none_or(|event| !hash.is_empty() && event.hash.as_slice() != hash) {
            return Ok(false);
        }
    }
    Ok(true)
}
