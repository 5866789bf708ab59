//! The sending side: registers, records moves, hands over, refers.

use onward_contract::handover::v1 as handover;
use onward_contract::learner::v1 as learner;
use onward_contract::referral::v1 as referral;
use onward_contract::transition::v1 as transition;

use super::{Answer, Senco};
use crate::builders::{Child, actor, confirm, request_id};

/// Who answers for what a SENCO does.
const NAME: &str = "Priya Raman";

impl Senco {
    /// Makes a record of a child.
    pub async fn register(&self, child: &Child) -> Answer<learner::RegisterLearnerResponse> {
        Ok(self.learners().register_learner(child.register()).await?.into_inner())
    }

    /// One of the own records, in full.
    pub async fn learner(&self, id: &str) -> Answer<learner::Learner> {
        let request =
            learner::GetLearnerRequest { learner_id: id.to_owned(), ..Default::default() };
        let reply = self.learners().get_learner(request).await?.into_inner();
        Ok(reply.learner.unwrap_or_default())
    }

    /// Records a planned move.
    pub async fn record(
        &self,
        request: transition::RecordTransitionRequest,
    ) -> Answer<transition::RecordTransitionResponse> {
        Ok(self.transitions().record_transition(request).await?.into_inner())
    }

    /// Confirms a move, where no other one is planned.
    pub async fn confirm(&self, id: &str) -> Answer<transition::ConfirmTransitionResponse> {
        let request = confirm(id, Vec::new());
        Ok(self.transitions().confirm_transition(request).await?.into_inner())
    }

    /// Calls a move off.
    pub async fn cancel(
        &self,
        id: &str,
        reason: transition::TransitionCancelReason,
    ) -> Answer<transition::CancelTransitionResponse> {
        let request = transition::CancelTransitionRequest {
            request_id: request_id(),
            transition_id: id.to_owned(),
            reason: reason.into(),
            ..Default::default()
        };
        Ok(self.transitions().cancel_transition(request).await?.into_inner())
    }

    /// Drafts a handover.
    pub async fn draft(
        &self,
        learner: &str,
        draft: handover::HandoverDraft,
    ) -> Answer<handover::CreateHandoverResponse> {
        let request = handover::CreateHandoverRequest {
            request_id: request_id(),
            learner_id: learner.to_owned(),
            draft: Some(draft),
            ..Default::default()
        };
        Ok(self.handovers().create_handover(request).await?.into_inner())
    }

    /// Says anew what a draft says.
    pub async fn edit(
        &self,
        id: &str,
        draft: handover::HandoverDraft,
    ) -> Answer<handover::EditHandoverResponse> {
        let request = handover::EditHandoverRequest {
            request_id: request_id(),
            handover_id: id.to_owned(),
            draft: Some(draft),
            ..Default::default()
        };
        Ok(self.handovers().edit_handover(request).await?.into_inner())
    }

    /// Asks what a draft lacks.
    pub async fn check(&self, id: &str) -> Answer<handover::CheckHandoverResponse> {
        let request =
            handover::CheckHandoverRequest { handover_id: id.to_owned(), ..Default::default() };
        Ok(self.handovers().check_handover(request).await?.into_inner())
    }

    /// Looks at a pack as the receiver would get it.
    pub async fn preview(&self, id: &str) -> Answer<handover::PreviewHandoverResponse> {
        let request =
            handover::PreviewHandoverRequest { handover_id: id.to_owned(), ..Default::default() };
        Ok(self.handovers().preview_handover(request).await?.into_inner())
    }

    /// Releases a draft.
    pub async fn release(&self, id: &str) -> Answer<handover::ReleaseHandoverResponse> {
        let request = handover::ReleaseHandoverRequest {
            request_id: request_id(),
            actor: actor(NAME),
            handover_id: id.to_owned(),
            ..Default::default()
        };
        Ok(self.handovers().release_handover(request).await?.into_inner())
    }

    /// Takes a handover back.
    pub async fn withdraw(
        &self,
        id: &str,
        reason: handover::HandoverWithdrawReason,
    ) -> Answer<handover::WithdrawHandoverResponse> {
        let request = handover::WithdrawHandoverRequest {
            request_id: request_id(),
            actor: actor(NAME),
            handover_id: id.to_owned(),
            reason: reason.into(),
            ..Default::default()
        };
        Ok(self.handovers().withdraw_handover(request).await?.into_inner())
    }

    /// What was sent, newest change first.
    pub async fn sent(&self, min_position: &str) -> Answer<Vec<handover::Handover>> {
        let request = handover::ListSentRequest {
            min_position: self.reach(min_position).await?,
            ..Default::default()
        };
        Ok(self.handovers().list_sent(request).await?.into_inner().handovers)
    }

    /// What became of one handover.
    pub async fn handover(&self, id: &str, min_position: &str) -> Answer<handover::Handover> {
        let request = handover::GetHandoverRequest {
            min_position: self.reach(min_position).await?,
            handover_id: id.to_owned(),
        };
        let reply = self.handovers().get_handover(request).await?.into_inner();
        Ok(reply.handover.unwrap_or_default())
    }

    /// Refers a child.
    pub async fn refer(
        &self,
        request: referral::SubmitReferralRequest,
    ) -> Answer<referral::SubmitReferralResponse> {
        Ok(self.referrals().submit_referral(request).await?.into_inner())
    }

    /// Answers a question of triage.
    pub async fn answer(
        &self,
        id: &str,
        answer: &str,
        form: Option<referral::ReferralForm>,
    ) -> Answer<referral::ProvideInformationResponse> {
        let request = referral::ProvideInformationRequest {
            request_id: request_id(),
            referral_id: id.to_owned(),
            answer: answer.to_owned(),
            form,
            ..Default::default()
        };
        Ok(self.referrals().provide_information(request).await?.into_inner())
    }

    /// What became of one referral.
    pub async fn referral(&self, id: &str, min_position: &str) -> Answer<referral::Referral> {
        let request = referral::GetReferralRequest {
            min_position: self.reach(min_position).await?,
            referral_id: id.to_owned(),
        };
        let reply = self.referrals().get_referral(request).await?.into_inner();
        Ok(reply.referral.unwrap_or_default())
    }

    /// Records a step of a Disabled Students' Allowance case that needs no reason.
    pub async fn dsa_step(
        &self,
        case: &str,
        step: transition::DsaStep,
    ) -> Answer<transition::RecordStepResponse> {
        super::providers::dsa_step(self, case, step).await
    }
}
