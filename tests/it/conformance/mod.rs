//! Suites that run alike over every backend: what holds on one holds on the other.

mod bus;
mod log;
mod views;
