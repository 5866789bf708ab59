//! When a caller calls: as fast as it is answered, or at fixed times.

use std::time::{Duration, Instant};

/// How exact the runtime's timer is, and a little: a call that begins later than that was held up.
const TIMER: Duration = Duration::from_millis(2);

/// One of several callers who make so many calls a second together.
pub struct Pace {
    pause: Duration,
    due: Instant,
    until: Instant,
}

impl Pace {
    /// The pace of a caller, its number counted from 0. A rate of 0 is as many calls as go.
    pub fn new(rate: u32, clients: u32, caller: u32, until: Instant) -> Self {
        let pause = match rate {
            0 => Duration::ZERO,
            rate => Duration::from_secs_f64(f64::from(clients) / f64::from(rate)),
        };
        // Spread, so that they do not all call at once.
        let offset = pause.mul_f64(f64::from(caller) / f64::from(clients.max(1)));
        Self { pause, due: Instant::now() + offset, until }
    }

    /// Waits until the next call is due; answers the time from which it counts, none when the time is up.
    ///
    /// Calls are due at fixed times, so that a slow answer does not thin out the load; one that had to wait
    /// for the answer before it counts from when it was due, or the slowest would hide the rest.
    pub async fn next(&mut self) -> Option<Instant> {
        if self.pause.is_zero() {
            return Some(Instant::now()).filter(|now| *now < self.until);
        }
        let due = self.due;
        if due >= self.until {
            return None;
        }
        tokio::time::sleep_until(due.into()).await;
        self.due += self.pause;
        let now = Instant::now();
        (now < self.until).then(|| if now - due > TIMER { due } else { now })
    }
}
