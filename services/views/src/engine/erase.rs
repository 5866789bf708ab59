//! Erased learners: what is kept about them goes, sums stay.
//!
//! `LearnerErased` takes the rows out, parked events with them. Whatever was said about the learner before
//! cannot be opened any more; when a view is built anew, such an event is told to the fold by its public part
//! alone ([`View::erased`]), so that sums come out as they were.

use onward_log::Recorded;
use onward_log::codec::Kind;
use uuid::Uuid;

use super::fold::{Prepared, View, parked_key};
use super::parked;
use super::registry::Generation;
use super::store::Tx;
use crate::error::ViewError;

/// Whether the event says that its learner was erased.
pub(crate) fn is_erasure(recorded: &Recorded) -> bool {
    recorded.event_type == Kind::LearnerErased.event_type()
}

fn erased<'a>(events: &'a [&Prepared]) -> impl Iterator<Item = Uuid> + 'a {
    events.iter().filter(|one| is_erasure(&one.recorded)).map(|one| parked_key(&one.recorded))
}

/// Takes the rows of learners out whom these events say erased.
pub(crate) async fn rows<V: View>(
    tx: &mut Tx,
    generation: Generation,
    events: &[&Prepared],
) -> Result<(), ViewError> {
    for learner in erased(events) {
        V::erase(tx, generation, learner).await?;
    }
    Ok(())
}

/// Lets their parked events go: nobody will ever apply them.
pub(crate) async fn parked(
    tx: &mut Tx,
    view: &str,
    generation: Generation,
    events: &[&Prepared],
) -> Result<(), ViewError> {
    for learner in erased(events) {
        parked::forget(tx, view, generation, learner).await?;
    }
    Ok(())
}

/// Runs statements whose only value is the learner.
pub(crate) async fn run(
    tx: &mut Tx,
    generation: Generation,
    learner: Uuid,
    statements: &[&str],
) -> Result<(), ViewError> {
    for statement in statements {
        tx.execute(generation.sql(statement), vec![learner.into()]).await?;
    }
    Ok(())
}
