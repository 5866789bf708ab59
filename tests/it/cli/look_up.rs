//! `onward timeline|inbox|queue|tail|views`: what a person looks up, as table, JSON and CSV.

use onward_contract::access::v1::MemberRole;
use onward_tests::actors::Member;
use onward_tests::builders::{Child, pack, phase_transfer, referral, urn};
use onward_tests::world::{House, Setup, World};

use super::onward;

/// Asks as a member, in a form.
async fn ask(
    world: &World,
    who: &Member,
    args: &[&str],
    form: &str,
) -> anyhow::Result<super::Said> {
    let as_whom = ["--server", world.server().addr(), "--token", who.token(), "--output", form];
    onward(&[args, &as_whom].concat()).await
}

#[tokio::test]
async fn timeline_inbox_and_queue_are_shown_in_every_form() -> anyhow::Result<()> {
    let world = World::start(Setup::SQLITE).await?;
    let primary = world.senco(House::Primary).await?;
    let secondary = world.member(House::Secondary, &[MemberRole::Senco]).await?;
    let stranger = world.senco(House::Stranger).await?;
    let child = Child::of_year_6();
    let learner = primary.register(&child).await?.learner_id;
    let (from, to) = (urn(House::Primary.number()), urn(House::Secondary.number()));
    let recorded = primary.record(phase_transfer(&learner, from, to)).await?;
    let moment = recorded.receipt.and_then(|receipt| receipt.recorded_at).expect("a moment");
    let handover = primary
        .draft(&learner, pack(&secondary.organisation, Some(&recorded.transition_id)))
        .await?;
    primary.release(&handover.handover_id).await?;
    world.views_are_there().await?;

    let upn = child.upn.expect("a UPN");
    for named in [learner.as_str(), upn.as_str()] {
        let rows = ask(&world, &primary, &["timeline", named], "json").await?.done().rows();
        assert!(rows.len() >= 4, "{rows:?}");
        assert!(rows.iter().any(|row| row["to"] == House::Secondary.name()), "{rows:?}");
    }
    let at = jiff::Timestamp::new(moment.seconds, moment.nanos)?.to_string();
    let args = ["timeline", &learner, "--as-known-at", &at];
    let earlier = ask(&world, &primary, &args, "json").await?.done().rows();
    let now = ask(&world, &primary, &["timeline", &learner], "json").await?.done().rows();
    assert!(earlier.len() < now.len(), "the handover was not known then");
    let csv = ask(&world, &primary, &["timeline", &learner], "csv").await?.done();
    assert_eq!(csv.out.lines().next(), Some("happened,recorded,what,from,to,said_by,corrects"));
    let table = ask(&world, &primary, &["timeline", &learner], "table").await?.done();
    assert!(table.out.contains("said by") && table.out.contains("Secondary"), "{}", table.out);
    ask(&world, &stranger, &["timeline", &learner], "table").await?.refused(&["NOT_FOUND"]);
    ask(&world, &stranger, &["timeline", &upn], "table").await?.refused(&["none of your"]);
    ask(&world, &primary, &["timeline", "Amelia"], "table").await?.misused().says(&["UPN"]);
    let args = ["timeline", &learner, "--as-known-at", "yesterday"];
    ask(&world, &primary, &args, "table").await?.misused().says(&["yesterday"]);
    let args = ["timeline", &learner, "--as-known-at", "0001-01-01T00:00:00Z"];
    let before = ask(&world, &primary, &args, "json").await?.done().rows();
    assert!(before.is_empty(), "nothing was known then");
    ask(&world, &primary, &["timeline"], "table").await?.misused();

    let rows = ask(&world, &secondary, &["inbox"], "json").await?.done().rows();
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (&rows[0]["handover"], &rows[0]["learner"]),
        (&handover.handover_id.clone().into(), &"Amelia Hartley-Quayle".into(),)
    );
    // From the inbox to the learner that it names.
    let named = rows[0]["learner_id"].as_str().expect("an id");
    let told = ask(&world, &secondary, &["timeline", named], "json").await?.done().rows();
    assert!(!told.is_empty(), "the receiver sees what was handed over");
    let args = ["inbox", "--state", "ACCEPTED"];
    assert!(ask(&world, &secondary, &args, "json").await?.done().rows().is_empty());
    let args = ["inbox", "--state", "LOST"];
    ask(&world, &secondary, &args, "json").await?.misused().says(&["LOST"]);
    assert!(ask(&world, &stranger, &["inbox"], "json").await?.done().rows().is_empty());
    the_queue_is_shown(&world).await
}

