//! Register an organisation.

use std::collections::BTreeSet;

use super::{OrganisationFact, OrganisationRegistered, OrganisationState};
use crate::decider::{Faults, Outcome, Refusal};

/// Registers an organisation with its kind, numbers, dates and holiday contact.
#[derive(Clone)]
pub struct Register {
    /// All that is said about it.
    pub organisation: OrganisationRegistered,
}

impl Register {
    pub(super) fn decide(
        self,
        state: &OrganisationState,
    ) -> Result<Outcome<OrganisationFact>, Refusal> {
        if let Some(registered) = &state.registered {
            return if registered.fact == self.organisation {
                Ok(Outcome::AlreadyDone(registered.version))
            } else {
                Err(Refusal::Exists {
                    reason: "EXISTS_WITH_OTHER_CONTENT",
                    message: "an organisation with this id is registered with other particulars"
                        .to_owned(),
                    existing: Some(registered.fact.organisation.uuid()),
                })
            };
        }
        check(&self.organisation)?;
        Ok(Outcome::one(OrganisationFact::Registered(self.organisation)))
    }
}

fn check(said: &OrganisationRegistered) -> Result<(), Refusal> {
    let mut faults = Faults::default();
    faults.blank("name", &said.name);
    let kinds: BTreeSet<_> = said.numbers.iter().map(|number| number.kind).collect();
    faults.unless(kinds.len() == said.numbers.len(), "numbers", "has two numbers of one kind");
    let values = said.numbers.iter().all(|number| !number.value.trim().is_empty());
    faults.unless(values, "numbers", "has an empty number");
    let ages = said.low_age.zip(said.high_age);
    faults.unless(ages.is_none_or(|(low, high)| low <= high), "high_age", "is below the low age");
    let days = said.open_from.zip(said.open_to);
    faults.unless(days.is_none_or(|(from, to)| from <= to), "open_to", "is before the first day");
    let itself = said.successor_of == Some(said.organisation);
    faults.unless(!itself, "successor_of", "names the organisation itself");
    faults.finish()
}

#[cfg(test)]
mod tests {
    use super::super::{Organisation, OrganisationNumber, OrganisationNumberKind};
    use super::*;
    use crate::codes::setting::{OrganisationKind, Phase};
    use crate::scenario::{given, id};
    use jiff::civil::date;

    fn school() -> OrganisationRegistered {
        OrganisationRegistered {
            organisation: id(1),
            kind: OrganisationKind::School,
            name: "Harbour Primary".to_owned(),
            numbers: vec![OrganisationNumber {
                kind: OrganisationNumberKind::Urn,
                value: "100000".to_owned(),
            }],
            phase: Some(Phase::Primary),
            low_age: Some(3),
            high_age: Some(11),
            open_from: Some(date(1997, 9, 1)),
            open_to: None,
            go_live: None,
            holiday_contact: None,
            successor_of: None,
        }
    }

    #[test]
    fn a_school_is_registered_once() {
        let register = Register { organisation: school() };
        let nobody = given::<Organisation>(vec![]);
        nobody.when(register.clone()).then(vec![OrganisationFact::Registered(school())]);

        let known = nobody.and(register.clone());
        known.when(register).then_already(1);
        let other = OrganisationRegistered { name: "Harbour Junior".to_owned(), ..school() };
        known.when(Register { organisation: other }).then_rule("EXISTS_WITH_OTHER_CONTENT");
    }

    #[test]
    fn every_faulty_field_is_named() {
        let number = school().numbers[0].clone();
        let faulty = OrganisationRegistered {
            name: " ".to_owned(),
            numbers: vec![number.clone(), number],
            low_age: Some(12),
            open_to: Some(date(1990, 1, 1)),
            successor_of: Some(id(1)),
            ..school()
        };
        given::<Organisation>(vec![]).when(Register { organisation: faulty }).then_invalid(&[
            "name",
            "numbers",
            "high_age",
            "open_to",
            "successor_of",
        ]);
    }
}
