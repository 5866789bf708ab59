//! What a cell of a bench came to, with its conditions.

use std::io::Write;
use std::time::Duration;

use serde_json::{Map, Value, json};

/// What many callers measured, put together.
#[derive(Default)]
pub struct Figures {
    /// Microseconds of each call that ended well.
    pub micros: Vec<u32>,
    /// Calls that did not.
    pub errors: u64,
}

impl Figures {
    /// Takes in what another caller measured.
    pub fn add(&mut self, other: Self) {
        self.micros.extend(other.micros);
        self.errors += other.errors;
    }

    /// One call.
    pub fn call(&mut self, took: Duration) {
        self.micros.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
    }

    /// Milliseconds below which this share of the calls ended.
    pub fn percentile(&mut self, share: f64) -> f64 {
        if self.micros.is_empty() {
            return f64::NAN;
        }
        self.micros.sort_unstable();
        let last = self.micros.len() - 1;
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an index of a percentile; a bench has far fewer calls than an f64 has integers"
        )]
        let at = ((last as f64) * share).round() as usize;
        f64::from(self.micros[at.min(last)]) / 1000.0
    }
}

/// A cell: what was run, on what, and what came of it.
pub struct Cell {
    /// `append` or `end-to-end`.
    pub workload: &'static str,
    /// `sqlite` or `postgres`.
    pub backend: &'static str,
    /// Callers at once.
    pub clients: u32,
    /// Events a call.
    pub batch: u32,
    /// How long the calls went on.
    pub took: Duration,
    /// Further conditions and figures.
    pub more: Map<String, Value>,
}

/// Prints a cell as one JSON line.
///
/// # Errors
/// Standard output is closed.
pub fn print(cell: Cell, mut figures: Figures) -> anyhow::Result<()> {
    #[expect(clippy::cast_precision_loss, reason = "a rate, for people")]
    let rate = figures.micros.len() as f64 / cell.took.as_secs_f64();
    let mut line = json!({
        "workload": cell.workload,
        "backend": cell.backend,
        "clients": cell.clients,
        "batch": cell.batch,
        "seconds": rounded(cell.took.as_secs_f64()),
        "ops_per_s": rate.round(),
        "p50_ms": rounded(figures.percentile(0.50)),
        "p99_ms": rounded(figures.percentile(0.99)),
        "errors": figures.errors,
        "load_generator": "the same process",
    });
    if let Some(object) = line.as_object_mut() {
        object.extend(cell.more);
    }
    print_line(line)
}

/// Prints figures as one JSON line, with what is the same in every cell.
///
/// # Errors
/// Standard output is closed.
pub fn print_line(mut line: Value) -> anyhow::Result<()> {
    if let Some(object) = line.as_object_mut() {
        // A cell that measured another process has said so itself.
        object.entry("max_rss_mib").or_insert_with(|| json!(most_memory("self")));
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        object.entry("cores").or_insert_with(|| cores.into());
        let build = if cfg!(debug_assertions) { "debug" } else { "release" };
        object.entry("build").or_insert_with(|| build.into());
    }
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()?;
    Ok(())
}

/// Two digits after the point are as exact as a bench is.
pub fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

/// Begins to count the most memory anew, where the system can: what made the ground is not measured.
pub fn forget_memory() {
    // Linux: 5 resets the peak. Where it cannot be, the figure is of the whole run.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// The most memory that a process, `self` or one by its number, has held, in MiB; none where the system
/// does not say.
pub fn most_memory(process: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(peak.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? / 1024)
}
