//! Who is there under the names that a file gives a learner, and whether it can be the same child.

use onward_contract::learner::v1 as wire;
use onward_contract::learner::v1::find_learners_request::By;
use onward_domain::learner::folded;
use tonic::Status;

use super::amend;
use super::date;
use super::learner::Said;
use super::own::Own;
use super::tally::Outcome;

/// Who was found under the names of a learner.
pub enum Found {
    /// A record, by its id.
    Known(String),
    /// Nobody.
    Nobody,
    /// Somebody else has the number.
    Other(Outcome),
}

/// Looks a learner up by each number, then by name and day of birth.
///
/// # Errors
/// What the server refuses.
pub async fn find(own: &Own, said: &Said) -> Result<Found, Box<Status>> {
    let numbers = [
        ("UPN", said.upn.clone().map(By::Upn)),
        ("own reference", said.own_ref.clone().map(By::OwnRef)),
        ("ULN", said.uln.clone().map(By::Uln)),
    ];
    for (what, by) in numbers {
        let Some(by) = by else { continue };
        let Some(found) = ask(own, by).await?.into_iter().next() else { continue };
        return Ok(if is_another(said, &found) {
            Found::Other(another(what))
        } else {
            Found::Known(found.learner_id)
        });
    }
    let by = By::NameAndBirth(wire::NameAndBirth {
        forename: said.person.forename.clone(),
        surname: said.person.surname.clone(),
        date_of_birth: Some(date(said.person.date_of_birth)),
    });
    for found in ask(own, by).await? {
        if may_be(own, said, &found).await? {
            return Ok(Found::Known(found.learner_id));
        }
    }
    Ok(Found::Nobody)
}

async fn ask(own: &Own, by: By) -> Result<Vec<wire::LearnerSummary>, Box<Status>> {
    let request = wire::FindLearnersRequest { by: Some(by), ..Default::default() };
    Ok(own.server.learners().find_learners(request).await?.into_inner().learners)
}

/// A number that leads to a record with another name and another day of birth is somebody's mistake:
/// a wrong match is a hazard, so nothing is written over.
pub fn is_another(said: &Said, found: &wire::LearnerSummary) -> bool {
    let person = &said.person;
    let name = (folded(&person.forename), folded(&person.surname));
    found.date_of_birth != Some(date(person.date_of_birth))
        && (folded(&found.forename), folded(&found.surname)) != name
}

/// Said of a number that leads to somebody else.
pub fn another(what: &str) -> Outcome {
    let message = format!(
        "the record with this {what} has another name and another date of birth; it is not changed: \
         see which of the two is right"
    );
    Outcome::failed("number_of_another", message)
}

/// Whether a record of the same name and day of birth may be this learner's: two children may share
/// both, but not with two numbers, and not with two keys of the sender's and two homes.
async fn may_be(own: &Own, said: &Said, found: &wire::LearnerSummary) -> Result<bool, Box<Status>> {
    let differs = |said: &Option<String>, found: &String| {
        said.as_ref().is_some_and(|said| !found.is_empty() && said != found)
    };
    if differs(&said.upn, &found.upn) || differs(&said.uln, &found.uln) {
        return Ok(false);
    }
    if !differs(&said.own_ref, &found.own_ref) {
        return Ok(true);
    }
    let known = amend::record(own, &found.learner_id).await?;
    let known = known.details.unwrap_or_default().postcode;
    let close = |postcode: &str| postcode.replace(' ', "").to_uppercase();
    let home = said.person.postcode.as_deref().unwrap_or_default();
    Ok(known.is_empty() || home.is_empty() || close(&known) == close(home))
}

/// A former number may lead to a record that is there: of somebody else, the pupil is not recorded.
///
/// # Errors
/// What the server refuses.
pub async fn former_of_another(own: &Own, said: &Said) -> Result<Option<Outcome>, Box<Status>> {
    for upn in &said.former_upns {
        let found = ask(own, By::Upn(upn.clone())).await?;
        if found.iter().any(|found| is_another(said, found)) {
            return Ok(Some(another("former UPN")));
        }
    }
    Ok(None)
}

/// The part of a record by which a learner is recognised.
pub fn summary(learner_id: &str, details: &wire::LearnerDetails) -> wire::LearnerSummary {
    wire::LearnerSummary {
        learner_id: learner_id.to_owned(),
        forename: details.forename.clone(),
        surname: details.surname.clone(),
        date_of_birth: details.date_of_birth,
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::super::learner::tests::said;
    use super::*;

    #[test]
    fn only_another_name_and_another_birthday_make_another_person() {
        let ann = said("Ann", "O'Neil");
        let found = |forename: &str, year| wire::LearnerSummary {
            forename: forename.to_owned(),
            surname: "O\u{2019}NEIL".to_owned(),
            date_of_birth: Some(date(Date::constant(year, 3, 4))),
            ..Default::default()
        };
        assert!(!is_another(&ann, &found("ann", 2015)));
        assert!(!is_another(&ann, &found("Anna", 2015)), "a corrected name");
        assert!(!is_another(&ann, &found("Ann", 2014)), "a corrected birthday");
        assert!(is_another(&ann, &found("Bob", 2014)));
    }
}
