//! Alternative provision: a placement with its tier, a pack sent in error and taken back, and the return.

use onward_contract::handover::v1::{HandoverState, HandoverWithdrawReason};
use onward_contract::reason;
use onward_contract::transition::v1 as wire;
use onward_contract::transition::v1::record_transition_request::Detail;
use onward_contract::transition::v1::{TransitionKind, TransitionState};
use onward_tests::actors::{NOW, Senco};
use onward_tests::builders::{
    Child, alternative_provision, date, in_place, pack, planned_on, request_id, urn,
};
use onward_tests::expect::{illegal, not_found, refused};
use onward_tests::world::{House, World};
use tonic::Code;

use super::position;

on_every_setup!(a_learner_goes_to_alternative_provision_and_back);

async fn a_learner_goes_to_alternative_provision_and_back(world: &World) -> anyhow::Result<()> {
    let school = world.senco(House::Secondary).await?;
    let oak = world.provider(House::AlternativeProvision).await?;
    let stranger = world.provider(House::College).await?;
    let learner = school.register(&Child::of_year_11()).await?.learner_id;
    a_placement_needs_what_its_tier_needs(&school, &learner).await?;
    let (from, to) = (urn(House::Secondary.number()), urn(House::AlternativeProvision.number()));
    let recorded = school.record(alternative_provision(&learner, from, to)).await?;
    assert_eq!(recorded.kind(), TransitionKind::ApPlacement);
    let transition = recorded.transition_id;
    school.confirm(&transition).await?;

    // Sent in error to the college, which reads it before it is taken back.
    let wrong = school.draft(&learner, pack(&stranger.organisation, None)).await?.handover_id;
    school.release(&wrong).await?;
    stranger.open(&wrong).await?;
    let own_view = stranger.timeline(&learner, NOW).await?;
    assert!(own_view.tells("handover_released"));
    let withdrawn = school.withdraw(&wrong, HandoverWithdrawReason::SentInError).await?;
    let at = position(withdrawn.receipt);
    let seen = school.handover(&wrong, &at).await?;
    assert_eq!(seen.state(), HandoverState::Withdrawn);
    for again in
        [stranger.open(&wrong).await.map(|_| ()), stranger.accept(&wrong, None).await.map(|_| ())]
    {
        let gone = refused(again, Code::FailedPrecondition, reason::HANDOVER_WITHDRAWN);
        gone.keeps_to_itself(&["Callum", "Wrightson"]);
    }
    let inbox = stranger.inbox(&at).await?;
    assert!(
        inbox.iter().all(|one| one.learner.clone().unwrap_or_default().surname.is_empty()),
        "what was taken back is shown without content"
    );
    not_found(stranger.timeline(&learner, &at).await);
    // To say again what was done is answered as it was, and does not undo what came after.
    let again = school.release(&wrong).await?;
    assert!(position(again.receipt) < at);
    assert_eq!(school.handover(&wrong, &at).await?.state(), HandoverState::Withdrawn);

    let handover = school.draft(&learner, pack(&oak.organisation, Some(&transition))).await?;
    let handover = handover.handover_id;
    school.release(&handover).await?;
    oak.open(&handover).await?;
    let own = oak.accept(&handover, None).await?.learner_id;
    illegal(school.withdraw(&handover, HandoverWithdrawReason::SentInError).await, "ACCEPTED");
    let items = oak.handover(&handover, NOW).await?.items;
    let all = items.iter().map(|item| in_place(&item.item_id, date(2026, 9, 7))).collect();
    let confirmed = oak.confirm_support(&handover, all).await?;
    assert_eq!(confirmed.state(), HandoverState::SupportConfirmed);
    oak.report_arrival(&transition, date(2026, 9, 7)).await?;
    the_learner_returns(&school, &Senco(oak.0.clone()), &learner, &own, &transition).await
}

async fn a_placement_needs_what_its_tier_needs(
    school: &Senco,
    learner: &str,
) -> anyhow::Result<()> {
    let (from, to) = (urn(House::Secondary.number()), urn(House::AlternativeProvision.number()));
    let faulty = |change: &dyn Fn(&mut wire::AlternativeProvision)| {
        let mut request = alternative_provision(learner, from.clone(), to.clone());
        if let Some(Detail::AlternativeProvision(detail)) = &mut request.detail {
            change(detail);
        }
        request
    };
    let head = school.status().await?.log.expect("the log").head_position;
    let requests = [
        faulty(&|detail| detail.planned_end = detail.start),
        faulty(&|detail| detail.review_dates = vec![date(2027, 1, 15)]),
        faulty(&|detail| detail.review_dates.clear()),
        faulty(&|detail| detail.destination = None),
        faulty(&|detail| detail.tier = wire::AlternativeProvisionTier::Tier1.into()),
    ];
    for request in requests {
        let answer = school.record(request).await;
        refused(answer, Code::InvalidArgument, reason::INVALID_FIELD);
    }
    let after = school.status().await?.log.expect("the log").head_position;
    assert_eq!(head, after, "no fault leaves a row behind");
    Ok(())
}

async fn the_learner_returns(
    school: &Senco,
    oak: &Senco,
    learner: &str,
    own: &str,
    placement: &str,
) -> anyhow::Result<()> {
    let end = wire::EndTransitionRequest {
        request_id: request_id(),
        transition_id: placement.to_owned(),
        occurred_on: Some(date(2026, 11, 13)),
        reason: wire::TransitionEndReason::Completed.into(),
        ..Default::default()
    };
    oak.transitions().end_transition(end).await?;
    let back = wire::InYearMove {
        from: urn(House::AlternativeProvision.number()),
        to: urn(House::Secondary.number()),
        planned: planned_on(date(2026, 11, 16)),
        year_group: "11".to_owned(),
    };
    let request = wire::RecordTransitionRequest {
        request_id: request_id(),
        learner_id: own.to_owned(),
        home_la_code: "302".to_owned(),
        detail: Some(Detail::InYearMove(back)),
        ..Default::default()
    };
    let recorded = oak.record(request).await?;
    assert_eq!(recorded.kind(), TransitionKind::ApReturn, "leaving for a school is a return");
    let seen = school.transition(placement, &position(recorded.receipt)).await?;
    assert_eq!(seen.state(), TransitionState::Ended);
    let timeline = school.timeline(learner, NOW).await?;
    for event in ["alternative_provision_recorded", "arrival_recorded", "transition_ended"] {
        assert!(timeline.tells(event), "{event} of {:?}", timeline.happened());
    }
    Ok(())
}
