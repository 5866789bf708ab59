//! Learners as packs, forms and queues show them.

use jiff::civil::Date;
use onward_contract::handover::v1 as handover;
use onward_contract::learner::v1 as wire;
use onward_contract::referral::v1 as referral;
use onward_domain::handover::Pack;
use onward_domain::ids::LearnerId;
use onward_domain::learner::{LearnerNumberKind, LearnerState, Person, RankedNeed};
use onward_domain::referral::Form;

use super::date;

/// Sex as the school census spells it; anything else is not said.
pub fn sex(person: &Person) -> wire::Sex {
    match person.sex.as_deref() {
        Some("F") => wire::Sex::Female,
        Some("M") => wire::Sex::Male,
        _ => wire::Sex::Unspecified,
    }
}

/// Just enough to recognise the learner.
pub fn summary(
    learner: LearnerId,
    person: Option<&Person>,
    upn: Option<&String>,
    uln: Option<&String>,
) -> wire::LearnerSummary {
    let mut summary =
        wire::LearnerSummary { learner_id: learner.to_string(), ..Default::default() };
    if let Some(person) = person {
        summary.forename.clone_from(&person.forename);
        summary.surname.clone_from(&person.surname);
        summary.date_of_birth = Some(date::wire(person.date_of_birth));
        summary.year_group = year_group(person);
        summary.upn = upn.cloned().unwrap_or_default();
        summary.uln = uln.cloned().unwrap_or_default();
    }
    summary
}

/// The current number of a kind.
pub fn current(state: &LearnerState, kind: LearnerNumberKind) -> Option<String> {
    state.current(kind).map(|held| held.added.fact.value.clone())
}

/// Who the learner is, as a recipient of a pack gets it.
pub fn pack_learner(pack: &Pack) -> Option<handover::PackLearner> {
    let person = pack.person.as_ref()?;
    Some(handover::PackLearner {
        forename: person.forename.clone(),
        surname: person.surname.clone(),
        known_as: person.known_as.clone().unwrap_or_default(),
        date_of_birth: Some(date::wire(person.date_of_birth)),
        sex: sex(person).into(),
        upn: pack.upn.clone().unwrap_or_default(),
        uln: pack.uln.clone().unwrap_or_default(),
        year_group: year_group(person),
        home_language: person.home_language.clone().unwrap_or_default(),
        postcode: postcode(person),
        looked_after: person.looked_after.as_ref().map(super::learner::looked_after),
    })
}

/// The child of a referral form.
pub fn form_child(form: &Form) -> referral::FormChild {
    let person = &form.person;
    referral::FormChild {
        forename: person.forename.clone(),
        surname: person.surname.clone(),
        date_of_birth: Some(date::wire(person.date_of_birth)),
        sex: sex(person).into(),
        postcode: postcode(person),
        upn: form.upn.clone().unwrap_or_default(),
        year_group: year_group(person),
        home_language: person.home_language.clone().unwrap_or_default(),
    }
}

/// A need as the contract spells it.
pub fn need(need: &RankedNeed) -> wire::Need {
    wire::Need {
        rank: u32::from(need.rank),
        code: need.need.as_str().to_owned(),
        start: need.from.map(date::wire),
        end: need.to.map(date::wire),
    }
}

/// Initials, as a queue shows a child before a claim.
pub fn initials(person: &Person) -> String {
    [&person.forename, &person.surname]
        .into_iter()
        .filter_map(|name| name.chars().find(|letter| letter.is_alphanumeric()))
        .flat_map(char::to_uppercase)
        .collect()
}

/// Age band of one year, `3 to 4`: the completed years and the next. Empty before birth.
pub fn age_band(person: &Person, on: Date) -> String {
    let age = onward_domain::calendar::Age::on(person.date_of_birth, on);
    age.map(|age| format!("{} to {}", age.years(), age.years() + 1)).unwrap_or_default()
}

fn year_group(person: &Person) -> String {
    super::learner::year_text(person)
}

/// A shielded address is in no pack, no form and no answer.
fn postcode(person: &Person) -> String {
    person.postcode.clone().filter(|_| !person.sensitive).unwrap_or_default()
}

#[cfg(test)]
pub(crate) fn sample() -> Person {
    Person {
        surname: "O'Hara-Ådland".to_owned(),
        forename: "Éilís".to_owned(),
        known_as: Some("Lis".to_owned()),
        date_of_birth: jiff::civil::date(2022, 9, 1),
        sex: Some("F".to_owned()),
        postcode: Some("N1 9GU".to_owned()),
        nc_year: None,
        home_language: None,
        looked_after: None,
        sensitive: false,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date as day;

    use super::*;

    #[test]
    fn a_queue_shows_initials_and_an_age_band() {
        assert_eq!(initials(&sample()), "ÉO");
        assert_eq!(age_band(&sample(), day(2026, 8, 31)), "3 to 4");
        assert_eq!(age_band(&sample(), day(2026, 9, 1)), "4 to 5");
        assert_eq!(age_band(&sample(), day(2022, 8, 31)), "");
    }

    #[test]
    fn a_shielded_address_is_in_no_answer() {
        assert_eq!(postcode(&sample()), "N1 9GU");
        assert_eq!(postcode(&Person { sensitive: true, ..sample() }), "");
    }
}
