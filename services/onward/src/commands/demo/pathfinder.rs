//! Two pathfinder teams at work: one referral all the way, the others at every stage between.

use anyhow::Context;
use jiff::civil::Date;
use onward_contract::referral::v1 as referral;
use onward_contract::referral::v1::{Priority, QueueItem, Rag, ReferralState};

use super::cast::{self, Cast, Player};
use super::journey::request_id;
use crate::commands::client::told;
use crate::commands::import::date;

/// Lets both teams work.
pub async fn work(cast: &Cast, today: Date) -> anyhow::Result<()> {
    let team = cast.player(cast::LONDON)?;
    for item in waiting(cast, team, "elsec-london").await? {
        match item.initials.as_str() {
            // Without consent a referral cannot be accepted: the team asks for it.
            "KM" => ask(team, &item).await?,
            _ => accept(team, &item, Priority::Routine).await?,
        }
    }
    through_care(team, "elsec-london", today).await?;

    let team = cast.player(cast::YORKSHIRE)?;
    for item in waiting(cast, team, "elsec-yorkshire-humber").await? {
        match item.initials.as_str() {
            // A swallowing concern never waits in a routine queue.
            "HI" => redirect(team, &item).await?,
            // One is left for triage, so that the queue shows it.
            "LA" => {}
            _ => accept(team, &item, Priority::Routine).await?,
        }
    }
    claim(team, "elsec-yorkshire-humber").await?;
    Ok(())
}

async fn waiting(cast: &Cast, team: &Player, queue: &str) -> anyhow::Result<Vec<QueueItem>> {
    let head = cast.head().await?;
    let submitted = vec![ReferralState::Submitted];
    let (items, _) = crate::commands::queue::items(&team.server, queue, submitted, &head).await?;
    Ok(items)
}

async fn open(team: &Player, item: &QueueItem) -> anyhow::Result<()> {
    let request = referral::OpenForTriageRequest {
        request_id: request_id(),
        actor: Some(team.actor.clone()),
        referral_id: item.referral_id.clone(),
        ..Default::default()
    };
    team.server.queues().open_for_triage(request).await.map_err(|s| told(&s))?;
    Ok(())
}

async fn accept(team: &Player, item: &QueueItem, priority: Priority) -> anyhow::Result<()> {
    open(team, item).await?;
    let request = referral::AcceptReferralRequest {
        request_id: request_id(),
        actor: Some(team.actor.clone()),
        referral_id: item.referral_id.clone(),
        priority: priority.into(),
        ..Default::default()
    };
    team.server.queues().accept_referral(request).await.map_err(|s| told(&s))?;
    Ok(())
}

async fn ask(team: &Player, item: &QueueItem) -> anyhow::Result<()> {
    open(team, item).await?;
    let request = referral::RequestInformationRequest {
        request_id: request_id(),
        actor: Some(team.actor.clone()),
        referral_id: item.referral_id.clone(),
        question: "Please send the parent's consent with its date.".to_owned(),
        ..Default::default()
    };
    team.server.queues().request_information(request).await.map_err(|s| told(&s))?;
    Ok(())
}

async fn redirect(team: &Player, item: &QueueItem) -> anyhow::Result<()> {
    open(team, item).await?;
    let request = referral::RedirectReferralRequest {
        request_id: request_id(),
        actor: Some(team.actor.clone()),
        referral_id: item.referral_id.clone(),
        target: referral::RedirectTarget::FeedingUrgent.into(),
        note: "rung through to the feeding team today (sample)".to_owned(),
        ..Default::default()
    };
    team.server.queues().redirect_referral(request).await.map_err(|s| told(&s))?;
    Ok(())
}

async fn claim(team: &Player, queue: &str) -> anyhow::Result<referral::ClaimedReferral> {
    let request = referral::ClaimReferralsRequest {
        request_id: request_id(),
        actor: Some(team.actor.clone()),
        queue_id: queue.to_owned(),
        max: 1,
        lease_seconds: 30 * 60,
        ..Default::default()
    };
    let reply = team.server.queues().claim_referrals(request).await.map_err(|s| told(&s))?;
    reply.into_inner().items.into_iter().next().context("something waits in the queue")
}

/// One child all the way: claimed, screened, treated, screened again, closed.
async fn through_care(team: &Player, queue: &str, today: Date) -> anyhow::Result<()> {
    let claimed = claim(team, queue).await?;
    let referral_id = claimed.referral.context("the form comes with the claim")?.referral_id;
    let actor = Some(team.actor.clone());
    let mut queues = team.server.queues();
    let request = referral::RecordScreeningRequest {
        request_id: request_id(),
        actor: actor.clone(),
        referral_id: referral_id.clone(),
        lease_token: Some(claimed.lease_token),
        screening: Some(screening(today, Rag::Amber)),
        ..Default::default()
    };
    queues.record_screening(request).await.map_err(|s| told(&s))?;
    let request = referral::RecordInterventionRequest {
        request_id: request_id(),
        actor: actor.clone(),
        referral_id: referral_id.clone(),
        occurred_on: Some(date(today)),
        intervention: "small group, twice a week, with the class teaching assistant (sample)"
            .to_owned(),
        ..Default::default()
    };
    queues.record_intervention(request).await.map_err(|s| told(&s))?;
    let request = referral::RecordRescreenRequest {
        request_id: request_id(),
        actor: actor.clone(),
        referral_id: referral_id.clone(),
        screening: Some(screening(today, Rag::Green)),
        ..Default::default()
    };
    queues.record_rescreen(request).await.map_err(|s| told(&s))?;
    let request = referral::CloseReferralRequest {
        request_id: request_id(),
        actor,
        referral_id,
        outcome: referral::ReferralOutcome::MetAfterIntervention.into(),
        ..Default::default()
    };
    queues.close_referral(request).await.map_err(|s| told(&s))?;
    Ok(())
}

fn screening(today: Date, rag: Rag) -> referral::Screening {
    referral::Screening {
        tool: referral::ScreeningTool::WellcommPrimary.into(),
        rag: rag.into(),
        language_of_assessment: "English".to_owned(),
        screened_by_role: "therapy support worker".to_owned(),
        date: Some(date(today)),
        ..Default::default()
    }
}
