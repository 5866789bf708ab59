//! Create and edit a draft. Nobody but the sender knows of it.

use futures::FutureExt;
use onward_contract::handover::v1 as wire;
use onward_domain::decider::Refusal;
use onward_domain::handover::{Draft, Edit, Handover as Concept, Pack, SupportItem};
use onward_domain::ids::{HandoverId, LearnerId, OrganisationId, TransitionId};
use onward_log::{Key, Relation, Unit};
use tonic::Request;
use uuid::Uuid;

use super::record::{filled, load};
use super::{AREA, Written};
use crate::call::{attempt, issued, receipt};
use crate::guard::Caller;
use crate::status::Failure;
use crate::{Doors, keys, wire as parse};

const HANDOVER_ID: &str = "handover_id";

/// Drafts a handover.
pub(super) async fn create(
    doors: &Doors,
    request: Request<wire::CreateHandoverRequest>,
) -> Written<wire::CreateHandoverResponse> {
    let method = "/onward.handover.v1.HandoverService/CreateHandover";
    let entered = doors.open(method, request).await?;
    let (caller, message) = (&entered.caller, &entered.message);
    let learner: LearnerId = parse::id("learner_id", &message.learner_id)?;
    doors.related(caller, learner.uuid(), &[Relation::Owner]).await?;
    let said = message.draft.clone().unwrap_or_default();
    let receiver = recipient(doors, caller, &said).await?;
    let transition = transition(doors, caller, learner, &said).await?;
    let draft = Draft {
        handover: HandoverId::new(Uuid::now_v7()),
        learner,
        sender: caller.organisation(),
        receiver,
        transition,
        pack: parse::handover::pack(&said, caller.now)?,
    };
    let reference = entered.reference(AREA);
    let attempt = attempt(move |unit| {
        let (draft, reference) = (draft.clone(), reference.clone());
        async move {
            let record = load(unit, draft.learner).await?;
            let id = draft.handover.uuid();
            let mut handover = unit.fresh::<Concept>(id);
            let live = keys::live_handover(draft.learner, draft.receiver);
            let party = Key::party(id, draft.sender, Relation::Owner);
            let pack = filled(draft.pack.clone(), &record);
            unit.decide(&mut handover, Draft { pack, ..draft }.into())?;
            unit.claim(live, id, (None, None));
            unit.claim(party, id, (None, None));
            refer(unit, reference, id);
            unit.issue(HANDOVER_ID, id.to_string());
            Ok(())
        }
        .boxed()
    });
    let executed = doors.write(&entered, attempt).await.map_err(of_pack)?;
    let response = wire::CreateHandoverResponse {
        receipt: Some(receipt(&executed.receipt)),
        handover_id: issued(&executed, HANDOVER_ID),
    };
    Ok((executed, response))
}

/// Replaces what a draft says.
pub(super) async fn edit(
    doors: &Doors,
    request: Request<wire::EditHandoverRequest>,
) -> Written<wire::EditHandoverResponse> {
    let method = "/onward.handover.v1.HandoverService/EditHandover";
    let entered = doors.open(method, request).await?;
    let (caller, message) = (&entered.caller, &entered.message);
    let id = doors.sent(caller, &message.handover_id).await?;
    let said = message.draft.clone().unwrap_or_default();
    let receiver = recipient(doors, caller, &said).await?;
    let pack = parse::handover::pack(&said, caller.now)?;
    let drafted = doors.handover(id).await?.state.drafted.ok_or(Refusal::NotFound)?.fact;
    let transition = transition(doors, caller, drafted.learner, &said).await?;
    unchanged(receiver == drafted.receiver, "draft.recipient_organisation_id", "receiver")?;
    unchanged(transition == drafted.transition, "draft.transition_id", "move")?;
    let lines = said.pack.iter().flat_map(|pack| &pack.support);
    let named: Vec<bool> = lines.map(|line| line.item_id.is_some()).collect();
    let (reference, expected) = (entered.reference(AREA), message.expected_version);
    let attempt = attempt(move |unit| {
        let (mut pack, reference) = (pack.clone(), reference.clone());
        let named = named.clone();
        async move {
            unit.expect(id.uuid(), expected);
            let mut handover = unit.load::<Concept>(id.uuid()).await?;
            let record = load(unit, drafted.learner).await?;
            if let Some(held) = &handover.state.pack {
                keep_items(&mut pack, &named, &held.fact);
            }
            unit.decide(&mut handover, Edit { pack: filled(pack, &record) }.into())?;
            refer(unit, reference, id.uuid());
            Ok(())
        }
        .boxed()
    });
    let executed = doors.write(&entered, attempt).await.map_err(of_pack)?;
    let response = wire::EditHandoverResponse { receipt: Some(receipt(&executed.receipt)) };
    Ok((executed, response))
}

/// The rules name the parts of a pack; in a request they lie in the draft's.
fn of_pack(failure: Failure) -> Failure {
    failure.renamed(|field| match field.split_once('.') {
        Some((part @ ("support" | "sections"), _)) => format!("draft.pack.{part}"),
        _ => field,
    })
}

/// A line that says, without its id, what a line of the draft says already is that line: sent again, a draft
/// stays as it is.
fn keep_items(pack: &mut Pack, named: &[bool], held: &Pack) {
    let mut free: Vec<&SupportItem> = held.support.iter().collect();
    free.retain(|item| !pack.support.iter().any(|line| line.item == item.item));
    for (line, named) in pack.support.iter_mut().zip(named) {
        let same = |item: &&SupportItem| item.text == line.text && item.week_one == line.week_one;
        if let Some(place) = free.iter().position(same).filter(|_| !named) {
            line.item = free.remove(place).item;
        }
    }
}

/// The caller finds what it recorded by its own reference.
pub(super) fn refer(unit: &mut Unit, reference: Option<Key>, stream: Uuid) {
    if let Some(reference) = reference {
        unit.claim(reference, stream, (None, None));
    }
}

async fn recipient(
    doors: &Doors,
    caller: &Caller,
    said: &wire::HandoverDraft,
) -> Result<OrganisationId, Failure> {
    let field = "draft.recipient_organisation_id";
    let receiver: OrganisationId = parse::id(field, &said.recipient_organisation_id)?;
    if receiver == caller.organisation() {
        return Err(Refusal::field(field, "is your own organisation").into());
    }
    doors.registration(receiver).await?.ok_or(Refusal::NotFound)?;
    Ok(receiver)
}

/// The caller's own move of this learner.
async fn transition(
    doors: &Doors,
    caller: &Caller,
    learner: LearnerId,
    said: &wire::HandoverDraft,
) -> Result<Option<TransitionId>, Failure> {
    let field = "draft.transition_id";
    let Some(id) = parse::optional_id::<TransitionId>(field, said.transition_id.as_deref())? else {
        return Ok(None);
    };
    doors.related(caller, id.uuid(), &[Relation::Owner]).await?;
    let begun = doors.log().stream(id.uuid()).await?.into_iter().next();
    let begun = begun.filter(|begun| begun.event_type.starts_with("transition."));
    let begun = begun.ok_or(Refusal::NotFound)?;
    if begun.learner != Some(learner) {
        return Err(Refusal::field(field, "is a move of another learner").into());
    }
    Ok(Some(id))
}

fn unchanged(same: bool, field: &str, what: &str) -> Result<(), Refusal> {
    if same {
        return Ok(());
    }
    let message = format!("is another {what} than the draft's; withdraw it and draft again");
    Err(Refusal::field(field, message))
}
