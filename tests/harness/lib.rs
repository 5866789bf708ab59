//! What every story stands on: servers, worlds, actors, builders.

pub mod servers;
