//! Following the log: every event once, in order, waiting at the end for more.

use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;

use crate::error::FeedError;
use crate::log::Log;
use crate::position::Position;
use crate::recorded::Recorded;

/// How often the log is asked whether another process appended.
pub(crate) const POLL: Duration = Duration::from_millis(50);

/// A source of events in order: the log itself, or its copy on the bus.
#[async_trait]
pub trait Feed: Send {
    /// The next events, at least one and at most `max`; waits until there is one. Dropping the future
    /// loses nothing: the same events come at the next call.
    ///
    /// # Errors
    /// When the source cannot be read now; the call may be repeated.
    async fn next(&mut self, max: usize) -> Result<Vec<Recorded>, FeedError>;
}

/// Follows the log.
pub struct LogFeed {
    log: Log,
    position: Position,
    head: watch::Receiver<Position>,
}

impl Log {
    /// Follows the log from the event after this position on.
    pub fn feed(&self, from: Position) -> LogFeed {
        LogFeed { log: self.clone(), position: from, head: self.head_watch() }
    }
}

impl LogFeed {
    /// The last event that was handed out.
    pub fn position(&self) -> Position {
        self.position
    }
}

#[async_trait]
impl Feed for LogFeed {
    async fn next(&mut self, max: usize) -> Result<Vec<Recorded>, FeedError> {
        loop {
            // Seen before the read, so that an append during the read wakes the wait below.
            self.head.borrow_and_update();
            let events = self.log.read_new(self.position, max.max(1)).await?;
            if let Some(last) = events.last() {
                self.position = last.position;
                return Ok(events);
            }
            tokio::select! {
                woken = self.head.changed() => woken.map_err(|_| FeedError::Ended)?,
                () = self.log.0.stop.cancelled() => return Err(FeedError::Ended),
            }
        }
    }
}
