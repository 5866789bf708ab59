//! Streams: everything from a position, once, in order; over when access is lost or the token runs out.

use std::time::Duration;

use jiff::Timestamp;
use onward_contract::access::v1::MemberRole;
use onward_contract::directory::v1::RemoveMemberRequest;
use onward_contract::handover::v1 as handover;
use onward_contract::reason;
use onward_contract::referral::v1 as referral_wire;
use onward_contract::timeline::v1 as timeline;
use onward_tests::actors::{Member, NOW};
use onward_tests::builders::{Child, pack, phase_transfer, referral, request_id, urn};
use onward_tests::expect::{reason_of, refused};
use onward_tests::world::{House, World};
use tonic::{Code, Status, Streaming};

on_every_setup!(an_organisation_follows_what_is_its_own);
on_both_databases!(a_stream_ends_with_the_access_to_it);

async fn an_organisation_follows_what_is_its_own(world: &World) -> anyhow::Result<()> {
    let school = world.senco(House::Primary).await?;
    let secondary = world.member(House::Secondary, &[MemberRole::Senco]).await?;
    let mut theirs = organisation(&secondary, "").await?;
    let learner = school.register(&Child::of_year_6()).await?.learner_id;
    let (from, to) = (urn(House::Primary.number()), urn(House::Secondary.number()));
    let recorded = school.record(phase_transfer(&learner, from, to)).await?;
    school.confirm(&recorded.transition_id).await?;

    // From the beginning: what there was, a mark, then what comes.
    let mut mine = organisation(&school, "").await?;
    let mut told = Vec::new();
    let caught_up = loop {
        match next(&mut mine).await? {
            Heard::Entry(entry) => told.push(entry),
            Heard::CaughtUp(position) => break position,
        }
    };
    let kinds: Vec<&str> = told.iter().filter_map(|entry| entry.r#type.split('.').nth(3)).collect();
    assert_eq!(kinds.first(), Some(&"learner_registered"));
    assert_eq!(kinds.last(), Some(&"transition_confirmed"));
    assert!(told.is_sorted_by(|a, b| a.position < b.position), "in order, each once");

    let draft = pack(&secondary.organisation, Some(&recorded.transition_id));
    let id = school.draft(&learner, draft).await?.handover_id;
    school.release(&id).await?;
    let live = until_type(&mut mine, "handover_released").await?;
    assert!(live.position > caught_up);
    // Resuming from a position misses nothing and doubles nothing.
    let mut resumed = organisation(&school, &told[1].position).await?;
    let Heard::Entry(first) = next(&mut resumed).await? else { panic!("there is more") };
    assert_eq!(first.event_id, told[2].event_id);

    // The receiver hears of it with the release, and of nothing before it that was not shared.
    let heard = until_type(&mut theirs, "handover_released").await?;
    assert_eq!(heard.handover_id, id);
    let mut received = received(&secondary).await?;
    let shown = received.handover_id;
    assert_eq!(shown, id);
    received = school.handover(&id, NOW).await?;
    assert!(received.delivered_at.is_some(), "a watch delivers");

    let mut of_one = school
        .timelines()
        .watch_timeline(timeline::WatchTimelineRequest {
            from_position: String::new(),
            learner_id: learner,
        })
        .await?
        .into_inner();
    let first = of_one.message().await?.and_then(|message| message.message);
    let Some(timeline::watch_timeline_response::Message::Entry(first)) = first else {
        panic!("the first thing is an entry");
    };
    assert!(first.r#type.ends_with("learner_registered.v1"));
    Ok(())
}

async fn a_stream_ends_with_the_access_to_it(world: &World) -> anyhow::Result<()> {
    let operator = world.operator();
    let leaving = world.member(House::Yorkshire, &[MemberRole::Clinician]).await?;
    let nursery = world.senco(House::Nursery).await?;
    let watch = referral_wire::WatchQueueRequest {
        from_position: String::new(),
        queue_id: House::Yorkshire.queue().to_owned(),
    };
    let mut queue = leaving.queues().watch_queue(watch).await?.into_inner();
    let first = queue.message().await?.and_then(|message| message.message);
    assert!(matches!(first, Some(referral_wire::watch_queue_response::Message::CaughtUp(_))));
    let remove = RemoveMemberRequest {
        request_id: request_id(),
        organisation_id: leaving.organisation.clone(),
        member_id: leaving.member.clone(),
        ..Default::default()
    };
    operator.directory().remove_member(remove).await?;
    // The next call is denied, and the stream does not show the next change.
    let call = leaving.status().await;
    refused(call, Code::PermissionDenied, reason::NOT_A_MEMBER);
    let learner = nursery.register(&Child::of_nursery()).await?.learner_id;
    nursery.refer(referral(&learner)).await?;
    let end = loop {
        match queue.message().await {
            Ok(Some(message)) => assert!(
                matches!(
                    message.message,
                    Some(referral_wire::watch_queue_response::Message::Heartbeat(_))
                ),
                "nothing is shown to somebody who has left"
            ),
            Ok(None) => panic!("a stream says why it ends"),
            Err(status) => break status,
        }
    };
    assert_eq!(end.code(), Code::PermissionDenied, "{}", reason_of(&end));

    // A token that runs out while the stream is open. Clocks may differ by a minute, so one that ran
    // out 56 seconds ago is good for another moment.
    let staying = world.senco(House::Primary).await?;
    let made = Timestamp::now() - jiff::SignedDuration::from_secs(120);
    let short = world.token(&staying.organisation, &staying.subject, made, Duration::from_secs(64));
    let mut stream = organisation(&staying.with_token(short), "").await?;
    let end = loop {
        match next(&mut stream).await {
            Ok(_) => {}
            Err(status) => break status,
        }
    };
    assert_eq!(end.code(), Code::Unauthenticated);
    assert_eq!(reason_of(&end), reason::TOKEN_EXPIRED);
    Ok(())
}

/// What a stream tells, heartbeats left out.
enum Heard {
    Entry(Box<timeline::TimelineEntry>),
    CaughtUp(String),
}

type Organisation = Streaming<timeline::WatchOrganisationResponse>;

async fn organisation(member: &Member, from: &str) -> Result<Organisation, Status> {
    let request =
        timeline::WatchOrganisationRequest { from_position: from.to_owned(), types: Vec::new() };
    Ok(member.timelines().watch_organisation(request).await?.into_inner())
}

async fn next(stream: &mut Organisation) -> Result<Heard, Status> {
    use timeline::watch_organisation_response::Message;
    loop {
        let message = stream.message().await?.expect("the stream goes on");
        match message.message.expect("one of the three") {
            Message::Entry(entry) => return Ok(Heard::Entry(Box::new(entry))),
            Message::CaughtUp(mark) => return Ok(Heard::CaughtUp(mark.position)),
            Message::Heartbeat(_) => {}
        }
    }
}

async fn until_type(
    stream: &mut Organisation,
    event: &str,
) -> Result<timeline::TimelineEntry, Status> {
    loop {
        if let Heard::Entry(entry) = next(stream).await?
            && entry.r#type.contains(event)
        {
            return Ok(*entry);
        }
    }
}

/// The first handover that the stream of the inbox shows.
async fn received(member: &Member) -> Result<handover::Handover, Status> {
    let request = handover::WatchReceivedRequest::default();
    let mut stream = member.handovers().watch_received(request).await?.into_inner();
    loop {
        let message = stream.message().await?.expect("the stream goes on");
        if let Some(handover::watch_received_response::Message::Change(change)) = message.message {
            return Ok(change.handover.unwrap_or_default());
        }
    }
}
