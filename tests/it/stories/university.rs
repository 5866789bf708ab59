//! To university: nothing goes without the student's request, and the allowance is followed to its end.

use onward_contract::handover::v1::MustHave;
use onward_contract::reason;
use onward_contract::transition::v1 as wire;
use onward_contract::transition::v1::{DsaState, DsaStep, TransitionKind};
use onward_tests::actors::{NOW, Provider, Senco};
use onward_tests::builders::{
    Child, date, higher_education, in_place, pack, pack_on_request, request_id, ukprn, urn,
};
use onward_tests::expect::{illegal, not_found, refused};
use onward_tests::world::{House, World};
use tonic::Code;

on_every_setup!(a_student_goes_to_university_with_an_allowance);

async fn a_student_goes_to_university_with_an_allowance(world: &World) -> anyhow::Result<()> {
    let school = world.senco(House::Secondary).await?;
    let university = world.provider(House::University).await?;
    let stranger = world.senco(House::Stranger).await?;
    let learner = school.register(&Child::of_year_13()).await?.learner_id;
    let (from, to) = (urn(House::Secondary.number()), ukprn(House::University.number()));
    let recorded = school.record(higher_education(&learner, from, to)).await?;
    assert_eq!(recorded.kind(), TransitionKind::ToHe);
    let (transition, case) = (recorded.transition_id, recorded.dsa_case_id);
    assert!(!case.is_empty(), "the case was opened with the move");
    school.confirm(&transition).await?;

    one_case_at_a_time(&school, &learner).await?;
    steps_come_in_their_order(&school, &case).await?;
    not_found(dsa_case(&stranger, &case).await);
    not_found(stranger.dsa_step(&case, DsaStep::Apply).await);

    // Public task is no ground for a university: only the young person's own request is.
    let handover =
        school.draft(&learner, pack(&university.organisation, Some(&transition))).await?;
    let check = school.check(&handover.handover_id).await?;
    assert_eq!(check.missing().collect::<Vec<_>>(), [MustHave::RequestOfYp]);
    assert!(check.pack_without_ground);
    assert_eq!(check.sections_without_ground.len(), 1);
    let asked_for = pack_on_request(&university.organisation, &transition);
    school.edit(&handover.handover_id, asked_for).await?;
    school.release(&handover.handover_id).await?;
    university.open(&handover.handover_id).await?;
    let own = university.accept(&handover.handover_id, None).await?.learner_id;
    let items = university.handover(&handover.handover_id, NOW).await?.items;
    let all = items.iter().map(|item| in_place(&item.item_id, date(2026, 9, 21))).collect();
    university.confirm_support(&handover.handover_id, all).await?;
    university.report_arrival(&transition, date(2026, 9, 21)).await?;

    the_university_brings_it_to_its_end(&school, &university, &case).await?;
    let timeline = university.timeline(&own, NOW).await?;
    assert!(timeline.tells("higher_education_entry_recorded"), "{:?}", timeline.happened());
    let sender = school.timeline(&learner, NOW).await?;
    assert!(sender.tells("dsa_case_opened") && sender.tells("dsa_step_recorded"));
    Ok(())
}

async fn dsa_case(who: &Senco, case: &str) -> Result<wire::DsaCase, tonic::Status> {
    let request = wire::GetCaseRequest { case_id: case.to_owned(), ..Default::default() };
    let reply = who.dsa().get_case(request).await?.into_inner();
    Ok(reply.dsa_case.unwrap_or_default())
}

async fn one_case_at_a_time(school: &Senco, learner: &str) -> anyhow::Result<()> {
    let second = wire::OpenCaseRequest {
        request_id: request_id(),
        learner_id: learner.to_owned(),
        provider: ukprn(House::University.number()),
        course: "BA History".to_owned(),
        course_start: Some(date(2026, 9, 21)),
        academic_year: "2026/27".to_owned(),
        ..Default::default()
    };
    let second = school.dsa().open_case(second).await;
    refused(second, Code::AlreadyExists, reason::CASE_ALREADY_OPEN);
    Ok(())
}

