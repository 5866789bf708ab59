//! An organisation's own records: found by whatever names a learner, amended, enrolled; and many referrals
//! at once.

use std::collections::BTreeSet;

use onward_contract::access::v1::{MemberRole, OrganisationKind};
use onward_contract::directory::v1 as directory;
use onward_contract::handover::v1 as handover;
use onward_contract::learner::v1 as wire;
use onward_contract::learner::v1::find_learners_request::By;
use onward_contract::reason;
use onward_contract::referral::v1 as referral_wire;
use onward_tests::actors::{NOW, Senco};
use onward_tests::builders::{Child, date, pack, referral, request_id, uln, upn};
use onward_tests::expect::{faulty, not_found, refused};
use onward_tests::world::{House, World};
use tonic::{Code, Status};

on_both_databases!(
    a_record_is_found_by_whatever_names_it,
    a_code_that_no_list_has_is_kept_and_pointed_out,
    a_pack_that_is_too_large_as_a_whole_is_told_so,
    what_is_amended_was_otherwise_before,
    the_directory_tells_who_is_who,
    many_referrals_are_answered_in_order,
);

async fn a_code_that_no_list_has_is_kept_and_pointed_out(world: &World) -> anyhow::Result<()> {
    let school = world.senco(House::Secondary).await?;
    let child = Child::of_year_11();
    let mut request = child.register();
    request.details.get_or_insert_default().year_group = "Year 11a".to_owned();
    request.sen_provisions[0].provision_code = "isp".to_owned();
    let long = "N".repeat(64);
    request.needs[0].code.clone_from(&long);
    let answer = school.learners().register_learner(request).await?.into_inner();
    let told: BTreeSet<_> = answer.warnings.iter().map(|of| of.field.as_str()).collect();
    let places = ["details.year_group", "sen_provisions[0].provision_code", "needs[0].code"];
    assert_eq!(told, places.into());
    assert!(answer.warnings.iter().all(|of| of.reason == reason::UNKNOWN_CODE));
    let amend = wire::AmendLearnerRequest {
        request_id: request_id(),
        learner_id: answer.learner_id.clone(),
        details: Some(wire::LearnerDetailsChange {
            year_group: Some("15".to_owned()),
            ..Default::default()
        }),
        ..Default::default()
    };
    let amended = school.learners().amend_learner(amend).await?.into_inner();
    assert_eq!(amended.warnings.len(), 1, "said again");
    let kept = school.learner(&answer.learner_id).await?;
    assert_eq!(kept.details.unwrap_or_default().year_group, "15");
    assert_eq!(kept.sen_provisions[0].provision_code, "ISP");
    assert_eq!(kept.needs[0].code, long);
    Ok(())
}

/// Every text within its bounds, and the whole beyond what one event holds.
async fn a_pack_that_is_too_large_as_a_whole_is_told_so(world: &World) -> anyhow::Result<()> {
    let school = world.senco(House::Secondary).await?;
    let college = world.senco(House::College).await?;
    let learner = school.register(&Child::of_year_11()).await?.learner_id;
    let head = world.operator().head().await?;
    let mut draft = pack(&college.organisation, None);
    let said = draft.pack.get_or_insert_default();
    let section = said.sections[0].clone();
    said.sections = (1..=11)
        .map(|code| handover::PlanSection { code, text: "ä".repeat(20_000), ..section.clone() })
        .collect();
    let told = faulty(school.draft(&learner, draft.clone()).await, &["draft.pack"]);
    assert!(told.status().message().len() < 300);
    assert_eq!(world.operator().head().await?, head, "and nothing is left of it");
    // Half of it is a pack like any other.
    let said = draft.pack.get_or_insert_default();
    said.sections.iter_mut().for_each(|part| part.text = "a".repeat(18_000));
    let id = school.draft(&learner, draft).await?.handover_id;
    assert!(!id.is_empty());
    Ok(())
}

async fn find(who: &Senco, by: By) -> Result<Vec<String>, Status> {
    let request = wire::FindLearnersRequest { by: Some(by), ..Default::default() };
    let found = who.learners().find_learners(request).await?.into_inner().learners;
    Ok(found.into_iter().map(|learner| learner.learner_id).collect())
}

