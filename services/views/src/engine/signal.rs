//! How a reader learns that a view has moved: a `watch` for each view. The process that applies feeds
//! it after each commit; any other process asks the database a few times a second, but only while
//! somebody listens.

use std::sync::Weak;
use std::time::Duration;

use onward_log::Position;
use tokio::sync::watch;
use tokio::time::Instant;

use super::registry::Served;
use super::store::Store;
use crate::error::ViewError;

/// How often the database is asked for another process's progress.
const POLL: Duration = Duration::from_millis(25);

/// The position of what readers see of one view, as this process last knew it.
pub(crate) struct Signal {
    pub(crate) served: Served,
    sender: watch::Sender<Position>,
}

impl Signal {
    pub(crate) fn new(served: Served) -> Self {
        Self { served, sender: watch::Sender::new(Position::START) }
    }

    /// Wakes the listeners if the position is a new one.
    pub(crate) fn reached(&self, position: Position) {
        self.sender.send_if_modified(|known| {
            let newer = position > *known;
            if newer {
                *known = position;
            }
            newer
        });
    }

    pub(crate) fn listen(&self) -> watch::Receiver<Position> {
        self.sender.subscribe()
    }

    /// Asks the database, and wakes the listeners.
    ///
    /// # Errors
    /// `NotYet` while the first generation is built.
    pub(crate) async fn refresh(&self, store: &Store) -> Result<Position, ViewError> {
        let found = self.served.position(store).await;
        if let Err(ViewError::NotYet) = found {
            // It is built for the first time, or was begun anew: what was known holds no more.
            self.sender.send_if_modified(|known| {
                std::mem::replace(known, Position::START) != Position::START
            });
        }
        let position = found?;
        self.reached(position);
        Ok(position)
    }

    /// Waits until the view reflects everything up to `wanted`.
    ///
    /// # Errors
    /// `NotYet` at the deadline.
    pub(crate) async fn wait_for(
        &self,
        store: &Store,
        wanted: Position,
        deadline: Instant,
    ) -> Result<Position, ViewError> {
        let mut listener = self.listen();
        let known = *listener.borrow_and_update();
        // Nothing is known yet: the view may still be built for the first time.
        if known >= wanted && known > Position::START {
            return Ok(known);
        }
        loop {
            match self.refresh(store).await {
                Ok(position) if position >= wanted => return Ok(position),
                Ok(_) | Err(ViewError::NotYet) => {}
                Err(error) => return Err(error),
            }
            if Instant::now() >= deadline {
                return Err(ViewError::NotYet);
            }
            let pause = deadline.min(Instant::now() + POLL);
            tokio::select! {
                changed = listener.wait_for(|position| *position >= wanted && *position > known) => {
                    return changed.map(|position| *position).map_err(|_| ViewError::NotYet);
                }
                () = tokio::time::sleep_until(pause) => {}
            }
        }
    }
}

/// Keeps the signals of a process that may not be the one that applies up to date, as long as the
/// views are open.
pub(crate) async fn follow<T: AsRef<[Signal]> + Send + Sync>(store: Store, signals: Weak<T>) {
    loop {
        tokio::time::sleep(POLL).await;
        let Some(signals) = signals.upgrade() else { return };
        for signal in (*signals).as_ref() {
            if signal.sender.receiver_count() == 0 {
                continue;
            }
            if let Err(error) = signal.refresh(&store).await {
                tracing::debug!(%error, view = signal.served.view, "the view's position is not known now");
            }
        }
    }
}
