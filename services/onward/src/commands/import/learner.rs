//! The learner of a row as a record of the importing organisation: found, registered or amended.

use jiff::civil::Date;
use onward_contract::google::r#type::Date as WireDate;
use onward_contract::learner::v1 as wire;
use onward_contract::learner::v1::find_learners_request::By;
use onward_contract::reason;
use onward_domain::codes::provision::SenProvision;
use onward_domain::learner::{Person, RankedNeed};
use prost::Message;
use tonic::Status;

use super::own::Own;
use super::tally::Outcome;
use crate::commands::client::{line, metadata, reason as reason_of};

/// Metadata of an answer that was given before.
const REPLAYED: &str = "onward-replayed";

/// What a file says of a learner.
#[derive(Clone)]
pub struct Said {
    /// The same for the same child, within a file and from one sending to the next.
    pub key: String,
    /// Who the learner is.
    pub person: Person,
    /// Current UPN.
    pub upn: Option<String>,
    /// UPNs before.
    pub former_upns: Vec<String>,
    /// Unique learner number.
    pub uln: Option<String>,
    /// The sender's own key.
    pub own_ref: Option<String>,
    /// Spells of provision: code, first day, last day.
    pub provisions: Vec<(SenProvision, Date, Option<Date>)>,
    /// Needs by rank.
    pub needs: Vec<RankedNeed>,
    /// The file is about the learner itself, so that what it says replaces what was said before.
    /// Files about moves and referrals only register learners that are not known yet.
    pub amends: bool,
}

/// The record, and what became of it.
pub struct Placed {
    /// The record's id; absent in a dry run for a learner that is not known.
    pub learner_id: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
}

impl Outcome {
    /// A refusal of the server.
    pub fn refused(status: &Status) -> Self {
        Self::Failed {
            code: reason_of(status).unwrap_or_else(|| format!("{:?}", status.code())),
            message: line(status),
        }
    }

    /// New, unless the server says that it had answered before.
    pub fn of_answer<T>(response: &tonic::Response<T>) -> Self {
        if response.metadata().contains_key(REPLAYED) { Self::Same } else { Self::New }
    }
}

/// Finds, registers or amends.
///
/// # Errors
/// What the server refuses.
pub async fn place(own: &Own, said: &Said, dry_run: bool) -> Result<Placed, Box<Status>> {
    let known = find(own, said).await?;
    match known {
        Some(id) if said.amends && !dry_run => amend(own, said, id).await,
        Some(id) => Ok(Placed { learner_id: Some(id), outcome: Outcome::Same }),
        None if dry_run => Ok(Placed { learner_id: None, outcome: Outcome::New }),
        None => register(own, said).await,
    }
}

async fn find(own: &Own, said: &Said) -> Result<Option<String>, Box<Status>> {
    let by = match (&said.upn, &said.own_ref, &said.uln) {
        (Some(upn), _, _) => By::Upn(upn.clone()),
        (None, Some(own_ref), _) => By::OwnRef(own_ref.clone()),
        (None, None, Some(uln)) => By::Uln(uln.clone()),
        (None, None, None) => By::NameAndBirth(wire::NameAndBirth {
            forename: said.person.forename.clone(),
            surname: said.person.surname.clone(),
            date_of_birth: Some(date(said.person.date_of_birth)),
        }),
    };
    let request = wire::FindLearnersRequest { by: Some(by), ..Default::default() };
    let found = own.server.learners().find_learners(request).await?.into_inner();
    Ok(found.learners.into_iter().next().map(|learner| learner.learner_id))
}

async fn register(own: &Own, said: &Said) -> Result<Placed, Box<Status>> {
    let mut request = wire::RegisterLearnerRequest {
        details: Some(details(said)),
        identifiers: identifiers(said),
        sen_provisions: provisions(said),
        needs: needs(said),
        looked_after: said.person.looked_after.as_ref().map(|looked_after| wire::LookedAfter {
            in_care: looked_after.in_care,
            care_authority: looked_after.care_authority.clone().unwrap_or_default(),
        }),
        sensitive: said.person.sensitive,
        ..Default::default()
    };
    request.request_id = own.request_id("learner", &said.key, &request.encode_to_vec());
    match own.server.learners().register_learner(request).await {
        Ok(response) => {
            let outcome = Outcome::of_answer(&response);
            Ok(Placed { learner_id: Some(response.into_inner().learner_id), outcome })
        }
        // Another row or another import was quicker, or a former number belongs to a record that is
        // there: that record is the learner's.
        Err(status)
            if reason_of(&status).as_deref() == Some(reason::LEARNER_ALREADY_REGISTERED) =>
        {
            match metadata(&status, "learner_id") {
                Some(id) if said.amends => amend(own, said, id).await,
                Some(id) => Ok(Placed { learner_id: Some(id), outcome: Outcome::Same }),
                None => Err(status.into()),
            }
        }
        Err(status) => Err(status.into()),
    }
}

