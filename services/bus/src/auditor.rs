//! The audit, round after round: every message of the copy is compared with the log, slowly. How far a
//! round has come is remembered, so that whoever owns the audit next goes on there.

use std::time::Duration;

use async_nats::jetstream;
use jiff::Timestamp;
use onward_log::{AuditReached, CopyNote, Position};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::audit::{AuditFault, Comparison, RANGE, no_copy};
use crate::connect::Bus;
use crate::stream::{self, Present};

/// Name of the audit's row of ownership.
const OWNED: &str = "audit";

/// Longest pause before the auditor looks whether there is something to do.
const IDLE: Duration = Duration::from_secs(2);

/// Shortest pause, so that rounds of a small stream do not follow each other without a breath.
const BREATH: Duration = Duration::from_millis(50);

/// Ranges after which it is remembered how far a round has come.
const REMEMBERED: u32 = 20;

/// A part of the copy that is to be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Due {
    after: Position,
    until: Position,
}

/// Compares the copy with the log while it owns the right to.
pub struct Auditor {
    bus: Bus,
    owner: Uuid,
    context: jetstream::Context,
    /// What was said last of a comparison that did not come to its end.
    said: String,
}

impl Auditor {
    /// An auditor for this process.
    pub fn new(bus: Bus) -> Self {
        let context = jetstream::new(bus.client.clone());
        Self { bus, owner: Uuid::now_v7(), context, said: String::new() }
    }

    /// Runs until it is stopped. What it finds is said, remembered, and mended by the relay.
    pub async fn run(mut self, stop: CancellationToken) {
        let work = async {
            loop {
                let pause = self.turn().await;
                tokio::time::sleep(pause).await;
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = work => {}
        }
        if let Err(error) = self.bus.log.disown(OWNED, self.owner).await {
            tracing::debug!(%error, "the audit's ownership runs out by itself");
        }
    }

    /// Compares what is due, and says how long to wait before the next look.
    async fn turn(&mut self) -> Duration {
        if !self.bus.connected() {
            return IDLE;
        }
        match self.round().await {
            Ok(pause) => {
                self.said.clear();
                pause
            }
            Err(fault) => {
                let said = fault.to_string();
                if matches!(fault, AuditFault::LogDiffers(_)) && said != self.said {
                    tracing::error!(said, "the audit of the copy");
                    self.bus.incident(said.clone()).await;
                } else if said != self.said {
                    tracing::debug!(said, "the audit of the copy");
                }
                self.said = said;
                IDLE
            }
        }
    }

    async fn round(&mut self) -> Result<Duration, AuditFault> {
        let state = self.bus.log.copy_state().await.map_err(log_away)?;
        let observed = stream::observe(&self.context, &self.bus.log).await.map_err(no_copy)?;
        let Some(present) = observed else { return Ok(IDLE) };
        let condemned = state.condemned.is_some_and(|(number, _)| number == present.number);
        if condemned || state.halted.is_some() {
            return Ok(IDLE);
        }
        let first = stream::first(&self.context, &present).await.map_err(no_copy)?;
        let (every, now) = (self.bus.options.audit_every, self.bus.log.now());
        let due = match due(&state.audit, &present, first, every, now) {
            Ok(due) => due,
            Err(later) => return Ok(later.clamp(BREATH, IDLE)),
        };
        if !self.owns().await? {
            return Ok(IDLE);
        }
        self.compare(due).await?;
        Ok(BREATH)
    }

    /// Compares range by range, no faster than allowed.
    async fn compare(&self, due: Due) -> Result<(), AuditFault> {
        let mut comparison = Comparison::open(&self.bus, due.after).await?;
        let incarnation = comparison.incarnation();
        let pace =
            Duration::from_secs_f64(RANGE as f64 / self.bus.options.audit_rate.max(1) as f64);
        let mut ranges = 0_u32;
        while comparison.reached < due.until {
            let begun = Instant::now();
            if let Err(fault) = comparison.range(due.until).await {
                if matches!(fault, AuditFault::Differs { .. }) {
                    self.bus.condemn(incarnation, fault.to_string()).await;
                }
                return Err(fault);
            }
            ranges += 1;
            let over = comparison.reached >= due.until;
            if over || ranges.is_multiple_of(REMEMBERED) {
                self.remember(incarnation, comparison.reached, due.until).await?;
                if !over && !self.owns().await? {
                    return Ok(());
                }
            }
            tokio::time::sleep_until(begun + pace).await;
        }
        Ok(())
    }

    async fn remember(
        &self,
        incarnation: u32,
        position: Position,
        until: Position,
    ) -> Result<(), AuditFault> {
        let note = CopyNote::Audited { incarnation, position, until };
        self.bus.log.note_copy(note).await.map_err(log_away)?;
        self.bus.tell_state(&self.bus.log.copy_state().await.map_err(log_away)?);
        Ok(())
    }

    async fn owns(&self) -> Result<bool, AuditFault> {
        let owned = self.bus.log.own(OWNED, self.owner, self.bus.options.lease).await;
        Ok(owned.map_err(log_away)?.is_some())
    }
}

fn log_away(error: onward_log::LogError) -> AuditFault {
    AuditFault::Interrupted(error.to_string())
}

/// What is to be compared now; else how long it is until there is something.
fn due(
    audit: &AuditReached,
    present: &Present,
    first: Position,
    every: Duration,
    now: Timestamp,
) -> Result<Due, Duration> {
    if present.last < first {
        return Err(IDLE);
    }
    let whole = Due { after: Position::new(first.get() - 1), until: present.last };
    if audit.incarnation != present.number {
        return Ok(whole);
    }
    let until = audit.until.min(present.last);
    if until > audit.position {
        return Ok(Due { after: audit.position, until });
    }
    match audit.ended_at {
        Some(ended) => {
            let since = Duration::try_from(now.duration_since(ended)).unwrap_or_default();
            if since < every { Err(every - since) } else { Ok(whole) }
        }
        None => Ok(whole),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).expect("a moment")
    }

