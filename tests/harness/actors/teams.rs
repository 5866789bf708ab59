//! The team's side of a queue: triage, claim, screen, treat, close.

use onward_contract::referral::v1 as wire;

use super::{Answer, PathfinderMember};
use crate::builders::{date, request_id, screening};

impl PathfinderMember {
    /// A queue, from a position on: every state that is not final.
    pub async fn queue(&self, queue: &str, min_position: &str) -> Answer<wire::GetQueueResponse> {
        let request = wire::GetQueueRequest {
            min_position: self.reach(min_position).await?,
            queue_id: queue.to_owned(),
            ..Default::default()
        };
        Ok(self.queues().get_queue(request).await?.into_inner())
    }

    /// Reads a form for triage.
    pub async fn read_form(&self, referral: &str) -> Answer<wire::OpenForTriageResponse> {
        let request = wire::OpenForTriageRequest {
            request_id: request_id(),
            referral_id: referral.to_owned(),
            ..Default::default()
        };
        Ok(self.queues().open_for_triage(request).await?.into_inner())
    }

    /// Asks the referrer for more.
    pub async fn ask(
        &self,
        referral: &str,
        question: &str,
    ) -> Answer<wire::RequestInformationResponse> {
        let request = wire::RequestInformationRequest {
            request_id: request_id(),
            referral_id: referral.to_owned(),
            question: question.to_owned(),
            ..Default::default()
        };
        Ok(self.queues().request_information(request).await?.into_inner())
    }

    /// Accepts a referral at a priority.
    pub async fn take_in(
        &self,
        referral: &str,
        priority: wire::Priority,
    ) -> Answer<wire::AcceptReferralResponse> {
        let request = wire::AcceptReferralRequest {
            request_id: request_id(),
            referral_id: referral.to_owned(),
            priority: priority.into(),
            ..Default::default()
        };
        Ok(self.queues().accept_referral(request).await?.into_inner())
    }

    /// Rejects a referral.
    pub async fn reject(
        &self,
        referral: &str,
        reason: wire::ReferralRejectReason,
    ) -> Answer<wire::RejectReferralResponse> {
        let request = wire::RejectReferralRequest {
            request_id: request_id(),
            referral_id: referral.to_owned(),
            reason: reason.into(),
            ..Default::default()
        };
        Ok(self.queues().reject_referral(request).await?.into_inner())
    }

    /// Passes a referral on to another service.
    pub async fn redirect(
        &self,
        referral: &str,
        target: wire::RedirectTarget,
    ) -> Answer<wire::RedirectReferralResponse> {
        let request = wire::RedirectReferralRequest {
            request_id: request_id(),
            referral_id: referral.to_owned(),
            target: target.into(),
            ..Default::default()
        };
        Ok(self.queues().redirect_referral(request).await?.into_inner())
    }

    /// Takes the next referrals, for the usual half hour.
    pub async fn claim(&self, queue: &str, max: u32) -> Answer<wire::ClaimReferralsResponse> {
        let request = wire::ClaimReferralsRequest {
            request_id: request_id(),
            queue_id: queue.to_owned(),
            max,
            ..Default::default()
        };
        Ok(self.queues().claim_referrals(request).await?.into_inner())
    }

    /// Gives a referral back.
    pub async fn give_back(
        &self,
        referral: &str,
        lease: &str,
    ) -> Answer<wire::ReleaseClaimResponse> {
        let request = wire::ReleaseClaimRequest {
            request_id: request_id(),
            referral_id: referral.to_owned(),
            lease_token: lease.to_owned(),
            ..Default::default()
        };
        Ok(self.queues().release_claim(request).await?.into_inner())
    }

    /// Makes a lease last so many seconds from now.
    pub async fn extend(
        &self,
        referral: &str,
        lease: &str,
        seconds: u32,
    ) -> Answer<wire::ExtendClaimResponse> {
        let request = wire::ExtendClaimRequest {
            request_id: request_id(),
            referral_id: referral.to_owned(),
            lease_token: lease.to_owned(),
            lease_seconds: seconds,
            ..Default::default()
        };
        Ok(self.queues().extend_claim(request).await?.into_inner())
    }

    /// Records the first screening.
    pub async fn screen(
        &self,
        referral: &str,
        lease: Option<&str>,
        rag: wire::Rag,
    ) -> Answer<wire::RecordScreeningResponse> {
        let request = wire::RecordScreeningRequest {
            request_id: request_id(),
            referral_id: referral.to_owned(),
            lease_token: lease.map(str::to_owned),
            screening: Some(screening(rag)),
            ..Default::default()
        };
        Ok(self.queues().record_screening(request).await?.into_inner())
    }

    /// Records that an intervention began on 19 October 2026.
    pub async fn treat(&self, referral: &str) -> Answer<wire::RecordInterventionResponse> {
        let request = wire::RecordInterventionRequest {
            request_id: request_id(),
            occurred_on: Some(date(2026, 10, 19)),
            referral_id: referral.to_owned(),
            intervention: "Small group, twice a week".to_owned(),
            ..Default::default()
        };
        Ok(self.queues().record_intervention(request).await?.into_inner())
    }

    /// Records the screening at the end of a block, on 20 November 2026.
    pub async fn rescreen(
        &self,
        referral: &str,
        rag: wire::Rag,
    ) -> Answer<wire::RecordRescreenResponse> {
        let again = wire::Screening { date: Some(date(2026, 11, 20)), ..screening(rag) };
        let request = wire::RecordRescreenRequest {
            request_id: request_id(),
            referral_id: referral.to_owned(),
            screening: Some(again),
            ..Default::default()
        };
        Ok(self.queues().record_rescreen(request).await?.into_inner())
    }

    /// Closes a referral.
    pub async fn close(
        &self,
        referral: &str,
        outcome: wire::ReferralOutcome,
    ) -> Answer<wire::CloseReferralResponse> {
        let request = wire::CloseReferralRequest {
            request_id: request_id(),
            referral_id: referral.to_owned(),
            outcome: outcome.into(),
            ..Default::default()
        };
        Ok(self.queues().close_referral(request).await?.into_inner())
    }

    /// What the member holds.
    pub async fn claims(&self, queue: &str, min_position: &str) -> Answer<Vec<wire::Claim>> {
        let request = wire::ListClaimsRequest {
            min_position: self.reach(min_position).await?,
            queue_id: queue.to_owned(),
            ..Default::default()
        };
        Ok(self.queues().list_claims(request).await?.into_inner().claims)
    }
}
