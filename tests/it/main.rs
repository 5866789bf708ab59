//! One test binary: every story, suite and check of the whole.

#![allow(unreachable_pub, reason = "a test binary has no outside: pub says what a module offers")]

/// Tells a story on both databases, without a bus: for what the bus has no part in.
macro_rules! on_both_databases {
    ($($story:ident),+ $(,)?) => {$(
        mod $story {
            use onward_tests::world::{Setup, World};

            #[tokio::test]
            async fn on_sqlite() -> anyhow::Result<()> {
                super::$story(&World::start(Setup::SQLITE).await?).await
            }

            #[tokio::test]
            async fn on_postgres() -> anyhow::Result<()> {
                super::$story(&World::start(Setup::POSTGRES).await?).await
            }
        }
    )+};
}

mod cli;
mod conformance;
mod contract;
mod deploy;
mod doors;
mod faults;
mod fuzz;
mod models;
mod servers;
mod stories;
mod tidy;
