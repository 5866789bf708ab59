//! What every story stands on: servers, worlds, actors, builders.

pub mod actors;
pub mod builders;
pub mod expect;
pub mod servers;
pub mod world;
