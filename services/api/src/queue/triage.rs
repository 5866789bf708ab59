//! Triage: read the form, ask the referrer for more, accept or reject.

use futures::FutureExt;
use jiff::SignedDuration;
use onward_contract::referral::v1 as wire;
use onward_domain::codes::referral::{Priority, RejectionReason};
use onward_domain::ids::ReferralId;
use onward_domain::referral::{
    Accept, Bucket, OpenForTriage, Referral as Concept, Reject, RequestInformation,
};
use onward_log::{Ready, Stop, Unit};
use tonic::Request;

use crate::Doors;
use crate::call::{attempt, moment, receipt};
use crate::referral::{AREA, View, Written};
use crate::wire as parse;
use crate::wire::{code, referral as shape};

/// How long a reader of triage may have the form open.
const READING: SignedDuration = SignedDuration::from_mins(15);

/// Shows a whole submitted form to a member of triage; audited.
pub(super) async fn open(
    doors: &Doors,
    request: Request<wire::OpenForTriageRequest>,
) -> Written<wire::OpenForTriageResponse> {
    let method = "/onward.referral.v1.QueueService/OpenForTriage";
    let entered = doors.open(method, request).await?;
    let caller = &entered.caller;
    let id = doors.queued(caller, &entered.message.referral_id).await?;
    let command = OpenForTriage { member: caller.member };
    let executed = doors.step::<Concept, _>(&entered, AREA, id.uuid(), command).await?;
    let told = doors.referral(id).await?;
    // Once triage is over, repeating the request gives its receipt again, but not the form.
    let reading = told.state.state.is_some_and(|state| state.bucket() == Bucket::Triage);
    doors.write_down(caller, [told.submitted()?.learner]).await?;
    let view = View::Team { form: reading };
    let today = caller.now.today;
    let referral = doors.shown_referral(caller.organisation(), &told, view, today).await?;
    let response = wire::OpenForTriageResponse {
        receipt: Some(receipt(&executed.receipt)),
        referral: Some(referral),
        lease_expires_at: reading.then(|| moment(caller.now.at + READING)),
    };
    Ok((executed, response))
}

/// Asks the referrer for more.
pub(super) async fn ask(
    doors: &Doors,
    request: Request<wire::RequestInformationRequest>,
) -> Written<wire::RequestInformationResponse> {
    let method = "/onward.referral.v1.QueueService/RequestInformation";
    let entered = doors.open(method, request).await?;
    let message = &entered.message;
    let id = doors.queued(&entered.caller, &message.referral_id).await?;
    let command = RequestInformation { question: message.question.trim().to_owned() };
    let executed = doors.step::<Concept, _>(&entered, AREA, id.uuid(), command).await?;
    let response = wire::RequestInformationResponse { receipt: Some(receipt(&executed.receipt)) };
    Ok((executed, response))
}

/// Rejects a referral, with a reason.
pub(super) async fn reject(
    doors: &Doors,
    request: Request<wire::RejectReferralRequest>,
) -> Written<wire::RejectReferralResponse> {
    let method = "/onward.referral.v1.QueueService/RejectReferral";
    let entered = doors.open(method, request).await?;
    let message = &entered.message;
    let id = doors.queued(&entered.caller, &message.referral_id).await?;
    let reason =
        code::parse::<wire::ReferralRejectReason, RejectionReason>("reason", message.reason)?;
    let command = Reject { reason, note: parse::text(&message.note) };
    let executed = doors.step::<Concept, _>(&entered, AREA, id.uuid(), command).await?;
    let response = wire::RejectReferralResponse { receipt: Some(receipt(&executed.receipt)) };
    Ok((executed, response))
}

/// Accepts a referral: from this append on it can be claimed.
pub(super) async fn accept(
    doors: &Doors,
    request: Request<wire::AcceptReferralRequest>,
) -> Written<wire::AcceptReferralResponse> {
    let method = "/onward.referral.v1.QueueService/AcceptReferral";
    let entered = doors.open(method, request).await?;
    let message = &entered.message;
    let id = doors.queued(&entered.caller, &message.referral_id).await?;
    let priority = shape::priority("priority", message.priority)?;
    let (reference, expected) = (entered.reference(AREA), message.expected_version);
    let attempt = attempt(move |unit| {
        let reference = reference.clone();
        async move {
            unit.expect(id.uuid(), expected);
            accepting(unit, id, priority).await?;
            if let Some(reference) = reference {
                unit.claim(reference, id.uuid(), (None, None));
            }
            Ok(())
        }
        .boxed()
    });
    let executed = doors.write(&entered, attempt).await?;
    let response = wire::AcceptReferralResponse { receipt: Some(receipt(&executed.receipt)) };
    Ok((executed, response))
}

async fn accepting(
    unit: &mut Unit,
    id: ReferralId,
    priority: Option<Priority>,
) -> Result<(), Stop> {
    let mut referral = unit.load::<Concept>(id.uuid()).await?;
    if unit.decide(&mut referral, Accept { priority }.into())?.is_some() {
        return Ok(());
    }
    if let (Some(submitted), Some(accepted)) = (&referral.state.submitted, &referral.state.accepted)
    {
        unit.ready(Ready {
            referral: id,
            queue: accepted.fact.queue,
            learner: accepted.fact.learner,
            setting: submitted.fact.setting,
            order_day: accepted.fact.order_day,
            priority: accepted.fact.priority,
        });
    }
    Ok(())
}