    fn place(number: u64) -> Position {
        Position::new(number)
    }

    fn present(last: u64) -> Present {
        Present { number: 2, last: place(last), epoch: 1 }
    }

    fn audit(position: u64, until: u64, ended_at: Option<i64>) -> AuditReached {
        let (position, until) = (place(position), place(until));
        AuditReached { incarnation: 2, position, until, rounds: 1, ended_at: ended_at.map(at) }
    }

    fn asked(audit: AuditReached, last: u64) -> Result<Due, Duration> {
        due(&audit, &present(last), place(11), HOUR, at(10_000))
    }

    fn part(after: u64, until: u64) -> Result<Due, Duration> {
        Ok(Due { after: place(after), until: place(until) })
    }

    #[test]
    fn a_round_under_way_goes_on_where_it_was() {
        assert_eq!(asked(audit(500, 900, Some(9_999)), 2_000), part(500, 900));
        assert_eq!(
            asked(audit(500, 900, None), 700),
            part(500, 700),
            "the tail was lost meanwhile"
        );
    }

    #[test]
    fn the_next_round_begins_after_a_while_and_reads_everything() {
        assert_eq!(asked(audit(900, 0, Some(9_000)), 2_000), Err(Duration::from_secs(2_600)));
        assert_eq!(asked(audit(900, 0, Some(6_400)), 2_000), part(10, 2_000));
    }

    #[test]
    fn a_new_incarnation_is_read_at_once() {
        let other = AuditReached { incarnation: 1, ..audit(900, 0, Some(9_999)) };
        assert_eq!(asked(other, 2_000), part(10, 2_000));
        assert_eq!(asked(AuditReached::default(), 10), Err(IDLE), "there is nothing in it yet");
    }
}
