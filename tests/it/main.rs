//! One test binary: every story, suite and check of the whole.

mod cli;
mod conformance;
mod deploy;
mod doors;
mod servers;
mod stories;
mod tidy;
