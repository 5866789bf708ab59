//! What people do with Onward, from end to end, over real processes.
//!
//! Each story is told on SQLite and on PostgreSQL, and on both with a bus that the views follow.

/// Tells each story on every setup: a module of the story's name with a test for each.
macro_rules! on_every_setup {
    ($($story:ident),+ $(,)?) => {$(
        mod $story {
            use onward_tests::world::{Setup, World};

            #[tokio::test]
            async fn on_sqlite() -> anyhow::Result<()> {
                super::$story(&World::start(Setup::SQLITE).await?).await
            }

            #[tokio::test]
            async fn on_sqlite_with_a_bus() -> anyhow::Result<()> {
                super::$story(&World::start(Setup::SQLITE.with_nats()).await?).await
            }

            #[tokio::test]
            async fn on_postgres() -> anyhow::Result<()> {
                super::$story(&World::start(Setup::POSTGRES).await?).await
            }

            #[tokio::test]
            async fn on_postgres_with_a_bus() -> anyhow::Result<()> {
                super::$story(&World::start(Setup::POSTGRES.with_nats()).await?).await
            }
        }
    )+};
}

mod alternative_provision;
mod apprenticeship;
mod bus;
mod erasure;
mod order;
mod phase_transfer;
mod post16;
mod proof;
mod queue;
mod reads;
mod records;
mod repeats;
mod restore;
mod retries;
mod silence;
mod university;
mod watching;

use onward_contract::receipt::v1::Receipt;

/// The position of a receipt.
fn position(receipt: Option<Receipt>) -> String {
    receipt.expect("every write answers a receipt").position
}
