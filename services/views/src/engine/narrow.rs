//! Rows that the database refuses as data: a value that it cannot hold, a constraint, a size. That is the
//! fault of one event, not of the database, so the batch is halved until that event stands alone; it is
//! set aside with its learner, and everybody else goes on.

use std::collections::HashSet;

use onward_log::Position;
use uuid::Uuid;

use super::apply::Running;
use super::erase;
use super::fold::{Prepared, SetAside, parked_key};
use super::store::Tx;
use crate::error::ViewError;

/// Applies events to a view, in order, inside the transaction. Those of `blocked` keys are set aside, and
/// with them whatever the database refuses.
///
/// # Errors
/// Whatever is no refusal; and the refusal of an erasure, which nothing may set aside.
pub(crate) async fn apply<'a>(
    tx: &mut Tx,
    view: &Running,
    events: &[&'a Prepared],
    mut blocked: HashSet<Uuid>,
) -> Result<Vec<SetAside<'a>>, ViewError> {
    let mut all = Vec::new();
    let mut left = vec![events];
    while let Some(part) = left.pop() {
        let aside = match attempt(tx, view, part, blocked.clone()).await? {
            Ok(aside) => aside,
            Err(_) if part.len() > 1 => {
                let (first, second) = part.split_at(part.len() / 2);
                left.extend([second, first]);
                continue;
            }
            Err(refused) => vec![set_aside(part, refused)?],
        };
        block(&mut blocked, part, &aside);
        all.extend(aside);
    }
    Ok(all)
}

/// Applies a part, or leaves everything as it was and answers what the database refused.
async fn attempt<'a>(
    tx: &mut Tx,
    view: &Running,
    part: &[&'a Prepared],
    blocked: HashSet<Uuid>,
) -> Result<Result<Vec<SetAside<'a>>, ViewError>, ViewError> {
    tx.script("SAVEPOINT part".to_owned()).await?;
    match view.applier.apply(tx, view.generation, part, blocked).await {
        Ok(aside) => {
            tx.script("RELEASE SAVEPOINT part".to_owned()).await?;
            Ok(Ok(aside))
        }
        Err(refused) if refused.unfit().is_some() => {
            // On PostgreSQL the savepoint is what makes the transaction usable again.
            let back = "ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part";
            tx.script(back.to_owned()).await?;
            Ok(Err(refused))
        }
        Err(error) => Err(error),
    }
}

fn set_aside<'a>(part: &[&'a Prepared], refused: ViewError) -> Result<SetAside<'a>, ViewError> {
    match (part.first(), refused.unfit()) {
        (Some(one), Some(reason)) if !erase::is_erasure(&one.recorded) => {
            Ok(SetAside { recorded: &one.recorded, reason, behind: false })
        }
        _ => Err(refused),
    }
}

/// Who waits after this part: an erasure ends the waiting, whatever is set aside begins it.
fn block(blocked: &mut HashSet<Uuid>, part: &[&Prepared], aside: &[SetAside<'_>]) {
    let aside: HashSet<Position> = aside.iter().map(|one| one.recorded.position).collect();
    for event in part {
        let key = parked_key(&event.recorded);
        if erase::is_erasure(&event.recorded) {
            blocked.remove(&key);
        }
        if aside.contains(&event.recorded.position) {
            blocked.insert(key);
        }
    }
}
