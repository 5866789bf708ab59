//! The views' suite, over both databases and a real log: rows and checkpoint change together, nothing
//! is applied twice or skipped, a poison event stops one learner only, and an organisation sees what it
//! may and no more.

mod facts;
mod origin;
mod processes;
mod rebuild;
mod refused;
mod world;

use jiff::civil::date;
use onward_domain::ids::OrganisationId;
use onward_domain::organisation::{OrganisationNumber, OrganisationNumberKind};
use onward_domain::referral::{Bucket, ReferralState};
use onward_log::{Log, Position};
use onward_views::directory::{MembersQuery, OrganisationsQuery};
use onward_views::inbox::{HandoversQuery, Side};
use onward_views::queue::{Count, QueueQuery, Whose};
use onward_views::timeline::{Depth, EntriesQuery, SubjectKind, SubjectsQuery};
use onward_views::{ViewError, ViewName, Views};
use uuid::Uuid;

use facts::{
    PLANTED, accepted, claimed, college, confirmed, delivered, drafted, handover, known, learner,
    linked, member, moving, organisation, referral, registered, released, school, submitted, tell,
    transition, withdrawn,
};
use origin::{views_of_another_history_are_built_anew, views_of_this_log_are_left_as_they_are};
use rebuild::{
    a_build_is_given_up_and_its_number_not_used_again, a_new_version_is_built_beside_the_old_one,
    a_rebuild_comes_to_the_same_rows_and_mends_what_was_changed,
    a_rebuild_is_compared_and_switched_to_and_back_while_writes_go_on,
    an_owner_that_wakes_too_late_changes_nothing,
    an_unknown_newer_type_waits_for_a_binary_that_knows_it,
};
use refused::{
    rows_that_the_database_refuses_park_one_learner, whoever_takes_over_tries_what_was_refused,
};
use world::{Backend, Leaky, Run, World};

macro_rules! on_both {
    ($($test:ident)+) => {
        mod sqlite {$(
            #[tokio::test(flavor = "multi_thread")]
            async fn $test() -> anyhow::Result<()> {
                super::$test(super::Backend::Sqlite).await
            }
        )+}

        mod postgres {$(
            #[tokio::test(flavor = "multi_thread")]
            async fn $test() -> anyhow::Result<()> {
                super::$test(super::Backend::Postgres).await
            }
        )+}
    };
}

on_both! {
    rows_built_in_pieces_and_at_once_are_equal
    events_that_a_feed_loses_are_read_from_the_log
    two_engines_apply_once
    an_owner_that_was_replaced_changes_nothing
    a_poison_event_parks_one_learner_and_a_retry_applies_in_order
    rows_that_the_database_refuses_park_one_learner
    whoever_takes_over_tries_what_was_refused
    a_timeline_is_read_as_known_at_and_ends_with_the_share
    linked_records_are_read_together
    the_inbox_shows_each_side_what_is_theirs
    the_queue_is_ordered_and_adds_up
    the_directory_finds_by_number_name_and_role
    a_reader_waits_for_a_position_and_no_longer
    nothing_personal_is_in_a_row
    a_rebuild_is_compared_and_switched_to_and_back_while_writes_go_on
    a_rebuild_comes_to_the_same_rows_and_mends_what_was_changed
    a_build_is_given_up_and_its_number_not_used_again
    a_new_version_is_built_beside_the_old_one
    an_owner_that_wakes_too_late_changes_nothing
    an_unknown_newer_type_waits_for_a_binary_that_knows_it
    views_of_another_history_are_built_anew
    views_of_this_log_are_left_as_they_are
}

fn pathfinder() -> OrganisationId {
    organisation(2)
}

