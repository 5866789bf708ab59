//! Referrals of erased learners: a row stays in its bucket, so that received is still the sum of the buckets,
//! and says nothing but where it stands. No list shows it.

use onward_domain::referral::ReferralState as State;
use onward_log::Recorded;
use onward_log::codec::public_id;
use uuid::Uuid;

use super::Rows;
use super::rows::{Between, FormRow, ReferralRow};
use crate::engine::kept::Kept;
use crate::engine::registry::Generation;
use crate::engine::store::Tx;
use crate::engine::table::{Stored as _, names, upsert};
use crate::error::ViewError;

/// The learner of a row that says of nobody any more.
pub(super) const NOBODY: Uuid = Uuid::nil();

/// Empties the rows of a learner.
pub(super) async fn rows(
    tx: &mut Tx,
    generation: Generation,
    learner: Uuid,
) -> Result<(), ViewError> {
    let table = ReferralRow::TABLE;
    let sql = format!("SELECT {} FROM {} WHERE learner = $1", names(&table), table.name);
    let mut found = Vec::new();
    for row in tx.rows(generation.sql(&sql), vec![learner.into()]).await? {
        found.push(emptied(ReferralRow::read(&row)?));
    }
    let delete = format!("DELETE FROM {} WHERE stream = $1", FormRow::TABLE.name);
    for row in &found {
        tx.execute(generation.sql(&delete), vec![row.referral.into()]).await?;
    }
    upsert(tx, generation, &found).await
}

/// What is left of a row: which referral, whose queue, in which state, and when that was recorded.
fn emptied(row: ReferralRow) -> ReferralRow {
    ReferralRow {
        learner: NOBODY,
        priority: 0,
        order_day: 0,
        received_day: 0,
        holder: None,
        held_until: None,
        keeper: None,
        lapses: 0,
        accepted_at: None,
        claimed_at: None,
        screened_at: None,
        started_at: None,
        ended_at: None,
        ..row
    }
}

/// Folds what an event still says once its learner was erased. Pure.
pub(super) fn fold(rows: &mut Rows, recorded: &Recorded) {
    let id = |field| public_id(&recorded.event_type, &recorded.public, field);
    let kept = Kept::from(recorded);
    if recorded.event_type == "referral.referral_submitted" {
        let between = Between {
            setting: id("setting_organisation_id").unwrap_or_default(),
            referrer: id("organisation_id").unwrap_or_default(),
            queue: id("queue_id"),
            pathfinder: id("pathfinder_organisation_id"),
        };
        rows.referral = Some(ReferralRow::begun(&kept, between));
        return;
    }
    let Some(row) = rows.referral.as_mut() else { return };
    row.state = after(&recorded.event_type).unwrap_or(row.state);
    row.queue = id("queue_id").or(row.queue);
    row.touch(&kept);
}

/// The state that an event leads to, as far as its type tells; none where it stays as it was.
fn after(event_type: &str) -> Option<State> {
    Some(match event_type.strip_prefix("referral.")? {
        "information_requested" => State::InfoRequested,
        "information_provided" => State::Resubmitted,
        "referral_accepted" | "claim_released" | "claim_lapsed" => State::Accepted,
        "referral_claimed" => State::Claimed,
        "screening_recorded" => State::ScreeningDone,
        "intervention_started" => State::InterventionInProgress,
        "rescreen_recorded" => State::Rescreened,
        "referral_closed" => State::Closed,
        "referral_rejected" => State::Rejected,
        "referral_redirected" => State::Redirected,
        "referral_withdrawn" => State::Withdrawn,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use onward_domain::referral::{ClaimReleased, ReferralAccepted, ReferralClaimed, ReferralFact};
    use onward_log::codec::Kind;

    use super::super::Queue;
    use super::*;
    use crate::given::{at, id, moment, submitted, when};

    #[test]
    fn built_anew_a_row_is_what_emptying_it_left() {
        let (referral, learner, member) = (0x4, 0x1, 0xb1);
        let facts = [
            submitted(referral, learner, 0xa0, Some(0xa4)),
            ReferralFact::Accepted(ReferralAccepted {
                referral: id(referral),
                learner: id(learner),
                queue: id(0xa5),
                priority: 2,
                order_day: date(2026, 4, 1),
            }),
            ReferralFact::Claimed(ReferralClaimed {
                referral: id(referral),
                learner: id(learner),
                queue: id(0xa5),
                member: id(member),
                until: moment(900),
            }),
            ReferralFact::ClaimReleased(ClaimReleased {
                referral: id(referral),
                learner: id(learner),
                member: id(member),
            }),
        ];
        for length in 1..=facts.len() {
            let events: Vec<_> = facts[..length]
                .iter()
                .zip(1..)
                .map(|(fact, position)| at(position, referral, position, 0xa0, fact.clone()))
                .collect();
            let (mut live, mut anew) = (Rows::default(), Rows::default());
            assert_eq!(when::<Queue>(&mut live, &events), Ok(()));
            for (recorded, _) in &events {
                fold(&mut anew, recorded);
            }
            assert!(live.referral.map(emptied) == anew.referral, "after {length} facts");
            assert!(anew.form.is_none(), "and no form");
        }
    }

    #[test]
    fn every_type_of_referral_is_known_here() {
        let still = ["referral_submitted", "referral_opened_for_triage", "claim_extended"];
        for kind in Kind::ALL.iter().filter(|kind| kind.area() == "referral") {
            let told = after(kind.event_type()).is_some() || still.contains(&kind.event());
            assert!(told, "{}: which bucket is it in afterwards?", kind.event_type());
        }
    }
}
