//! A CSV file of organisations, for the operator.

use onward_contract::access::v1::OrganisationKind;
use onward_contract::directory::v1 as wire;
use onward_contract::reason;
use onward_domain::organisation::OrganisationNumberKind;
use onward_exchange::csv::{OrganisationRow, Row, RowRead};
use prost::Message;
use tonic::Status;

use super::learner::date;
use super::own::Own;
use super::tally::{Outcome, Tally};
use super::{Input, Manner, rows};
use crate::commands::client::{metadata, reason as reason_of};

/// Imports one file.
pub async fn import(
    own: &Own,
    input: Box<dyn Input>,
    manner: Manner,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    rows::each(input, manner, tally, |row: RowRead<OrganisationRow>| async move {
        let outcome = one(own, &row, manner.dry_run).await;
        (row, outcome.into())
    })
    .await
}

async fn one(own: &Own, read: &RowRead<OrganisationRow>, dry_run: bool) -> Outcome {
    if read.repeats.is_some() {
        return Outcome::Same;
    }
    match record(own, &read.row, dry_run).await {
        Ok(outcome) => outcome,
        Err(status) => Outcome::refused(&status),
    }
}

async fn record(own: &Own, row: &OrganisationRow, dry_run: bool) -> Result<Outcome, Box<Status>> {
    let identifiers = identifiers(row);
    if dry_run {
        let known = find(own, identifiers).await?;
        return Ok(if known.is_some() { Outcome::Same } else { Outcome::New });
    }
    let successor_of = match &row.successor_of {
        None => None,
        Some(urn) => {
            let by = wire::OrganisationIdentifiers { urn: urn.clone(), ..Default::default() };
            Some(find(own, by).await?.ok_or_else(|| {
                Status::not_found("the organisation in successor_of is not registered")
            })?)
        }
    };
    let kind = format!("ORGANISATION_KIND_{}", row.kind.as_str());
    let phase = row.phase.map(onward_api::wire::directory::phase_number);
    let mut request = wire::RegisterOrganisationRequest {
        kind: OrganisationKind::from_str_name(&kind).unwrap_or_default().into(),
        name: row.name.clone(),
        identifiers: Some(identifiers),
        phase: phase.unwrap_or_default(),
        low_age: row.low_age.map(u32::from),
        high_age: row.high_age.map(u32::from),
        open_from: row.open_from.map(date),
        open_to: row.open_to.map(date),
        go_live: row.go_live.map(date),
        holiday_contact: row.holiday_contact.clone().unwrap_or_default(),
        successor_of: successor_of.map(|organisation| organisation.organisation_id),
        ..Default::default()
    };
    request.request_id = own.request_id("organisation", &row.row_key(), &request.encode_to_vec());
    match own.server.directory().register_organisation(request.clone()).await {
        Ok(response) => Ok(Outcome::of_answer(&response)),
        Err(status)
            if reason_of(&status).as_deref() == Some(reason::ORGANISATION_ALREADY_REGISTERED) =>
        {
            already(own, &request, status).await
        }
        Err(status) => Err(status.into()),
    }
}

/// Registered before: the same when what the file says is what the directory says.
async fn already(
    own: &Own,
    request: &wire::RegisterOrganisationRequest,
    status: Status,
) -> Result<Outcome, Box<Status>> {
    let Some(id) = metadata(&status, "organisation_id") else { return Err(status.into()) };
    let get = wire::GetOrganisationRequest { organisation_id: id, ..Default::default() };
    let known = own.server.directory().get_organisation(get).await?.into_inner();
    let known = known.organisation.unwrap_or_default();
    let same = known.name == request.name
        && known.kind == request.kind
        && known.identifiers == request.identifiers;
    if same { Ok(Outcome::Same) } else { Err(status.into()) }
}

async fn find(
    own: &Own,
    identifiers: wire::OrganisationIdentifiers,
) -> Result<Option<wire::Organisation>, Box<Status>> {
    let request = wire::ListOrganisationsRequest {
        identifiers: Some(identifiers),
        page_size: 1,
        ..Default::default()
    };
    let found = own.server.directory().list_organisations(request).await?.into_inner();
    Ok(found.organisations.into_iter().next())
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
