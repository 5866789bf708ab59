//! One test binary: every story, suite and check of the whole.

mod deploy;
mod servers;
mod tidy;
