//! Confirm the erasure that somebody else asked for, and see it through: the answer is given when keys,
//! look-ups and rows of views are gone. A call that was cut short is repeated and goes on.

use std::time::Duration;

use futures::FutureExt;
use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};
use onward_contract::operations::v1 as wire;
use onward_contract::receipt::v1::Actor;
use onward_domain::decider::Refusal;
use onward_domain::ids::{LearnerId, OrganisationId};
use onward_domain::learner::{ConfirmErasure, EraseLinked};
use onward_log::{Executed, Position, Stop, Unit};
use onward_views::ViewName;
use tonic::{Request, Response};

use super::request_erasure::{LEARNER_ID, issued, linked, person, record};
use crate::Doors;
use crate::call::{answer, attempt, moment, receipt};
use crate::status::Failure;
use crate::wire::request::Writes;
use crate::wire::{self as parse, date};

/// As the day is issued on which the last backup of the key dies.
const DIES_ON: &str = "last_backup_dies_on";

/// How long the views may take to let their rows go.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) async fn confirm(
    doors: &Doors,
    request: Request<wire::ConfirmErasureRequest>,
) -> Result<Response<wire::ConfirmErasureResponse>, Failure> {
    let method = "/onward.operations.v1.OperationsService/ConfirmErasure";
    let entered = doors.open(method, request).await?;
    let learner: LearnerId = parse::id("learner_id", &entered.message.learner_id)?;
    let confirmation = Confirmation {
        learner,
        expected: entered.message.expected_version,
        by: person(doors, &entered.caller),
        dies_on: dies_on(doors, entered.caller.now.today),
    };
    let attempt = attempt(move |unit| {
        let confirmation = confirmation.clone();
        async move { confirmation.run(unit).await }.boxed()
    });
    let executed = doors.write(&entered, attempt).await?;
    doors.log().finish_erasures().await?;
    for view in ViewName::ALL {
        doors.views().wait_for(view, executed.receipt.position, PATIENCE).await?;
    }
    doors.views().fold_away().await?;
    let mut certificate = certificate(&executed);
    let learners: Vec<_> =
        issued(&executed.issued).iter().filter_map(|id| id.parse().ok()).collect();
    if let Some(gone) = doors.log().destroyed_at(&learners).await? {
        let (recorded, said) = (day(executed.receipt.recorded_at), said_day(&executed));
        certificate.last_backup_dies_on =
            said.map(|said| later(said, recorded, day(gone))).map(date::wire);
    }
    answer(&executed, certificate)
}

/// The day on which the last backup dies of a key that was destroyed on `gone`: as many days after it as had
/// been said when the erasure was recorded. Backups that were made in between hold the key as well.
fn later(said: Date, recorded: Date, gone: Date) -> Date {
    recorded.until(gone).map_or(said, |held_up| said.saturating_add(held_up)).max(said)
}

fn day(at: Timestamp) -> Date {
    Offset::UTC.to_datetime(at).date()
}

fn said_day(executed: &Executed) -> Option<Date> {
    executed.issued(DIES_ON).and_then(|day| day.parse().ok())
}

/// The day on which a backup of the key that was made today has to be gone.
fn dies_on(doors: &Doors, today: Date) -> Date {
    today.saturating_add(i32::from(doors.process().backup_days).days())
}

/// What is confirmed, and by whom.
#[derive(Clone)]
struct Confirmation {
    learner: LearnerId,
    expected: Option<u64>,
    by: String,
    dies_on: Date,
}

impl Confirmation {
    async fn run(self, unit: &mut Unit) -> Result<(), Stop> {
        unit.expect(self.learner.uuid(), self.expected);
        let mut asked = record(unit, self.learner).await?;
        let keeper = keeper_of(unit, self.learner).await?;
        let others = linked(unit, self.learner, &asked.state).await?;
        unit.decide(&mut asked, ConfirmErasure { confirmed_by: self.by, keeper }.into())?;
        unit.issue(LEARNER_ID, self.learner.to_string());
        for mut other in others {
            let learner = LearnerId::new(other.stream);
            let keeper = keeper_of(unit, learner).await?;
            unit.decide(&mut other, EraseLinked { keeper }.into())?;
            unit.issue(LEARNER_ID, learner.to_string());
        }
        unit.issue(DIES_ON, self.dies_on.to_string());
        Ok(())
    }
}

async fn keeper_of(unit: &Unit, learner: LearnerId) -> Result<OrganisationId, Stop> {
    Ok(unit.log().keeper_of(learner).await?.ok_or(Refusal::NotFound)?)
}

/// What was erased, where the log says so, and until when a backup may hold a key of it.
fn certificate(executed: &Executed) -> wire::ConfirmErasureResponse {
    let learners = issued(&executed.issued);
    // The facts of one request stand together, the last at the receipt's position.
    let first = (executed.receipt.position.get() + 1).saturating_sub(learners.len() as u64);
    let records = learners.into_iter().zip(first..).map(|(learner_id, position)| {
        wire::ErasedRecord { learner_id, position: Position::new(position).to_string() }
    });
    wire::ConfirmErasureResponse {
        records: records.collect(),
        erased_at: Some(moment(executed.receipt.recorded_at)),
        last_backup_dies_on: said_day(executed).map(date::wire),
        receipt: Some(receipt(&executed.receipt)),
    }
}

impl Writes for wire::ConfirmErasureRequest {
    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn external_ref(&self) -> Option<&str> {
        None
    }

    // Who confirms is told by the token; the fact outlives every key, so that nobody is named in it.
    fn actor(&self) -> Option<&Actor> {
        None
    }

    fn expected_version(&self) -> Option<u64> {
        self.expected_version
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::later;

    #[test]
    fn a_key_that_lived_on_is_in_later_backups() {
        let (said, recorded) = (date(2026, 4, 5), date(2026, 3, 1));
        assert_eq!(later(said, recorded, recorded), said);
        assert_eq!(later(said, recorded, date(2026, 3, 4)), date(2026, 4, 8));
        // A clock that went back shortens nothing.
        assert_eq!(later(said, recorded, date(2026, 2, 27)), said);
    }
}
