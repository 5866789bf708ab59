//! The receiving side: an inbox, and what is done with what is in it.

use onward_contract::google::r#type::Date;
use onward_contract::handover::v1 as handover;
use onward_contract::transition::v1 as transition;

use super::{Answer, Member, Provider, report_arrival};
use crate::builders::{actor, date, request_id};

/// Who answers for what a provider does.
const NAME: &str = "Tom Okafor";

impl Provider {
    /// What was received, newest release first. Looking is a delivery.
    pub async fn inbox(&self, min_position: &str) -> Answer<Vec<handover::Handover>> {
        let request = handover::ListReceivedRequest {
            min_position: self.reach(min_position).await?,
            ..Default::default()
        };
        Ok(self.handovers().list_received(request).await?.into_inner().handovers)
    }

    /// One handover, without its pack.
    pub async fn handover(&self, id: &str, min_position: &str) -> Answer<handover::Handover> {
        let request = handover::GetHandoverRequest {
            min_position: self.reach(min_position).await?,
            handover_id: id.to_owned(),
        };
        let reply = self.handovers().get_handover(request).await?.into_inner();
        Ok(reply.handover.unwrap_or_default())
    }

    /// Opens a handover and reads its pack.
    pub async fn open(&self, id: &str) -> Answer<handover::OpenHandoverResponse> {
        let request = handover::OpenHandoverRequest {
            request_id: request_id(),
            actor: actor(NAME),
            handover_id: id.to_owned(),
            ..Default::default()
        };
        Ok(self.handovers().open_handover(request).await?.into_inner())
    }

    /// Accepts a handover; a record of the learner is made from its pack, unless one is named.
    pub async fn accept(
        &self,
        id: &str,
        learner: Option<&str>,
    ) -> Answer<handover::AcceptHandoverResponse> {
        let request = handover::AcceptHandoverRequest {
            request_id: request_id(),
            actor: actor(NAME),
            handover_id: id.to_owned(),
            learner_id: learner.map(str::to_owned),
            ..Default::default()
        };
        Ok(self.handovers().accept_handover(request).await?.into_inner())
    }

    /// Declines a handover.
    pub async fn decline(
        &self,
        id: &str,
        reason: handover::HandoverDeclineReason,
    ) -> Answer<handover::DeclineHandoverResponse> {
        let request = handover::DeclineHandoverRequest {
            request_id: request_id(),
            actor: actor(NAME),
            handover_id: id.to_owned(),
            reason: reason.into(),
            note: "We do not expect this learner".to_owned(),
            ..Default::default()
        };
        Ok(self.handovers().decline_handover(request).await?.into_inner())
    }

    /// Answers agreed items.
    pub async fn confirm_support(
        &self,
        id: &str,
        answers: Vec<handover::ItemAnswer>,
    ) -> Answer<handover::ConfirmSupportResponse> {
        let request = handover::ConfirmSupportRequest {
            request_id: request_id(),
            actor: actor(NAME),
            handover_id: id.to_owned(),
            answers,
            ..Default::default()
        };
        Ok(self.handovers().confirm_support(request).await?.into_inner())
    }

    /// Reports that the learner has arrived.
    pub async fn report_arrival(
        &self,
        transition: &str,
        on: Date,
    ) -> Answer<transition::RecordArrivalResponse> {
        report_arrival(self, transition, on).await
    }

    /// Reports that the learner was expected and did not come.
    pub async fn report_non_arrival(
        &self,
        transition: &str,
        on: Date,
    ) -> Answer<transition::RecordNonArrivalResponse> {
        let request = transition::RecordNonArrivalRequest {
            request_id: request_id(),
            transition_id: transition.to_owned(),
            occurred_on: Some(on),
            ..Default::default()
        };
        Ok(self.transitions().record_non_arrival(request).await?.into_inner())
    }

    /// Records a step of a Disabled Students' Allowance case that needs no reason.
    pub async fn dsa_step(
        &self,
        case: &str,
        step: transition::DsaStep,
    ) -> Answer<transition::RecordStepResponse> {
        dsa_step(self, case, step).await
    }
}

pub(super) async fn dsa_step(
    who: &Member,
    case: &str,
    step: transition::DsaStep,
) -> Answer<transition::RecordStepResponse> {
    let request = transition::RecordStepRequest {
        request_id: request_id(),
        occurred_on: Some(date(2026, 10, 1)),
        case_id: case.to_owned(),
        step: step.into(),
        ..Default::default()
    };
    Ok(who.dsa().record_step(request).await?.into_inner())
}
