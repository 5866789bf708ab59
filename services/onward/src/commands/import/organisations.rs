//! A CSV file of organisations, for the operator.

use onward_contract::access::v1::OrganisationKind;
use onward_contract::directory::v1 as wire;
use onward_contract::reason;
use onward_domain::decider::Decider;
use onward_domain::ids::OrganisationId;
use onward_domain::organisation::{Organisation as Concept, OrganisationNumberKind, Register};
use onward_exchange::csv::{OrganisationRow, Row};
use prost::Message;
use tonic::Status;
use uuid::Uuid;

use super::check;
use super::date;
use super::in_file::About;
use super::own::{Own, may};
use super::rows::{Done, Kind};
use super::tally::Outcome;
use crate::commands::client::{metadata, reason as reason_of};

/// The rows of a file of organisations.
pub struct Organisations<'a>(pub &'a Own);

impl Organisations<'_> {
    /// Asks whether the caller may record such rows at all.
    ///
    /// # Errors
    /// It may not.
    pub async fn allowed(&self) -> anyhow::Result<()> {
        let mut directory = self.0.server.directory();
        let empty = wire::RegisterOrganisationRequest::default();
        may(directory.register_organisation(empty).await)
    }
}

impl Kind for Organisations<'_> {
    type Item = OrganisationRow;

    fn about(&self, row: &OrganisationRow) -> About {
        let content = format!("{row:?}");
        About::organisation(&own_numbers(row), &row.name, content.as_bytes())
    }

    async fn record(
        &self,
        row: &OrganisationRow,
        _: bool,
        dry_run: bool,
    ) -> Result<Done, Box<Status>> {
        Ok(record(self.0, row, dry_run).await?.into())
    }
}

/// The numbers that are the organisation's alone. An authority's code is also every setting's in it.
fn own_numbers(row: &OrganisationRow) -> Vec<(&'static str, &str)> {
    use OrganisationNumberKind as N;
    let kinds = [
        ("URN", N::Urn),
        ("early-years URN", N::EyUrn),
        ("LAESTAB", N::Laestab),
        ("UKPRN", N::Ukprn),
        ("ODS code", N::OdsCode),
        ("pathfinder key", N::PathfinderKey),
    ];
    let mut numbers: Vec<_> =
        kinds.iter().filter_map(|(name, kind)| Some((*name, row.number(*kind)?))).collect();
    if numbers.is_empty()
        && row.kind == onward_domain::codes::setting::OrganisationKind::LocalAuthority
    {
        numbers.extend(row.number(N::LaCode).map(|code| ("authority code", code)));
    }
    numbers
}

async fn record(own: &Own, row: &OrganisationRow, dry_run: bool) -> Result<Outcome, Box<Status>> {
    let mut request = request(row);
    if let Some(urn) = &row.successor_of {
        let by = wire::OrganisationIdentifiers { urn: urn.clone(), ..Default::default() };
        match own.with_number(by).await? {
            Some(found) => request.successor_of = Some(found.organisation_id),
            None => {
                let message = "the organisation in successor_of is not registered";
                return Ok(Outcome::failed("successor_of_unknown", message));
            }
        }
    }
    request.request_id = own.request_id("organisation", &row.row_key(), &request.encode_to_vec());
    if let Err(outcome) = judge(&request) {
        return Ok(outcome);
    }
    if let Some(known) = known(own, row).await? {
        return Ok(against(&known, &request));
    }
    if dry_run {
        return Ok(Outcome::New);
    }
    match own.server.directory().register_organisation(request.clone()).await {
        Ok(response) => {
            let outcome = Outcome::of_answer(&response);
            own.wrote(response.into_inner().receipt.as_ref());
            Ok(outcome)
        }
        // Another import was quicker.
        Err(status)
            if reason_of(&status).as_deref() == Some(reason::ORGANISATION_ALREADY_REGISTERED) =>
        {
            let Some(id) = metadata(&status, "organisation_id") else { return Err(status.into()) };
            let get = wire::GetOrganisationRequest { organisation_id: id, ..Default::default() };
            let known = own.server.directory().get_organisation(get).await?.into_inner();
            Ok(against(&known.organisation.unwrap_or_default(), &request))
        }
        Err(status) => Err(status.into()),
    }
}

/// As the server would judge a new one.
fn judge(request: &wire::RegisterOrganisationRequest) -> Result<(), Outcome> {
    check::fields("onward.directory.v1.RegisterOrganisationRequest", request)?;
    let id = OrganisationId::new(Uuid::nil());
    let organisation =
        onward_api::wire::directory::registered(id, request).map_err(check::refused)?;
    let judged = Concept::decide(&Default::default(), Register { organisation });
    judged.map(drop).map_err(check::refused)
}

