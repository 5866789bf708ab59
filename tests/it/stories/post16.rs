//! A Year 11 leaver goes to college: two plans at first, a mistake put right, a later start.

use onward_contract::access::v1::MemberRole;
use onward_contract::reason;
use onward_contract::transition::v1 as wire;
use onward_contract::transition::v1::correct_transition_request::Truth;
use onward_contract::transition::v1::other_move::Answer as OtherAnswer;
use onward_contract::transition::v1::{
    PhaseTransferKind, TransitionCancelReason, TransitionKind, TransitionState,
};
use onward_tests::actors::{NOW, Provider, Senco};
use onward_tests::builders::{
    Child, confirm, correct, date, days_from_today, in_place, pack, planned_month, planned_on,
    post16, request_id, urn,
};
use onward_tests::expect::{illegal, not_found, refused};
use onward_tests::world::{House, World};
use tonic::Code;

use super::position;

on_every_setup!(a_leaver_of_year_11_goes_to_college);

async fn a_leaver_of_year_11_goes_to_college(world: &World) -> anyhow::Result<()> {
    let school = world.senco(House::Secondary).await?;
    let college = world.provider(House::College).await?;
    let learner = school.register(&Child::of_year_11()).await?.learner_id;
    let transition = one_of_two_plans_is_confirmed(&school, &learner).await?;
    a_mistake_is_put_right(&school, &learner, &transition).await?;
    a_later_start_is_told(&school, &transition).await?;
    // Being named is not being told: a destination sees a move once a pack was released to it.
    not_found(college.transition(&transition, NOW).await);
    the_college_receives(&school, &college, &learner, &transition).await?;
    assert_eq!(college.transition(&transition, NOW).await?.transition_id, transition);
    what_is_over_stays_over(&school, &college, &transition).await?;
    let admin = world.member(House::Secondary, &[MemberRole::Admin]).await?;
    a_known_learner_is_not_registered_twice(&Senco(admin), &learner).await
}

async fn one_of_two_plans_is_confirmed(school: &Senco, learner: &str) -> anyhow::Result<String> {
    let from = urn(House::Secondary.number());
    let sixth_form = school.record(post16(learner, from.clone(), from.clone())).await?;
    let recorded = school.record(post16(learner, from, urn(House::College.number()))).await?;
    assert_eq!(recorded.kind(), TransitionKind::SecondaryToPost16);
    assert_eq!(recorded.phase_transfer_kind(), PhaseTransferKind::SecondaryToPost16);

    // Several plans may stand side by side; who confirms one says what becomes of the others.
    let silent = school.confirm(&recorded.transition_id).await;
    let silent = refused(silent, Code::FailedPrecondition, reason::OTHER_MOVES_UNANSWERED);
    let named = silent.metadata("transition_ids").unwrap_or_default();
    assert_eq!(named, sixth_form.transition_id);
    let cancelled = wire::OtherMove {
        transition_id: sixth_form.transition_id.clone(),
        answer: Some(OtherAnswer::Cancel(TransitionCancelReason::WentElsewhere.into())),
    };
    let request = confirm(&recorded.transition_id, vec![cancelled]);
    let reply = school.transitions().confirm_transition(request).await?.into_inner();
    let at = position(reply.receipt);
    let other = school.transition(&sixth_form.transition_id, &at).await?;
    assert_eq!(other.state(), TransitionState::Cancelled);
    assert_eq!(other.cancel_reason(), TransitionCancelReason::WentElsewhere);
    illegal(school.confirm(&sixth_form.transition_id).await, "CANCELLED");
    Ok(recorded.transition_id)
}

async fn a_mistake_is_put_right(
    school: &Senco,
    learner: &str,
    transition: &str,
) -> anyhow::Result<()> {
    let before = school.timeline(learner, NOW).await?;
    let mistaken = before.0.iter().find(|entry| {
        entry.transition_id == transition && entry.r#type.contains("post16_move_recorded")
    });
    let mistaken = mistaken.expect("the record of the move").clone();
    let right = wire::Post16Move {
        from: urn(House::Secondary.number()),
        to: urn(House::College.number()),
        destination: wire::Post16Destination::SupportedInternship.into(),
        programme: "Supported internship, hospitality".to_owned(),
        planned: planned_month(2026, 10),
        offer_status: wire::OfferStatus::Unconditional.into(),
    };
    let detail = |detail| Some(wire::TransitionDetail { detail: Some(detail) });
    let other_kind = wire::transition_detail::Detail::NotInEducation(wire::NotInEducation {
        from: None,
        planned: planned_on(date(2026, 9, 1)),
        activity_code: String::new(),
    });
    let truth = Truth::Detail(detail(other_kind).expect("a detail"));
    let request = correct(transition, &mistaken.event_id, truth);
    let answer = school.transitions().correct_transition(request).await;
    refused(answer, Code::FailedPrecondition, reason::KIND_CANNOT_CHANGE);

    let right = wire::transition_detail::Detail::Post16Move(right);
    let truth = Truth::Detail(detail(right).expect("a detail"));
    let request = correct(transition, &mistaken.event_id, truth);
    let reply = school.transitions().correct_transition(request).await?.into_inner();
    assert_eq!(reply.state(), TransitionState::Confirmed, "the state that follows");
    assert_eq!(reply.kind(), TransitionKind::ToSupportedInternship);
    let corrected = reply.receipt.expect("a receipt");

    // Nothing is erased: the mistake is there with what corrects it, and was all that was known then.
    let now = school.timeline(learner, &corrected.position).await?;
    let correction = now.entry("transition_corrected");
    assert_eq!(correction.corrects_event_id, mistaken.event_id);
    let there = now.0.iter().find(|entry| entry.event_id == mistaken.event_id).expect("kept");
    assert_eq!(there.corrected_by_event_id, correction.event_id);
    let then = mistaken.recorded_at.expect("a moment");
    let earlier = school.timeline_as_known_at(learner, then).await?;
    assert!(!earlier.tells("transition_corrected"));
    let there = earlier.0.iter().find(|entry| entry.event_id == mistaken.event_id).expect("known");
    assert_eq!(there.corrected_by_event_id, "", "nobody knew of the correction then");
    Ok(())
}

