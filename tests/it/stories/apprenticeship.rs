//! An apprenticeship: the pack needs its assessment, the first provider declines, the learner is late.

use onward_contract::handover::v1::{
    HandoverDeclineReason, HandoverDraft, HandoverState, MustHave,
};
use onward_contract::reason;
use onward_contract::transition::v1::{TransitionKind, TransitionState};
use onward_tests::actors::{NOW, Provider, Senco};
use onward_tests::builders::{
    Child, apprenticeship, date, days_from_today, in_place, not_yet, pack,
    pack_for_an_apprenticeship, ukprn, urn,
};
use onward_tests::expect::{illegal, not_found, refused};
use onward_tests::world::{House, World};
use tonic::Code;

use super::position;

on_every_setup!(a_leaver_starts_an_apprenticeship);

/// Who plays, and the move that it is about.
struct Scene {
    school: Senco,
    provider: Provider,
    stranger: Provider,
    /// The school's record.
    learner: String,
    transition: String,
}

async fn a_leaver_starts_an_apprenticeship(world: &World) -> anyhow::Result<()> {
    let scene = Scene::of(world).await?;
    let handover = no_pack_goes_without_the_assessment(&scene).await?;
    a_pack_that_was_declined_is_answered(&scene, &handover).await?;
    let (second, own) = a_second_pack_is_accepted(&scene).await?;
    the_learner_comes_a_week_late(&scene).await?;
    let at = support_is_confirmed_line_by_line(&scene, &second).await?;
    the_timeline_tells_of_it(&scene, &own, &at).await
}

impl Scene {
    async fn of(world: &World) -> anyhow::Result<Self> {
        let school = world.senco(House::Secondary).await?;
        let provider = world.provider(House::Training).await?;
        let stranger = world.provider(House::College).await?;
        let learner = school.register(&Child::of_year_11()).await?.learner_id;
        let (from, to) = (urn(House::Secondary.number()), ukprn(House::Training.number()));
        let recorded = school.record(apprenticeship(&learner, from, to)).await?;
        assert_eq!(recorded.kind(), TransitionKind::ToApprenticeship);
        let transition = recorded.transition_id;
        school.confirm(&transition).await?;
        Ok(Self { school, provider, stranger, learner, transition })
    }

    fn whole_pack(&self) -> HandoverDraft {
        pack_for_an_apprenticeship(&self.provider.organisation, &self.transition)
    }
}

/// Without the assessment no pack goes to a provider of apprenticeships. Answers the handover that went.
async fn no_pack_goes_without_the_assessment(scene: &Scene) -> anyhow::Result<String> {
    let Scene { school, provider, learner, transition, .. } = scene;
    let bare = pack(&provider.organisation, Some(transition));
    let handover = school.draft(learner, bare).await?.handover_id;
    let check = school.check(&handover).await?;
    assert_eq!(check.missing().collect::<Vec<_>>(), [MustHave::Assessment]);
    let early = school.release(&handover).await;
    refused(early, Code::FailedPrecondition, reason::HANDOVER_INCOMPLETE);
    let whole = scene.whole_pack();
    school.edit(&handover, whole.clone()).await?;
    school.release(&handover).await?;
    // The same again says nothing new; what was released says nothing else any more.
    school.edit(&handover, whole.clone()).await?;
    let mut other = whole;
    for line in other.pack.iter_mut().flat_map(|pack| &mut pack.support) {
        line.week_one = !line.week_one;
    }
    illegal(school.edit(&handover, other).await, "RELEASED").leaves("withdraw");
    Ok(handover)
}

/// A new one may follow.
async fn a_pack_that_was_declined_is_answered(scene: &Scene, handover: &str) -> anyhow::Result<()> {
    let Scene { school, provider, stranger, .. } = scene;
    let before_reading = provider.decline(handover, HandoverDeclineReason::NotExpected).await;
    refused(before_reading, Code::FailedPrecondition, reason::ILLEGAL_STEP).leaves("open");
    not_found(stranger.open(handover).await);
    provider.open(handover).await?;
    let declined = provider.decline(handover, HandoverDeclineReason::NotExpected).await?;
    let seen = school.handover(handover, &position(declined.receipt)).await?;
    assert_eq!(seen.state(), HandoverState::Declined);
    assert_eq!(seen.decline_reason(), HandoverDeclineReason::NotExpected);
    illegal(provider.accept(handover, None).await, "DECLINED");
    Ok(())
}

/// Answers the handover and the provider's own record of the learner.
async fn a_second_pack_is_accepted(scene: &Scene) -> anyhow::Result<(String, String)> {
    let Scene { school, provider, learner, .. } = scene;
    let second = school.draft(learner, scene.whole_pack()).await?.handover_id;
    school.release(&second).await?;
    provider.open(&second).await?;
    let accepted = provider.accept(&second, None).await?;
    Ok((second, accepted.learner_id))
}

/// Not on the day that was planned.
async fn the_learner_comes_a_week_late(scene: &Scene) -> anyhow::Result<()> {
    let Scene { school, provider, transition, .. } = scene;
    let missed = provider.report_non_arrival(transition, date(2026, 9, 14)).await?;
    let seen = school.transition(transition, &position(missed.receipt)).await?;
    assert_eq!(seen.state(), TransitionState::NotArrived);
    let arrived = provider.report_arrival(transition, date(2026, 9, 21)).await?;
    let seen = school.transition(transition, &position(arrived.receipt)).await?;
    assert_eq!(seen.state(), TransitionState::Arrived);
    assert_eq!(seen.arrived_on, Some(date(2026, 9, 21)));
    Ok(())
}

/// Answers the position after which all of it is in place.
async fn support_is_confirmed_line_by_line(
    scene: &Scene,
    handover: &str,
) -> anyhow::Result<String> {
    let provider = &scene.provider;
    let items = provider.handover(handover, NOW).await?.items;
    assert_eq!(items.len(), 2);
    let later = vec![not_yet(&items[0].item_id, days_from_today(14))];
    let half = provider.confirm_support(handover, later).await?;
    assert_eq!(half.open_item_ids.len(), 2);
    let all = items.iter().map(|item| in_place(&item.item_id, date(2026, 9, 28))).collect();
    let whole = provider.confirm_support(handover, all).await?;
    assert_eq!(whole.state(), HandoverState::SupportConfirmed);
    Ok(position(whole.receipt))
}

async fn the_timeline_tells_of_it(scene: &Scene, own: &str, at: &str) -> anyhow::Result<()> {
    let timeline = scene.provider.timeline(own, at).await?;
    for event in ["apprenticeship_start_recorded", "non_arrival_recorded", "arrival_recorded"] {
        assert!(timeline.tells(event), "{event} of {:?}", timeline.happened());
    }
    not_found(scene.stranger.timeline(&scene.learner, NOW).await);
    Ok(())
}
