//! What the processors did during a bench: whether it was they that bound it.

use std::time::Instant;

use serde_json::{Map, Value, json};

use super::figures::rounded;

/// The kernel counts in hundredths of a second, on every machine (proc(5), USER_HZ).
const TICKS: f64 = 100.0;

/// What had been used when the bench began.
pub struct Load {
    at: Instant,
    process: Option<f64>,
    /// A server that is asked, and what it had used.
    server: Option<(String, f64)>,
    machine: Option<Machine>,
}

/// Seconds of all processors together, since the machine started.
#[derive(Clone, Copy)]
struct Machine {
    busy: f64,
    waiting: f64,
}

impl Load {
    /// Begins to count.
    pub fn begin() -> Self {
        Self { at: Instant::now(), process: used_by("self"), server: None, machine: machine() }
    }

    /// Begins to count, another process, by its number, on its own too.
    pub fn begin_with(server: &str) -> Self {
        let used = used_by(server).map(|used| (server.to_owned(), used));
        Self { server: used, ..Self::begin() }
    }

    /// Adds how many processors this process and the whole machine kept busy, and how many waited for a
    /// disk; nothing where the system does not say. Busy all of them: bound by the processors. Mostly
    /// idle: bound by syncing, or by a lock.
    pub fn tell(&self, more: &mut Map<String, Value>) {
        let took = self.at.elapsed().as_secs_f64();
        if let (Some(before), Some(now)) = (self.process, used_by("self")) {
            more.insert("busy_cores_of_this_process".into(), json!(rounded((now - before) / took)));
        }
        let server = self.server.as_ref();
        if let Some((before, now)) = server.and_then(|(id, before)| Some((before, used_by(id)?))) {
            more.insert("busy_cores_of_the_server".into(), json!(rounded((now - before) / took)));
        }
        if let (Some(before), Some(now)) = (self.machine, machine()) {
            let (busy, waiting) = (now.busy - before.busy, now.waiting - before.waiting);
            more.insert("busy_cores".into(), json!(rounded(busy / took)));
            more.insert("cores_waiting_for_disk".into(), json!(rounded(waiting / took)));
        }
    }
}

/// Seconds of processors that a process, `self` or one by its number, has used; none where the system
/// does not say.
pub fn used_by(process: &str) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name may hold anything, but ends with the last bracket; user and system time are the 14th and
    // 15th fields.
    let rest = text.rsplit_once(')')?.1;
    let mut fields = rest.split_whitespace().skip(11);
    let (user, system): (f64, f64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((user + system) / TICKS)
}

fn machine() -> Option<Machine> {
    let text = std::fs::read_to_string("/proc/stat").ok()?;
    let numbers: Vec<f64> = text
        .lines()
        .next()?
        .split_whitespace()
        .skip(1)
        .map_while(|number| number.parse().ok())
        .collect();
    // user nice system idle iowait irq softirq steal
    let [user, nice, system, _, waiting, irq, softirq, steal] = *numbers.first_chunk()?;
    let busy = user + nice + system + irq + softirq + steal;
    Some(Machine { busy: busy / TICKS, waiting: waiting / TICKS })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_says_what_was_used() {
        let mut more = Map::new();
        Load::begin().tell(&mut more);
        if cfg!(target_os = "linux") {
            assert_eq!(more.len(), 3, "{more:?}");
        }
    }
}
