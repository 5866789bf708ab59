//! Beginning a rebuild, moving readers to it in one transaction, going back, and giving one up.

use std::time::Duration;

use tokio::time::Instant;

use super::checkpoint;
use super::compare;
use super::fold::Applier;
use super::lease;
use super::owner;
use super::registry::{self, Generation, GenerationState, Registered};
use super::store::{Store, Tx};
use crate::error::ViewError;

/// How long a switch waits for both generations to be level, and for readers to let it in.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);

/// Which way a switch goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switch {
    /// To the generation that was live before the last switch, instead of the one that was built.
    pub back: bool,
    /// Although the comparison found differences, or was not made.
    pub accept_differences: bool,
}

/// Begins a rebuild, or answers the one that is under way.
pub(crate) async fn begin(store: &Store, view: &dyn Applier) -> Result<Generation, ViewError> {
    let mut tx = store.begin_ddl().await?;
    let listed = own(&mut tx, view).await?;
    if let Some(one) = beside(&listed) {
        return Ok(one.generation);
    }
    let generation = registry::begin(&mut tx, view, GenerationState::Building).await?;
    tx.commit().await?;
    Ok(generation)
}

/// Gives up a generation that nobody reads: by its number, or the one that is built beside the live one.
///
/// # Errors
/// `NothingThere`; `StillLive` where readers see it.
pub(crate) async fn abandon(
    store: &Store,
    view: &dyn Applier,
    wanted: Option<Generation>,
) -> Result<Generation, ViewError> {
    patiently(|| try_abandon(store, view, wanted)).await
}

async fn try_abandon(
    store: &Store,
    view: &dyn Applier,
    wanted: Option<Generation>,
) -> Result<Generation, ViewError> {
    let mut tx = store.begin_ddl().await?;
    tx.impatient().await?;
    owner::exclude_all(&mut tx).await?;
    let listed = registry::list_in(&mut tx, view.name()).await?;
    let one = match wanted {
        Some(wanted) => listed.iter().find(|one| one.generation == wanted),
        None => beside(&listed),
    };
    let one = *one.ok_or(ViewError::NothingThere)?;
    let served = |other: &Registered| {
        other.version == view.version() && other.state == GenerationState::Live
    };
    // The first of this program's version is all that its readers will have.
    if one.version == view.version() && (served(&one) || !listed.iter().any(served)) {
        return Err(ViewError::StillLive);
    }
    lease::revoke(&mut tx, view.name(), one.generation).await?;
    registry::remove(&mut tx, view, one).await?;
    tx.commit().await?;
    Ok(one.generation)
}

/// Drops what was built of a view, since one generation does not follow from the log, and begins it anew.
/// Another process may have been quicker.
pub(crate) async fn start_over(
    store: &Store,
    view: &dyn Applier,
    wrong: Generation,
) -> Result<(), ViewError> {
    patiently(|| try_start_over(store, view, wrong)).await
}

async fn try_start_over(
    store: &Store,
    view: &dyn Applier,
    wrong: Generation,
) -> Result<(), ViewError> {
    let mut tx = store.begin_ddl().await?;
    tx.impatient().await?;
    owner::exclude_all(&mut tx).await?;
    let listed = own(&mut tx, view).await?;
    if !listed.iter().any(|one| one.generation == wrong) {
        return Ok(());
    }
    for one in listed {
        lease::revoke(&mut tx, view.name(), one.generation).await?;
        registry::remove(&mut tx, view, one).await?;
    }
    let next = registry::begin(&mut tx, view, GenerationState::Building).await?;
    registry::point(&mut tx, view, next).await?;
    tx.commit().await
}

/// Tries again, for a while, where both were not level or others were in the way.
async fn patiently<T, F>(attempt: impl Fn() -> F) -> Result<T, ViewError>
where
    F: Future<Output = Result<T, ViewError>>,
{
    let until = Instant::now() + PATIENCE;
    loop {
        match attempt().await {
            Err(ViewError::NotYet | ViewError::Database(_)) if Instant::now() < until => {
                tokio::time::sleep(PAUSE).await;
            }
            done => return done,
        }
    }
}

/// Moves readers. Answers the generation that they see now.
///
/// # Errors
/// `NothingThere`, `NotCompared`, `Differs`; `NotYet` where it does not come level in time.
pub(crate) async fn switch(
    store: &Store,
    view: &dyn Applier,
    way: Switch,
) -> Result<Generation, ViewError> {
    patiently(|| try_switch(store, view, way)).await
}

async fn try_switch(
    store: &Store,
    view: &dyn Applier,
    way: Switch,
) -> Result<Generation, ViewError> {
    let mut tx = store.begin_ddl().await?;
    tx.impatient().await?;
    // Nobody applies from here to the commit: what is level stays level.
    owner::exclude_all(&mut tx).await?;
    let listed = own(&mut tx, view).await?;
    let find = |state| listed.iter().rev().find(|one| one.state == state).copied();
    let live = find(GenerationState::Live).ok_or(ViewError::NothingThere)?;
    let wanted = if way.back { GenerationState::Retired } else { GenerationState::Ready };
    let next = find(wanted).ok_or(ViewError::NothingThere)?;
    if !way.back && !way.accept_differences {
        judge(&mut tx, view, next.generation).await?;
    }
    let level = checkpoint::level(&mut tx, view.name(), live.generation, next.generation).await?;
    // A reader was perhaps told of a position already: what it sees next may not be behind it.
    if level.behind {
        return Err(ViewError::NotYet);
    }
    if let Some(older) = find(GenerationState::Retired).filter(|_| !way.back) {
        registry::remove(&mut tx, view, older).await?;
    }
    registry::set_state(&mut tx, view.name(), live.generation, GenerationState::Retired).await?;
    registry::set_state(&mut tx, view.name(), next.generation, GenerationState::Live).await?;
    registry::point(&mut tx, view, next.generation).await?;
    tx.commit().await?;
    Ok(next.generation)
}

async fn judge(tx: &mut Tx, view: &dyn Applier, next: Generation) -> Result<(), ViewError> {
    match compare::last_in(tx, view.name(), next).await? {
        None => Err(ViewError::NotCompared),
        Some(found) if found.is_equal() => Ok(()),
        Some(found) => Err(ViewError::Differs(found.differences)),
    }
}

/// The generations of this program's version.
async fn own(tx: &mut Tx, view: &dyn Applier) -> Result<Vec<Registered>, ViewError> {
    let mut listed = registry::list_in(tx, view.name()).await?;
    listed.retain(|one| one.version == view.version());
    Ok(listed)
}

/// The one that is built, or waits, beside the live one.
fn beside(listed: &[Registered]) -> Option<&Registered> {
    listed
        .iter()
        .rev()
        .find(|one| matches!(one.state, GenerationState::Building | GenerationState::Ready))
}
