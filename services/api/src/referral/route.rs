//! Which queue a referral belongs to: the pathfinder that holds the setting's authority on the day, where
//! that is clear and it takes children of this age. Else it is unrouted, and seen as such.

use jiff::civil::Date;
use onward_domain::calendar::Age;
use onward_domain::ids::{OrganisationId, QueueId};
use onward_domain::organisation::{OrganisationNumberKind, OrganisationRegistered};
use onward_domain::routing::{Owner, owner};

use crate::Doors;
use crate::status::Failure;

impl Doors {
    /// The queue and its pathfinder; none where nobody clearly owns the referral, or the pathfinder is
    /// not registered.
    pub(super) async fn route(
        &self,
        setting: &OrganisationRegistered,
        received: Date,
        born: Date,
    ) -> Result<Option<(QueueId, OrganisationId)>, Failure> {
        let Some(key) = authority(setting).and_then(|code| pathfinder(&code, received, born))
        else {
            return Ok(None);
        };
        let holder = self.holder_of("pathfinder_key", key).await?;
        Ok(holder.map(|pathfinder| (QueueId::of_pathfinder(pathfinder), pathfinder)))
    }
}

/// The code of the setting's authority: as registered, else the first part of its LAESTAB.
fn authority(setting: &OrganisationRegistered) -> Option<String> {
    let number = |kind: OrganisationNumberKind| {
        setting.numbers.iter().find(|number| number.kind == kind).map(|number| &number.value)
    };
    if let Some(code) = number(OrganisationNumberKind::LaCode) {
        return Some(code.clone());
    }
    number(OrganisationNumberKind::Laestab)?.get(..3).map(str::to_owned)
}

/// Key of the pathfinder that owns the referral.
fn pathfinder(la_code: &str, received: Date, born: Date) -> Option<&'static str> {
    let Owner::One { pathfinder: Some(pathfinder), .. } = owner(la_code, received, None) else {
        return None;
    };
    let age = Age::on(born, received)?;
    // Ages that are not known exclude nobody.
    (pathfinder.takes(age) != Some(false)).then_some(pathfinder.key)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use onward_domain::codes::setting::OrganisationKind;
    use onward_domain::organisation::OrganisationNumber;
    use uuid::Uuid;

    use super::*;

    const RECEIVED: Date = date(2026, 9, 14);
    const BORN: Date = date(2022, 1, 10);

    fn setting(numbers: &[(OrganisationNumberKind, &str)]) -> OrganisationRegistered {
        let numbers = numbers.iter();
        OrganisationRegistered {
            organisation: OrganisationId::new(Uuid::from_u128(1)),
            kind: OrganisationKind::EarlyYears,
            name: "A nursery".to_owned(),
            numbers: numbers
                .map(|(kind, value)| OrganisationNumber { kind: *kind, value: (*value).to_owned() })
                .collect(),
            phase: None,
            low_age: None,
            high_age: None,
            open_from: None,
            open_to: None,
            go_live: None,
            holiday_contact: None,
            successor_of: None,
        }
    }

    #[test]
    fn the_authority_is_registered_or_in_the_laestab() {
        use OrganisationNumberKind::{LaCode, Laestab, Urn};
        let code = |numbers: &[_]| authority(&setting(numbers));
        assert_eq!(code(&[(Laestab, "302/2000")]).as_deref(), Some("302"));
        assert_eq!(code(&[(Laestab, "302/2000"), (LaCode, "303")]).as_deref(), Some("303"));
        assert_eq!(code(&[(Urn, "100000")]), None);
    }

    #[test]
    fn only_a_clear_owner_that_takes_the_age_gets_it() {
        assert_eq!(pathfinder("302", RECEIVED, BORN), Some("elsec-london"));
        assert_eq!(pathfinder("302", date(2023, 8, 31), BORN), None, "before pathfinders");
        assert_eq!(pathfinder("303", RECEIVED, BORN), None, "no pathfinder holds it");
        assert_eq!(pathfinder("815", RECEIVED, BORN), None, "two boards share it");
        let key = "elsec-west-midlands";
        let code = onward_domain::routing::Pathfinder::find(key).map(|one| one.lead_la);
        let code = code.expect("a partnership has a lead");
        assert_eq!(pathfinder(code, RECEIVED, date(2022, 1, 10)), Some(key));
        assert_eq!(pathfinder(code, RECEIVED, date(2015, 1, 10)), None, "too old");
    }
}
