//! What a file says differently of a learner that is known: only that is sent.

use onward_contract::learner::v1 as wire;
use onward_exchange::one_spelling;
use prost::Message;
use tonic::Status;

use super::check;
use super::learner::{
    MOST_SPELLS, Placed, Said, details, identifiers, looked_after, needs, provisions,
};
use super::own::Own;
use super::tally::Outcome;

/// A record as it is.
///
/// # Errors
/// What the server refuses.
pub async fn record(own: &Own, learner_id: &str) -> Result<wire::Learner, Box<Status>> {
    let get = wire::GetLearnerRequest { learner_id: learner_id.to_owned(), ..Default::default() };
    let reply = own.server.learners().get_learner(get).await?.into_inner();
    Ok(reply.learner.unwrap_or_default())
}

/// Amends a known record by what the file says differently. What the file leaves out stays.
///
/// # Errors
/// What the server refuses.
pub async fn amend(
    own: &Own,
    said: &Said,
    learner_id: String,
    dry_run: bool,
) -> Result<Placed, Box<Status>> {
    let before = record(own, &learner_id).await?;
    let mut placed = Placed::known(learner_id, Outcome::Same);
    let changes = changes(said, &before, &mut placed.remarks);
    let missing = missing(said, &before);
    if changes.is_empty() && missing.is_empty() {
        return Ok(placed);
    }
    placed.outcome = Outcome::Changed;
    for mut request in changes {
        // The version is part of the id: the same file changes a record back after somebody else
        // changed it.
        let key = format!("{}|{}", said.key, before.version);
        request.request_id = own.request_id("amend", &key, &request.encode_to_vec());
        if let Err(outcome) = check::amendment(own, &request) {
            placed.outcome = outcome;
            return Ok(placed);
        }
        if !dry_run {
            let reply = own.server.learners().amend_learner(request).await?.into_inner();
            own.wrote(reply.receipt.as_ref());
        }
    }
    for identifier in missing {
        let mut request = wire::AddIdentifierRequest {
            learner_id: before.learner_id.clone(),
            identifier: Some(identifier),
            ..Default::default()
        };
        request.request_id = own.request_id("identifier", &said.key, &request.encode_to_vec());
        if !dry_run {
            let reply = own.server.learners().add_identifier(request).await?.into_inner();
            own.wrote(reply.receipt.as_ref());
        }
    }
    Ok(placed)
}

/// Spells beyond those that one request holds.
///
/// # Errors
/// What the server refuses.
pub async fn spells(
    own: &Own,
    said: &Said,
    learner_id: &str,
    spells: &[wire::SenProvision],
) -> Result<(), Box<Status>> {
    for some in spells.chunks(MOST_SPELLS) {
        let mut request = wire::AmendLearnerRequest {
            learner_id: learner_id.to_owned(),
            sen_provisions: Some(wire::SenProvisionList { items: some.to_vec() }),
            ..Default::default()
        };
        request.request_id = own.request_id("spells", &said.key, &request.encode_to_vec());
        let reply = own.server.learners().amend_learner(request).await?.into_inner();
        own.wrote(reply.receipt.as_ref());
    }
    Ok(())
}

/// The requests that bring the record to what the file says; none where it says so already.
fn changes(
    said: &Said,
    before: &wire::Learner,
    remarks: &mut Vec<(String, String)>,
) -> Vec<wire::AmendLearnerRequest> {
    let known = before.details.clone().unwrap_or_default();
    let details = person(said, &known, before.sensitive, remarks);
    let held = |spell: &wire::SenProvision| before.sen_provisions.contains(spell);
    let spells: Vec<_> = provisions(said).into_iter().filter(|spell| !held(spell)).collect();
    let in_care = said.person.looked_after.as_ref().map(looked_after);
    let mut requests: Vec<_> = spells
        .chunks(MOST_SPELLS)
        .map(|some| wire::AmendLearnerRequest {
            sen_provisions: Some(wire::SenProvisionList { items: some.to_vec() }),
            ..Default::default()
        })
        .collect();
    let rest = wire::AmendLearnerRequest {
        details: Some(details).filter(|details| *details != wire::LearnerDetailsChange::default()),
        needs: changed_needs(said, before, remarks).map(|items| wire::NeedList { items }),
        looked_after: in_care.filter(|said| before.looked_after.as_ref() != Some(said)),
        ..Default::default()
    };
    if rest != wire::AmendLearnerRequest::default() {
        match requests.last_mut() {
            Some(last) => {
                last.details = rest.details;
                last.needs = rest.needs;
                last.looked_after = rest.looked_after;
            }
            None => requests.push(rest),
        }
    }
    for request in &mut requests {
        request.learner_id.clone_from(&before.learner_id);
    }
    requests
}

