//! What a caller who has to try again can rely on: request ids, versions, positions, pages.

use onward_contract::learner::v1 as learner;
use onward_contract::reason;
use onward_contract::transition::v1 as transition;
use onward_contract::transition::v1::{TransitionCancelReason, TransitionSide};
use onward_tests::actors::{NOW, Senco};
use onward_tests::builders::{Child, confirm, date, phase_transfer, post16, request_id, upn, urn};
use onward_tests::expect::refused;
use onward_tests::world::{House, World};
use tonic::Code;

use super::position;

on_both_databases!(
    the_same_request_gets_the_same_answer_for_ever,
    an_own_step_may_be_repeated_and_no_other,
    a_repeat_with_another_day_is_no_repeat,
    a_stale_version_changes_nothing,
    a_reader_sees_what_it_has_a_receipt_for,
    pages_are_bound_to_their_question,
    many_at_once_are_answered_in_order,
);

async fn planned(school: &Senco) -> anyhow::Result<(String, String)> {
    let learner = school.register(&Child::of_year_6()).await?.learner_id;
    let (from, to) = (urn(House::Primary.number()), urn(House::Secondary.number()));
    let recorded = school.record(phase_transfer(&learner, from, to)).await?;
    Ok((learner, recorded.transition_id))
}

async fn the_same_request_gets_the_same_answer_for_ever(world: &World) -> anyhow::Result<()> {
    let school = world.senco(House::Primary).await?;
    let request = Child::of_year_6().register();
    let first = school.learners().register_learner(request.clone()).await?;
    assert!(first.metadata().get("onward-replayed").is_none());
    let first = first.into_inner();
    // The record moves on in between: the answer is still the first one.
    let amend = learner::AmendLearnerRequest {
        request_id: request_id(),
        learner_id: first.learner_id.clone(),
        details: Some(learner::LearnerDetailsChange {
            year_group: Some("7".to_owned()),
            ..Default::default()
        }),
        ..Default::default()
    };
    school.learners().amend_learner(amend).await?;
    let head = school.head().await?;
    for _ in 0..3 {
        let again = school.learners().register_learner(request.clone()).await?;
        assert!(again.metadata().get("onward-replayed").is_some());
        assert_eq!(again.into_inner(), first);
    }
    // Many at once, of a request that nobody has seen: one append, one answer.
    let at_once = Child::of_year_6().but("Noor", "Siddiqui-Test", 6002).register();
    let answers = (0..16).map(|_| {
        let (mut client, request) = (school.learners(), at_once.clone());
        async move { client.register_learner(request).await.map(tonic::Response::into_inner) }
    });
    let answers = futures::future::try_join_all(answers).await?;
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    let versions = answers[0].receipt.clone().expect("a receipt").event_ids.len();
    let after = school.head().await?;
    assert_eq!(number(&after), number(&head) + versions as u64);

    let mut other = request.clone();
    other.details.get_or_insert_default().known_as = "Millie".to_owned();
    let answer = school.learners().register_learner(other).await;
    let told = refused(answer, Code::AlreadyExists, reason::REQUEST_ID_REUSED);
    told.keeps_to_itself(&["Millie", "Hartley-Quayle"]);
    // Another organisation's request ids are its own.
    let stranger = world.senco(House::Stranger).await?;
    let theirs = stranger.learners().register_learner(request).await?.into_inner();
    assert_ne!(theirs.learner_id, first.learner_id);
    // Another method's is not.
    let reused = learner::GetLearnerRequest { learner_id: first.learner_id, ..Default::default() };
    assert!(school.learners().get_learner(reused).await.is_ok());
    Ok(())
}

