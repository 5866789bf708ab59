//! What every story stands on: servers, worlds, actors, builders.

pub mod actors;
pub mod builders;
pub mod chaos;
pub mod dice;
pub mod expect;
pub mod ledger;
pub mod proxy;
pub mod servers;
pub mod world;
