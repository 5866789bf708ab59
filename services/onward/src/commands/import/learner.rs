//! The learner of a row as a record of the importing organisation: found, registered or amended.

use jiff::civil::Date;
use onward_contract::learner::v1 as wire;
use onward_contract::reason;
use onward_domain::codes::Open;
use onward_domain::codes::provision::SenProvision;
use onward_domain::learner::{Person, RankedNeed};
use prost::Message;
use tonic::Status;

use super::find::{Found, another, find, former_of_another, is_another, summary};
use super::own::Own;
use super::tally::Outcome;
use super::{amend, check, date};
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
    pub provisions: Vec<(Open<SenProvision>, Date, Option<Date>)>,
    /// Needs by rank.
    pub needs: Vec<RankedNeed>,
    /// The needs are all that the learner has. Else they are the first ones, and others may stand
    /// beside them.
    pub all_needs: bool,
}

/// The record, and what became of it.
pub struct Placed {
    /// The record's id; absent in a dry run for a learner that is not known.
    pub learner_id: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// Nothing was recorded on it before.
    pub fresh: bool,
    /// Remarks: code and sentence.
    pub remarks: Vec<(String, String)>,
}

impl Placed {
    /// A known record.
    pub fn known(learner_id: String, outcome: Outcome) -> Self {
        Self { learner_id: Some(learner_id), outcome, fresh: false, remarks: Vec::new() }
    }

    fn refused(outcome: Outcome) -> Self {
        Self { learner_id: None, outcome, fresh: false, remarks: Vec::new() }
    }

    /// The learner could not be placed, so nothing that belongs to it is recorded either.
    pub fn is_refused(&self) -> bool {
        matches!(self.outcome, Outcome::Failed { .. })
    }
}

impl Outcome {
    /// Not recorded.
    pub fn failed(code: &str, message: impl Into<String>) -> Self {
        Self::Failed { code: code.to_owned(), message: message.into() }
    }

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

/// Finds, registers or amends. `again`: an earlier row of the file was about the same learner, and
/// what it said stands.
///
/// # Errors
/// What the server refuses.
pub async fn place(
    own: &Own,
    said: &Said,
    again: bool,
    dry_run: bool,
) -> Result<Placed, Box<Status>> {
    // Before any look-up, so that a fault is named by the field that has it.
    let mut fields = registration(said);
    fields.request_id = check::SOME_ID.to_owned();
    if let Err(outcome) = check::fields("onward.learner.v1.RegisterLearnerRequest", &fields) {
        return Ok(Placed::refused(outcome));
    }
    match find(own, said).await? {
        Found::Other(outcome) => Ok(Placed::refused(outcome)),
        Found::Known(id) if again => Ok(Placed::known(id, Outcome::Same)),
        Found::Known(id) => amend::amend(own, said, id, dry_run).await,
        // An earlier row would have registered the learner.
        Found::Nobody if again && dry_run => {
            let outcome = Outcome::Same;
            Ok(Placed { learner_id: None, outcome, fresh: true, remarks: Vec::new() })
        }
        Found::Nobody => register(own, said, dry_run).await,
    }
}

/// Most spells of provision in one request.
pub const MOST_SPELLS: usize = 100;

/// All that is said of a learner, but for the spells that one request cannot hold.
fn registration(said: &Said) -> wire::RegisterLearnerRequest {
    wire::RegisterLearnerRequest {
        details: Some(details(said)),
        identifiers: identifiers(said),
        sen_provisions: provisions(said).into_iter().take(MOST_SPELLS).collect(),
        needs: needs(&said.needs),
        looked_after: said.person.looked_after.as_ref().map(looked_after),
        sensitive: said.person.sensitive,
        ..Default::default()
    }
}

async fn register(own: &Own, said: &Said, dry_run: bool) -> Result<Placed, Box<Status>> {
    let mut request = registration(said);
    let rest: Vec<_> = provisions(said).into_iter().skip(MOST_SPELLS).collect();
    request.request_id = own.request_id("learner", &said.key, &request.encode_to_vec());
    if let Err(outcome) = check::registration(own, &request) {
        return Ok(Placed::refused(outcome));
    }
    let former = former_of_another(own, said).await?;
    if let Some(outcome) = former {
        return Ok(Placed::refused(outcome));
    }
    if dry_run {
        let outcome = Outcome::New;
        return Ok(Placed { learner_id: None, outcome, fresh: true, remarks: Vec::new() });
    }
    match own.server.learners().register_learner(request).await {
        Ok(response) => {
            let outcome = Outcome::of_answer(&response);
            let response = response.into_inner();
            own.wrote(response.receipt.as_ref());
            let (learner_id, fresh) = (response.learner_id, outcome == Outcome::New);
            amend::spells(own, said, &learner_id, &rest).await?;
            Ok(Placed { learner_id: Some(learner_id), outcome, fresh, remarks: Vec::new() })
        }
        // Another import was quicker, or a former number belongs to a record that is there.
        Err(status)
            if reason_of(&status).as_deref() == Some(reason::LEARNER_ALREADY_REGISTERED) =>
        {
            match metadata(&status, "learner_id") {
                Some(id) => match amend::record(own, &id).await?.details {
                    Some(details) if is_another(said, &summary(&id, &details)) => {
                        Ok(Placed::refused(another("number")))
                    }
                    _ => amend::amend(own, said, id, false).await,
                },
                None => Err(status.into()),
            }
        }
        Err(status) => Err(status.into()),
    }
}

/// Looked-after status on the wire.
pub fn looked_after(said: &onward_domain::learner::LookedAfter) -> wire::LookedAfter {
    wire::LookedAfter {
        in_care: said.in_care,
        care_authority: said.care_authority.clone().unwrap_or_default(),
    }
}

/// Who the learner is, on the wire.
pub fn details(said: &Said) -> wire::LearnerDetails {
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
        year_group: person.nc_year.as_ref().map_or("", |year| year.as_str()).to_owned(),
        own_ref: said.own_ref.clone().unwrap_or_default(),
        home_language: person.home_language.clone().unwrap_or_default(),
    }
}

/// The numbers, on the wire.
pub fn identifiers(said: &Said) -> Vec<wire::NewIdentifier> {
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

/// The spells of provision, on the wire.
pub fn provisions(said: &Said) -> Vec<wire::SenProvision> {
    said.provisions
        .iter()
        .map(|(provision, start, end)| wire::SenProvision {
            provision_code: provision.as_str().to_owned(),
            start: Some(date(*start)),
            end: end.map(date),
        })
        .collect()
}

/// Needs on the wire.
pub fn needs(needs: &[RankedNeed]) -> Vec<wire::Need> {
    needs
        .iter()
        .map(|need| wire::Need {
            rank: need.rank.into(),
            code: need.need.as_str().to_owned(),
            start: need.from.map(date),
            end: need.to.map(date),
        })
        .collect()
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A child of whom a file says the name only.
    pub fn said(forename: &str, surname: &str) -> Said {
        Said {
            key: String::new(),
            person: Person {
                surname: surname.to_owned(),
                forename: forename.to_owned(),
                known_as: None,
                date_of_birth: Date::constant(2015, 3, 4),
                sex: None,
                postcode: None,
                nc_year: None,
                home_language: None,
                looked_after: None,
                sensitive: false,
            },
            upn: None,
            former_upns: Vec::new(),
            uln: None,
            own_ref: None,
            provisions: Vec::new(),
            needs: Vec::new(),
            all_needs: false,
        }
    }
}
