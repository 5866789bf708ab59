//! What one event changes in the queue. Pure.

use onward_domain::event::Event;
use onward_domain::ids::{OrganisationId, QueueId};
use onward_domain::referral::{ReferralFact, ReferralState as State, ReferralSubmitted};

use super::Rows;
use super::rows::{Between, FormRow, ReferralRow};
use crate::engine::fold::{Said, Unfit};
use crate::engine::kept::Kept;
use crate::engine::number;

/// Applies one event.
///
/// # Errors
/// `Unfit`, with the rows as they were.
pub(super) fn apply(rows: &mut Rows, said: &Said<'_>) -> Result<(), Unfit> {
    let Event::Referral(fact) = said.event else { return Err(Unfit("it is not about a referral")) };
    let kept = Kept::from(said.recorded);
    if let ReferralFact::Submitted(submitted) = fact {
        rows.referral = Some(begin(&kept, submitted, said.provenance.organisation));
        rows.form = Some(FormRow(kept));
        return Ok(());
    }
    let row = rows.referral.as_mut().ok_or(Unfit("the referral was never submitted"))?;
    row.state = step(row, kept.recorded_at, fact);
    row.touch(&kept);
    if let ReferralFact::InformationProvided(provided) = fact
        && let Some(form) = &provided.form
    {
        row.priority = i64::from(form.priority.level());
        rows.form = Some(FormRow(kept));
    }
    Ok(())
}

fn begin(kept: &Kept, submitted: &ReferralSubmitted, referrer: OrganisationId) -> ReferralRow {
    let received_day = number::of_day(submitted.received_on);
    let between = Between {
        setting: submitted.setting.uuid(),
        referrer: referrer.uuid(),
        queue: submitted.queue.map(QueueId::uuid),
        pathfinder: submitted.pathfinder.map(OrganisationId::uuid),
    };
    ReferralRow {
        learner: submitted.learner.uuid(),
        priority: i64::from(submitted.form.priority.level()),
        order_day: received_day,
        received_day,
        ..ReferralRow::begun(kept, between)
    }
}

/// The state after the fact; the row's own moments and holders are set on the way.
fn step(row: &mut ReferralRow, at: i64, fact: &ReferralFact) -> State {
    match fact {
        ReferralFact::Submitted(_) | ReferralFact::OpenedForTriage(_) => row.state,
        ReferralFact::InformationRequested(_) => State::InfoRequested,
        ReferralFact::InformationProvided(_) => State::Resubmitted,
        ReferralFact::Accepted(accepted) => {
            row.queue = Some(accepted.queue.uuid());
            row.priority = i64::from(accepted.priority);
            row.order_day = number::of_day(accepted.order_day);
            row.accepted_at = Some(at);
            State::Accepted
        }
        ReferralFact::Claimed(claimed) => {
            row.holder = Some(claimed.member.uuid());
            row.held_until = Some(number::of_moment(claimed.until));
            row.claimed_at = Some(at);
            State::Claimed
        }
        ReferralFact::ClaimExtended(extended) => {
            row.held_until = Some(number::of_moment(extended.until));
            row.state
        }
        ReferralFact::ClaimReleased(_) => {
            free(row);
            State::Accepted
        }
        ReferralFact::ClaimLapsed(_) => {
            free(row);
            row.lapses += 1;
            State::Accepted
        }
        ReferralFact::ScreeningRecorded(screened) => {
            // The lease ends here: from now on the keeper answers for the child.
            free(row);
            row.keeper = Some(screened.keeper.uuid());
            row.screened_at = Some(at);
            State::ScreeningDone
        }
        ReferralFact::InterventionStarted(_) => {
            row.started_at = row.started_at.or(Some(at));
            State::InterventionInProgress
        }
        ReferralFact::RescreenRecorded(_) => State::Rescreened,
        ReferralFact::Closed(_) => end(row, at, State::Closed),
        ReferralFact::Rejected(_) => end(row, at, State::Rejected),
        ReferralFact::Redirected(_) => end(row, at, State::Redirected),
        ReferralFact::Withdrawn(_) => end(row, at, State::Withdrawn),
    }
}

fn free(row: &mut ReferralRow) {
    row.holder = None;
    row.held_until = None;
}

fn end(row: &mut ReferralRow, at: i64, state: State) -> State {
    free(row);
    row.ended_at = Some(at);
    state
}
