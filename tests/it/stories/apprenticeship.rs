//! An apprenticeship: the pack needs its assessment, the first provider declines, the learner is late.

use onward_contract::handover::v1::{HandoverDeclineReason, HandoverState, MustHave};
use onward_contract::reason;
use onward_contract::transition::v1::{TransitionKind, TransitionState};
use onward_tests::actors::NOW;
use onward_tests::builders::{
    Child, apprenticeship, date, days_from_today, in_place, not_yet, pack,
    pack_for_an_apprenticeship, ukprn, urn,
};
use onward_tests::expect::{illegal, not_found, refused};
use onward_tests::world::{House, World};
use tonic::Code;

use super::position;

on_every_setup!(a_leaver_starts_an_apprenticeship);

async fn a_leaver_starts_an_apprenticeship(world: &World) -> anyhow::Result<()> {
    let school = world.senco(House::Secondary).await?;
    let provider = world.provider(House::Training).await?;
    let stranger = world.provider(House::College).await?;
    let learner = school.register(&Child::of_year_11()).await?.learner_id;
    let (from, to) = (urn(House::Secondary.number()), ukprn(House::Training.number()));
    let recorded = school.record(apprenticeship(&learner, from, to)).await?;
    assert_eq!(recorded.kind(), TransitionKind::ToApprenticeship);
    let transition = recorded.transition_id;
    school.confirm(&transition).await?;

    // Without the assessment no pack goes to a provider of apprenticeships.
    let bare = pack(&provider.organisation, Some(&transition));
    let handover = school.draft(&learner, bare).await?.handover_id;
    let check = school.check(&handover).await?;
    assert_eq!(check.missing().collect::<Vec<_>>(), [MustHave::Assessment]);
    let early = school.release(&handover).await;
    refused(early, Code::FailedPrecondition, reason::HANDOVER_INCOMPLETE);
    let whole = pack_for_an_apprenticeship(&provider.organisation, &transition);
    school.edit(&handover, whole.clone()).await?;
    school.release(&handover).await?;
    // The same again says nothing new; what was released says nothing else any more.
    school.edit(&handover, whole.clone()).await?;
    let mut other = whole.clone();
    for line in other.pack.iter_mut().flat_map(|pack| &mut pack.support) {
        line.week_one = !line.week_one;
    }
    illegal(school.edit(&handover, other).await, "RELEASED").leaves("withdraw");

    // A pack that was declined is answered; a new one may follow.
    let before_reading = provider.decline(&handover, HandoverDeclineReason::NotExpected).await;
    refused(before_reading, Code::FailedPrecondition, reason::ILLEGAL_STEP).leaves("open");
    not_found(stranger.open(&handover).await);
    provider.open(&handover).await?;
    let declined = provider.decline(&handover, HandoverDeclineReason::NotExpected).await?;
    let seen = school.handover(&handover, &position(declined.receipt)).await?;
    assert_eq!(seen.state(), HandoverState::Declined);
    assert_eq!(seen.decline_reason(), HandoverDeclineReason::NotExpected);
    illegal(provider.accept(&handover, None).await, "DECLINED");

    let second = school.draft(&learner, whole).await?.handover_id;
    school.release(&second).await?;
    provider.open(&second).await?;
    let accepted = provider.accept(&second, None).await?;
    let own = accepted.learner_id;

    // The learner does not come on the day, and comes a week later.
    let missed = provider.report_non_arrival(&transition, date(2026, 9, 14)).await?;
    let seen = school.transition(&transition, &position(missed.receipt)).await?;
    assert_eq!(seen.state(), TransitionState::NotArrived);
    let arrived = provider.report_arrival(&transition, date(2026, 9, 21)).await?;
    let seen = school.transition(&transition, &position(arrived.receipt)).await?;
    assert_eq!(seen.state(), TransitionState::Arrived);
    assert_eq!(seen.arrived_on, Some(date(2026, 9, 21)));

    let items = provider.handover(&second, NOW).await?.items;
    assert_eq!(items.len(), 2);
    let later = vec![not_yet(&items[0].item_id, days_from_today(14))];
    let half = provider.confirm_support(&second, later).await?;
    assert_eq!(half.open_item_ids.len(), 2);
    let all = items.iter().map(|item| in_place(&item.item_id, date(2026, 9, 28))).collect();
    let whole = provider.confirm_support(&second, all).await?;
    assert_eq!(whole.state(), HandoverState::SupportConfirmed);

    let timeline = provider.timeline(&own, &position(whole.receipt)).await?;
    for event in ["apprenticeship_start_recorded", "non_arrival_recorded", "arrival_recorded"] {
        assert!(timeline.tells(event), "{event} of {:?}", timeline.happened());
    }
    not_found(stranger.timeline(&learner, NOW).await);
    Ok(())
}
