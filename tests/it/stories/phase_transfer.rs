//! A child with an EHC plan moves up: the primary tells, the secondary prepares, the authority follows.

use onward_contract::handover::v1::{HandoverState, MustHave};
use onward_contract::reason;
use onward_contract::transition::v1::{
    PhaseTransferKind, ReportedBy, TransitionKind, TransitionSide, TransitionState,
};
use onward_tests::actors::{Authority, NOW, Provider, Senco};
use onward_tests::builders::{Child, date, in_place, pack, partly, phase_transfer, urn};
use onward_tests::expect::{not_found, refused};
use onward_tests::world::{House, World};
use tonic::Code;

use super::position;

on_every_setup!(a_child_with_a_plan_moves_up_to_secondary_school);

/// Who is in this story.
struct Cast {
    primary: Senco,
    secondary: Provider,
    authority: Authority,
    stranger: Senco,
    other_authority: Authority,
}

/// What came of the sender's side.
struct Planned {
    learner: String,
    transition: String,
    confirmed: onward_contract::receipt::v1::Receipt,
}

async fn a_child_with_a_plan_moves_up_to_secondary_school(world: &World) -> anyhow::Result<()> {
    let cast = Cast {
        primary: world.senco(House::Primary).await?,
        secondary: Provider(
            world
                .member(House::Secondary, &[onward_contract::access::v1::MemberRole::Senco])
                .await?,
        ),
        authority: world.authority(House::Barnet).await?,
        stranger: world.senco(House::Stranger).await?,
        other_authority: world.authority(House::Bradford).await?,
    };
    let planned = the_primary_plans_the_move(&cast).await?;
    nobody_else_knows_of_it_yet(&cast, &planned).await?;
    let handover = the_primary_prepares_a_pack(&cast, &planned).await?;
    let own = the_secondary_takes_it_up(&cast, &planned, &handover).await?;
    the_secondary_confirms_support_and_arrival(&cast, &planned, &handover).await?;
    each_sees_its_own_side(&cast, &planned, &own).await?;
    Ok(())
}

async fn the_primary_plans_the_move(cast: &Cast) -> anyhow::Result<Planned> {
    let learner = cast.primary.register(&Child::of_year_6()).await?.learner_id;
    let (from, to) = (urn(House::Primary.number()), urn(House::Secondary.number()));
    let recorded = cast.primary.record(phase_transfer(&learner, from, to)).await?;
    assert_eq!(recorded.kind(), TransitionKind::PrimaryToSecondary, "derived, never asked");
    assert_eq!(recorded.phase_transfer_kind(), PhaseTransferKind::PrimaryToSecondary);
    assert!(recorded.warnings.is_empty(), "the directory knows both schools");
    let transition = recorded.transition_id;
    let confirmed = cast.primary.confirm(&transition).await?.receipt.expect("a receipt");
    assert_eq!(confirmed.stream_version, 2);

    let seen = cast.primary.transition(&transition, &confirmed.position).await?;
    assert_eq!((seen.state(), seen.version), (TransitionState::Confirmed, 2));
    assert_eq!(seen.home_la_code, "302");
    assert_eq!(seen.to.map(|to| to.name), Some(House::Secondary.name()));
    Ok(Planned { learner, transition, confirmed })
}

async fn nobody_else_knows_of_it_yet(cast: &Cast, planned: &Planned) -> anyhow::Result<()> {
    let at = &planned.confirmed.position;
    // Before a release the destination knows nothing of the child.
    not_found(cast.secondary.timeline(&planned.learner, at).await);
    assert!(cast.secondary.inbox(at).await?.is_empty());
    for outsider in [&*cast.stranger, &*cast.other_authority] {
        not_found(outsider.timeline(&planned.learner, at).await);
        not_found(outsider.transition(&planned.transition, at).await);
        assert!(outsider.moves(TransitionSide::Unspecified, at).await?.is_empty());
    }
    // The home authority keeps the plan, so that it sees the move at once.
    let moves = cast.authority.moves(TransitionSide::Authority, at).await?;
    assert_eq!(moves.len(), 1);
    let timeline = cast.authority.timeline(&planned.learner, at).await?;
    assert_eq!(timeline.happened(), ["phase_transfer_recorded", "transition_confirmed"]);
    Ok(())
}

async fn the_primary_prepares_a_pack(cast: &Cast, planned: &Planned) -> anyhow::Result<String> {
    let to = &cast.secondary.organisation;
    let mut unfinished = pack(to, Some(&planned.transition));
    let content = unfinished.pack.get_or_insert_default();
    content.holiday_contact.clear();
    content.support[0].week_one = false;
    content.grounds.clear();
    let drafted = cast.primary.draft(&planned.learner, unfinished).await?.handover_id;
    let check = cast.primary.check(&drafted).await?;
    assert!(!check.ready && check.pack_without_ground);
    let missing: Vec<_> = check.missing().collect();
    assert_eq!(missing, [MustHave::WeekOneSupport, MustHave::HolidayContact]);
    let early = cast.primary.release(&drafted).await;
    refused(early, Code::FailedPrecondition, reason::HANDOVER_INCOMPLETE);

    let again = cast.primary.draft(&planned.learner, pack(to, None)).await;
    refused(again, Code::AlreadyExists, reason::HANDOVER_ALREADY_LIVE);
    cast.primary.edit(&drafted, pack(to, Some(&planned.transition))).await?;
    assert!(cast.primary.check(&drafted).await?.ready);
    let preview = cast.primary.preview(&drafted).await?.pack.expect("a pack");
    let learner = preview.learner.expect("filled from the record");
    assert_eq!(learner.surname, "Hartley-Quayle");
    assert_eq!(preview.needs.len(), 2, "filled from the record");

    // Nobody but the sender knows of a draft.
    not_found(cast.secondary.handover(&drafted, NOW).await);
    not_found(cast.secondary.open(&drafted).await);
    not_found(cast.secondary.accept(&drafted, None).await);
    Ok(drafted)
}

