//! The holder's and the keeper's steps: screen, treat, screen again, close; and passing a referral on.
//! Whoever presents a lease token that is not (or no longer) the current one changes nothing.

use futures::FutureExt;
use onward_contract::reason;
use onward_contract::referral::v1 as wire;
use onward_domain::codes::referral::{RedirectTarget, ReferralOutcome};
use onward_domain::decider::Refusal;
use onward_domain::ids::ReferralId;
use onward_domain::referral::{
    Close, Command, RecordScreening, Redirect, Referral as Concept, ReferralState, Rescreen,
    StartIntervention,
};
use onward_log::{Executed, Key, Stop, Unit};
use tonic::Request;

use super::team;
use crate::Doors;
use crate::call::{Entered, attempt, receipt};
use crate::referral::{AREA, Written};
use crate::status::Failure;
use crate::wire as parse;
use crate::wire::request::Writes;
use crate::wire::{code, referral as shape};

/// Records a screening: it ends the lease and names the keeper.
pub(super) async fn screen(
    doors: &Doors,
    request: Request<wire::RecordScreeningRequest>,
) -> Written<wire::RecordScreeningResponse> {
    let method = "/onward.referral.v1.QueueService/RecordScreening";
    let entered = doors.open(method, request).await?;
    let (caller, message) = (&entered.caller, &entered.message);
    let id = doors.queued(caller, &message.referral_id).await?;
    let born = born(doors, id).await?;
    let screening = shape::screening(message.screening.as_ref(), born)?;
    let command = RecordScreening { by: team(caller), keeper: None, screening, now: caller.now };
    let step = Step { leaves: true, ..Step::new(id, command, message.lease_token.as_deref()) };
    let executed = take(doors, &entered, step).await?;
    let response = wire::RecordScreeningResponse { receipt: Some(receipt(&executed.receipt)) };
    Ok((executed, response))
}

/// Records that an intervention has started.
pub(super) async fn treat(
    doors: &Doors,
    request: Request<wire::RecordInterventionRequest>,
) -> Written<wire::RecordInterventionResponse> {
    let method = "/onward.referral.v1.QueueService/RecordIntervention";
    let entered = doors.open(method, request).await?;
    let (caller, message) = (&entered.caller, &entered.message);
    let id = doors.queued(caller, &message.referral_id).await?;
    let command = StartIntervention {
        by: team(caller),
        on: message.required_day(caller.now)?,
        description: message.intervention.trim().to_owned(),
        now: caller.now,
    };
    let step = Step::new(id, command, message.lease_token.as_deref());
    let executed = take(doors, &entered, step).await?;
    let response = wire::RecordInterventionResponse { receipt: Some(receipt(&executed.receipt)) };
    Ok((executed, response))
}

/// Records the screening at the end of a block.
pub(super) async fn rescreen(
    doors: &Doors,
    request: Request<wire::RecordRescreenRequest>,
) -> Written<wire::RecordRescreenResponse> {
    let method = "/onward.referral.v1.QueueService/RecordRescreen";
    let entered = doors.open(method, request).await?;
    let (caller, message) = (&entered.caller, &entered.message);
    let id = doors.queued(caller, &message.referral_id).await?;
    let born = born(doors, id).await?;
    let screening = shape::screening(message.screening.as_ref(), born)?;
    let command = Rescreen { by: team(caller), screening, now: caller.now };
    let step = Step::new(id, command, message.lease_token.as_deref());
    let executed = take(doors, &entered, step).await?;
    let response = wire::RecordRescreenResponse { receipt: Some(receipt(&executed.receipt)) };
    Ok((executed, response))
}

