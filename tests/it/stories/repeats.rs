//! A step that is sent again under another request id: the first receipt, whole, and nothing for whom it is
//! no longer.

use onward_contract::access::v1::MemberRole;
use onward_contract::reason;
use onward_contract::referral::v1 as wire;
use onward_contract::referral::v1::{Priority, Rag};
use onward_contract::timeline::v1 as timeline;
use onward_tests::builders::{Child, date, in_place, pack, referral, request_id};
use onward_tests::expect::refused;
use onward_tests::world::{House, World};
use tonic::Code;

on_both_databases!(
    what_a_receiver_says_twice_has_one_receipt,
    a_draft_that_is_sent_again_stays_as_it_is,
    a_repeated_claim_tells_nothing_of_what_is_held_no_longer,
    a_stream_begins_where_the_log_has_been,
);

async fn what_a_receiver_says_twice_has_one_receipt(world: &World) -> anyhow::Result<()> {
    let school = world.senco(House::Secondary).await?;
    let college = world.provider(House::College).await?;
    let learner = school.register(&Child::of_year_11()).await?.learner_id;
    let draft = pack(&college.organisation, None);
    let handover = school.draft(&learner, draft).await?.handover_id;
    school.release(&handover).await?;
    let opened = college.open(&handover).await?;
    let first = college.accept(&handover, None).await?;
    assert!(first.learner_created);
    assert!(first.receipt.clone().is_some_and(|receipt| receipt.event_ids.len() > 1));
    assert_eq!(college.accept(&handover, None).await?, first);

    let stands = opened.handover.expect("how it stands");
    let answers: Vec<_> =
        stands.items.iter().map(|item| in_place(&item.item_id, date(2026, 10, 5))).collect();
    assert!(answers.len() > 1, "several answers, several facts");
    let first = college.confirm_support(&handover, answers.clone()).await?;
    let again = college.confirm_support(&handover, answers.clone()).await?;
    assert_eq!(again.receipt, first.receipt);
    // A part of what was said has the receipt of that part.
    let part = college.confirm_support(&handover, answers[..1].to_vec()).await?;
    let (part, whole) = (part.receipt.expect("a receipt"), first.receipt.expect("a receipt"));
    assert_eq!(part.event_ids, whole.event_ids[..1]);
    Ok(())
}

async fn a_draft_that_is_sent_again_stays_as_it_is(world: &World) -> anyhow::Result<()> {
    let school = world.senco(House::Secondary).await?;
    let college = world.provider(House::College).await?;
    let learner = school.register(&Child::of_year_11()).await?.learner_id;
    let mut draft = pack(&college.organisation, None);
    for line in draft.pack.iter_mut().flat_map(|pack| &mut pack.support) {
        line.item_id = None;
    }
    let handover = school.draft(&learner, draft.clone()).await?.handover_id;
    let head = school.head().await?;
    for _ in 0..2 {
        school.edit(&handover, draft.clone()).await?;
        assert_eq!(school.head().await?, head, "nothing new was said");
    }
    let line = draft.pack.iter_mut().flat_map(|pack| &mut pack.support).next();
    line.expect("a line of support").text.push_str(", from the first day");
    school.edit(&handover, draft).await?;
    assert_ne!(school.head().await?, head);
    Ok(())
}

async fn a_repeated_claim_tells_nothing_of_what_is_held_no_longer(
    world: &World,
) -> anyhow::Result<()> {
    const QUEUE: &str = House::Yorkshire.queue();
    let nursery = world.senco(House::Nursery).await?;
    let triage = world.team(House::Yorkshire, MemberRole::Triage).await?;
    let clinician = world.team(House::Yorkshire, MemberRole::Clinician).await?;
    let colleague = world.team(House::Yorkshire, MemberRole::Clinician).await?;
    let learner = nursery.register(&Child::of_nursery()).await?.learner_id;
    let id = nursery.refer(referral(&learner)).await?.referral_id;
    triage.read_form(&id).await?;
    triage.take_in(&id, Priority::Routine).await?;
    let request = wire::ClaimReferralsRequest {
        request_id: request_id(),
        queue_id: QUEUE.to_owned(),
        max: 1,
        ..Default::default()
    };
    let first = clinician.queues().claim_referrals(request.clone()).await?.into_inner();
    let lease = first.items[0].lease_token.clone();
    let again = clinician.queues().claim_referrals(request.clone()).await?.into_inner();
    assert_eq!(again, first, "while it is held");
    let nobodys = |answer: wire::ClaimReferralsResponse| {
        let item = &answer.items[0];
        let named = wire::Referral { referral_id: id.clone(), ..Default::default() };
        assert_eq!(item.referral.as_ref(), Some(&named));
        assert!(item.lease_token.is_empty());
        assert_eq!(answer.receipt, first.receipt);
    };
    // The request id is the organisation's; what was taken under it is one member's.
    nobodys(colleague.queues().claim_referrals(request.clone()).await?.into_inner());
    clinician.give_back(&id, &lease).await?;
    nobodys(clinician.queues().claim_referrals(request.clone()).await?.into_inner());
    // The token is dead, whatever has become of the referral.
    let screened = clinician.screen(&id, Some(&lease), Rag::Amber).await;
    refused(screened, Code::FailedPrecondition, reason::LEASE_LOST);
    let extended = clinician.extend(&id, &lease, 600).await;
    refused(extended, Code::FailedPrecondition, reason::LEASE_LOST);
    colleague.claim(QUEUE, 1).await?;
    nobodys(clinician.queues().claim_referrals(request).await?.into_inner());
    let screened = clinician.screen(&id, Some(&lease), Rag::Amber).await;
    refused(screened, Code::FailedPrecondition, reason::LEASE_LOST);
    Ok(())
}

async fn a_stream_begins_where_the_log_has_been(world: &World) -> anyhow::Result<()> {
    let school = world.senco(House::Primary).await?;
    school.register(&Child::of_year_6()).await?;
    for never in ["00000000000009999999", "the beginning"] {
        let request = timeline::WatchOrganisationRequest {
            from_position: never.to_owned(),
            ..Default::default()
        };
        let answer = school.timelines().watch_organisation(request).await;
        let refusal = answer.map(drop);
        let told = refusal.expect_err("no position of this log");
        assert_eq!(told.code(), Code::InvalidArgument, "{never}");
    }
    Ok(())
}
