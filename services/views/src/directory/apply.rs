//! What one event changes in the directory. Pure.

use jiff::civil::Date;
use onward_domain::event::Event;
use onward_domain::ids::{MemberId, OrganisationId};
use onward_domain::organisation::{MemberAdded, OrganisationFact, OrganisationRegistered};

use super::Rows;
use super::rows::{MemberRow, NumberRow, OrganisationRow, SaidRow};
use crate::engine::fold::{Said, Unfit};
use crate::engine::kept::Kept;
use crate::engine::number;

/// Applies one event.
///
/// # Errors
/// `Unfit`, with the rows as they were.
pub(super) fn apply(rows: &mut Rows, said: &Said<'_>) -> Result<(), Unfit> {
    let Event::Organisation(fact) = said.event else {
        return Err(Unfit("it is not about an organisation"));
    };
    let kept = Kept::from(said.recorded);
    match fact {
        OrganisationFact::Registered(registered) => {
            register(rows, &kept, registered);
            rows.said = vec![SaidRow(kept)];
        }
        OrganisationFact::MemberAdded(added) => {
            rows.members = vec![member(&kept, added)];
            rows.said = vec![SaidRow(kept)];
        }
        OrganisationFact::MemberRemoved(_) => {
            let member = rows.members.first_mut().ok_or(Unfit("the member was never added"))?;
            member.removed_at = Some(kept.recorded_at);
            member.version = kept.version;
        }
    }
    Ok(())
}

fn register(rows: &mut Rows, kept: &Kept, registered: &OrganisationRegistered) {
    let organisation = registered.organisation.uuid();
    rows.organisations = vec![OrganisationRow {
        organisation,
        kind: registered.kind.as_str().to_owned(),
        name: registered.name.clone(),
        name_key: registered.name.to_lowercase(),
        phase: registered.phase.map(|phase| phase.as_str().to_owned()),
        low_age: registered.low_age.map(i64::from),
        high_age: registered.high_age.map(i64::from),
        open_from: days(registered.open_from),
        open_to: days(registered.open_to),
        go_live: days(registered.go_live),
        successor_of: registered.successor_of.map(OrganisationId::uuid),
        registered_position: kept.position,
        registered_at: kept.recorded_at,
        version: kept.version,
    }];
    rows.numbers = registered
        .numbers
        .iter()
        .map(|known| NumberRow {
            organisation,
            kind: known.kind.as_str().to_owned(),
            number: known.value.clone(),
        })
        .collect();
    rows.numbers.sort_by(|a, b| (&a.kind, &a.number).cmp(&(&b.kind, &b.number)));
    rows.numbers.dedup();
}

fn member(kept: &Kept, added: &MemberAdded) -> MemberRow {
    let roles: String = added.roles.iter().map(|role| format!("{},", role.as_str())).collect();
    MemberRow {
        member: added.member.uuid(),
        organisation: added.organisation.uuid(),
        roles: format!(",{roles}"),
        from_day: days(added.from),
        until_day: days(added.until),
        deputy: added.deputy.map(MemberId::uuid),
        added_position: kept.position,
        added_at: kept.recorded_at,
        removed_at: None,
        version: kept.version,
    }
}

fn days(day: Option<Date>) -> Option<i64> {
    day.map(number::of_day)
}