async fn a_later_start_is_told(school: &Senco, transition: &str) -> anyhow::Result<()> {
    let request = wire::RescheduleTransitionRequest {
        request_id: request_id(),
        transition_id: transition.to_owned(),
        planned: planned_on(date(2026, 10, 5)),
        reason: wire::TransitionRescheduleReason::DayNowKnown.into(),
        ..Default::default()
    };
    let reply = school.transitions().reschedule_transition(request).await?.into_inner();
    let seen = school.transition(transition, &position(reply.receipt)).await?;
    assert_eq!(seen.planned, planned_on(date(2026, 10, 5)));
    let tomorrow = wire::RecordArrivalRequest {
        request_id: request_id(),
        transition_id: transition.to_owned(),
        occurred_on: Some(days_from_today(2)),
        ..Default::default()
    };
    let early = school.transitions().record_arrival(tomorrow).await;
    refused(early, Code::InvalidArgument, reason::FUTURE_DATE);
    Ok(())
}

async fn the_college_receives(
    school: &Senco,
    college: &Provider,
    learner: &str,
    transition: &str,
) -> anyhow::Result<()> {
    let draft = pack(&college.organisation, Some(transition));
    let handover = school.draft(learner, draft).await?.handover_id;
    school.release(&handover).await?;
    // The college knew the learner already, from its own enrolment.
    let own = Child { upn: None, ..Child::of_year_11() };
    let registered = college.learners().register_learner(own.register()).await?.into_inner();
    // Opening what was never delivered records both.
    let opened = college.open(&handover).await?;
    let stands = opened.handover.expect("how it stands");
    assert!(stands.delivered_at.is_some() && stands.opened_at.is_some());
    assert_eq!(stands.opened_by, "Tom Okafor");
    let accepted = college.accept(&handover, Some(&registered.learner_id)).await?;
    assert!(!accepted.learner_created);
    assert_eq!(accepted.learner_id, registered.learner_id);
    let items = college.handover(&handover, &position(accepted.receipt)).await?.items;
    let answers = items.iter().map(|item| in_place(&item.item_id, date(2026, 10, 5))).collect();
    college.confirm_support(&handover, answers).await?;
    let arrived = college.report_arrival(transition, date(2026, 10, 5)).await?;
    let timeline = college.timeline(&registered.learner_id, &position(arrived.receipt)).await?;
    assert!(timeline.tells("post16_move_recorded"), "{:?}", timeline.happened());
    assert!(timeline.tells("transition_corrected"), "{:?}", timeline.happened());
    let linked = school.learner(learner).await?;
    assert!(
        linked.linked_learner_ids.iter().all(|id| *id != learner),
        "a record is not linked to itself"
    );
    Ok(())
}

async fn what_is_over_stays_over(
    school: &Senco,
    college: &Provider,
    transition: &str,
) -> anyhow::Result<()> {
    let cancel = school.cancel(transition, TransitionCancelReason::DeclinedByFamily).await;
    illegal(cancel, "ARRIVED").leaves("end");
    let end = |on| wire::EndTransitionRequest {
        request_id: request_id(),
        transition_id: transition.to_owned(),
        occurred_on: Some(on),
        reason: wire::TransitionEndReason::Completed.into(),
        ..Default::default()
    };
    let ended = college.transitions().end_transition(end(date(2026, 11, 20))).await?.into_inner();
    let seen = school.transition(transition, &position(ended.receipt)).await?;
    assert_eq!(seen.state(), TransitionState::Ended);
    illegal(college.report_arrival(transition, date(2026, 10, 6)).await, "ENDED");
    Ok(())
}

async fn a_known_learner_is_not_registered_twice(
    school: &Senco,
    learner: &str,
) -> anyhow::Result<()> {
    let again = school.register(&Child::of_year_11()).await;
    let again = refused(again, Code::AlreadyExists, reason::LEARNER_ALREADY_REGISTERED);
    assert_eq!(again.metadata("learner_id").as_deref(), Some(learner));
    again.keeps_to_itself(&["Callum", "Wrightson", &Child::of_year_11().upn.expect("a UPN")]);
    Ok(())
}