/// A learner's way from school to college, as far as `released`; answers the position of the release.
async fn on_the_way(log: &Log, number: u128) -> anyhow::Result<Position> {
    let (who, moved, pack) = (learner(number), transition(number), handover(number));
    let parties = (school(), college());
    let day = date(2026, 9, 1 + i8::try_from(number % 20)?);
    tell(log, school(), who, registered(who)).await?;
    let move_fact = moving(moved, who, school(), college(), day);
    tell(log, school(), moved, move_fact).await?;
    tell(log, school(), pack, drafted(pack, who, parties, moved)).await?;
    Ok(tell(log, school(), pack, released(pack, who, parties, moved)).await?.position)
}

/// A referral that waits in the queue.
async fn waiting(log: &Log, number: u128, received: i8) -> anyhow::Result<()> {
    let (who, id) = (learner(0x500 + number), referral(number));
    let day = date(2026, 5, received);
    tell(log, school(), who, registered(who)).await?;
    tell(log, school(), id, submitted(id, who, school(), pathfinder(), day)).await?;
    tell(log, pathfinder(), id, accepted(id, who, pathfinder(), day)).await?;
    Ok(())
}

/// Some of everything.
async fn much(log: &Log, learners: u128) -> anyhow::Result<()> {
    tell(log, school(), school(), known(school(), "Hill School", "100001")).await?;
    let senco = Uuid::from_u128(0xb0);
    tell(log, school(), senco, member(senco, school())).await?;
    for number in 0..learners {
        on_the_way(log, number).await?;
        let (who, moved, pack) = (learner(number), transition(number), handover(number));
        tell(log, college(), pack, delivered(pack, who)).await?;
        tell(log, school(), moved, confirmed(moved, who)).await?;
        if number % 3 == 0 {
            tell(log, school(), pack, withdrawn(pack, who)).await?;
        }
        waiting(log, number, 1 + i8::try_from(number % 20)?).await?;
    }
    Ok(())
}

/// Positions of a learner's timeline as an organisation sees it.
async fn sees(
    views: &Views,
    caller: OrganisationId,
    number: u128,
    as_known_at: Option<jiff::Timestamp>,
) -> anyhow::Result<Vec<u64>> {
    let query = EntriesQuery { as_known_at, ..EntriesQuery::new(caller, learner(number)) };
    let page = views.timeline().entries(&query).await?;
    Ok(page.entries.iter().map(|entry| entry.recorded.position.get()).collect())
}

/// Stopped and started again, a few events at a time, it comes to the same rows as in one go.
async fn rows_built_in_pieces_and_at_once_are_equal(backend: Backend) -> anyhow::Result<()> {
    let world = World::new(backend).await?;
    let views = world.views("pieces").await?;
    for part in 0..3_u128 {
        let feed = Leaky { feed: world.log.feed(Position::START), few: 3, loses: u64::MAX };
        let run = Run::over(&views, feed);
        if part == 0 {
            much(&world.log, 4).await?;
        } else {
            on_the_way(&world.log, 0x100 + part).await?;
        }
        run.reaches(&views, world.log.head().await?).await?;
        run.stop().await?;
    }
    world.built("once").await?;
    assert_eq!(world.rows("pieces").await?, world.rows("once").await?);
    Ok(())
}

async fn events_that_a_feed_loses_are_read_from_the_log(backend: Backend) -> anyhow::Result<()> {
    let world = World::new(backend).await?;
    much(&world.log, 3).await?;
    let views = world.views("leaky").await?;
    let feed = Leaky { feed: world.log.feed(Position::START), few: 4, loses: 5 };
    let run = Run::over(&views, feed);
    on_the_way(&world.log, 0x200).await?;
    // The last event is lost too: nothing comes after it that would show the hole.
    while !world.log.head().await?.get().is_multiple_of(5) {
        tell(&world.log, school(), school(), known(school(), "Hill School", "100001")).await?;
    }
    run.reaches(&views, world.log.head().await?).await?;
    run.stop().await?;
    world.built("whole").await?;
    assert_eq!(world.rows("leaky").await?, world.rows("whole").await?);
    Ok(())
}

