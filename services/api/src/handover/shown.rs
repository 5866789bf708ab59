//! A handover as one side may see it: the sender sees its draft, the receiver nothing before the
//! release, no text of an agreed item before a person has opened it, and no content after a withdrawal.

use jiff::Timestamp;
use onward_contract::handover::v1 as wire;
use onward_domain::decider::{Refusal, Version};
use onward_domain::event::Occurred;
use onward_domain::handover::{HandoverState, SupportItem};
use onward_domain::ids::OrganisationId;

use super::Told;
use crate::Doors;
use crate::call::moment;
use crate::status::Failure;
use crate::wire::{code, handover as shape, person};

impl Doors {
    /// The handover as this organisation, its sender or its receiver, may see it.
    pub(super) async fn shown_handover(
        &self,
        organisation: OrganisationId,
        told: &Told,
    ) -> Result<wire::Handover, Failure> {
        let drafted = &told.state.drafted.as_ref().ok_or(Refusal::NotFound)?.fact;
        let mut shown = wire::Handover {
            handover_id: drafted.handover.to_string(),
            pack_version: drafted.pack_version,
            state: shape::state(told.state.state),
            sender: Some(self.shown_organisation(drafted.sender).await?),
            recipient: Some(self.shown_organisation(drafted.receiver).await?),
            version: told.version(),
            ..Default::default()
        };
        let sender = drafted.sender == organisation;
        steps(&mut shown, told, sender);
        if sender || told.state.state != Some(HandoverState::Withdrawn) {
            content(&mut shown, told, sender);
        }
        Ok(shown)
    }
}

/// When each step was taken.
fn steps(shown: &mut wire::Handover, told: &Told, sender: bool) {
    let state = &told.state;
    let at = |version: Option<Version>| version.and_then(|version| taken_at(told, version));
    if sender {
        shown.drafted_at = at(Some(1)).map(moment);
        if let Some(drafted) = &state.drafted {
            shown.external_ref = told.reference_of(drafted.fact.sender);
        }
    }
    shown.released_at = at(state.released).map(moment);
    shown.delivered_at = at(state.delivered.as_ref().map(|at| at.version)).map(moment);
    let opened = state.opened.as_ref().map(|at| at.version);
    shown.opened_at = at(opened).map(moment);
    let answered = state.accepted.as_ref().map(|at| at.version);
    let answered = answered.or(state.declined.as_ref().map(|at| at.version));
    shown.answered_at = at(answered).map(moment);
    let confirmed = state.answers.iter().find(|at| at.fact.all_answered).map(|at| at.version);
    let confirmed = confirmed.filter(|_| state.state == Some(HandoverState::SupportConfirmed));
    shown.support_confirmed_at = at(confirmed).map(moment);
}

/// What it says, without the pack itself.
fn content(shown: &mut wire::Handover, told: &Told, sender: bool) {
    let state = &told.state;
    let Some(drafted) = state.drafted.as_ref().map(|at| &at.fact) else { return };
    if let Some(pack) = state.pack.as_ref().map(|at| &at.fact) {
        let person = pack.person.as_ref();
        let (upn, uln) = (pack.upn.as_ref(), pack.uln.as_ref());
        shown.learner = Some(person::summary(drafted.learner, person, upn, uln));
        let sections = pack.sections.iter();
        shown.sections_shared =
            sections.map(|section| shape::section_code(&section.code)).collect();
        if state.released.is_some() {
            shown.pack_sha256 = shape::sha256(pack);
        }
    }
    shown.transition_id = drafted.transition.map(|id| id.to_string()).unwrap_or_default();
    if let Some(accepted) = state.accepted.as_ref().filter(|_| !sender) {
        shown.own_learner_id = accepted.fact.receiver_learner.to_string();
    }
    if let Some(opened) = &state.opened {
        shown.opened_by = actor_of(told, opened.version);
    }
    let readable = sender || state.opened.is_some();
    shown.items = state.items().map(|item| shown_item(told, item, readable)).collect();
    if let Some(declined) = &state.declined {
        shown.decline_reason = code::number::<wire::HandoverDeclineReason, _>(declined.fact.reason);
    }
    if let Some(withdrawn) = &state.withdrawn {
        shown.withdraw_reason =
            code::number::<wire::HandoverWithdrawReason, _>(withdrawn.fact.reason);
    }
}

fn shown_item(told: &Told, item: &SupportItem, readable: bool) -> wire::SupportItem {
    let state = &told.state;
    let last = state.answers.iter().find(|said| said.fact.item == item.item);
    let answer = last.map(|said| &said.fact.answer);
    wire::SupportItem {
        item_id: item.item.to_string(),
        text: if readable { item.text.clone() } else { String::new() },
        week_one: item.week_one,
        added_by_receiver: state.added.iter().any(|added| added.item == item.item),
        answer: answer.map(shape::shown_answer),
        answered_at: last.and_then(|said| taken_at(told, said.version)).map(moment),
        open: answer.is_none_or(|answer| answer.leaves_open()),
    }
}

/// When the step of a version was taken: as it was said, else when it was recorded.
fn taken_at(told: &Told, version: Version) -> Option<Timestamp> {
    let event = told.told.iter().find(|event| event.recorded.version == version)?;
    Some(match event.provenance.occurred {
        Some(Occurred::At(at)) => at,
        Some(Occurred::On(_)) | None => event.recorded.recorded_at,
    })
}

fn actor_of(told: &Told, version: Version) -> String {
    let event = told.told.iter().find(|event| event.recorded.version == version);
    let actor = event.and_then(|event| event.provenance.actor.as_ref());
    actor.map(|actor| actor.name.clone()).unwrap_or_default()
}
