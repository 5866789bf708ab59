//! One test binary: every story, suite and check of the whole.

#![allow(unreachable_pub, reason = "a test binary has no outside: pub says what a module offers")]

mod cli;
mod conformance;
mod deploy;
mod doors;
mod faults;
mod servers;
mod stories;
mod tidy;