async fn an_own_step_may_be_repeated_and_no_other(world: &World) -> anyhow::Result<()> {
    let school = world.senco(House::Primary).await?;
    let (_, move_) = planned(&school).await?;
    let first = school.confirm(&move_).await?.receipt.expect("a receipt");
    // Another request id, the same content: the first receipt.
    let again = school.confirm(&move_).await?.receipt.expect("a receipt");
    assert_eq!((&again.event_ids, &again.position), (&first.event_ids, &first.position));
    assert_eq!(again.stream_version, first.stream_version);
    school.cancel(&move_, TransitionCancelReason::Deferred).await?;
    assert!(school.cancel(&move_, TransitionCancelReason::Deferred).await.is_ok());
    let other = school.cancel(&move_, TransitionCancelReason::PlaceRefused).await;
    refused(other, Code::FailedPrecondition, reason::ILLEGAL_STEP);
    Ok(())
}

/// The day belongs to what a step says, even where only the record around the fact holds it.
async fn a_repeat_with_another_day_is_no_repeat(world: &World) -> anyhow::Result<()> {
    let school = world.senco(House::Primary).await?;
    let (_, move_) = planned(&school).await?;
    let on = |day: Option<jiff::civil::Date>| transition::ConfirmTransitionRequest {
        occurred_on: day.map(|day| date(day.year().into(), day.month().into(), day.day().into())),
        ..confirm(&move_, Vec::new())
    };
    let confirmed = |day| {
        let (mut client, request) = (school.transitions(), on(day));
        async move { client.confirm_transition(request).await }
    };
    let today = onward_domain::calendar::day_in_england(jiff::Timestamp::now());
    let yesterday = today.yesterday()?;
    let first = confirmed(Some(yesterday)).await?.into_inner().receipt.expect("a receipt");
    let again = confirmed(Some(yesterday)).await?.into_inner().receipt.expect("a receipt");
    assert_eq!(again.position, first.position);
    let head = school.head().await?;
    for other in [Some(yesterday.yesterday()?), Some(today), None] {
        let told =
            refused(confirmed(other).await, Code::FailedPrecondition, reason::ALREADY_RECORDED);
        told.keeps_to_itself(&[&yesterday.to_string()]);
    }
    assert_eq!(school.head().await?, head, "nothing was recorded");
    // What was said without a day was said of the day on which it was recorded.
    let other = school.register(&Child::of_year_11()).await?.learner_id;
    let other_move = school.record(post16(&other, urn(House::Primary.number()), None)).await?;
    let plain = confirm(&other_move.transition_id, Vec::new());
    let first = school.transitions().confirm_transition(plain.clone()).await?.into_inner();
    let again = transition::ConfirmTransitionRequest { request_id: request_id(), ..plain };
    let again = school.transitions().confirm_transition(again).await?.into_inner();
    assert_eq!(again.receipt.expect("a receipt").position, position(first.receipt));
    Ok(())
}

async fn a_stale_version_changes_nothing(world: &World) -> anyhow::Result<()> {
    let school = world.senco(House::Primary).await?;
    let (_, move_) = planned(&school).await?;
    let expecting = |version| transition::ConfirmTransitionRequest {
        expected_version: Some(version),
        ..confirm(&move_, Vec::new())
    };
    for stale in [0, 2, 7] {
        let answer = school.transitions().confirm_transition(expecting(stale)).await;
        let told = refused(answer, Code::Aborted, reason::VERSION_CONFLICT);
        assert_eq!(told.metadata("current_version").as_deref(), Some("1"));
    }
    let reply = school.transitions().confirm_transition(expecting(1)).await?.into_inner();
    assert_eq!(reply.receipt.expect("a receipt").stream_version, 2);
    Ok(())
}

async fn a_reader_sees_what_it_has_a_receipt_for(world: &World) -> anyhow::Result<()> {
    let school = world.senco(House::Primary).await?;
    for serial in 0..20 {
        let child = Child::of_year_6().but("Noor", "Siddiqui-Test", 6100 + serial);
        let registered = school.register(&child).await?;
        let at = position(registered.receipt);
        let timeline = school.timeline(&registered.learner_id, &at).await?;
        assert!(timeline.tells("learner_registered"));
    }
    let registered = school.register(&Child::of_year_11()).await?;
    let request = learner::GetLearnerRequest {
        min_position: "00000000000009999999".to_owned(),
        learner_id: registered.learner_id,
    };
    let never = school.learners().get_learner(request).await;
    refused(never, Code::InvalidArgument, reason::INVALID_POSITION);
    Ok(())
}