async fn amend(own: &Own, said: &Said, learner_id: String) -> Result<Placed, Box<Status>> {
    let before = own
        .server
        .learners()
        .get_learner(wire::GetLearnerRequest {
            learner_id: learner_id.clone(),
            ..Default::default()
        })
        .await?
        .into_inner()
        .learner
        .unwrap_or_default();
    let details = details(said);
    let mut request = wire::AmendLearnerRequest {
        learner_id: learner_id.clone(),
        details: Some(wire::LearnerDetailsChange {
            forename: Some(details.forename),
            surname: Some(details.surname),
            date_of_birth: details.date_of_birth,
            sex: (details.sex != 0).then_some(details.sex),
            postcode: filled(details.postcode),
            year_group: filled(details.year_group),
            home_language: filled(details.home_language),
            known_as: None,
            own_ref: filled(details.own_ref),
        }),
        sen_provisions: (!said.provisions.is_empty())
            .then(|| wire::SenProvisionList { items: provisions(said) }),
        needs: (!said.needs.is_empty()).then(|| wire::NeedList { items: needs(said) }),
        ..Default::default()
    };
    // The version is part of the id: the same file changes a record back after somebody changed it.
    let key = format!("{}|{}", said.key, before.version);
    request.request_id = own.request_id("amend", &key, &request.encode_to_vec());
    let reply = own.server.learners().amend_learner(request).await?.into_inner();
    let mut version = reply.receipt.map_or(before.version, |receipt| receipt.stream_version);
    version = version.max(add_missing(own, said, &learner_id, &before).await?);
    let outcome = if version > before.version { Outcome::Changed } else { Outcome::Same };
    Ok(Placed { learner_id: Some(learner_id), outcome })
}

/// Adds the numbers that the record does not hold yet; answers the version that it came to.
async fn add_missing(
    own: &Own,
    said: &Said,
    learner_id: &str,
    before: &wire::Learner,
) -> Result<u64, Box<Status>> {
    let mut version = before.version;
    for identifier in identifiers(said) {
        let held = before
            .identifiers
            .iter()
            .any(|held| held.kind == identifier.kind && held.value == identifier.value);
        if held {
            continue;
        }
        let mut request = wire::AddIdentifierRequest {
            learner_id: learner_id.to_owned(),
            identifier: Some(identifier),
            ..Default::default()
        };
        request.request_id = own.request_id("identifier", &said.key, &request.encode_to_vec());
        let reply = own.server.learners().add_identifier(request).await?.into_inner();
        version = version.max(reply.receipt.map_or(0, |receipt| receipt.stream_version));
    }
    Ok(version)
}

fn details(said: &Said) -> wire::LearnerDetails {
    let person = &said.person;
    let sex = match person.sex.as_deref() {
        Some("F") => wire::Sex::Female,
        Some("M") => wire::Sex::Male,
        _ => wire::Sex::Unspecified,
    };
    wire::LearnerDetails {
        forename: person.forename.clone(),
        surname: person.surname.clone(),
        known_as: person.known_as.clone().unwrap_or_default(),
        date_of_birth: Some(date(person.date_of_birth)),
        sex: sex.into(),
        postcode: person.postcode.clone().unwrap_or_default(),
        year_group: person.nc_year.map(|year| year.as_str().to_owned()).unwrap_or_default(),
        own_ref: said.own_ref.clone().unwrap_or_default(),
        home_language: person.home_language.clone().unwrap_or_default(),
    }
}

fn identifiers(said: &Said) -> Vec<wire::NewIdentifier> {
    let one = |kind: wire::IdentifierKind, value: &String, former: bool| wire::NewIdentifier {
        kind: kind.into(),
        value: value.clone(),
        former,
        from: None,
    };
    let upn = said.upn.iter().map(|upn| one(wire::IdentifierKind::Upn, upn, false));
    let former = said.former_upns.iter().map(|upn| one(wire::IdentifierKind::Upn, upn, true));
    let uln = said.uln.iter().map(|uln| one(wire::IdentifierKind::Uln, uln, false));
    upn.chain(former).chain(uln).collect()
}

fn provisions(said: &Said) -> Vec<wire::SenProvision> {
    said.provisions
        .iter()
        .map(|(provision, start, end)| wire::SenProvision {
            provision_code: provision.as_str().to_owned(),
            start: Some(date(*start)),
            end: end.map(date),
        })
        .collect()
}

fn needs(said: &Said) -> Vec<wire::Need> {
    said.needs
        .iter()
        .map(|need| wire::Need {
            rank: need.rank.into(),
            code: need.need.as_str().to_owned(),
            start: need.from.map(date),
            end: need.to.map(date),
        })
        .collect()
}

fn filled(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// A civil date on the wire.
pub fn date(date: Date) -> WireDate {
    WireDate { year: date.year().into(), month: date.month().into(), day: date.day().into() }
}
