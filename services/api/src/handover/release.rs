//! Check, preview, release and withdraw: the sender's last look, and the moment from which the receiver
//! has access.

use futures::FutureExt;
use onward_contract::handover::v1 as wire;
use onward_domain::codes::handover::HandoverWithdraw;
use onward_domain::decider::Refusal;
use onward_domain::handover::{
    Check, Handover as Concept, HandoverDrafted, HandoverFold, HandoverState, Pack, Receiver,
    Release, Withdraw,
};
use onward_domain::learner::Learner;
use onward_log::{Key, Relation, Unit};
use tonic::Request;

use super::draft::refer;
use super::record::{filled, load, released_at};
use super::{AREA, Told, Written, learner_of};
use crate::call::{attempt, receipt};
use crate::status::Failure;
use crate::wire::{code, handover as shape};
use crate::{Doors, keys, wire as parse};

/// Tells what a draft lacks.
pub(super) async fn check(
    doors: &Doors,
    request: Request<wire::CheckHandoverRequest>,
) -> Result<wire::CheckHandoverResponse, Failure> {
    let method = "/onward.handover.v1.HandoverService/CheckHandover";
    let entered = doors.open(method, request).await?;
    let id = doors.sent(&entered.caller, &entered.message.handover_id).await?;
    let position = doors.head_from(&entered.message.min_position).await?;
    let told = doors.handover(id).await?;
    let (pack, receiver) = as_released_now(doors, &told).await?;
    let found = with(&told.state, pack, told.state.state).check(receiver)?;
    Ok(wire::CheckHandoverResponse {
        position: position.to_string(),
        ready: found.is_ready(),
        missing: shape::missing(&found),
        sections_without_ground: found
            .sections_without_ground
            .iter()
            .map(|code| shape::section_code(code))
            .collect(),
        pack_without_ground: found.pack_without_ground,
        warnings: shape::warnings(&found),
    })
}

/// Answers the pack exactly as the receiver would get it now.
pub(super) async fn preview(
    doors: &Doors,
    request: Request<wire::PreviewHandoverRequest>,
) -> Result<wire::PreviewHandoverResponse, Failure> {
    let method = "/onward.handover.v1.HandoverService/PreviewHandover";
    let entered = doors.open(method, request).await?;
    let caller = &entered.caller;
    let id = doors.sent(caller, &entered.message.handover_id).await?;
    let position = doors.head_from(&entered.message.min_position).await?;
    let told = doors.handover(id).await?;
    let learner = learner_of(&told)?;
    let (pack, _) = as_released_now(doors, &told).await?;
    doors.write_down(caller, [learner]).await?;
    let history = if pack.include_history {
        let up_to = released_at(&told).unwrap_or(position);
        doors.history_shared(caller, learner, up_to).await?
    } else {
        Vec::new()
    };
    Ok(wire::PreviewHandoverResponse {
        position: position.to_string(),
        pack: Some(shape::shown_pack(&pack)),
        history,
    })
}

/// Checks and releases a draft: from this append on the receiver may see it.
pub(super) async fn release(
    doors: &Doors,
    request: Request<wire::ReleaseHandoverRequest>,
) -> Written<wire::ReleaseHandoverResponse> {
    let method = "/onward.handover.v1.HandoverService/ReleaseHandover";
    let entered = doors.open(method, request).await?;
    let (caller, message) = (&entered.caller, &entered.message);
    let id = doors.sent(caller, &message.handover_id).await?;
    parse::required_actor(message.actor.as_ref())?;
    let told = doors.handover(id).await?;
    let drafted = told.state.drafted.as_ref().ok_or(Refusal::NotFound)?.fact.clone();
    let receiver = doors.receiver(drafted.receiver, drafted.transition).await?;
    let (now, expected) = (caller.now, message.expected_version);
    let reference = entered.reference(AREA);
    let attempt = attempt(move |unit| {
        let (drafted, reference) = (drafted.clone(), reference.clone());
        async move {
            unit.expect(id.uuid(), expected);
            let mut handover = unit.load::<Concept>(id.uuid()).await?;
            let record = load(unit, drafted.learner).await?;
            let held = handover.state.pack.as_ref().map(|pack| pack.fact.clone());
            let pack = held.map(|pack| filled(pack, &record));
            unit.decide(&mut handover, Release { receiver, pack, now }.into())?;
            open_to_receiver(unit, &drafted);
            refer(unit, reference, id.uuid());
            Ok(())
        }
        .boxed()
    });
    let executed = doors.write(&entered, attempt).await?;
    // What was released never changes, so that a repeated request gets the same again.
    let state = doors.handover(id).await?.state;
    let pack = state.pack.as_ref().map(|pack| pack.fact.clone()).unwrap_or_default();
    let found = released_check(&state, receiver)?;
    let response = wire::ReleaseHandoverResponse {
        receipt: Some(receipt(&executed.receipt)),
        pack_sha256: shape::sha256(&pack),
        warnings: shape::warnings(&found),
    };
    Ok((executed, response))
}

