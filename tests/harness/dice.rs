//! Chance that can be played again: every choice of a fault test follows from one seed, which is printed
//! when the test fails. `ONWARD_FAULT_SEED` sets it.

use std::io::Write;

use uuid::Uuid;

/// The variable that sets the seed.
const VARIABLE: &str = "ONWARD_FAULT_SEED";

/// A source of choices: `SplitMix64` (Steele, Lea, Flood: Fast Splittable Pseudorandom Number
/// Generators, 2014).
#[derive(Debug, Clone)]
pub struct Dice(u64);

/// The seed of a test. Unless the test says that it has passed, it is printed in the end.
pub struct Seed {
    seed: u64,
    test: &'static str,
    passed: bool,
}

impl Seed {
    /// The seed of the run, or a new one; and dice for a test of this name.
    ///
    /// # Panics
    /// The variable is set and no number.
    pub fn of(test: &'static str) -> (Self, Dice) {
        let seed = match std::env::var(VARIABLE) {
            Ok(text) => text.parse().expect("ONWARD_FAULT_SEED is a number"),
            // Short enough to be typed.
            Err(_) => Uuid::now_v7().as_u64_pair().1 % 1_000_000_000,
        };
        let name = test.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(31) + u64::from(byte));
        (Self { seed, test, passed: false }, Dice(seed ^ name))
    }

    /// The test has passed.
    pub fn passed(mut self) {
        self.passed = true;
    }
}

impl Drop for Seed {
    fn drop(&mut self) {
        if !self.passed {
            let line = format!("{} failed; again with {VARIABLE}={}\n", self.test, self.seed);
            // Nothing can be done about a standard error that is closed.
            let _ = std::io::stderr().write_all(line.as_bytes());
        }
    }
}

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end.max(1)).unwrap_or(u64::MAX);
        usize::try_from(self.next() % end).unwrap_or_default()
    }

    /// True in so many of a hundred cases.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// Dice of their own for somebody else, so that the choices of one do not depend on the pace of the
    /// other.
    pub fn apart(&mut self) -> Self {
        Self(self.next())
    }
}

/// Rounds of a fault test: a few, or many where `ONWARD_FAULTS=long`.
pub fn rounds(few: usize, many: usize) -> usize {
    let long = std::env::var_os("ONWARD_FAULTS").is_some_and(|value| value == "long");
    if long { many } else { few }
}
