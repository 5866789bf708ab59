//! Stream → followers. Whatever the stream does not hold, and whatever it is slow to bring, is read
//! from the log, so a follower depends on the bus for speed and on the log for truth.

use std::time::Duration;

use async_trait::async_trait;
use onward_log::{Feed, FeedError, Position, Recorded};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::connect::Bus;
use crate::read_stream::StreamReader;

/// How long the stream may take to bring what the log is known to hold.
const PATIENCE: Duration = Duration::from_millis(50);

/// Pause before a stream that could not be read is tried again. The log is followed meanwhile.
const AGAIN: Duration = Duration::from_millis(500);

/// The log as the stream brings it.
pub struct StreamFeed {
    bus: Bus,
    /// The log's end as far as this process has heard.
    head: watch::Receiver<Position>,
    reached: Position,
    reader: Option<StreamReader>,
    /// When the stream may be tried again.
    again: Instant,
    /// Since when the log is known to hold more than the stream has brought.
    owed: Option<Instant>,
    /// The stream has let us wait in vain, and has brought nothing since.
    quiet: bool,
    /// Taken in order and not handed out yet; kept here so that a dropped `next` loses nothing.
    taken: Vec<Recorded>,
    /// The last read of the log filled its page: there is more where that came from.
    behind: bool,
    sources: Sources,
}

/// Where the events of a feed came from so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sources {
    /// Events that the stream brought.
    pub stream: u64,
    /// Events that were read from the log: holes, outages, and what lies far behind.
    pub log: u64,
}

impl StreamFeed {
    /// A feed of everything after `after`.
    pub fn new(bus: Bus, after: Position) -> Self {
        let head = bus.log.head_watch();
        Self {
            bus,
            head,
            reached: after,
            reader: None,
            again: Instant::now(),
            owed: None,
            quiet: false,
            taken: Vec::new(),
            behind: false,
            sources: Sources::default(),
        }
    }

    /// Where the events came from so far.
    pub fn sources(&self) -> Sources {
        self.sources
    }

    /// One step further: an event of the stream, a page of the log, or the news that there is more.
    async fn advance(&mut self, max: usize) -> Result<(), FeedError> {
        if self.behind {
            // Far behind, the log itself is the quicker source; the consumer starts after it.
            self.reader = None;
            return self.read_log(max).await;
        }
        if self.reader.is_none() && self.again <= Instant::now() {
            self.reader = Some(StreamReader::start(self.bus.clone(), self.reached));
        }
        let until = self.waits_until();
        tokio::select! {
            biased;
            event = receive(&mut self.reader) => {
                self.take(event);
                Ok(())
            }
            () = passed(until) => {
                self.quiet = true;
                self.read_log(max).await
            }
            changed = self.head.changed() => changed.map_err(|_| FeedError::Ended),
            () = tokio::time::sleep_until(self.again), if self.reader.is_none() => Ok(()),
        }
    }

    /// Until when the stream is waited for; for ever while it owes nothing.
    fn waits_until(&mut self) -> Option<Instant> {
        if *self.head.borrow_and_update() <= self.reached {
            self.owed = None;
            return None;
        }
        let owed = *self.owed.get_or_insert_with(Instant::now);
        let patience = if self.quiet || self.reader.is_none() { Duration::ZERO } else { PATIENCE };
        Some(owed + patience)
    }

    /// Takes what the reader brought; nothing means that it has ended.
    fn take(&mut self, event: Option<Recorded>) {
        let Some(event) = event else {
            self.reader = None;
            self.again = Instant::now() + AGAIN;
            return;
        };
        self.quiet = false;
        // The log may have been quicker.
        if event.position > self.reached {
            self.reached = event.position;
            self.owed = None;
            self.sources.stream += 1;
            self.taken.push(event);
        }
    }

    async fn read_log(&mut self, max: usize) -> Result<(), FeedError> {
        let room = max.saturating_sub(self.taken.len()).max(1);
        let events = self.bus.log.read_new(self.reached, room).await?;
        self.behind = events.len() == room;
        self.owed = None;
        if let Some(last) = events.last() {
            self.reached = last.position;
        }
        self.sources.log += events.len() as u64;
        self.taken.extend(events);
        Ok(())
    }

    /// Takes what has arrived already.
    fn gather(&mut self, max: usize) {
        while self.taken.len() < max {
            let Some(event) = self.reader.as_mut().and_then(|it| it.events.try_recv().ok()) else {
                return;
            };
            self.take(Some(event));
        }
    }
}

async fn receive(reader: &mut Option<StreamReader>) -> Option<Recorded> {
    match reader {
        Some(reader) => reader.events.recv().await,
        None => std::future::pending().await,
    }
}

async fn passed(until: Option<Instant>) {
    match until {
        Some(until) => tokio::time::sleep_until(until).await,
        None => std::future::pending().await,
    }
}

#[async_trait]
impl Feed for StreamFeed {
    async fn next(&mut self, max: usize) -> Result<Vec<Recorded>, FeedError> {
        let max = max.max(1);
        while self.taken.is_empty() {
            self.advance(max).await?;
        }
        self.gather(max);
        let rest = self.taken.split_off(self.taken.len().min(max));
        Ok(std::mem::replace(&mut self.taken, rest))
    }
}