async fn pages_are_bound_to_their_question(world: &World) -> anyhow::Result<()> {
    let school = world.senco(House::Primary).await?;
    let learner = school.register(&Child::of_year_6()).await?.learner_id;
    let mut recorded = Vec::new();
    for month in 1..=7 {
        let mut request = post16(&learner, urn(House::Primary.number()), None);
        if let Some(transition::record_transition_request::Detail::Post16Move(detail)) =
            &mut request.detail
        {
            detail.planned = onward_tests::builders::planned_month(2027, month);
        }
        recorded.push(school.record(request).await?.transition_id);
    }
    let ask = |page_token: String, side: TransitionSide| transition::ListTransitionsRequest {
        page_size: 3,
        page_token,
        side: side.into(),
        learner_id: Some(learner.clone()),
        ..Default::default()
    };
    let min = school.head().await?;
    let mut seen = Vec::new();
    let mut token = String::new();
    loop {
        let mut request = ask(token, TransitionSide::Sent);
        request.min_position.clone_from(&min);
        let page = school.transitions().list_transitions(request).await?.into_inner();
        assert!(page.transitions.len() <= 3);
        seen.extend(page.transitions.into_iter().map(|one| one.transition_id));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
        let other = ask(token.clone(), TransitionSide::Expected);
        let answer = school.transitions().list_transitions(other).await;
        refused(answer, Code::InvalidArgument, reason::INVALID_PAGE_TOKEN);
    }
    assert_eq!(seen, recorded, "each once, as planned");
    let by_hand = ask("AAAA".to_owned(), TransitionSide::Sent);
    let answer = school.transitions().list_transitions(by_hand).await;
    refused(answer, Code::InvalidArgument, reason::INVALID_PAGE_TOKEN);
    Ok(())
}

async fn many_at_once_are_answered_in_order(world: &World) -> anyhow::Result<()> {
    let school = world.senco(House::Primary).await?;
    let (from, to) = (urn(House::Primary.number()), urn(House::Secondary.number()));
    let mut requests = Vec::new();
    for serial in 0..40 {
        let child = Child { upn: Some(upn(6200 + serial)), ..Child::of_year_6() };
        let learner = school.register(&child).await?.learner_id;
        requests.push(phase_transfer(&learner, from.clone(), to.clone()));
    }
    // One is somebody else's, one says nothing, one says what another said.
    requests[7].learner_id = request_id();
    requests[20].detail = None;
    requests[30] = requests[29].clone();
    let sent: Vec<_> = requests
        .iter()
        .cloned()
        .map(|transition| transition::RecordTransitionsRequest { transition: Some(transition) })
        .collect();
    let mut answers =
        school.transitions().record_transitions(tokio_stream::iter(sent)).await?.into_inner();
    let mut results = Vec::new();
    while let Some(answer) = answers.message().await? {
        results.push(answer);
    }
    assert_eq!(results.len(), requests.len(), "a result for each");
    for (at, (result, request)) in results.iter().zip(&requests).enumerate() {
        assert_eq!(result.request_id, request.request_id, "in order");
        let refusal = result.refusal.clone().map(|refusal| refusal.reason);
        match at {
            7 => assert_eq!(refusal.as_deref(), Some(reason::NOT_FOUND)),
            20 => assert_eq!(refusal.as_deref(), Some(reason::INVALID_FIELD)),
            _ => assert!(refusal.is_none() && result.receipt.is_some(), "{at}: {refusal:?}"),
        }
        assert_eq!(result.already_recorded, at == 30, "{at}");
    }
    assert_eq!(results[30].transition_id, results[29].transition_id);
    assert_eq!(school.moves(TransitionSide::Sent, NOW).await?.len(), 37);
    Ok(())
}

fn number(position: &str) -> u64 {
    position.parse().expect("twenty digits")
}
