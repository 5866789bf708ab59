//! A nursery refers, the pathfinder's team works its queue: nobody holds a child twice, nobody is lost.

use std::collections::BTreeMap;

use onward_contract::access::v1::MemberRole;
use onward_contract::reason;
use onward_contract::referral::v1 as wire;
use onward_contract::referral::v1::{
    NeedTick, Priority, Rag, ReferralBucket, ReferralOutcome, ReferralState,
};
use onward_tests::actors::{NOW, PathfinderMember, Senco};
use onward_tests::builders::{Child, date, referral, request_id};
use onward_tests::expect::{illegal, not_found, refused};
use onward_tests::world::{House, World};
use tonic::Code;

use super::position;

on_every_setup!(a_referral_is_triaged_claimed_treated_and_closed);
on_both_databases!(what_no_form_may_be_missing, two_never_hold_one_child);

const QUEUE: &str = House::Yorkshire.queue();

struct Team {
    triage: PathfinderMember,
    clinician: PathfinderMember,
    colleague: PathfinderMember,
    supervisor: PathfinderMember,
    elsewhere: PathfinderMember,
}

impl Team {
    async fn of(world: &World) -> anyhow::Result<Self> {
        Ok(Self {
            triage: world.team(House::Yorkshire, MemberRole::Triage).await?,
            clinician: world.team(House::Yorkshire, MemberRole::Clinician).await?,
            colleague: world.team(House::Yorkshire, MemberRole::Clinician).await?,
            supervisor: world.team(House::Yorkshire, MemberRole::Supervisor).await?,
            elsewhere: world.team(House::London, MemberRole::Supervisor).await?,
        })
    }
}

async fn a_referral_is_triaged_claimed_treated_and_closed(world: &World) -> anyhow::Result<()> {
    let nursery = world.senco(House::Nursery).await?;
    let team = Team::of(world).await?;
    let learner = nursery.register(&Child::of_nursery()).await?.learner_id;
    let submitted = nursery.refer(referral(&learner)).await?;
    assert_eq!(submitted.state(), ReferralState::Submitted);
    assert_eq!(submitted.queue_id, QUEUE, "the queue follows from the setting and the day");
    let id = submitted.referral_id;
    triage_asks_and_takes_it_in(&nursery, &team, &id).await?;
    let lease = one_of_the_team_claims_it(&team, &id).await?;
    it_is_screened_treated_and_closed(&team, &id, &lease).await?;

    let seen = nursery.referral(&id, NOW).await?;
    assert_eq!(
        (seen.state(), seen.outcome()),
        (ReferralState::Closed, ReferralOutcome::MetAfterIntervention,)
    );
    assert_eq!(seen.screenings.len(), 2, "the referrer sees result and day");
    assert!(seen.screenings.iter().all(|screening| screening.section_or_form.is_empty()));
    let timeline = nursery.timeline(&learner, NOW).await?;
    for event in
        ["referral_submitted", "referral_accepted", "screening_recorded", "referral_closed"]
    {
        assert!(timeline.tells(event), "{event} of {:?}", timeline.happened());
    }
    not_found(world.senco(House::Stranger).await?.referral(&id, NOW).await);
    not_found(team.elsewhere.read_form(&id).await);
    nothing_is_lost(&team, &[(ReferralBucket::Closed, 1)]).await
}

async fn triage_asks_and_takes_it_in(nursery: &Senco, team: &Team, id: &str) -> anyhow::Result<()> {
    let queue = team.triage.queue(QUEUE, NOW).await?;
    assert_eq!(queue.items.len(), 1);
    let item = &queue.items[0];
    assert_eq!(item.initials.replace('.', ""), "HI");
    assert_eq!(item.need_ticks().collect::<Vec<_>>(), [NeedTick::Expressive]);
    assert_eq!(item.setting.clone().unwrap_or_default().name, House::Nursery.name());
    not_found(team.elsewhere.queue(QUEUE, NOW).await);
    let untaken = team.clinician.claim(QUEUE, 1).await?;
    assert!(untaken.items.is_empty() && untaken.receipt.is_none(), "nothing is accepted yet");

    let form = team.triage.read_form(id).await?.referral.expect("the referral").form;
    let child = form.expect("the form").child.expect("the child");
    assert_eq!((child.forename.as_str(), child.surname.as_str()), ("Hamza", "Iqbal-Reed"));
    team.triage.ask(id, "Has his hearing been checked?").await?;
    illegal(team.triage.take_in(id, Priority::Routine).await, "INFO_REQUESTED");
    let asked = nursery.referral(id, NOW).await?;
    assert_eq!(asked.state(), ReferralState::InfoRequested);
    assert_eq!(asked.information_requests[0].question, "Has his hearing been checked?");
    nursery.answer(id, "Yes, in June, and it is fine", None).await?;
    team.triage.read_form(id).await?;
    let taken = team.triage.take_in(id, Priority::Routine).await?;
    let queue = team.triage.queue(QUEUE, &position(taken.receipt)).await?;
    assert_eq!(queue.items[0].state(), ReferralState::Accepted);
    assert_eq!(queue.items[0].bucket(), ReferralBucket::Waiting);
    nothing_is_lost(team, &[(ReferralBucket::Waiting, 1)]).await
}