/// Closes a referral with an outcome.
pub(super) async fn close(
    doors: &Doors,
    request: Request<wire::CloseReferralRequest>,
) -> Written<wire::CloseReferralResponse> {
    let method = "/onward.referral.v1.QueueService/CloseReferral";
    let entered = doors.open(method, request).await?;
    let (caller, message) = (&entered.caller, &entered.message);
    let id = doors.queued(caller, &message.referral_id).await?;
    let outcome =
        code::parse::<wire::ReferralOutcome, ReferralOutcome>("outcome", message.outcome)?;
    let note = parse::text(&message.note);
    let command = Close { by: team(caller), outcome, note, now: caller.now };
    let step = Step::new(id, command, message.lease_token.as_deref());
    let executed = take(doors, &entered, step).await?;
    let response = wire::CloseReferralResponse { receipt: Some(receipt(&executed.receipt)) };
    Ok((executed, response))
}

/// Passes an open referral on to another service.
pub(super) async fn redirect(
    doors: &Doors,
    request: Request<wire::RedirectReferralRequest>,
) -> Written<wire::RedirectReferralResponse> {
    let method = "/onward.referral.v1.QueueService/RedirectReferral";
    let entered = doors.open(method, request).await?;
    let (caller, message) = (&entered.caller, &entered.message);
    let id = doors.queued(caller, &message.referral_id).await?;
    let target = code::parse::<wire::RedirectTarget, RedirectTarget>("target", message.target)?;
    let note = parse::text(&message.note);
    let command = Redirect { target, note, by: team(caller), now: caller.now };
    let step = Step { leaves: true, ..Step::new(id, command, message.lease_token.as_deref()) };
    let executed = take(doors, &entered, step).await?;
    let response = wire::RedirectReferralResponse { receipt: Some(receipt(&executed.receipt)) };
    Ok((executed, response))
}

/// One step of the team's on one referral.
#[derive(Clone)]
struct Step {
    referral: ReferralId,
    command: Command,
    /// The token that the caller presents.
    token: Option<String>,
    /// The referral neither waits nor is held afterwards.
    leaves: bool,
    expected: Option<u64>,
    reference: Option<Key>,
}

impl Step {
    fn new(referral: ReferralId, command: impl Into<Command>, token: Option<&str>) -> Self {
        let token = token.filter(|token| !token.is_empty()).map(str::to_owned);
        let command = command.into();
        Self { referral, command, token, leaves: false, expected: None, reference: None }
    }

    async fn run(self, unit: &mut Unit) -> Result<(), Stop> {
        let id = self.referral.uuid();
        unit.expect(id, self.expected);
        let mut referral = unit.load::<Concept>(id).await?;
        let held = referral.state.state == Some(ReferralState::Claimed);
        if unit.decide(&mut referral, self.command)?.is_some() {
            return Ok(());
        }
        match (&self.token, held && self.leaves) {
            (Some(token), true) => unit.end_lease(self.referral, token),
            (Some(token), false) => unit.hold_lease(self.referral, token),
            (None, true) => return Err(without_token().into()),
            (None, false) => {}
        }
        if self.leaves {
            unit.unready(self.referral);
        }
        if let Some(reference) = self.reference {
            unit.claim(reference, id, (None, None));
        }
        Ok(())
    }
}

/// A claimed referral is its holder's, who shows the token.
fn without_token() -> Refusal {
    Refusal::Rule {
        reason: reason::LEASE_LOST,
        message: "the referral is held under a lease; present its token".to_owned(),
    }
}

async fn take<T: Writes>(
    doors: &Doors,
    entered: &Entered<T>,
    step: Step,
) -> Result<Executed, Failure> {
    let expected = entered.message.expected_version();
    let step = Step { expected, reference: entered.reference(AREA), ..step };
    let attempt = attempt(move |unit| {
        let step = step.clone();
        async move { step.run(unit).await }.boxed()
    });
    let executed = doors.write(entered, attempt).await;
    // The day of a screening has another name on the wire.
    executed
        .map_err(|failure| failure.renamed(|field| field.replace("screening.on", "screening.date")))
}

/// The child's date of birth, as the form has it.
async fn born(doors: &Doors, id: ReferralId) -> Result<Option<jiff::civil::Date>, Failure> {
    let loaded = doors.log().load::<Concept>(id.uuid()).await?;
    Ok(loaded.state.form.map(|form| form.fact.person.date_of_birth))
}
