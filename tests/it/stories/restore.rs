//! What an operator sees and does when something befalls the copy on the bus.

use std::path::Path;

use onward_contract::operations::v1::{BusState, BusStatus, LogStatus};
use onward_tests::actors::{Operator, Senco};
use onward_tests::builders::{Child, upn};
use onward_tests::servers::{onward_command, until};
use onward_tests::world::{House, Setup, World};
use serde_json::Value;

use super::silence::copied;

async fn status(operator: &Operator) -> anyhow::Result<(LogStatus, BusStatus)> {
    let status = operator.status().await?;
    Ok((status.log.unwrap_or_default(), status.bus.unwrap_or_default()))
}

async fn bus_that(
    operator: &Operator,
    what: &str,
    is_so: impl Fn(&BusStatus) -> bool,
) -> anyhow::Result<BusStatus> {
    until(what, || async {
        let bus = status(operator).await?.1;
        Ok(is_so(&bus).then_some(bus))
    })
    .await
}

/// The same people, asking the process that runs now.
fn again(world: &World, operator: &Operator, school: &Senco) -> (Operator, Senco) {
    let channel = &world.channels()[0];
    (Operator(operator.over(channel.clone())), Senco(school.over(channel.clone())))
}

/// Registers so many children, the first with this serial; answers nothing but that it is done.
async fn register(school: &Senco, from: u32, count: u32) -> anyhow::Result<()> {
    for serial in from..from + count {
        let child = Child { upn: Some(upn(serial)), ..Child::of_year_6() };
        school.register(&child).await?;
    }
    Ok(())
}

/// Somebody publishes on our subjects: said in the program log and in the status, and mended by a new stream.
#[tokio::test]
async fn what_befalls_the_copy_is_said_and_mended() -> anyhow::Result<()> {
    let world = World::start(Setup::SQLITE.with_nats()).await?;
    let operator = world.operator();
    copied(&operator).await?;
    let before = status(&operator).await?.1;
    assert_eq!((before.stream.as_str(), before.incident.as_str()), ("ONWARD_1", ""));
    let streams = async_nats::jetstream::new(world.nats().client().await?);
    streams.publish("onward.v1.0.foreign.thing", "not ours".into()).await?.await?;
    let school = world.senco(House::Primary).await?;
    register(&school, 7200, 1).await?;
    let after = bus_that(&operator, "the next stream", |bus| bus.stream == "ONWARD_2").await?;
    assert!(after.incident.contains("ONWARD_1 is left") && after.incident_at.is_some());
    let head = copied(&operator).await?;
    let line = world.program_log();
    assert!(line.lines().any(|line| line.contains(&after.incident)), "{line}");
    let audited = |bus: &BusStatus| bus.audit_ended_at.is_some() && bus.audited_sequence <= head;
    bus_that(&operator, "a round of the audit", audited).await?;
    Ok(())
}

/// The data folder is put back to an older copy, and the server goes on with it: what was lost is seen, said, and
/// not written over; an operator accepts it in one command.
#[tokio::test]
async fn a_restored_database_is_accepted_in_one_command() -> anyhow::Result<()> {
    let mut world = World::start(Setup::SQLITE.with_nats()).await?;
    let (operator, school) = (world.operator(), world.senco(House::Primary).await?);
    register(&school, 7300, 3).await?;
    copied(&operator).await?;
    world.stop().await?;
    let (data, kept) = (world.data(), world.data().with_file_name("kept"));
    copy_folder(&data, &kept)?;

    world.restart().await?;
    let (operator, school) = again(&world, &operator, &school);
    register(&school, 7310, 3).await?;
    let lost = copied(&operator).await?;
    world.stop().await?;
    std::fs::remove_dir_all(&data)?;
    std::fs::rename(&kept, &data)?;

    world.restart().await?;
    let (operator, school) = again(&world, &operator, &school);
    let halted = |bus: &BusStatus| bus.state() == BusState::Halted;
    let bus = bus_that(&operator, "the halt", halted).await?;
    assert!(bus.message.contains("onward log accept-restore"), "{}", bus.message);
    let line = world.program_log();
    assert!(line.lines().any(|line| line.contains("ERROR") && line.contains(&bus.message)));
    // Nobody's work waits for it.
    register(&school, 7320, 1).await?;
    let epoch = status(&operator).await?.0.epoch;

    let data = data.to_string_lossy().into_owned();
    let accept = ["--output", "json", "log", "accept-restore", "--data", &data];
    let refused = onward_command(&accept).await?;
    assert_eq!(refused.status.code(), Some(1), "a running server holds the folder");
    world.stop().await?;
    let accepted = onward_command(&accept).await?;
    assert!(accepted.status.success(), "{}", String::from_utf8_lossy(&accepted.stderr));
    let rows: Value = serde_json::from_slice(&accepted.stdout)?;
    assert!(rows[0]["halted_by"].as_str().is_some_and(|by| by.contains("restored")), "{rows}");
    let verified = onward_command(&["verify", "--data", &data]).await?;
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));

    world.restart().await?;
    let (operator, _) = again(&world, &operator, &school);
    let connected = |bus: &BusStatus| bus.state() == BusState::Connected && bus.lag_events == 0;
    let bus = bus_that(&operator, "the copying", connected).await?;
    assert_eq!(bus.stream, "ONWARD_2");
    assert!(status(&operator).await?.0.epoch > epoch);
    copied(&operator).await?;
    let streams = async_nats::jetstream::new(world.nats().client().await?);
    let old = streams.get_stream("ONWARD_1").await?.cached_info().state.clone();
    assert_eq!(old.last_sequence, lost, "what the database lost can still be looked at");
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let copy = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &copy)?;
        } else {
            std::fs::copy(entry.path(), &copy)?;
        }
    }
    Ok(())
}