/// Two engines on one storage, while events come in and one of them goes: every event is applied once.
async fn two_engines_apply_once(backend: Backend) -> anyhow::Result<()> {
    let world = World::new(backend).await?;
    let (one, two) = (world.views("shared").await?, world.views("shared").await?);
    let first = Run::over(&one, world.log.feed(Position::START));
    let second = Run::over(&two, world.log.feed(Position::START));
    much(&world.log, 6).await?;
    first.reaches(&two, world.log.head().await?).await?;
    first.stop().await?;
    on_the_way(&world.log, 0x200).await?;
    second.reaches(&one, world.log.head().await?).await?;
    second.stop().await?;
    world.built("alone").await?;
    assert_eq!(world.rows("shared").await?, world.rows("alone").await?);
    Ok(())
}

/// Somebody else takes the partitions while the engine runs: what it then reads, it does not apply; once
/// they are free again, it goes on where the rows are.
async fn an_owner_that_was_replaced_changes_nothing(backend: Backend) -> anyhow::Result<()> {
    let world = World::new(backend).await?;
    let views = world.views("taken").await?;
    let run = Run::over(&views, world.log.feed(Position::START));
    let before = on_the_way(&world.log, 1).await?;
    run.reaches(&views, before).await?;
    world.usurp("taken").await?;
    let after = on_the_way(&world.log, 2).await?;
    for view in ViewName::ALL {
        let none = views.wait_for(view, after, std::time::Duration::ZERO).await;
        assert!(matches!(none, Err(ViewError::NotYet)), "{view:?}");
    }
    world.abdicate("taken").await?;
    run.reaches(&views, after).await?;
    run.stop().await?;
    world.built("free").await?;
    assert_eq!(world.rows("taken").await?, world.rows("free").await?);
    Ok(())
}

/// An event that cannot be opened: its type is not the one that it was sealed with.
async fn a_poison_event_parks_one_learner_and_a_retry_applies_in_order(
    backend: Backend,
) -> anyhow::Result<()> {
    let world = World::new(backend).await?;
    let poison = on_the_way(&world.log, 1).await?;
    on_the_way(&world.log, 2).await?;
    tell(&world.log, college(), handover(1), delivered(handover(1), learner(1))).await?;
    let last = on_the_way(&world.log, 3).await?;
    world.rename_type(poison, "handover.from_the_future").await?;

    let views = world.built("parked").await?;
    for view in [ViewName::Timeline, ViewName::Inbox] {
        let parked = views.parked(view, Position::START, 10).await?;
        let why: Vec<_> = parked.iter().map(|one| (one.key, one.behind)).collect();
        assert_eq!(why, [(learner(1).uuid(), false), (learner(1).uuid(), true)]);
        assert_eq!(parked[0].reason, "it does not open, or does not parse");
    }
    assert_eq!(views.parked(ViewName::Queue, Position::START, 10).await?, []);
    assert_eq!(sees(&views, school(), 1, None).await?, [1, 2, 3], "what came before stands");
    assert_eq!(sees(&views, college(), 2, None).await?.len(), 3, "everybody else goes on");
    let status = views.status().await?;
    let timeline = status.iter().find(|status| status.view == ViewName::Timeline);
    assert_eq!(timeline.map(|status| (status.position, status.parked)), Some((last, 1)));
    let asked = [learner(1).uuid(), learner(2).uuid()];
    let stale = views.not_up_to_date(ViewName::Timeline, &asked).await?;
    assert!(stale.len() == 1 && stale[0].0 == learner(1).uuid());

    let still = views.retry_parked(ViewName::Timeline, Some(learner(1).uuid())).await?;
    assert_eq!((still.applied, still.waiting), (0, 2));
    world.rename_type(poison, "handover.handover_released").await?;
    let done = views.retry_parked(ViewName::Timeline, Some(learner(1).uuid())).await?;
    assert_eq!((done.applied, done.waiting), (2, 0));
    // An engine that takes over tries by itself what the one before could not apply.
    let views = world.built("parked").await?;
    assert_eq!(views.parked(ViewName::Inbox, Position::START, 10).await?, []);
    world.built("whole").await?;
    assert_eq!(world.rows("parked").await?, world.rows("whole").await?);
    Ok(())
}