async fn one_of_the_team_claims_it(team: &Team, id: &str) -> anyhow::Result<String> {
    let first = team.colleague.claim(QUEUE, 5).await?;
    assert_eq!(first.items.len(), 1);
    let stale = first.items[0].lease_token.clone();
    assert!(first.items[0].referral.clone().expect("it").form.is_some(), "its holder reads it");
    assert!(team.clinician.claim(QUEUE, 5).await?.items.is_empty(), "somebody holds it");
    team.colleague.give_back(id, &stale).await?;

    let request = wire::ClaimReferralsRequest {
        request_id: request_id(),
        queue_id: QUEUE.to_owned(),
        max: 5,
        ..Default::default()
    };
    let mut queues = team.clinician.queues();
    let claimed = queues.claim_referrals(request.clone()).await?.into_inner();
    assert_eq!(claimed.items.len(), 1);
    let lease = claimed.items[0].lease_token.clone();
    // The token is told again to whoever repeats the request that took the lease.
    let again = queues.claim_referrals(request).await?.into_inner();
    assert_eq!((again.items.len(), &again.items[0].lease_token), (1, &lease));
    assert_ne!(lease, stale);
    // A token that was given back changes nothing, whoever shows it.
    for late in [
        team.colleague.screen(id, Some(&stale), Rag::Red).await.map(|_| ()),
        team.colleague.extend(id, &stale, 600).await.map(|_| ()),
        team.colleague.screen(id, Some(&lease), Rag::Red).await.map(|_| ()),
        team.clinician.screen(id, Some(&stale), Rag::Red).await.map(|_| ()),
    ] {
        refused(late, Code::FailedPrecondition, reason::LEASE_LOST);
    }
    let extended = team.clinician.extend(id, &lease, 3600).await?;
    let until = extended.lease_expires_at.expect("when it ends").seconds;
    assert!(until > claimed.items[0].lease_expires_at.expect("when it ended").seconds);
    let held = team.clinician.claims(QUEUE, NOW).await?;
    assert_eq!(held.len(), 1);
    let item = held[0].item.clone().expect("the referral");
    assert!(item.mine && item.referral_id == id);
    assert!(team.colleague.claims(QUEUE, NOW).await?.is_empty());
    nothing_is_lost(team, &[(ReferralBucket::Held, 1)]).await?;
    Ok(lease)
}

async fn it_is_screened_treated_and_closed(
    team: &Team,
    id: &str,
    lease: &str,
) -> anyhow::Result<()> {
    illegal(team.clinician.treat(id).await, "CLAIMED").leaves("record_screening");
    team.clinician.screen(id, Some(lease), Rag::Red).await?;
    // The screening ended the lease: from here on the keeper writes, or a supervisor.
    let late = team.clinician.give_back(id, lease).await.map(|_| ());
    assert_eq!(late.expect_err("the lease is over").code(), Code::FailedPrecondition);
    let outsider = team.colleague.treat(id).await;
    refused(outsider, Code::FailedPrecondition, reason::NOT_THE_KEEPER);
    not_found(team.elsewhere.treat(id).await);
    team.clinician.treat(id).await?;
    nothing_is_lost(team, &[(ReferralBucket::InCare, 1)]).await?;
    let early = team.clinician.close(id, ReferralOutcome::MetAfterIntervention).await;
    illegal(early, "INTERVENTION_IN_PROGRESS").leaves("rescreen");
    team.supervisor.rescreen(id, Rag::Green).await?;
    team.clinician.close(id, ReferralOutcome::MetAfterIntervention).await?;
    illegal(team.clinician.rescreen(id, Rag::Amber).await, "CLOSED");
    Ok(())
}

/// Received is the sum of the buckets, and the buckets are these.
async fn nothing_is_lost(team: &Team, expected: &[(ReferralBucket, u64)]) -> anyhow::Result<()> {
    let queue = team.triage.queue(QUEUE, NOW).await?;
    let counted: BTreeMap<i32, u64> = queue
        .buckets
        .iter()
        .filter(|bucket| bucket.count > 0)
        .map(|bucket| (bucket.bucket, bucket.count))
        .collect();
    let expected: BTreeMap<i32, u64> =
        expected.iter().map(|(bucket, count)| ((*bucket).into(), *count)).collect();
    assert_eq!(counted, expected);
    assert_eq!(queue.received, counted.values().sum::<u64>());
    Ok(())
}

