//! Whether a log of so many events would fit: a full disk takes more down than a bench.
//!
//! What an event takes was measured as the growth of the folder, with the write-ahead log, over 60,000 to
//! 100,000 events; where the two databases differ, the larger one counts, and a good part more.

use std::path::Path;

use anyhow::{Context, ensure};
use rustix::fs::statvfs;

/// Bytes of an event in the log, with its seal, its answer, its learner's key (measured: 1,000 to 1,350).
pub const LOG: u64 = 1_600;
/// With the timeline built beside it (1,800 to 2,400).
pub const TIMELINE: u64 = 2_600;
/// With every look-up key, and all views twice: those that are compared with a fold are there meanwhile
/// (3,600 with the views once).
pub const WHOLE: u64 = 6_000;

/// Bytes that are left for everybody else.
const SPARE: u64 = 1 << 30;

/// Refuses to fill a disk: so many bytes have to fit, and some more.
///
/// # Errors
/// They would not, or the system does not say how much is free.
pub fn check(folder: &Path, bytes: u64) -> anyhow::Result<()> {
    if bytes == 0 {
        return Ok(());
    }
    let disk = statvfs(folder).with_context(|| folder.display().to_string())?;
    fits(disk.f_bavail.saturating_mul(disk.f_frsize), folder, bytes)
}

fn fits(free: u64, folder: &Path, bytes: u64) -> anyhow::Result<()> {
    ensure!(
        free >= bytes.saturating_add(SPARE),
        "so many events would not fit: they need up to {} MiB in {}, where {} MiB are free, and {} MiB \
         are left to others",
        bytes >> 20,
        folder.display(),
        free >> 20,
        SPARE >> 20
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused_in_one_line() {
        let folder = Path::new("/somewhere");
        assert!(fits(SPARE + 1_000 * LOG, folder, 1_000 * LOG).is_ok());
        let refused = fits(SPARE + 1_000 * LOG, folder, 1_000 * LOG + 1).expect_err("a byte more");
        assert!(refused.to_string().contains("would not fit"), "{refused}");
        assert_eq!(refused.to_string().lines().count(), 1);
        assert!(fits(u64::MAX - 1, folder, u64::MAX).is_err(), "no overflow");
    }

    #[test]
    fn nothing_fits_everywhere() -> anyhow::Result<()> {
        check(Path::new("/no/such/folder"), 0)?;
        assert!(check(Path::new("/no/such/folder"), 1).is_err());
        assert!(check(&std::env::temp_dir(), u64::MAX).is_err());
        Ok(())
    }
}
