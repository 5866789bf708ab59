//! Each stream's versions are 1…n, each event names the one before, and the stream's row says where it ends.
//!
//! How far each stream has come is held in memory for two million streams at a time; where there are more,
//! the events are gone through again for each further share.

use std::collections::HashMap;

use uuid::Uuid;

use super::VerifyProgress;
use super::fault::{VerifyFault, unless_unreadable};
use crate::position::Position;
use crate::sql::snapshot::{Snapshot, StepRow, StreamRow};

/// Streams that are held at once: about 130 MB.
const AT_ONCE: u64 = 2_000_000;

/// How far the streams of one share have come.
pub(super) struct Streams {
    shares: u64,
    share: u64,
    reached: HashMap<Uuid, (i64, i64)>,
}

impl Streams {
    /// The first share of so many streams.
    pub(super) fn new(count: u64) -> Self {
        Self { shares: count.div_ceil(AT_ONCE).max(1), share: 0, reached: HashMap::new() }
    }

    fn is_ours(&self, stream: &Uuid) -> bool {
        self.shares == 1 || stream.as_u64_pair().1 % self.shares == self.share
    }

    /// The next event; what is wrong with its place in its stream.
    pub(super) fn step(
        &mut self,
        (position, previous, stream, version): StepRow,
    ) -> Result<(), &'static str> {
        if !self.is_ours(&stream) {
            return Ok(());
        }
        let reached = self.reached.entry(stream).or_default();
        if version != reached.0 + 1 {
            return Err("the stream's version has a gap");
        }
        if previous != reached.1 {
            return Err("the event does not name the one before it in its stream");
        }
        *reached = (version, position);
        Ok(())
    }

    /// A row of the streams.
    fn row(&mut self, (stream, version, last): StreamRow) -> Result<(), VerifyFault> {
        if !self.is_ours(&stream) {
            return Ok(());
        }
        match self.reached.remove(&stream) {
            Some(reached) if reached == (version, last) => Ok(()),
            Some(_) => {
                let what = "its row does not say where its events end";
                Err(VerifyFault::Stream { stream, what })
            }
            None => Err(VerifyFault::Stream { stream, what: "it has a row, and no event" }),
        }
    }
}

/// Checks the rows against the events; answers how many streams there are.
pub(super) async fn check(
    snapshot: &mut Snapshot,
    mut streams: Streams,
    progress: &mut (impl FnMut(VerifyProgress) + Send),
) -> Result<u64, VerifyFault> {
    let mut count = 0;
    loop {
        let here = streams.reached.len() as u64;
        let rows = snapshot.each_stream(|row| streams.row(row)).await;
        let unreadable = VerifyFault::Table("a row of the streams cannot be read");
        rows.map_err(|error| unless_unreadable(&error, unreadable))??;
        if let Some((stream, _)) = streams.reached.iter().next() {
            return Err(VerifyFault::Stream { stream: *stream, what: "it has events, and no row" });
        }
        count += here;
        streams.share += 1;
        progress(VerifyProgress { check: "streams", done: streams.share, of: streams.shares });
        if streams.share >= streams.shares {
            return Ok(count);
        }
        let steps = snapshot.each_step(|row| {
            let position = Position::from_sql(row.0);
            streams.step(row).map_err(|what| VerifyFault::Event { position, what })
        });
        steps.await.map_err(crate::error::LogError::from)??;
    }
}