/// The organisation that has one of the row's numbers, or, without any, its kind and name.
async fn known(
    own: &Own,
    row: &OrganisationRow,
) -> Result<Option<wire::Organisation>, Box<Status>> {
    let all = identifiers(row);
    let none = wire::OrganisationIdentifiers::default;
    let mut each = vec![
        wire::OrganisationIdentifiers { urn: all.urn.clone(), ..none() },
        wire::OrganisationIdentifiers { ey_urn: all.ey_urn.clone(), ..none() },
        wire::OrganisationIdentifiers { laestab: all.laestab.clone(), ..none() },
        wire::OrganisationIdentifiers { ukprn: all.ukprn.clone(), ..none() },
        wire::OrganisationIdentifiers { ods_code: all.ods_code.clone(), ..none() },
        wire::OrganisationIdentifiers { pathfinder_key: all.pathfinder_key.clone(), ..none() },
    ];
    each.retain(|one| *one != none());
    for one in each {
        if let Some(known) = own.with_number(one).await? {
            return Ok(Some(known));
        }
    }
    if !own_numbers(row).iter().all(|(kind, _)| *kind == "authority code") {
        return Ok(None);
    }
    let kind = OrganisationKind::from_str_name(&format!("ORGANISATION_KIND_{}", row.kind.as_str()));
    let list = wire::ListOrganisationsRequest {
        min_position: own.position(),
        page_size: 500,
        kinds: kind.into_iter().map(Into::into).collect(),
        // An authority is found by its code, whatever its name.
        name_contains: if all.la_code.is_empty() { row.name.clone() } else { String::new() },
        identifiers: Some(all.clone()).filter(|all| *all != none()),
        ..Default::default()
    };
    let found = own.server.directory().list_organisations(list).await?.into_inner().organisations;
    let authority = row.kind == onward_domain::codes::setting::OrganisationKind::LocalAuthority;
    Ok(found.into_iter().find(|one| authority || one.name == row.name))
}

/// A known organisation beside what the row says: what differs cannot be changed by a file.
fn against(known: &wire::Organisation, said: &wire::RegisterOrganisationRequest) -> Outcome {
    let numbers = said.identifiers.clone().unwrap_or_default();
    let held = known.identifiers.clone().unwrap_or_default();
    let text = |said: &str, held: &str| !said.is_empty() && said != held;
    let differs = [
        ("name", said.name.trim() != known.name),
        ("kind", said.kind != known.kind),
        ("urn", text(&numbers.urn, &held.urn)),
        ("ey_urn", text(&numbers.ey_urn, &held.ey_urn)),
        ("laestab", text(&numbers.laestab, &held.laestab)),
        ("ukprn", text(&numbers.ukprn, &held.ukprn)),
        ("ods_code", text(&numbers.ods_code, &held.ods_code)),
        ("la_code", text(&numbers.la_code, &held.la_code)),
        ("pathfinder_key", text(&numbers.pathfinder_key, &held.pathfinder_key)),
        ("phase", said.phase != 0 && said.phase != known.phase),
        ("low_age", said.low_age.is_some() && said.low_age != known.low_age),
        ("high_age", said.high_age.is_some() && said.high_age != known.high_age),
        ("open_from", said.open_from.is_some() && said.open_from != known.open_from),
        ("open_to", said.open_to.is_some() && said.open_to != known.open_to),
        ("go_live", said.go_live.is_some() && said.go_live != known.go_live),
        ("holiday_contact", text(&said.holiday_contact, &known.holiday_contact)),
        (
            "successor_of",
            text(said.successor_of.as_deref().unwrap_or_default(), &known.successor_of),
        ),
    ];
    let fields: Vec<&str> =
        differs.iter().filter(|(_, differs)| *differs).map(|(field, _)| *field).collect();
    if fields.is_empty() {
        return Outcome::Same;
    }
    let message = format!(
        "the organisation is registered already with something else in: {}; the directory cannot be \
         changed by a file",
        fields.join(", ")
    );
    Outcome::failed(reason::ORGANISATION_ALREADY_REGISTERED, message)
}

fn request(row: &OrganisationRow) -> wire::RegisterOrganisationRequest {
    let kind = format!("ORGANISATION_KIND_{}", row.kind.as_str());
    let phase = row.phase.map(onward_api::wire::directory::phase_number);
    wire::RegisterOrganisationRequest {
        kind: OrganisationKind::from_str_name(&kind).unwrap_or_default().into(),
        name: row.name.clone(),
        identifiers: Some(identifiers(row)),
        phase: phase.unwrap_or_default(),
        low_age: row.low_age.map(u32::from),
        high_age: row.high_age.map(u32::from),
        open_from: row.open_from.map(date),
        open_to: row.open_to.map(date),
        go_live: row.go_live.map(date),
        holiday_contact: row.holiday_contact.clone().unwrap_or_default(),
        ..Default::default()
    }
}

fn identifiers(row: &OrganisationRow) -> wire::OrganisationIdentifiers {
    let number = |kind| row.number(kind).unwrap_or_default().to_owned();
    wire::OrganisationIdentifiers {
        urn: number(OrganisationNumberKind::Urn),
        ey_urn: number(OrganisationNumberKind::EyUrn),
        laestab: number(OrganisationNumberKind::Laestab),
        ukprn: number(OrganisationNumberKind::Ukprn),
        ods_code: number(OrganisationNumberKind::OdsCode),
        la_code: number(OrganisationNumberKind::LaCode),
        pathfinder_key: number(OrganisationNumberKind::PathfinderKey),
    }
}