/// The details that differ. Capital letters alone make no difference: many systems write nothing else.
fn person(
    said: &Said,
    known: &wire::LearnerDetails,
    sensitive: bool,
    remarks: &mut Vec<(String, String)>,
) -> wire::LearnerDetailsChange {
    let now = details(said);
    let name = |now: &str, known: &str| {
        let same = one_spelling(now).to_lowercase() == one_spelling(known).to_lowercase();
        (!same).then(|| now.to_owned())
    };
    let text = |now: &str, known: &str| (!now.is_empty() && now != known).then(|| now.to_owned());
    let close = |postcode: &str| postcode.replace(' ', "").to_uppercase();
    let moved = !now.postcode.is_empty() && close(&now.postcode) != close(&known.postcode);
    if moved && sensitive {
        let message = "the record is shielded, so its address is not changed by a file";
        remarks.push(("address_shielded".to_owned(), message.to_owned()));
    }
    wire::LearnerDetailsChange {
        forename: name(&now.forename, &known.forename),
        surname: name(&now.surname, &known.surname),
        known_as: text(&now.known_as, &known.known_as),
        date_of_birth: now.date_of_birth.filter(|_| now.date_of_birth != known.date_of_birth),
        sex: (now.sex != 0 && now.sex != known.sex).then_some(now.sex),
        postcode: (moved && !sensitive).then(|| now.postcode.clone()),
        year_group: text(&now.year_group, &known.year_group),
        // The row's key becomes the learner's where it has none; one that it has stays.
        own_ref: text(&now.own_ref, &known.own_ref).filter(|_| known.own_ref.is_empty()),
        home_language: text(&now.home_language, &known.home_language),
    }
}

/// The needs as they would be; none where they are so already, or where the file says none.
fn changed_needs(
    said: &Said,
    before: &wire::Learner,
    remarks: &mut Vec<(String, String)>,
) -> Option<Vec<wire::Need>> {
    if said.needs.is_empty() {
        return None;
    }
    let mut now = needs(&said.needs);
    if !said.all_needs {
        now = beside(now, &before.needs);
    }
    if now.iter().any(|need| need.code == "NSA" && need.end.is_none())
        && open_provision(said, before).is_some_and(|code| code != "K")
    {
        let message = "NSA goes with SEN support (K) only, and the record has another provision; \
                       the needs are left as they are";
        remarks.push(("nsa_without_sen_support".to_owned(), message.to_owned()));
        return None;
    }
    let sorted = |mut needs: Vec<wire::Need>| {
        needs.sort_by_key(|need| need.rank);
        needs
    };
    let now = sorted(now);
    (now != sorted(before.needs.clone())).then_some(now)
}

/// A row that names the first one or two needs says nothing about those after them, nor since when.
fn beside(said: Vec<wire::Need>, known: &[wire::Need]) -> Vec<wire::Need> {
    let mut now: Vec<wire::Need> = said
        .into_iter()
        .map(|need| match known.iter().find(|held| held.code == need.code) {
            Some(held) => wire::Need { rank: need.rank, ..held.clone() },
            None => need,
        })
        .collect();
    for held in known {
        let free = |rank| now.iter().all(|need| need.rank != rank);
        if now.iter().all(|need| need.code != held.code) && held.rank > 2 && free(held.rank) {
            now.push(held.clone());
        }
    }
    now
}

fn open_provision(said: &Said, before: &wire::Learner) -> Option<String> {
    let now = provisions(said);
    let key =
        |spell: &wire::SenProvision| spell.start.map(|start| (start.year, start.month, start.day));
    let said_anew = |held: &&wire::SenProvision| {
        now.iter()
            .all(|spell| (&spell.provision_code, spell.start) != (&held.provision_code, held.start))
    };
    let held = before.sen_provisions.iter().filter(said_anew);
    let open = now.iter().chain(held).filter(|spell| spell.end.is_none());
    open.max_by_key(|spell| key(spell)).map(|spell| spell.provision_code.clone())
}

/// Numbers that the record does not hold yet.
fn missing(said: &Said, before: &wire::Learner) -> Vec<wire::NewIdentifier> {
    let held = |new: &wire::NewIdentifier| {
        let mut held = before.identifiers.iter();
        held.any(|held| held.kind == new.kind && held.value == new.value)
    };
    identifiers(said).into_iter().filter(|identifier| !held(identifier)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::learner::tests::said;
    use super::*;

    fn known(said: &Said) -> wire::Learner {
        wire::Learner { details: Some(details(said)), ..Default::default() }
    }

    #[test]
    fn only_what_differs_is_sent() {
        let ann = said("Ann", "O'Neil");
        let mut remarks = Vec::new();
        let shouted = said("ANN", "O\u{2019}NEIL");
        assert!(changes(&shouted, &known(&ann), &mut remarks).is_empty());
        let mut other = said("Anna", "O'Neil");
        other.person.postcode = Some("ZZ99 1AB".to_owned());
        let sent = changes(&other, &known(&ann), &mut remarks);
        let details = sent[0].details.clone().expect("details differ");
        assert_eq!(details.forename.as_deref(), Some("Anna"));
        assert_eq!((details.surname, details.postcode.as_deref()), (None, Some("ZZ99 1AB")));
        let shielded = wire::Learner { sensitive: true, ..known(&ann) };
        let sent = changes(&other, &shielded, &mut remarks);
        assert_eq!(sent[0].details.as_ref().and_then(|details| details.postcode.clone()), None);
        assert_eq!(remarks.len(), 1, "and that is said");
    }

    #[test]
    fn two_needs_of_a_row_leave_the_third_alone() {
        let need =
            |rank, code: &str| wire::Need { rank, code: code.to_owned(), ..Default::default() };
        let known = [need(1, "SLCN"), need(2, "ASD"), need(3, "HI")];
        let now = beside(vec![need(1, "ASD"), need(2, "SEMH")], &known);
        let codes: Vec<&str> = now.iter().map(|need| need.code.as_str()).collect();
        assert_eq!(codes, ["ASD", "SEMH", "HI"]);
        assert_eq!(beside(vec![need(1, "SLCN"), need(2, "ASD")], &known), known);
    }
}
