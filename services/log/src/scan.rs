//! Reading a long stretch of the log: one statement that the database streams, instead of page after
//! page (twice as fast at replay), cut so that no snapshot is held for long.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::error::LogError;
use crate::log::Log;
use crate::position::Position;
use crate::recorded::Recorded;
use crate::sql::log_fault;

/// Events of one statement at most: seconds of work, so that the snapshot that it holds hinders neither
/// PostgreSQL's vacuum nor SQLite's checkpoints for longer.
const STATEMENT: u64 = 200_000;

/// A stretch of the log on its way, chunk by chunk, in order and without gaps.
pub struct Scan {
    chunks: mpsc::Receiver<Result<Vec<Recorded>, LogError>>,
    expected: Position,
}

impl Log {
    /// Reads the events after one position up to another, `chunk` at a time. The next chunk is read while
    /// the last one is used; dropping the scan ends it.
    pub fn scan(&self, after: Position, until: Position, chunk: usize) -> Scan {
        let (sender, chunks) = mpsc::channel(1);
        let store = Arc::clone(&self.0.store);
        self.tasks().spawn(async move {
            let mut from = after;
            while from < until {
                let to = Position::new(until.get().min(from.get().saturating_add(STATEMENT)));
                if let Err(error) = store.between((from, to), chunk.max(1), &sender).await {
                    // Whoever went away need not know.
                    let _ = sender.send(Err(log_fault(&error))).await;
                    return;
                }
                if sender.is_closed() {
                    return;
                }
                from = to;
            }
        });
        Scan { chunks, expected: after }
    }
}

impl Scan {
    /// The next events; none at the end of the stretch.
    ///
    /// # Errors
    /// When the log cannot be read, or has a gap: [`LogError::Damaged`].
    pub async fn next(&mut self) -> Result<Option<Vec<Recorded>>, LogError> {
        let Some(chunk) = self.chunks.recv().await else { return Ok(None) };
        let events = chunk?;
        for event in &events {
            self.expected = self.expected.next();
            if event.position != self.expected {
                return Err(LogError::Damaged(self.expected));
            }
        }
        Ok(Some(events))
    }
}