fn add(learner: &str, kind: wire::IdentifierKind, value: &str) -> wire::AddIdentifierRequest {
    wire::AddIdentifierRequest {
        request_id: request_id(),
        learner_id: learner.to_owned(),
        identifier: Some(wire::NewIdentifier {
            kind: kind.into(),
            value: value.to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    }
}

async fn a_record_is_found_by_whatever_names_it(world: &World) -> anyhow::Result<()> {
    let school = world.senco(House::Secondary).await?;
    let stranger = world.senco(House::Stranger).await?;
    let child = Child::of_year_11();
    let mut request = child.register();
    request.details.get_or_insert_default().own_ref = "EA-1103".to_owned();
    let id = school.learners().register_learner(request).await?.into_inner().learner_id;
    // The twin of the same day shares all but the forename.
    let twin = school.register(&child.clone().but("Colm", "Wrightson", 11_002)).await?.learner_id;

    let number = uln(7);
    let added = add(&id, wire::IdentifierKind::Uln, &number);
    school.learners().add_identifier(added).await?;
    let taken =
        school.learners().add_identifier(add(&twin, wire::IdentifierKind::Uln, &number)).await;
    refused(taken, Code::AlreadyExists, reason::IDENTIFIER_IN_USE);
    let wrong = add(&twin, wire::IdentifierKind::Uln, "1000000009");
    faulty(school.learners().add_identifier(wrong).await, &["identifier.value"]);

    let born = wire::NameAndBirth {
        forename: "CALLUM".to_owned(),
        surname: "wrightson".to_owned(),
        date_of_birth: Some(child.born),
    };
    let spelt = child.upn.clone().expect("a UPN");
    let spaced = format!(" {}-{} ", &spelt[..4].to_lowercase(), &spelt[4..]);
    let ways = [
        By::Upn(spelt.clone()),
        By::Upn(spaced),
        By::Uln(number.clone()),
        By::OwnRef("EA-1103".to_owned()),
        By::NameAndBirth(born),
    ];
    for by in ways {
        assert_eq!(find(&school, by.clone()).await?, std::slice::from_ref(&id));
        assert!(find(&stranger, by).await?.is_empty(), "nobody else's search finds it");
    }
    // Ended as wrong, it is no alias; a new one takes its place.
    let end = wire::EndIdentifierRequest {
        request_id: request_id(),
        learner_id: id.clone(),
        kind: wire::IdentifierKind::Upn.into(),
        value: spelt.clone(),
        reason: wire::IdentifierEndReason::Wrong.into(),
        ..Default::default()
    };
    school.learners().end_identifier(end.clone()).await?;
    assert!(find(&school, By::Upn(spelt)).await?.is_empty());
    let right = upn(11_003);
    school.learners().add_identifier(add(&id, wire::IdentifierKind::Upn, &right)).await?;
    assert_eq!(find(&school, By::Upn(right)).await?, [id]);
    let unheld = wire::EndIdentifierRequest { request_id: request_id(), learner_id: twin, ..end };
    let unheld = school.learners().end_identifier(unheld).await;
    refused(unheld, Code::FailedPrecondition, reason::IDENTIFIER_NOT_HELD);
    Ok(())
}

async fn what_is_amended_was_otherwise_before(world: &World) -> anyhow::Result<()> {
    let school = world.senco(House::Secondary).await?;
    let id = school.register(&Child::of_year_11()).await?.learner_id;
    let amend = |known_as: &str| wire::AmendLearnerRequest {
        request_id: request_id(),
        learner_id: id.clone(),
        details: Some(wire::LearnerDetailsChange {
            known_as: Some(known_as.to_owned()),
            ..Default::default()
        }),
        ..Default::default()
    };
    school.learners().amend_learner(amend("Cal")).await?;
    let seen = school.learner(&id).await?;
    let details = seen.details.expect("details");
    assert_eq!((details.known_as.as_str(), details.forename.as_str()), ("Cal", "Callum"));
    let nothing = wire::AmendLearnerRequest {
        request_id: request_id(),
        learner_id: id.clone(),
        ..Default::default()
    };
    let nothing = school.learners().amend_learner(nothing).await;
    refused(nothing, Code::InvalidArgument, reason::NOTHING_TO_CHANGE);

    let enrol = wire::RecordEnrolmentRequest {
        request_id: request_id(),
        learner_id: id.clone(),
        enrolment: Some(wire::NewEnrolment {
            kind: wire::EnrolmentKind::Main.into(),
            from: Some(date(2022, 9, 1)),
            ..Default::default()
        }),
        ..Default::default()
    };
    let enrolled = school.learners().record_enrolment(enrol).await?.into_inner().enrolment_id;
    let end = wire::EndEnrolmentRequest {
        request_id: request_id(),
        learner_id: id.clone(),
        enrolment_id: enrolled.clone(),
        occurred_on: Some(date(2026, 7, 17)),
        ..Default::default()
    };
    school.learners().end_enrolment(end).await?;
    let on = |day| wire::ListEnrolmentsRequest {
        learner_id: id.clone(),
        on: Some(day),
        ..Default::default()
    };
    for (day, count) in [(date(2022, 8, 31), 0), (date(2024, 1, 1), 1), (date(2026, 9, 1), 0)] {
        let listed = school.learners().list_enrolments(on(day)).await?.into_inner().enrolments;
        assert_eq!(listed.len(), count, "on {day:?}");
    }
    let timeline = school.timeline(&id, NOW).await?;
    for event in ["learner_amended", "enrolment_recorded", "enrolment_ended"] {
        assert!(timeline.tells(event), "{event} of {:?}", timeline.happened());
    }
    Ok(())
}

async fn the_directory_tells_who_is_who(world: &World) -> anyhow::Result<()> {
    let head = world.member(House::Primary, &[MemberRole::Leadership]).await?;
    let senco = world.senco(House::Primary).await?;
    let min_position = head.head().await?;
    let schools = directory::ListOrganisationsRequest {
        min_position: min_position.clone(),
        kinds: vec![OrganisationKind::School.into()],
        ..Default::default()
    };
    let found = head.directory().list_organisations(schools).await?.into_inner().organisations;
    assert_eq!(found.len(), 3);
    let by_number = directory::ListOrganisationsRequest {
        min_position: min_position.clone(),
        identifiers: Some(directory::OrganisationIdentifiers {
            ukprn: House::University.number().to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let found = head.directory().list_organisations(by_number).await?.into_inner().organisations;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].organisation_id, world.id(House::University));

    let members = directory::ListMembersRequest {
        min_position,
        organisation_id: head.organisation.clone(),
        ..Default::default()
    };
    let listed = head.directory().list_members(members.clone()).await?.into_inner().members;
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().any(|member| member.member_id == senco.member));
    let other = directory::ListMembersRequest {
        organisation_id: world.id(House::Stranger).to_owned(),
        ..members
    };
    not_found(head.directory().list_members(other).await);
    let twice = world.operator().directory().register_organisation(House::Primary.register()).await;
    refused(twice, Code::AlreadyExists, reason::ORGANISATION_ALREADY_REGISTERED);
    Ok(())
}

async fn many_referrals_are_answered_in_order(world: &World) -> anyhow::Result<()> {
    let nursery = world.senco(House::Nursery).await?;
    let team = world.team(House::Yorkshire, MemberRole::Triage).await?;
    let mut requests = Vec::new();
    for (name, serial) in [("Isla", 1), ("Evie", 2), ("Lily", 3), ("Omar", 4)] {
        let child = Child::of_nursery().but(name, "Ackroyd-Test", serial);
        requests.push(referral(&nursery.register(&child).await?.learner_id));
    }
    requests[1].learner_id = request_id();
    requests[2].form.get_or_insert_default().reason.clear();
    requests.push(requests[0].clone());
    let sent: Vec<_> = requests
        .iter()
        .cloned()
        .map(|one| referral_wire::SubmitReferralsRequest { referral: Some(one) })
        .collect();
    let stream = nursery.referrals().submit_referrals(tokio_stream::iter(sent)).await?;
    let mut stream = stream.into_inner();
    let mut results = Vec::new();
    while let Some(result) = stream.message().await? {
        results.push(result);
    }
    assert_eq!(results.len(), 5, "a result for each");
    let reasons: Vec<Option<String>> =
        results.iter().map(|one| one.refusal.clone().map(|refusal| refusal.reason)).collect();
    assert_eq!(reasons[1].as_deref(), Some(reason::NOT_FOUND));
    assert_eq!(reasons[2].as_deref(), Some(reason::INVALID_FIELD));
    let faulty = &results[2].refusal.clone().expect("a refusal").field_violations;
    assert!(faulty.iter().any(|fault| fault.field.ends_with("form.reason")), "{}", faulty.len());
    assert!(results[4].already_recorded);
    assert_eq!(results[4].referral_id, results[0].referral_id);
    let queue = team.queue(House::Yorkshire.queue(), NOW).await?;
    assert_eq!((queue.items.len(), queue.received), (2, 2));
    Ok(())
}
