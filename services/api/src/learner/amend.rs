//! Amending what is known of a learner. What is absent stays.

use futures::FutureExt;
use onward_contract::learner::v1 as wire;
use onward_contract::reason;
use onward_contract::receipt::v1::Warning;
use onward_domain::decider::{Now, Refusal, Version};
use onward_domain::ids::{LearnerId, OrganisationId};
use onward_domain::learner::{
    Amend, Learner, LearnerState, Person, RankedNeed, RecordNeeds, RecordSenProvision,
};
use onward_log::{Attempt, Key, Loaded, Stop, Unit};
use tonic::{Request, Response};

use super::details_or;
use crate::call::{Entered, answer, attempt, receipt};
use crate::status::Failure;
use crate::wire::{date, learner as parse, text};
use crate::{Doors, keys};

/// All that changes.
#[derive(Clone)]
struct Changes {
    learner: LearnerId,
    organisation: OrganisationId,
    expected: Option<Version>,
    reference: Option<Key>,
    /// As it was asked: what it comes to depends on what the record says.
    message: wire::AmendLearnerRequest,
    spells: Vec<RecordSenProvision>,
    needs: Option<Vec<RankedNeed>>,
    now: Now,
}

pub(super) async fn amend(
    doors: &Doors,
    request: Request<wire::AmendLearnerRequest>,
) -> Result<Response<wire::AmendLearnerResponse>, Failure> {
    let method = "/onward.learner.v1.LearnerService/AmendLearner";
    let entered = doors.open(method, request).await?;
    let learner = doors.own_learner(&entered.caller, &entered.message.learner_id).await?;
    let (changes, warnings) = changes(&entered, learner)?;
    let executed = doors.write(&entered, amending(changes)).await;
    let executed = executed.map_err(|failure| failure.renamed(details_or("")))?;
    let response =
        wire::AmendLearnerResponse { receipt: Some(receipt(&executed.receipt)), warnings };
    answer(&executed, response)
}

fn changes(
    entered: &Entered<wire::AmendLearnerRequest>,
    learner: LearnerId,
) -> Result<(Changes, Vec<Warning>), Refusal> {
    let (caller, message) = (&entered.caller, &entered.message);
    let spells = message.sen_provisions.as_ref().map(|list| list.items.as_slice());
    let (spells, mut warnings) = parse::spells("sen_provisions.items", spells.unwrap_or_default())?;
    let needs = match &message.needs {
        Some(list) => {
            let (needs, of_needs) = parse::needs("needs.items", &list.items, caller.now.today)?;
            warnings.extend(of_needs);
            Some(needs)
        }
        None => None,
    };
    let year = message.details.as_ref().and_then(|details| details.year_group.as_deref());
    let year = year.and_then(parse::year_said);
    warnings.extend(parse::of_open("details.year_group", year.as_ref()));
    let person = changes_person(message);
    if !person && spells.is_empty() && needs.is_none() {
        return Err(Refusal::Rule {
            reason: reason::NOTHING_TO_CHANGE,
            message: "the request would change nothing".to_owned(),
        });
    }
    let changes = Changes {
        learner,
        organisation: caller.organisation(),
        expected: message.expected_version,
        reference: entered.reference("learner"),
        message: message.clone(),
        spells,
        needs,
        now: caller.now,
    };
    Ok((changes, warnings))
}

fn changes_person(message: &wire::AmendLearnerRequest) -> bool {
    let details = message.details.as_ref().is_some_and(|details| *details != Default::default());
    details || message.looked_after.is_some() || message.sensitive.is_some()
}

fn amending(changes: Changes) -> Attempt {
    attempt(move |unit| {
        let changes = changes.clone();
        async move {
            let id = changes.learner.uuid();
            unit.expect(id, changes.expected);
            let mut loaded = unit.load::<Learner>(id).await?;
            if let Some(reference) = changes.reference.clone() {
                unit.claim(reference, id, (None, None));
            }
            if changes_person(&changes.message) {
                amend_person(unit, &mut loaded, &changes)?;
            }
            for spell in changes.spells {
                unit.decide(&mut loaded, spell.into())?;
            }
            if let Some(needs) = changes.needs {
                unit.decide(&mut loaded, RecordNeeds { needs }.into())?;
            }
            Ok(())
        }
        .boxed()
    })
}

