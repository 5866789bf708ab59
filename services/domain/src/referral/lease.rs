//! How long a claim may run. A lease is for taking, not for keeping.

use jiff::{SignedDuration, Timestamp};

use crate::decider::{Now, Refusal};

/// Where the caller does not say: half an hour.
pub const DEFAULT_LEASE: SignedDuration = SignedDuration::from_mins(30);

/// The longest lease, counted from the moment it is taken or extended: fourteen days.
pub const LONGEST_LEASE: SignedDuration = SignedDuration::from_hours(14 * 24);

/// After so many leases that ran out, a supervisor should look.
pub const LAPSES_BEFORE_SUPERVISOR: u32 = 3;

/// Refuses a lease that has run out already, or is too long.
pub(super) fn check_until(until: Timestamp, now: Now) -> Result<(), Refusal> {
    if until <= now.at {
        Err(Refusal::field("lease_seconds", "is not more than nothing"))
    } else if now.at.duration_until(until) > LONGEST_LEASE {
        Err(Refusal::field("lease_seconds", "is more than 14 days"))
    } else {
        Ok(())
    }
}

/// Refuses an extension beyond the longest lease. The facts of a claim tell when it was to run out at
/// first, not when it was taken, so the bound is generous by the length of that first lease.
pub(super) fn check_extension(until: Timestamp, first_until: Timestamp) -> Result<(), Refusal> {
    if first_until.duration_until(until) > LONGEST_LEASE {
        Err(Refusal::field("lease_seconds", "is more than 14 days from the claim"))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{after, now};
    use rstest::rstest;

    #[rstest]
    #[case(0, false)]
    #[case(-1, false)]
    #[case(1, true)]
    #[case(14 * 86_400, true)]
    #[case(14 * 86_400 + 1, false)]
    fn a_lease_runs_at_most_fourteen_days(#[case] seconds: i64, #[case] taken: bool) {
        assert_eq!(check_until(after(seconds), now()).is_ok(), taken);
    }
}
