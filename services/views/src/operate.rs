//! What an operator does to the views: try parked events again, build a view anew beside the one that
//! answers, compare, switch, go back, give up.
//!
//! Cancelling one of these futures is safe: the work is a task of its own.

use std::future::Future;

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::engine::apply::Running;
use crate::engine::compare::{self, Comparison};
use crate::engine::lease;
use crate::engine::parked::{self, Retried};
use crate::engine::registry::{self, Generation, GenerationState};
use crate::engine::switch::{self, Switch};
use crate::error::ViewError;
use crate::views::{ViewName, Views};

impl Views {
    /// Tries the parked events of one learner (or stream) again, or of all, each in order, up to the
    /// first that still cannot be applied. Answers what that came to in what readers see.
    ///
    /// # Errors
    /// The database, or the log.
    pub async fn retry_parked(
        &self,
        view: ViewName,
        key: Option<Uuid>,
    ) -> Result<Retried, ViewError> {
        let views = self.clone();
        apart(async move {
            let applier = views.applier(view);
            let listed = registry::list(views.store(), applier.name()).await?;
            let mut sum = Retried { applied: 0, waiting: 0 };
            for one in listed.into_iter().filter(|one| one.version == applier.version()) {
                let running = Running::of(applier.clone(), one.generation);
                let retried = views.retry(&running, key).await?;
                if one.state == GenerationState::Live {
                    sum = retried;
                }
            }
            Ok(sum)
        })
        .await
    }

    async fn retry(&self, view: &Running, key: Option<Uuid>) -> Result<Retried, ViewError> {
        let mut sum = Retried { applied: 0, waiting: 0 };
        let waiting = parked::waiting(self.store(), view.name(), view.generation).await?;
        for (one, partition) in waiting {
            if key.is_none_or(|key| key == one) {
                let Retried { applied, waiting } =
                    parked::retry(self.store(), self.log(), view, one, partition).await?;
                sum.applied += applied;
                sum.waiting += waiting;
            }
        }
        Ok(sum)
    }

    /// Begins to build a view anew beside the one that answers, or answers the build that is under way:
    /// the number of its generation. Whichever process runs the views does the work.
    ///
    /// # Errors
    /// The database.
    pub async fn rebuild(&self, view: ViewName) -> Result<u64, ViewError> {
        let views = self.clone();
        apart(async move {
            let begun = switch::begin(views.store(), views.applier(view).as_ref()).await?;
            views.wake();
            Ok(begun.0.unsigned_abs())
        })
        .await
    }

    /// Builds, in this task, what [`Views::rebuild`] began, up to the end of the log as it is now.
    ///
    /// # Errors
    /// `NothingThere` where nothing was begun; `NotOwner` where another process builds it.
    pub async fn build(&self, view: ViewName) -> Result<(), ViewError> {
        let (builder, applier) = (self.builder(), self.applier(view));
        let listed = registry::list(self.store(), applier.name()).await?;
        let one = listed.iter().find(|one| one.state == GenerationState::Building);
        let one = one.ok_or(ViewError::NothingThere)?;
        let running = Running::of(applier.clone(), one.generation);
        let epoch = lease::claim(self.store(), &running, builder.worker, false).await?;
        let epoch = epoch.ok_or(ViewError::NotOwner)?;
        builder.build(&running, epoch, &CancellationToken::new()).await
    }

    /// Compares what was built with what answers, and keeps what it came to.
    ///
    /// # Errors
    /// `NothingThere` where nothing has been built; the database.
    pub async fn compare(&self, view: ViewName) -> Result<Comparison, ViewError> {
        let views = self.clone();
        apart(async move {
            let applier = views.applier(view);
            let listed = registry::list(views.store(), applier.name()).await?;
            let ready = listed.iter().rev().find(|one| {
                one.state == GenerationState::Ready && one.version == applier.version()
            });
            let ready = ready.ok_or(ViewError::NothingThere)?;
            let running = Running::of(applier.clone(), ready.generation);
            compare::compare(views.store(), &running, &CancellationToken::new()).await
        })
        .await
    }

    /// Moves readers, in every process, to what was built or back to what they saw before. Answers the
    /// generation that they see now.
    ///
    /// # Errors
    /// `NothingThere`, `NotCompared`, `Differs`; `NotYet` where it does not come level in time.
    pub async fn switch(&self, view: ViewName, way: Switch) -> Result<u64, ViewError> {
        let views = self.clone();
        apart(async move {
            let live = switch::switch(views.store(), views.applier(view).as_ref(), way).await?;
            views.wake();
            Ok(live.0.unsigned_abs())
        })
        .await
    }

    /// Gives up a generation that nobody reads, by its number, or the one that was built last. Answers
    /// its number.
    ///
    /// # Errors
    /// `NothingThere`, `StillLive`; the database.
    pub async fn abandon(&self, view: ViewName, generation: Option<u64>) -> Result<u64, ViewError> {
        let views = self.clone();
        let wanted = generation.map(|wanted| Generation(i64::try_from(wanted).unwrap_or(i64::MAX)));
        apart(async move {
            let applier = views.applier(view);
            let gone = switch::abandon(views.store(), applier.as_ref(), wanted).await?;
            views.wake();
            Ok(gone.0.unsigned_abs())
        })
        .await
    }
}

/// Runs it to its end, whatever becomes of the caller.
async fn apart<T: Send + 'static>(
    work: impl Future<Output = Result<T, ViewError>> + Send + 'static,
) -> Result<T, ViewError> {
    let done = tokio::spawn(work).await;
    done.map_err(|_| ViewError::Log("the work was cut short".to_owned()))?
}