/// Takes a handover back before it is answered.
pub(super) async fn withdraw(
    doors: &Doors,
    request: Request<wire::WithdrawHandoverRequest>,
) -> Written<wire::WithdrawHandoverResponse> {
    let method = "/onward.handover.v1.HandoverService/WithdrawHandover";
    let entered = doors.open(method, request).await?;
    let message = &entered.message;
    let id = doors.sent(&entered.caller, &message.handover_id).await?;
    parse::required_actor(message.actor.as_ref())?;
    let reason =
        code::parse::<wire::HandoverWithdrawReason, HandoverWithdraw>("reason", message.reason)?;
    let (reference, expected) = (entered.reference(AREA), message.expected_version);
    let attempt = attempt(move |unit| {
        let reference = reference.clone();
        async move {
            unit.expect(id.uuid(), expected);
            let mut handover = unit.load::<Concept>(id.uuid()).await?;
            unit.decide(&mut handover, Withdraw { reason }.into())?;
            if let Some(drafted) = &handover.state.drafted {
                close_to_receiver(unit, &drafted.fact);
            }
            refer(unit, reference, id.uuid());
            Ok(())
        }
        .boxed()
    });
    let executed = doors.write(&entered, attempt).await?;
    let response = wire::WithdrawHandoverResponse { receipt: Some(receipt(&executed.receipt)) };
    Ok((executed, response))
}

/// Destination access starts with the release: to the handover, and to the move that it is for.
fn open_to_receiver(unit: &mut Unit, drafted: &HandoverDrafted) {
    let (id, receiver) = (drafted.handover.uuid(), drafted.receiver);
    unit.claim(Key::party(id, receiver, Relation::Receiver), id, (None, None));
    if let Some(transition) = drafted.transition {
        let party = Key::party(transition.uuid(), receiver, Relation::Receiver);
        // Held by this handover, so that it goes with it and with no other.
        unit.claim(party, id, (None, None));
    }
}

/// A handover that was taken back or declined is not live, and its move is the receiver's no more. That
/// there was one stays known to the receiver.
pub(super) fn close_to_receiver(unit: &mut Unit, drafted: &HandoverDrafted) {
    let (id, receiver) = (drafted.handover.uuid(), drafted.receiver);
    unit.release(keys::live_handover(drafted.learner, receiver), id);
    if let Some(transition) = drafted.transition {
        unit.release(Key::party(transition.uuid(), receiver, Relation::Receiver), id);
    }
}

/// The pack as a release now would send it; once released, as it was.
async fn as_released_now(doors: &Doors, told: &Told) -> Result<(Pack, Receiver), Failure> {
    let drafted = &told.state.drafted.as_ref().ok_or(Refusal::NotFound)?.fact;
    let receiver = doors.receiver(drafted.receiver, drafted.transition).await?;
    let pack = told.state.pack.as_ref().ok_or(Refusal::NotFound)?.fact.clone();
    if told.state.state != Some(HandoverState::Drafted) {
        return Ok((pack, receiver));
    }
    let record = doors.history::<Learner>(drafted.learner.uuid()).await?;
    Ok((filled(pack, &record.state), receiver))
}

fn released_check(state: &HandoverFold, receiver: Receiver) -> Result<Check, Refusal> {
    let pack = state.pack.as_ref().map(|pack| pack.fact.clone()).unwrap_or_default();
    with(state, pack, Some(HandoverState::Drafted)).check(receiver)
}

/// The same handover with this pack, in this state.
fn with(state: &HandoverFold, pack: Pack, stands: Option<HandoverState>) -> HandoverFold {
    let mut state = state.clone();
    if let Some(held) = &mut state.pack {
        held.fact = pack;
    }
    state.state = stands;
    state
}