/// The person as amended, found from now on by the new name, day of birth and own key.
fn amend_person(
    unit: &mut Unit,
    loaded: &mut Loaded<Learner>,
    changes: &Changes,
) -> Result<(), Stop> {
    let (id, organisation) = (changes.learner.uuid(), changes.organisation);
    let (before, own_ref_before) = now_known(&loaded.state)?;
    let (person, own_ref) = amended(&before, own_ref_before.clone(), &changes.message)?;
    let amend = Amend { person: person.clone(), own_ref: own_ref.clone(), now: changes.now };
    if unit.decide(loaded, amend.into())?.is_some() {
        return Ok(());
    }
    let named =
        |person: &Person| (person.forename.clone(), person.surname.clone(), person.date_of_birth);
    if named(&before) != named(&person) {
        unit.release(keys::name_and_birth(organisation, &before), id);
        unit.claim(keys::name_and_birth(organisation, &person), id, (None, None));
    }
    if own_ref != own_ref_before {
        if let Some(before) = own_ref_before {
            unit.release(keys::own_ref(organisation, &before), id);
        }
        if let Some(own_ref) = own_ref {
            unit.claim(keys::own_ref(organisation, &own_ref), id, (None, None));
        }
    }
    Ok(())
}

fn now_known(state: &LearnerState) -> Result<(Person, Option<String>), Refusal> {
    let details = state.details.as_ref().ok_or(Refusal::NotFound)?;
    Ok((details.fact.person.clone(), details.fact.own_ref.clone()))
}

fn amended(
    before: &Person,
    own_ref: Option<String>,
    message: &wire::AmendLearnerRequest,
) -> Result<(Person, Option<String>), Refusal> {
    let change = message.details.clone().unwrap_or_default();
    let mut person = before.clone();
    if let Some(forename) = change.forename {
        forename.trim().clone_into(&mut person.forename);
    }
    if let Some(surname) = change.surname {
        surname.trim().clone_into(&mut person.surname);
    }
    if let Some(birth) = date::optional("details.date_of_birth", change.date_of_birth.as_ref())? {
        person.date_of_birth = birth;
    }
    if let Some(year) = change.year_group {
        person.nc_year = parse::year_said(&year);
    }
    if let Some(sex) = change.sex {
        person.sex = parse::sex(sex);
    }
    if let Some(said) = &message.looked_after {
        person.looked_after = Some(parse::in_care(said)?);
    }
    // An optional text that is empty is cleared.
    let or_cleared = |change: Option<String>, before: Option<String>| match change {
        Some(said) => text(&said),
        None => before,
    };
    person.known_as = or_cleared(change.known_as, person.known_as);
    person.postcode = or_cleared(change.postcode, person.postcode);
    person.home_language = or_cleared(change.home_language, person.home_language);
    person.sensitive = message.sensitive.unwrap_or(person.sensitive);
    Ok((person, or_cleared(change.own_ref, own_ref)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date as day;

    fn person() -> Person {
        Person {
            surname: "Sample".to_owned(),
            forename: "Kit".to_owned(),
            known_as: Some("K".to_owned()),
            date_of_birth: day(2014, 9, 1),
            sex: None,
            postcode: Some("N1 1AA".to_owned()),
            nc_year: None,
            home_language: None,
            looked_after: None,
            sensitive: false,
        }
    }

    #[test]
    fn what_is_absent_stays_and_what_is_empty_is_cleared() {
        let details = wire::LearnerDetailsChange {
            surname: Some(" Other ".to_owned()),
            known_as: Some(String::new()),
            year_group: Some("7".to_owned()),
            ..Default::default()
        };
        let message = wire::AmendLearnerRequest {
            details: Some(details),
            sensitive: Some(true),
            ..Default::default()
        };
        assert!(changes_person(&message));
        let amended = amended(&person(), Some("0042".to_owned()), &message);
        let (after, own_ref) = amended.unwrap_or_else(|_| panic!("amended"));
        assert_eq!((after.surname.as_str(), after.forename.as_str()), ("Other", "Kit"));
        assert_eq!((after.known_as, after.postcode.as_deref()), (None, Some("N1 1AA")));
        assert!(after.sensitive && after.nc_year.is_some());
        assert_eq!(own_ref.as_deref(), Some("0042"));
    }

    #[test]
    fn an_empty_change_changes_nothing() {
        let empty =
            wire::AmendLearnerRequest { details: Some(Default::default()), ..Default::default() };
        assert!(!changes_person(&empty));
    }
}