async fn what_no_form_may_be_missing(world: &World) -> anyhow::Result<()> {
    let nursery = world.senco(House::Nursery).await?;
    let team = Team::of(world).await?;
    let child = |name, serial| Child::of_nursery().but(name, "Barraclough-Test", serial);

    // Without consent a referral can be sent, and never accepted.
    let learner = nursery.register(&child("Isla", 1)).await?.learner_id;
    let mut request = referral(&learner);
    request.form.get_or_insert_default().consent = None;
    let silent = nursery.refer(request).await?.referral_id;
    let answer = team.triage.take_in(&silent, Priority::Routine).await;
    refused(answer, Code::FailedPrecondition, reason::CONSENT_MISSING);
    team.triage.reject(&silent, wire::ReferralRejectReason::NoConsent).await?;
    let seen = nursery.referral(&silent, NOW).await?;
    assert_eq!(seen.reject_reason(), wire::ReferralRejectReason::NoConsent);

    // Swallowing is never queued as routine.
    let learner = nursery.register(&child("Hamza", 2)).await?.learner_id;
    let mut request = referral(&learner);
    let ticks = &mut request.form.get_or_insert_default().need_ticks;
    ticks.push(NeedTick::EatingDrinkingSwallowing.into());
    let urgent = nursery.refer(request).await?;
    assert_eq!(urgent.priority(), Priority::Urgent);
    let answer = team.triage.take_in(&urgent.referral_id, Priority::Routine).await;
    refused(answer, Code::FailedPrecondition, reason::URGENT_PATH);
    team.triage.redirect(&urgent.referral_id, wire::RedirectTarget::FeedingUrgent).await?;

    // A child of an inherited list keeps its own day of receipt.
    let learner = nursery.register(&child("Lily", 3)).await?.learner_id;
    let mut request = referral(&learner);
    request.received_on = Some(date(2026, 7, 6));
    request.form.get_or_insert_default().source = wire::ReferralSource::InheritedList.into();
    let inherited = nursery.refer(request).await?.referral_id;
    let seen = nursery.referral(&inherited, NOW).await?;
    assert_eq!(seen.received_on, Some(date(2026, 7, 6)));
    assert!(seen.breached, "more than 126 days by now");
    let withdrawal = wire::WithdrawReferralRequest {
        request_id: request_id(),
        referral_id: inherited.clone(),
        reason: "The family has moved".to_owned(),
        ..Default::default()
    };
    nursery.referrals().withdraw_referral(withdrawal).await?;

    // Nobody's area: with the referrer until somebody routes it, and in nobody's queue.
    let outside = world.senco(House::NurseryOutside).await?;
    let learner = outside.register(&child("Evie", 4)).await?.learner_id;
    let unrouted = outside.refer(referral(&learner)).await?;
    assert_eq!((unrouted.state(), unrouted.queue_id.as_str()), (ReferralState::Unrouted, ""));
    let seen = outside.referral(&unrouted.referral_id, NOW).await?;
    assert_eq!(seen.bucket(), ReferralBucket::Unrouted);
    nothing_is_lost(
        &team,
        &[(ReferralBucket::Rejected, 1), (ReferralBucket::PassedOn, 1), (ReferralBucket::Left, 1)],
    )
    .await
}

/// Twelve waiting, six pairs of hands that all reach out at once, again and again.
async fn two_never_hold_one_child(world: &World) -> anyhow::Result<()> {
    let nursery = world.senco(House::Nursery).await?;
    let team = Team::of(world).await?;
    let mut waiting = Vec::new();
    for serial in 0..12 {
        let names =
            ["Ada", "Ben", "Cy", "Dee", "Eli", "Fay", "Gus", "Hal", "Ivy", "Jo", "Kit", "Lou"];
        let child = Child::of_nursery().but(names[serial], "Ackroyd-Test", 0);
        let learner = nursery.register(&child).await?.learner_id;
        let id = nursery.refer(referral(&learner)).await?.referral_id;
        team.triage.take_in(&id, Priority::Routine).await?;
        waiting.push(id);
    }
    let mut hands = Vec::new();
    for _ in 0..6 {
        hands.push(world.team(House::Yorkshire, MemberRole::Clinician).await?);
    }
    let reached = hands.iter().map(|hand| async move {
        let mut held = Vec::new();
        loop {
            let claimed = hand.claim(QUEUE, 2).await?;
            if claimed.items.is_empty() {
                return Ok::<_, tonic::Status>(held);
            }
            held.extend(claimed.items);
        }
    });
    let reached = futures::future::try_join_all(reached).await?;
    let mut held: Vec<String> = reached
        .into_iter()
        .flatten()
        .map(|item| item.referral.unwrap_or_default().referral_id)
        .collect();
    held.sort_unstable();
    waiting.sort_unstable();
    assert_eq!(held, waiting, "each is held, and held once");
    nothing_is_lost(&team, &[(ReferralBucket::Held, 12)]).await
}
