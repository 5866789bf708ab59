//! The referral clock RC1: from the day the provider receives a referral to the first assessment or
//! intervention contact, discharge or decline. School holidays, requests for information and leases
//! do not pause it.

use jiff::civil::Date;

use crate::calendar::arithmetic::{days_between, within_days};

/// Days that count as inside the clock: eighteen weeks, an NHS benchmark and not law.
pub const DEFAULT_LIMIT: u16 = 126;

/// A running clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReferralClock {
    /// Day on which the provider received the referral: day 0.
    pub received: Date,
    /// Last day that is still inside, counted from the received day.
    pub limit: u16,
}

/// Which side of the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClockStatus {
    /// On the last day or before.
    Inside,
    /// After the last day.
    Breach,
}

/// How long a referral has waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waited {
    /// Whole days since it was received.
    pub days: u32,
    /// Whole weeks: days divided by seven.
    pub weeks: u32,
    /// Inside or breach.
    pub status: ClockStatus,
}

impl ReferralClock {
    /// A clock with the usual limit.
    pub const fn starting(received: Date) -> Self {
        Self { received, limit: DEFAULT_LIMIT }
    }

    /// The last day inside.
    pub fn deadline(self) -> Date {
        within_days(self.received, self.limit)
    }

    /// The wait up to a day: the day it stopped, or today. None before the day of receipt.
    pub fn waited(self, until: Date) -> Option<Waited> {
        let days = u32::try_from(days_between(self.received, until)).ok()?;
        let inside = days <= u32::from(self.limit);
        let status = if inside { ClockStatus::Inside } else { ClockStatus::Breach };
        Some(Waited { days, weeks: days / 7, status })
    }
}

impl ClockStatus {
    /// `inside` or `breach`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inside => "inside",
            Self::Breach => "breach",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use rstest::rstest;

    const RECEIVED: Date = date(2026, 6, 1);

    #[rstest]
    #[case(date(2026, 6, 1), 0, 0, "inside")]
    #[case(date(2026, 6, 7), 6, 0, "inside")]
    #[case(date(2026, 6, 8), 7, 1, "inside")]
    #[case(date(2026, 10, 4), 125, 17, "inside")]
    #[case(date(2026, 10, 5), 126, 18, "inside")]
    #[case(date(2026, 10, 6), 127, 18, "breach")]
    fn breach_from_day_127(
        #[case] until: Date,
        #[case] days: u32,
        #[case] weeks: u32,
        #[case] status: &str,
    ) {
        let waited = ReferralClock::starting(RECEIVED).waited(until).expect("after receipt");
        assert_eq!((waited.days, waited.weeks, waited.status.as_str()), (days, weeks, status));
    }

    #[test]
    fn the_deadline_is_the_last_day_inside() {
        let clock = ReferralClock::starting(RECEIVED);
        assert_eq!(clock.deadline(), date(2026, 10, 5));
        assert_eq!(clock.waited(date(2026, 5, 31)), None);
        let short = ReferralClock { limit: 7, ..clock };
        let status = short.waited(date(2026, 6, 9)).map(|waited| waited.status);
        assert_eq!(status, Some(ClockStatus::Breach));
    }
}
