//! Answer the agreed items: in place, partly, not yet, or not needed.

use futures::FutureExt;
use onward_contract::handover::v1 as wire;
use onward_domain::decider::{Now, Refusal, not_in_future};
use onward_domain::handover::{
    ConfirmSupport, Handover as Concept, HandoverFold, HandoverState, SupportAnswer, SupportItem,
};
use onward_domain::ids::SupportItemId;
use onward_log::{Executed, Unit};
use tonic::Request;
use uuid::Uuid;

use super::draft::refer;
use super::{AREA, Written};
use crate::Doors;
use crate::call::{attempt, issued, receipt};
use crate::wire as parse;
use crate::wire::{code, handover as shape};

const STATE: &str = "state";
const OPEN: &str = "open_item_id";
const ADDED: &str = "added_item_id";

/// Answers agreed items, and adds the receiver's own.
pub(super) async fn confirm(
    doors: &Doors,
    request: Request<wire::ConfirmSupportRequest>,
) -> Written<wire::ConfirmSupportResponse> {
    let method = "/onward.handover.v1.HandoverService/ConfirmSupport";
    let entered = doors.open(method, request).await?;
    let (caller, message) = (&entered.caller, &entered.message);
    let id = doors.received(caller, &message.handover_id).await?;
    parse::required_actor(message.actor.as_ref())?;
    let said = said(message, caller.now)?;
    let receiver = caller.organisation();
    let (reference, expected) = (entered.reference(AREA), message.expected_version);
    let attempt = attempt(move |unit| {
        let (said, reference) = (said.clone(), reference.clone());
        async move {
            unit.expect(id.uuid(), expected);
            let mut handover = unit.load::<Concept>(id.uuid()).await?;
            handover.state.visible_to(receiver)?;
            known(&handover.state, &said)?;
            for one in said {
                if one.added.is_some() {
                    unit.issue(ADDED, one.item.to_string());
                }
                unit.decide(&mut handover, one.into())?;
            }
            stands(unit, &handover.state);
            refer(unit, reference, id.uuid());
            Ok(())
        }
        .boxed()
    });
    let executed = doors.write(&entered, attempt).await?;
    let state = HandoverState::parse(&issued(&executed, STATE)).ok();
    let response = wire::ConfirmSupportResponse {
        receipt: Some(receipt(&executed.receipt)),
        state: state.map_or(0, code::number::<wire::HandoverState, _>),
        open_item_ids: all_issued(&executed, OPEN),
        added_item_ids: all_issued(&executed, ADDED),
    };
    Ok((executed, response))
}

/// What is answered, in an order in which nothing closes the handover too early: the receiver's own
/// items first, then what stays open, then what closes.
fn said(message: &wire::ConfirmSupportRequest, now: Now) -> Result<Vec<ConfirmSupport>, Refusal> {
    let mut added = Vec::new();
    for (at, one) in message.added_items.iter().enumerate() {
        let field = format!("added_items[{at}]");
        let answer = shape::answer(&field, one.answer.as_ref())?;
        has_begun(&field, &answer, now)?;
        let item = SupportItemId::new(Uuid::now_v7());
        let text = one.text.trim().to_owned();
        let line = SupportItem { item, text, week_one: one.week_one };
        added.push(ConfirmSupport { item, added: Some(line), answer, now });
    }
    let mut answers: Vec<ConfirmSupport> = Vec::new();
    for (at, one) in message.answers.iter().enumerate() {
        let field = format!("answers[{at}]");
        let item: SupportItemId = parse::id(&format!("{field}.item_id"), &one.item_id)?;
        if answers.iter().any(|known| known.item == item) {
            return Err(Refusal::field(format!("{field}.item_id"), "is answered twice"));
        }
        let answer = shape::answer(&field, one.answer.as_ref())?;
        has_begun(&field, &answer, now)?;
        answers.push(ConfirmSupport { item, added: None, answer, now });
    }
    answers.sort_by_key(|one| !one.answer.leaves_open());
    added.extend(answers);
    if added.is_empty() {
        return Err(Refusal::field("answers", "must hold an answer, or added_items an item"));
    }
    Ok(added)
}

/// What is in place is so since a day that has come.
fn has_begun(field: &str, answer: &SupportAnswer, now: Now) -> Result<(), Refusal> {
    match answer {
        SupportAnswer::InPlace(since) => {
            not_in_future(&format!("{field}.answer.in_place.since"), *since, now)
        }
        _ => Ok(()),
    }
}

/// An item of another handover is not there, whether or not it is anywhere.
fn known(state: &HandoverFold, said: &[ConfirmSupport]) -> Result<(), Refusal> {
    let there = |one: &ConfirmSupport| {
        one.added.is_some() || state.items().any(|item| item.item == one.item)
    };
    if said.iter().all(there) { Ok(()) } else { Err(Refusal::NotFound) }
}

/// Keeps with the answer how it stands now.
fn stands(unit: &mut Unit, state: &HandoverFold) {
    if let Some(stands) = state.state {
        unit.issue(STATE, stands.as_str().to_owned());
    }
    for item in state.open_items() {
        unit.issue(OPEN, item.item.to_string());
    }
}

fn all_issued(executed: &Executed, name: &str) -> Vec<String> {
    let issued = executed.issued.iter().filter(|(issued, _)| issued == name);
    issued.map(|(_, id)| id.clone()).collect()
}

#[cfg(test)]
mod tests {
    use onward_contract::handover::v1::support_answer::Answer;

    use super::*;

    fn now() -> Now {
        crate::guard::now("2026-09-02T08:00:00Z".parse().expect("a moment"))
    }

    fn partly() -> Option<wire::SupportAnswer> {
        Some(wire::SupportAnswer { answer: Some(Answer::Partly(wire::SupportPartly {})) })
    }

    fn not_needed() -> Option<wire::SupportAnswer> {
        let reason = wire::SupportNotNeededReason::NeedChanged.into();
        let answer = Answer::NotNeeded(wire::SupportNotNeeded { reason });
        Some(wire::SupportAnswer { answer: Some(answer) })
    }

    fn about(item: u128, answer: Option<wire::SupportAnswer>) -> wire::ItemAnswer {
        wire::ItemAnswer { item_id: Uuid::from_u128(item).to_string(), answer }
    }

    #[test]
    fn what_closes_comes_last() {
        let added =
            wire::AddedItem { text: "A ramp".to_owned(), week_one: true, answer: not_needed() };
        let message = wire::ConfirmSupportRequest {
            answers: vec![about(1, not_needed()), about(2, partly())],
            added_items: vec![added],
            ..Default::default()
        };
        let said = said(&message, now()).expect("answers");
        let open: Vec<bool> = said.iter().map(|one| one.answer.leaves_open()).collect();
        assert_eq!(open, [false, true, false]);
        assert!(said[0].added.is_some());
    }

    #[test]
    fn nothing_said_and_the_same_said_twice_are_refused() {
        assert!(said(&wire::ConfirmSupportRequest::default(), now()).is_err());
        let twice = wire::ConfirmSupportRequest {
            answers: vec![about(1, partly()), about(1, not_needed())],
            ..Default::default()
        };
        let Err(Refusal::Invalid(faults)) = said(&twice, now()) else { panic!("refused") };
        assert_eq!(faults[0].field, "answers[1].item_id");
    }
}
