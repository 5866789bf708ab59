//! What one event changes in the inbox. Pure.

use jiff::civil::Date;
use onward_domain::event::Event;
use onward_domain::handover::{HandoverDrafted, HandoverFact, HandoverState as State};
use onward_domain::ids::TransitionId;
use onward_domain::transition::TransitionFact;
use uuid::Uuid;

use super::Rows;
use super::rows::{HandoverRow, MoveRow, NO_DAY, PackRow};
use crate::engine::fold::{Said, Unfit};
use crate::engine::kept::Kept;
use crate::engine::number;
use crate::moves;

/// Applies one event.
///
/// # Errors
/// `Unfit`, with the rows as they were.
pub(super) fn apply(rows: &mut Rows, said: &Said<'_>) -> Result<(), Unfit> {
    match said.event {
        Event::Transition(fact) => {
            transition(rows, said, fact);
            Ok(())
        }
        Event::Handover(HandoverFact::Drafted(drafted)) => {
            begin(rows, said, drafted);
            Ok(())
        }
        Event::Handover(fact) => step(rows, said, fact),
        Event::Organisation(_) | Event::Learner(_) | Event::Dsa(_) | Event::Referral(_) => {
            Err(Unfit("it is not about a handover"))
        }
    }
}

/// A first day that is planned or planned anew; handovers for that move follow it.
fn transition(rows: &mut Rows, said: &Said<'_>, fact: &TransitionFact) {
    let day = match fact {
        TransitionFact::Recorded(fact) => moves::first_day(&fact.detail),
        TransitionFact::Rescheduled(fact) => moves::planned_day(fact.planned),
        TransitionFact::Corrected(fact) => fact.detail.as_ref().and_then(moves::first_day),
        TransitionFact::Confirmed(_)
        | TransitionFact::Arrived(_)
        | TransitionFact::NotArrived(_)
        | TransitionFact::Cancelled(_)
        | TransitionFact::Ended(_) => None,
    };
    if let Some(day) = day {
        plan(rows, said, day);
    }
}

fn plan(rows: &mut Rows, said: &Said<'_>, day: Date) {
    let Some(learner) = said.recorded.learner else { return };
    let (transition, first_day) = (said.recorded.stream, number::of_day(day));
    rows.moves.retain(|known| known.transition != transition);
    rows.moves.push(MoveRow { transition, learner: learner.uuid(), first_day });
    for handover in &mut rows.handovers {
        if handover.transition == Some(transition) {
            handover.first_day = first_day;
        }
    }
}

fn begin(rows: &mut Rows, said: &Said<'_>, drafted: &HandoverDrafted) {
    let kept = Kept::from(said.recorded);
    rows.handovers.push(HandoverRow {
        handover: kept.stream,
        learner: drafted.learner.uuid(),
        sender: drafted.sender.uuid(),
        receiver: drafted.receiver.uuid(),
        transition: drafted.transition.map(TransitionId::uuid),
        receiver_learner: None,
        state: State::Drafted.as_str().to_owned(),
        pack_version: i64::from(drafted.pack_version),
        drafted_at: kept.recorded_at,
        edited_at: None,
        released_at: None,
        delivered_at: None,
        opened_at: None,
        accepted_at: None,
        declined_at: None,
        confirmed_at: None,
        withdrawn_at: None,
        drafted_position: kept.position,
        released_position: None,
        changed_position: kept.position,
        changed_at: kept.recorded_at,
        version: kept.version,
        first_day: first_day(rows, drafted.transition.map(TransitionId::uuid)),
    });
    keep(rows, kept);
}

fn first_day(rows: &Rows, transition: Option<Uuid>) -> i64 {
    let planned = rows.moves.iter().find(|known| Some(known.transition) == transition);
    planned.map_or(NO_DAY, |known| known.first_day)
}

fn step(rows: &mut Rows, said: &Said<'_>, fact: &HandoverFact) -> Result<(), Unfit> {
    let kept = Kept::from(said.recorded);
    let at = kept.recorded_at;
    let row = rows
        .handovers
        .iter_mut()
        .find(|row| row.handover == kept.stream)
        .ok_or(Unfit("the handover was never drafted"))?;
    row.changed_position = kept.position;
    row.changed_at = at;
    row.version = kept.version;
    let state = match fact {
        HandoverFact::Drafted(_) | HandoverFact::Edited(_) => {
            row.edited_at = Some(at);
            State::Drafted
        }
        HandoverFact::Released(released) => {
            row.released_at = Some(at);
            row.released_position = Some(kept.position);
            row.receiver = released.receiver.uuid();
            row.transition = released.transition.map(TransitionId::uuid);
            row.pack_version = i64::from(released.pack_version);
            State::Released
        }
        HandoverFact::Delivered(_) => {
            row.delivered_at = Some(at);
            State::Delivered
        }
        HandoverFact::Opened(_) => {
            row.opened_at = Some(at);
            State::Opened
        }
        HandoverFact::Accepted(accepted) => {
            row.accepted_at = Some(at);
            row.receiver_learner = Some(accepted.receiver_learner.uuid());
            State::Accepted
        }
        HandoverFact::Declined(_) => {
            row.declined_at = Some(at);
            State::Declined
        }
        HandoverFact::SupportAnswered(answered) => {
            row.confirmed_at = answered.all_answered.then_some(at);
            if answered.all_answered { State::SupportConfirmed } else { State::Accepted }
        }
        HandoverFact::Withdrawn(_) => {
            row.withdrawn_at = Some(at);
            State::Withdrawn
        }
    };
    state.as_str().clone_into(&mut row.state);
    settle(rows, kept, fact);
    Ok(())
}

/// The pack is the latest draft, then the release; a release may name another move than the draft.
fn settle(rows: &mut Rows, kept: Kept, fact: &HandoverFact) {
    match fact {
        HandoverFact::Edited(_) => keep(rows, kept),
        HandoverFact::Released(released) => {
            let day = first_day(rows, released.transition.map(TransitionId::uuid));
            let of_it = rows.handovers.iter_mut().filter(|row| row.handover == kept.stream);
            of_it.for_each(|row| row.first_day = day);
            keep(rows, kept);
        }
        _ => {}
    }
}

fn keep(rows: &mut Rows, kept: Kept) {
    rows.packs.retain(|pack| pack.0.stream != kept.stream);
    rows.packs.push(PackRow(kept));
}