/// The destination sees nothing before the release, everything sent along after it, and nothing at all
/// once it is withdrawn.
async fn a_timeline_is_read_as_known_at_and_ends_with_the_share(
    backend: Backend,
) -> anyhow::Result<()> {
    let world = World::new(backend).await?;
    let released = on_the_way(&world.log, 1).await?;
    let views = world.built("main").await?;
    let timeline = views.timeline();
    assert_eq!(sees(&views, school(), 1, None).await?, [1, 2, 3, 4]);
    assert_eq!(sees(&views, college(), 1, None).await?, [1, 2, 4]);
    assert_eq!(sees(&views, pathfinder(), 1, None).await?, [0; 0]);
    let entries = timeline.entries(&EntriesQuery::new(college(), learner(1))).await?.entries;
    let known_at = entries[0].known_at;
    assert_eq!(known_at, entries[2].recorded.recorded_at, "known since the release");
    let before = known_at - std::time::Duration::from_micros(1);
    assert_eq!(sees(&views, college(), 1, Some(before)).await?, [0; 0]);
    assert_eq!(sees(&views, college(), 1, Some(known_at)).await?, [1, 2, 4]);
    assert!(timeline.may_see(college(), learner(1)).await?);
    assert!(!timeline.may_see(pathfinder(), learner(1)).await?);
    let opened = world.log.open_event(&entries[2].recorded).await?;
    assert_eq!(opened.provenance.organisation, school());

    let stretch = timeline.follow(college(), Position::START, 50).await?;
    let lines: Vec<u64> =
        stretch.entries.iter().map(|entry| entry.recorded.position.get()).collect();
    assert_eq!((lines, stretch.next), (vec![1, 2, 4], released));
    let moves = SubjectsQuery::new(college(), SubjectKind::Transition);
    assert_eq!(timeline.subjects(&moves).await?.subjects.len(), 1);

    tell(&world.log, school(), handover(1), withdrawn(handover(1), learner(1))).await?;
    let views = world.built("main").await?;
    assert_eq!(sees(&views, college(), 1, None).await?, [0; 0]);
    assert_eq!(sees(&views, college(), 1, Some(known_at)).await?, [0; 0]);
    assert!(!views.timeline().may_see(college(), learner(1)).await?);
    assert_eq!(views.timeline().follow(college(), Position::START, 50).await?.entries.len(), 0);
    assert_eq!(views.timeline().subjects(&moves).await?.subjects, []);
    Ok(())
}

/// A person has records at three organisations; each reads its own across all of them.
async fn linked_records_are_read_together(backend: Backend) -> anyhow::Result<()> {
    let world = World::new(backend).await?;
    let keepers = [school(), college(), organisation(3)];
    for (number, keeper) in (1_u128..).zip(keepers) {
        tell(&world.log, keeper, learner(number), registered(learner(number))).await?;
    }
    for (one, other) in [(1_u128, 2_u128), (2, 1), (2, 3), (3, 2)] {
        let keeper = |number: u128| keepers[usize::try_from(number - 1).unwrap_or_default()];
        let fact = linked(learner(one), learner(other), keeper(other));
        tell(&world.log, keeper(one), learner(one), fact).await?;
    }
    let views = world.built("main").await?;
    let records = views.timeline().records_of_person(learner(3)).await?;
    assert_eq!(records, [learner(1), learner(2), learner(3)]);
    assert_eq!(sees(&views, school(), 3, None).await?, [1, 4]);
    assert_eq!(sees(&views, organisation(3), 1, None).await?, [3, 7]);
    let page = EntriesQuery { limit: 1, ..EntriesQuery::new(college(), learner(1)) };
    let first = views.timeline().entries(&page).await?;
    assert_eq!(first.next.map(Position::get), Some(2));
    let rest = EntriesQuery { after: first.next, limit: 50, ..page };
    assert_eq!(views.timeline().entries(&rest).await?.entries.len(), 2);
    Ok(())
}

