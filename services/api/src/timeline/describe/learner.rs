//! What is said of a record: who, numbers, provision, needs, enrolments, links.

use onward_domain::learner::{
    IdentifierAdded, LearnerFact, LearnerNumberKind, Person, RankedNeed, SenProvisionRecorded,
};

use super::{Described, Reader, day, words};
use crate::wire::learner::kind_name;

/// Digits of an NHS number that everybody may see.
const SHOWN: usize = 4;

pub(super) fn describe(fact: &LearnerFact, reader: Reader) -> Described {
    match fact {
        LearnerFact::Registered(fact) => {
            person(Described::saying("The record of the learner was made."), &fact.person)
        }
        LearnerFact::Amended(fact) => {
            person(Described::saying("The learner's details were changed."), &fact.person)
        }
        LearnerFact::IdentifierAdded(fact) => added(fact, reader),
        LearnerFact::IdentifierEnded(fact) => {
            let kind = kind_name(fact.kind).to_uppercase();
            let why = words(fact.reason.as_str());
            Described::saying(format!("A {kind} of the learner was ended as {why}."))
                .with("kind", kind)
                .with("value", number(fact.kind, &fact.value, reader))
                .with("reason", fact.reason.as_str())
        }
        LearnerFact::SenProvisionRecorded(fact) => provision(fact),
        LearnerFact::NeedsRecorded(fact) => needs(&fact.needs),
        LearnerFact::EnrolmentRecorded(fact) => {
            let from = day(fact.from);
            let mut said = Described::saying(format!("The learner is enrolled from {from}."))
                .with("kind", fact.kind.as_str())
                .with("from", fact.from.to_string())
                .with_some("to", fact.to.map(|to| to.to_string()))
                .with_some("expected_return", fact.expected_return.map(|on| on.to_string()));
            said.to = Some(fact.setting.clone());
            said
        }
        LearnerFact::EnrolmentEnded(fact) => {
            Described::saying(format!("An enrolment ended on {}.", day(fact.on)))
                .with("on", fact.on.to_string())
        }
        LearnerFact::RecordLinked(fact) => {
            let summary = "The record was linked to another organisation's record of the learner.";
            let mut said = Described::saying(summary)
                .with("linked_learner_id", fact.other.to_string())
                .with("linked_organisation_id", fact.other_organisation.to_string());
            said.handover = fact.handover;
            said
        }
        LearnerFact::ErasureRequested(fact) => {
            Described::saying("Somebody asked that all that is said about the learner be erased.")
                .with("ground", fact.ground.as_str())
        }
        LearnerFact::Erased(_) => {
            Described::saying("Everything that was said about this learner was erased.")
        }
    }
}

/// Name, day of birth and year: enough to see what changed. No address, whoever asks.
fn person(said: Described, person: &Person) -> Described {
    said.with("forename", person.forename.clone())
        .with("surname", person.surname.clone())
        .with_some("known_as", person.known_as.clone())
        .with("date_of_birth", person.date_of_birth.to_string())
        .with_some("year_group", person.nc_year.as_ref().map(|year| year.as_str().to_owned()))
        .with_some("home_language", person.home_language.clone())
}

fn added(fact: &IdentifierAdded, reader: Reader) -> Described {
    let kind = kind_name(fact.kind).to_uppercase();
    let which = if fact.former { "A former" } else { "A" };
    Described::saying(format!("{which} {kind} of the learner was recorded."))
        .with("kind", kind)
        .with("value", number(fact.kind, &fact.value, reader))
        .with_flag("former", fact.former)
        .with_some("from", fact.from.map(|from| from.to_string()))
}

/// An NHS number is for the health service: to others, its last digits.
fn number(kind: LearnerNumberKind, value: &str, reader: Reader) -> String {
    if kind != LearnerNumberKind::Nhs || reader.health {
        return value.to_owned();
    }
    let hidden = value.chars().count().saturating_sub(SHOWN);
    "*".repeat(hidden).chars().chain(value.chars().skip(hidden)).collect()
}

fn provision(fact: &SenProvisionRecorded) -> Described {
    let from = day(fact.start);
    let summary = match fact.end {
        Some(end) => format!("Provision was recorded from {from} to {}.", day(end)),
        None => format!("Provision was recorded from {from}."),
    };
    Described::saying(summary)
        .with("provision", fact.provision.as_str().to_owned())
        .with("start", fact.start.to_string())
        .with_some("end", fact.end.map(|end| end.to_string()))
}

fn needs(needs: &[RankedNeed]) -> Described {
    let Some(first) = needs.iter().min_by_key(|need| need.rank) else {
        return Described::saying("It was recorded that the learner has no needs.");
    };
    let summary =
        format!("The learner's needs were recorded; the primary one is {}.", first.need.label());
    let listed: Vec<String> =
        needs.iter().map(|need| format!("{} {}", need.rank, need.need.as_str())).collect();
    Described::saying(summary).with("needs", listed.join(", "))
}
