//! A synthetic learner for the tests of this folder and of those that carry a person.

use jiff::civil::date;

use super::{Command, Learner, LearnerRegistered, Person, Register};
use crate::codes::year::NcYear;
use crate::scenario::{Given, given, id, now};

/// A leaving Year 6.
pub(crate) fn person() -> Person {
    Person {
        surname: "O’Example".to_owned(),
        forename: "Zoë".to_owned(),
        known_as: None,
        date_of_birth: date(2015, 3, 4),
        sex: Some("F".to_owned()),
        postcode: Some("E1 4AA".to_owned()),
        nc_year: Some(NcYear::Y6.into()),
        home_language: None,
        looked_after: None,
        sensitive: false,
    }
}

/// The registration of that learner.
pub(super) fn register() -> Register {
    let learner =
        LearnerRegistered { learner: id(2), person: person(), own_ref: Some("0042".to_owned()) };
    Register { learner, now: now() }
}

/// The record, registered.
pub(super) fn registered() -> Given<Learner> {
    given::<Learner>(vec![]).and(Command::Register(register()))
}
