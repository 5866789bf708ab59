//! Every fault with a ledger of what was answered, on real processes.
//!
//! After healing: every OK is there exactly once, no refusal is, what nobody answered is there nought or
//! one times and the same request again tells which; the bus and the views equal the log. A failure prints
//! its seed; `ONWARD_FAULT_SEED` plays it again, `ONWARD_FAULTS=long` makes more rounds.

mod cancelled;
mod disk;
mod erasures;
mod kills;
mod network;
mod oracle;
mod overload;
mod points;
mod postgres;
mod requests;
mod servers;
mod stopping;
mod stops;

use std::sync::Arc;

use onward_tests::chaos::{Load, Shape, Site};
use onward_tests::dice::{Dice, Seed};
use onward_tests::ledger::{Ledger, Verdict, judge};

/// Callers of a usual load.
const CALLERS: usize = 8;

/// A site, its books, and chance.
struct Trial {
    site: Site,
    ledger: Arc<Ledger>,
    dice: Dice,
    seed: Seed,
}

impl Trial {
    /// Starts a site for a test of this name.
    async fn of(test: &'static str, shape: Shape) -> anyhow::Result<Self> {
        let (seed, dice) = Seed::of(test);
        let site = Site::start(shape).await?;
        Ok(Self { site, ledger: Arc::default(), dice, seed })
    }

    /// Lets callers loose.
    fn load(&mut self) -> Load {
        Load::start(&self.site, &self.ledger, CALLERS, &mut self.dice)
    }

    /// Heals, and judges the books; something was written at all.
    async fn judge(mut self) -> anyhow::Result<Verdict> {
        let verdict = judge(&mut self.site, &self.ledger).await?;
        anyhow::ensure!(verdict.done > 0, "{verdict:?}");
        self.seed.passed();
        Ok(verdict)
    }
}
