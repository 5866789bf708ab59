//! The bus is a copy: when its server is away, nothing that people do waits for it.

use onward_contract::operations::v1::{BusState, BusStatus};
use onward_tests::actors::Operator;
use onward_tests::builders::{Child, upn};
use onward_tests::servers::{Onward, until};
use onward_tests::world::{House, Setup, World};

use super::position;
use super::silence::copied;

mod a_bus_that_is_away_delays_and_never_fails_a_write {
    use onward_tests::world::{Setup, World};

    #[tokio::test]
    async fn on_sqlite() -> anyhow::Result<()> {
        super::a_bus_goes_away(World::start(Setup::SQLITE.with_nats()).await?).await
    }

    #[tokio::test]
    async fn on_postgres() -> anyhow::Result<()> {
        super::a_bus_goes_away(World::start(Setup::POSTGRES.with_nats()).await?).await
    }
}

async fn a_bus_goes_away(mut world: World) -> anyhow::Result<()> {
    let operator = world.operator();
    let school = world.senco(House::Primary).await?;
    copied(&operator).await?;
    assert_eq!(status(&operator).await?.state(), BusState::Connected);

    world.nats_mut().kill()?;
    let mut last = String::new();
    for serial in 0..30 {
        let child = Child { upn: Some(upn(7000 + serial)), ..Child::of_year_6() };
        let registered = school.register(&child).await?;
        last = position(registered.receipt);
    }
    let away = until("the bus to be missed", || async {
        let bus = status(&operator).await?;
        Ok((bus.state() == BusState::Disconnected).then_some(bus))
    })
    .await?;
    assert!(away.lag_events > 30, "the lag shows: {}", away.lag_events);

    world.nats_mut().restart().await?;
    let head = copied(&operator).await?;
    assert!(head >= last.parse()?, "everything that was written is on the bus");
    let back = status(&operator).await?;
    assert_eq!((back.state(), back.lag_events, back.last_sequence), (BusState::Connected, 0, head));
    for view in operator.views(&last).await? {
        assert_eq!(view.lag_events, 0, "{} follows again", view.name);
    }
    Ok(())
}

async fn status(operator: &Operator) -> anyhow::Result<BusStatus> {
    Ok(operator.status().await?.bus.unwrap_or_default())
}

/// A server that has never been there is away, too.
#[tokio::test]
async fn a_process_serves_before_its_bus_is_there() -> anyhow::Result<()> {
    let mut world = World::start(Setup::SQLITE).await?;
    world.stop().await?;
    let data = world.data();
    let data = data.to_string_lossy();
    let server = Onward::serve(&["--data", &data, "--nats", "nats://127.0.0.1:9"]).await?;
    let channel = tonic::transport::Endpoint::from_shared(server.addr().to_owned())?.connect_lazy();
    let operator = Operator(world.operator().over(channel.clone()));
    let school = world.id(House::Primary).to_owned();
    assert_eq!(status(&operator).await?.state(), BusState::Disconnected);
    let request = onward_contract::directory::v1::AddMemberRequest {
        request_id: onward_tests::builders::request_id(),
        organisation_id: school,
        issuer: "onward-development".to_owned(),
        subject: "somebody".to_owned(),
        name: "Somebody".to_owned(),
        roles: vec![onward_contract::access::v1::MemberRole::Senco.into()],
        ..Default::default()
    };
    let added = operator.directory().add_member(request).await?.into_inner();
    assert!(added.receipt.is_some(), "a write does not wait for the bus");
    let stopped = server.stop_gracefully().await?;
    assert_eq!(stopped.code, Some(0));
    Ok(())
}

/// A process that was killed finds everything again, on both databases and with a bus.
mod nothing_that_was_answered_is_lost_by_a_kill {
    use onward_tests::world::{Setup, World};

    #[tokio::test]
    async fn on_sqlite() -> anyhow::Result<()> {
        super::a_process_is_killed(World::start(Setup::SQLITE).await?).await
    }

    #[tokio::test]
    async fn on_postgres_with_a_bus() -> anyhow::Result<()> {
        super::a_process_is_killed(World::start(Setup::POSTGRES.with_nats()).await?).await
    }
}

async fn a_process_is_killed(mut world: World) -> anyhow::Result<()> {
    let school = world.senco(House::Primary).await?;
    let registered = school.register(&Child::of_year_6()).await?;
    let at = position(registered.receipt);
    world.kill().await?;
    world.restart().await?;
    // On PostgreSQL the dead process's hold on the views runs out first.
    world.views_are_there().await?;
    let school = onward_tests::actors::Senco(school.over(world.channels()[0].clone()));
    let learner = school.learner(&registered.learner_id).await?;
    assert_eq!(learner.details.unwrap_or_default().forename, "Amelia");
    let timeline = school.timeline(&registered.learner_id, &at).await?;
    assert!(timeline.tells("learner_registered"));
    let child = Child { upn: Some(upn(7100)), ..Child::of_year_6() };
    let next = school.register(&child).await?;
    assert!(position(next.receipt) > at, "the order goes on");
    Ok(())
}