async fn steps_come_in_their_order(school: &Senco, case: &str) -> anyhow::Result<()> {
    let early = school.dsa_step(case, DsaStep::ApproveAward).await;
    illegal(early, "NOT_STARTED").leaves("apply");
    let steps = [
        (DsaStep::Apply, DsaState::Applied),
        (DsaStep::RequestEvidence, DsaState::EvidenceRequested),
        (DsaStep::SupplyEvidence, DsaState::EvidenceSupplied),
        (DsaStep::DecideEligible, DsaState::Eligible),
        (DsaStep::BookAssessment, DsaState::NeedsAssessmentBooked),
        (DsaStep::CompleteAssessment, DsaState::Assessed),
        (DsaStep::ReceiveReport, DsaState::ReportReceived),
    ];
    for (step, state) in steps {
        assert_eq!(school.dsa_step(case, step).await?.state(), state);
    }
    assert_eq!(dsa_case(school, case).await?.state(), DsaState::ReportReceived);
    // The last step again says the same; of another day it would say something else.
    assert_eq!(
        school.dsa_step(case, DsaStep::ReceiveReport).await?.state(),
        DsaState::ReportReceived
    );
    let another_day = wire::RecordStepRequest {
        request_id: request_id(),
        occurred_on: Some(date(2026, 10, 2)),
        case_id: case.to_owned(),
        step: DsaStep::ReceiveReport.into(),
        ..Default::default()
    };
    let answer = school.dsa().record_step(another_day).await;
    refused(answer, Code::FailedPrecondition, reason::ALREADY_RECORDED);
    // A reason belongs to the steps that need one, and to no other.
    let unexplained = school.dsa_step(case, DsaStep::DeclineAward).await;
    refused(unexplained, Code::InvalidArgument, reason::INVALID_FIELD);
    Ok(())
}

async fn the_university_brings_it_to_its_end(
    school: &Senco,
    university: &Provider,
    case: &str,
) -> anyhow::Result<()> {
    let steps = [
        (DsaStep::ApproveAward, DsaState::AwardApproved),
        (DsaStep::ArrangeSupport, DsaState::SupportArranged),
        (DsaStep::SupportInPlace, DsaState::InPlace),
        (DsaStep::ChangeCircumstances, DsaState::ChangeOfCircumstances),
        (DsaStep::Reassess, DsaState::Reassessed),
        (DsaStep::KeepAward, DsaState::InPlace),
    ];
    for (step, state) in steps {
        assert_eq!(university.dsa_step(case, step).await?.state(), state);
    }
    let ends = wire::RecordStepRequest {
        request_id: request_id(),
        occurred_on: Some(date(2026, 11, 1)),
        case_id: case.to_owned(),
        step: DsaStep::End.into(),
        reason: Some(wire::record_step_request::Reason::EndReason(
            wire::DsaEndReason::CourseEnded.into(),
        )),
        ..Default::default()
    };
    let ended = university.dsa().record_step(ends).await?.into_inner();
    assert_eq!(ended.state(), DsaState::Ended);
    let anew = wire::RecordStepRequest {
        request_id: request_id(),
        occurred_on: Some(date(2026, 11, 2)),
        case_id: case.to_owned(),
        step: DsaStep::DecideIneligible.into(),
        reason: Some(wire::record_step_request::Reason::IneligibleReason(
            wire::DsaIneligibleReason::Residency.into(),
        )),
        ..Default::default()
    };
    illegal(school.dsa().record_step(anew).await, "ENDED");
    let seen = dsa_case(school, case).await?;
    assert_eq!(
        (seen.state(), seen.end_reason()),
        (DsaState::Ended, wire::DsaEndReason::CourseEnded)
    );
    Ok(())
}