async fn the_queue_is_shown(world: &World) -> anyhow::Result<()> {
    let nursery = world.senco(House::Nursery).await?;
    let team = world.member(House::Yorkshire, &[MemberRole::Triage]).await?;
    let other = world.member(House::London, &[MemberRole::Triage]).await?;
    let learner = nursery.register(&Child::of_nursery()).await?.learner_id;
    let referred = nursery.refer(referral(&learner)).await?;
    world.views_are_there().await?;
    let key = House::Yorkshire.queue();
    for named in [key, team.organisation.as_str()] {
        let rows = ask(world, &team, &["queue", named], "json").await?.done().rows();
        assert_eq!(rows.len(), 1, "{named}");
        assert_eq!(rows[0]["referral"], referred.referral_id, "{named}");
        assert_eq!(rows[0]["state"], "SUBMITTED");
    }
    let shown = ask(world, &team, &["queue", key], "table").await?.done();
    assert!(!shown.out.contains("Iqbal"), "initials before a claim, and no more");
    let args = ["queue", key, "--state", "CLOSED"];
    assert!(ask(world, &team, &args, "json").await?.done().rows().is_empty());
    ask(world, &other, &["queue", key], "json").await?.refused(&["NOT_FOUND"]);
    ask(world, &nursery, &["queue", key], "json").await?.refused(&["KIND_NOT_ALLOWED"]);
    Ok(())
}

#[tokio::test]
async fn the_log_and_the_views_are_the_operators_to_see() -> anyhow::Result<()> {
    let world = World::start(Setup::SQLITE).await?;
    let operator = world.operator();
    let senco = world.senco(House::Primary).await?;
    senco.register(&Child::of_year_6()).await?;
    let head: u64 = operator.head().await?.parse()?;
    let from = format!("{:020}", head - 3);
    for form in ["table", "json", "csv"] {
        let args = ["tail", "--from", &from, "--limit", "3"];
        let said = ask(&world, &operator, &args, form).await?.done();
        let heading = usize::from(form == "csv");
        assert_eq!(said.out.lines().count(), 3 + heading, "{form}: {}", said.out);
        assert!(!said.out.contains("Amelia"), "public parts only");
        let last = format!("{head:020}");
        assert!(said.out.lines().last().is_some_and(|line| line.contains(&last)), "{}", said.out);
    }
    let args = ["tail", "--from", "the beginning", "--limit", "1"];
    ask(&world, &operator, &args, "table").await?.misused();
    // A position as a person writes it.
    let args = ["tail", "--from", "1", "--limit", "1"];
    let said = ask(&world, &operator, &args, "table").await?.done();
    assert!(said.out.contains("00000000000000000002"), "{}", said.out);
    ask(&world, &senco, &["tail", "--limit", "1"], "table").await?.refused(&["NOT_ALLOWED"]);

    world.views_are_there().await?;
    let views = ask(&world, &operator, &["views", "list"], "json").await?.done().rows();
    let names: Vec<&str> = views.iter().filter_map(|view| view["view"].as_str()).collect();
    for name in ["timeline", "inbox", "queue", "directory"] {
        assert!(names.contains(&name), "{names:?}");
    }
    let parked = ask(&world, &operator, &["views", "parked"], "json").await?.done();
    assert!(parked.rows().is_empty());
    let csv = ask(&world, &operator, &["views", "list"], "csv").await?.done();
    assert_eq!(
        csv.out.lines().next(),
        Some("view,version,position,events_behind,parked,generation,state,differences")
    );
    ask(&world, &senco, &["views", "list"], "table").await?.refused(&["NOT_ALLOWED"]);
    ask(&world, &operator, &["views", "dance"], "table").await?.misused();
    Ok(())
}
