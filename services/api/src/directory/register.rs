//! Registering an organisation.

use futures::FutureExt;
use onward_contract::directory::v1 as wire;
use onward_domain::codes::setting::OrganisationKind;
use onward_domain::decider::Refusal;
use onward_domain::ids::OrganisationId;
use onward_domain::organisation::{
    Organisation, OrganisationNumberKind, OrganisationRegistered, Register,
};
use onward_log::{Attempt, Key, Unit};
use tonic::{Request, Response};
use uuid::Uuid;

use crate::call::{answer, attempt, issued, receipt};
use crate::status::Failure;
use crate::wire as parse;
use crate::{Doors, keys};

type Answered = Result<Response<wire::RegisterOrganisationResponse>, Failure>;

pub(super) async fn register(
    doors: &Doors,
    request: Request<wire::RegisterOrganisationRequest>,
) -> Answered {
    let method = "/onward.directory.v1.DirectoryService/RegisterOrganisation";
    let entered = doors.open(method, request).await?;
    let id = OrganisationId::new(Uuid::now_v7());
    let mut said = parse::directory::registered(id, &entered.message)?;
    said.go_live.get_or_insert(entered.caller.now.today);
    if let Some(predecessor) = said.successor_of {
        doors.registration(predecessor).await?.ok_or(Refusal::NotFound)?;
    }
    let reference = entered.reference("organisation");
    let executed = doors.write(&entered, registration(said, reference)).await?;
    let response = wire::RegisterOrganisationResponse {
        receipt: Some(receipt(&executed.receipt)),
        organisation_id: issued(&executed, "organisation_id"),
    };
    answer(&executed, response)
}

fn registration(said: OrganisationRegistered, reference: Option<Key>) -> Attempt {
    attempt(move |unit| {
        let (said, reference) = (said.clone(), reference.clone());
        async move {
            let id = said.organisation.uuid();
            let mut loaded = unit.fresh::<Organisation>(id);
            claim_keys(unit, &said);
            if let Some(reference) = reference {
                unit.claim(reference, id, (None, None));
            }
            unit.decide(&mut loaded, Register { organisation: said })?;
            unit.issue("organisation_id", id.to_string());
            Ok(())
        }
        .boxed()
    })
}

/// Every number, by which the organisation is found.
fn claim_keys(unit: &mut Unit, said: &OrganisationRegistered) {
    let stream = said.organisation.uuid();
    // A number may pass on to another organisation once this one has closed.
    let open = (said.open_from, said.open_to);
    for number in &said.numbers {
        let key = keys::organisation_number(number.kind.as_str(), &number.value);
        unit.claim(key, stream, open);
        let own = number.kind == OrganisationNumberKind::LaCode
            && said.kind == OrganisationKind::LocalAuthority;
        if own {
            unit.claim(keys::authority(&number.value), stream, open);
        }
    }
}