async fn the_inbox_shows_each_side_what_is_theirs(backend: Backend) -> anyhow::Result<()> {
    let world = World::new(backend).await?;
    for number in [3, 1, 2] {
        on_the_way(&world.log, number).await?;
    }
    let (pack, who) = (handover(9), learner(9));
    tell(&world.log, school(), who, registered(who)).await?;
    let draft = drafted(pack, who, (school(), college()), transition(9));
    tell(&world.log, school(), pack, draft).await?;
    tell(&world.log, school(), handover(2), withdrawn(handover(2), learner(2))).await?;
    let views = world.built("main").await?;
    let inbox = views.inbox();

    let mut query = HandoversQuery { limit: 2, ..HandoversQuery::new(college(), Side::Received) };
    let mut seen = Vec::new();
    loop {
        let page = inbox.list(&query).await?;
        seen.extend(page.handovers.into_iter().map(|row| (row.handover, row.pack.is_some())));
        query.after = page.next;
        if query.after.is_none() {
            break;
        }
    }
    let by_first_day = [(handover(1), true), (handover(2), false), (handover(3), true)];
    assert_eq!(seen, by_first_day, "in order, no draft, nothing to read once withdrawn");
    let sent = inbox.list(&HandoversQuery::new(school(), Side::Sent)).await?.handovers;
    assert_eq!(sent.len(), 4);
    assert_eq!(sent[3].first_day, None, "a move that nobody recorded comes last");
    assert!(inbox.get(college(), pack).await?.is_none(), "a draft is the sender's");
    assert!(inbox.get(pathfinder(), handover(1)).await?.is_none());
    let changed = inbox.received_after(college(), Position::START, 10).await?;
    let last = changed.last().map(|row| (row.handover, row.changed));
    assert_eq!(last, Some((handover(2), world.log.head().await?)));
    let counts: u64 =
        inbox.counts(college(), Side::Received).await?.iter().map(|(_, many)| many).sum();
    assert_eq!(counts, 3);
    Ok(())
}

async fn the_queue_is_ordered_and_adds_up(backend: Backend) -> anyhow::Result<()> {
    let world = World::new(backend).await?;
    for (number, day) in [(1, 20), (2, 3), (3, 11)] {
        waiting(&world.log, number, day).await?;
    }
    let held = claimed(referral(3), learner(0x503), pathfinder());
    tell(&world.log, pathfinder(), referral(3), held).await?;
    let views = world.built("main").await?;
    let queue = views.queue();
    let whose = Whose::Pathfinder(pathfinder());
    let rows = queue.list(&QueueQuery::new(whose)).await?.referrals;
    let order: Vec<_> = rows.iter().map(|row| row.referral).collect();
    assert_eq!(order, [referral(2), referral(3), referral(1)]);
    assert_eq!(rows[0].waiting_days(date(2026, 5, 31)), 28);
    assert!(rows.iter().all(|row| row.form.is_some()));
    let free = QueueQuery { states: vec![ReferralState::Accepted], ..QueueQuery::new(whose) };
    assert_eq!(queue.list(&free).await?.referrals.len(), 2);
    let mine = Whose::Member(Uuid::from_u128(0xb1).into());
    assert_eq!(queue.list(&QueueQuery::new(mine)).await?.referrals.len(), 1);
    let elsewhere = Whose::Pathfinder(organisation(7));
    assert_eq!(queue.list(&QueueQuery::new(elsewhere)).await?.referrals.len(), 0);
    let counts = queue.counts(whose).await?;
    let sums = Count::by_bucket(&counts);
    assert_eq!(sums.iter().map(|(_, many)| many).sum::<u64>(), 3);
    assert!(sums.contains(&(Bucket::Held, 1)) && sums.contains(&(Bucket::Waiting, 2)));

    let steps = EntriesQuery::new(pathfinder(), learner(0x501));
    let steps = views.timeline().entries(&steps).await?.entries;
    assert_eq!(steps[0].depth, Depth::Step, "nobody holds the child");
    let full = EntriesQuery::new(pathfinder(), learner(0x503));
    let full = views.timeline().entries(&full).await?.entries;
    assert_eq!(full[0].depth, Depth::Full);
    Ok(())
}

