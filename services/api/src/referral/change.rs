//! Answer the team's question, and take a referral back.

use futures::FutureExt;
use onward_contract::referral::v1 as wire;
use onward_domain::decider::Refusal;
use onward_domain::learner::Learner;
use onward_domain::referral::{ProvideInformation, Referral as Concept, Withdraw};
use tonic::Request;

use super::submit::{child, refer};
use super::{AREA, Written};
use crate::Doors;
use crate::call::{attempt, receipt};
use crate::wire::referral::form;

/// Answers a question of triage and submits again.
pub(super) async fn inform(
    doors: &Doors,
    request: Request<wire::ProvideInformationRequest>,
) -> Written<wire::ProvideInformationResponse> {
    let method = "/onward.referral.v1.ReferralService/ProvideInformation";
    let entered = doors.open(method, request).await?;
    let (caller, message) = (&entered.caller, &entered.message);
    let id = doors.referred(caller, &message.referral_id).await?;
    let (answer, said) = (message.answer.trim().to_owned(), message.form.clone());
    let (reference, expected) = (entered.reference(AREA), message.expected_version);
    let now = caller.now;
    let attempt = attempt(move |unit| {
        let (answer, said) = (answer.clone(), said.clone());
        let reference = reference.clone();
        async move {
            unit.expect(id.uuid(), expected);
            let mut referral = unit.load::<Concept>(id.uuid()).await?;
            let submitted = referral.state.submitted.as_ref().ok_or(Refusal::NotFound)?;
            let form = match said {
                Some(said) => {
                    let learner = submitted.fact.learner.uuid();
                    let record = unit.load::<Learner>(learner).await?;
                    Some(form(&said, child(&record.state)?, now)?)
                }
                None => None,
            };
            let command = ProvideInformation { answer, form, now };
            unit.decide(&mut referral, command.into())?;
            refer(unit, reference, id.uuid());
            Ok(())
        }
        .boxed()
    });
    let executed = doors.write(&entered, attempt).await?;
    let response = wire::ProvideInformationResponse { receipt: Some(receipt(&executed.receipt)) };
    Ok((executed, response))
}

/// Withdraws an open referral, whoever holds it.
pub(super) async fn withdraw(
    doors: &Doors,
    request: Request<wire::WithdrawReferralRequest>,
) -> Written<wire::WithdrawReferralResponse> {
    let method = "/onward.referral.v1.ReferralService/WithdrawReferral";
    let entered = doors.open(method, request).await?;
    let message = &entered.message;
    let id = doors.referred(&entered.caller, &message.referral_id).await?;
    let withdraw = Withdraw { reason: message.reason.trim().to_owned() };
    let (reference, expected) = (entered.reference(AREA), message.expected_version);
    let attempt = attempt(move |unit| {
        let (withdraw, reference) = (withdraw.clone(), reference.clone());
        async move {
            unit.expect(id.uuid(), expected);
            let mut referral = unit.load::<Concept>(id.uuid()).await?;
            if unit.decide(&mut referral, withdraw.into())?.is_none() {
                unit.unready(id);
            }
            refer(unit, reference, id.uuid());
            Ok(())
        }
        .boxed()
    });
    let executed = doors.write(&entered, attempt).await?;
    let response = wire::WithdrawReferralResponse { receipt: Some(receipt(&executed.receipt)) };
    Ok((executed, response))
}