async fn the_secondary_takes_it_up(
    cast: &Cast,
    planned: &Planned,
    handover: &str,
) -> anyhow::Result<String> {
    let released = cast.primary.release(handover).await?;
    let at = position(released.receipt);
    assert_eq!(cast.primary.handover(handover, &at).await?.state(), HandoverState::Released);
    not_found(cast.stranger.handover(handover, &at).await);
    assert!(cast.stranger.sent(&at).await?.is_empty());

    let inbox = cast.secondary.inbox(&at).await?;
    assert_eq!(inbox.len(), 1);
    assert_eq!(inbox[0].handover_id, handover);
    let shown = inbox[0].learner.clone().expect("enough of the learner to be recognised");
    assert_eq!((shown.forename.as_str(), shown.surname.as_str()), ("Amelia", "Hartley-Quayle"));
    let delivered = cast.primary.handover(handover, NOW).await?;
    assert!(delivered.delivered_at.is_some(), "to show it is to deliver it");

    let opened = cast.secondary.open(handover).await?;
    let pack = opened.pack.expect("the pack");
    assert_eq!(pack.learner.expect("who").upn, Child::of_year_6().upn.expect("she has one"));
    assert_eq!(pack.sections.len(), 1);
    assert!(!opened.history.is_empty(), "the history was sent along");
    assert_eq!(released.pack_sha256, opened.handover.expect("how it stands").pack_sha256);

    let accepted = cast.secondary.accept(handover, None).await?;
    assert!(accepted.learner_created, "the secondary had no record of her");
    assert_ne!(accepted.learner_id, planned.learner, "each organisation has its own record");
    Ok(accepted.learner_id)
}

async fn the_secondary_confirms_support_and_arrival(
    cast: &Cast,
    planned: &Planned,
    handover: &str,
) -> anyhow::Result<()> {
    let items = cast.secondary.handover(handover, NOW).await?.items;
    let ids: Vec<&str> = items.iter().map(|item| item.item_id.as_str()).collect();
    assert_eq!(ids.len(), 2);
    let answers = vec![in_place(ids[0], date(2026, 9, 2)), partly(ids[1])];
    let half = cast.secondary.confirm_support(handover, answers).await?;
    assert_eq!(half.state(), HandoverState::Accepted);
    assert_eq!(half.open_item_ids, [ids[1]], "partly leaves an item open");
    let rest = vec![in_place(ids[1], date(2026, 9, 15))];
    let whole = cast.secondary.confirm_support(handover, rest).await?;
    assert_eq!(whole.state(), HandoverState::SupportConfirmed);
    let at = position(whole.receipt);
    let sent = cast.primary.handover(handover, &at).await?;
    assert_eq!(sent.state(), HandoverState::SupportConfirmed, "the sender sees what became of it");

    let arrived = cast.secondary.report_arrival(&planned.transition, date(2026, 9, 2)).await?;
    let at = position(arrived.receipt);
    let seen = cast.authority.transition(&planned.transition, &at).await?;
    assert_eq!(seen.state(), TransitionState::Arrived);
    assert_eq!(seen.reported_by(), ReportedBy::ReceivingSetting);
    Ok(())
}

async fn each_sees_its_own_side(cast: &Cast, planned: &Planned, own: &str) -> anyhow::Result<()> {
    let head = cast.primary.status().await?.position;
    let sender = cast.primary.timeline(&planned.learner, &head).await?;
    for event in ["learner_registered", "phase_transfer_recorded", "handover_released"] {
        assert!(sender.tells(event), "{event} of {:?}", sender.happened());
    }
    for event in ["handover_opened", "handover_accepted", "support_answered", "arrival_recorded"] {
        assert!(sender.tells(event), "{event} of {:?}", sender.happened());
    }
    assert_eq!(sender.entry("phase_transfer_recorded").said_by_name(), House::Primary.name());
    assert_eq!(sender.entry("arrival_recorded").said_by_name(), House::Secondary.name());

    // By its own record the receiver reads what was shared, of the record that is linked to it.
    let receiver = cast.secondary.timeline(own, &head).await?;
    for event in ["phase_transfer_recorded", "handover_released", "arrival_recorded"] {
        assert!(receiver.tells(event), "{event} of {:?}", receiver.happened());
    }
    assert!(!receiver.tells("handover_drafted"), "a draft is the sender's alone");
    let move_ = receiver.entry("phase_transfer_recorded");
    assert_eq!(move_.from.clone().expect("from").name, House::Primary.name());
    assert_eq!(move_.to.clone().expect("to").name, House::Secondary.name());

    // When the move was confirmed, the secondary knew nothing at all, and the primary no more than this.
    let then = planned.confirmed.recorded_at.expect("a moment");
    let sender = cast.primary.timeline_as_known_at(&planned.learner, then).await?;
    assert_eq!(sender.happened().last(), Some(&"transition_confirmed"));
    assert!(cast.secondary.timeline_as_known_at(own, then).await?.0.is_empty());
    not_found(cast.stranger.timeline(own, &head).await);
    not_found(cast.stranger.timeline(&planned.learner, &head).await);
    Ok(())
}

trait SaidBy {
    fn said_by_name(&self) -> String;
}

impl SaidBy for onward_contract::timeline::v1::TimelineEntry {
    fn said_by_name(&self) -> String {
        self.said_by.clone().unwrap_or_default().name
    }
}