async fn the_directory_finds_by_number_name_and_role(backend: Backend) -> anyhow::Result<()> {
    let world = World::new(backend).await?;
    for (number, name) in [(0, "Hill School"), (1, "St_Anne's"), (4, "Stxanne Nursery")] {
        let (who, urn) = (organisation(number), format!("10000{number}"));
        tell(&world.log, who, who, known(who, name, &urn)).await?;
    }
    let person = Uuid::from_u128(0xb0);
    tell(&world.log, school(), person, member(person, school())).await?;
    let views = world.built("main").await?;
    let directory = views.directory();
    let urn = OrganisationNumber { kind: OrganisationNumberKind::Urn, value: "100001".to_owned() };
    let found = directory.find_by_number(&urn).await?;
    assert_eq!(found.first().map(|one| one.name.as_str()), Some("St_Anne's"));
    assert_eq!(found[0].numbers, [urn]);
    let named = OrganisationsQuery {
        name_contains: Some("st_ann".to_owned()),
        limit: 10,
        ..OrganisationsQuery::default()
    };
    assert_eq!(directory.organisations(&named).await?.organisations.len(), 1);
    let all = OrganisationsQuery { limit: 2, ..OrganisationsQuery::default() };
    let page = directory.organisations(&all).await?;
    let next = OrganisationsQuery { after: page.next, ..all };
    assert_eq!(directory.organisations(&next).await?.organisations.len(), 1);
    let members = directory.members(&MembersQuery::new(school())).await?.members;
    assert!(members.len() == 1 && members[0].is_current(date(2026, 9, 1)));
    let said = members[0].said.as_ref().expect("who it is");
    world.log.open_event(said).await?;
    assert!(directory.organisation(organisation(9)).await?.is_none());
    Ok(())
}

async fn a_reader_waits_for_a_position_and_no_longer(backend: Backend) -> anyhow::Result<()> {
    let world = World::new(backend).await?;
    let views = world.views("main").await?;
    let run = Run::over(&views, world.log.feed(Position::START));
    let position = on_the_way(&world.log, 1).await?;
    let patience = std::time::Duration::from_secs(60);
    let reached = views.wait_for(ViewName::Inbox, position, patience).await?;
    assert!(reached >= position);
    let never = Position::new(position.get() + 1);
    let none = views.wait_for(ViewName::Inbox, never, std::time::Duration::ZERO).await;
    assert!(matches!(none, Err(ViewError::NotYet)));
    run.reaches(&views, position).await?;
    for status in views.status().await? {
        assert_eq!((status.position, status.lag, status.parked), (position, 0, 0));
    }
    run.stop().await
}

/// Names, contacts, reasons: none of them is in any row, nor in any byte of the file.
async fn nothing_personal_is_in_a_row(backend: Backend) -> anyhow::Result<()> {
    let world = World::new(backend).await?;
    much(&world.log, 3).await?;
    let views = world.built("main").await?;
    for (table, rows) in world.rows("main").await? {
        for planted in PLANTED {
            // PostgreSQL and SQLite print bytes as hexadecimal digits.
            let digits = hex::encode(planted);
            for row in &rows {
                let row = row.to_lowercase();
                let clear = row.contains(&planted.to_lowercase()) || row.contains(&digits);
                assert!(!clear, "{planted} in {table}");
            }
        }
    }
    views.close().await;
    if backend == Backend::Sqlite {
        for entry in std::fs::read_dir(world.build_folder("main"))? {
            let bytes = std::fs::read(entry?.path())?;
            for planted in PLANTED {
                let found = bytes.windows(planted.len()).any(|window| window == planted.as_bytes());
                assert!(!found, "{planted}");
            }
        }
    }
    Ok(())
}
