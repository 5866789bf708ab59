//! DsaService: cases of Disabled Students' Allowance.
//!
//! | method | file |
//! |---|---|
//! | OpenCase, RecordStep | `steps.rs` |
//! | GetCase, ListCases | `read.rs` |
//!
//! A university sees a case that names it once a handover for its move was released to it: the student
//! decides what goes to higher education, and when.

mod read;
mod steps;

use onward_contract::reason;
use onward_contract::transition::v1 as wire;
use onward_contract::transition::v1::dsa_service_server::DsaService;
use onward_domain::decider::Refusal;
use onward_domain::dsa::{DsaCase, DsaCaseOpened, Open};
use onward_domain::ids::{DsaCaseId, OrganisationId};
use onward_log::{ExecuteError, Key, Relation, Scope, Stop, Unit};
use tonic::{Request, Response, Status};

use crate::fold::History;
use crate::guard::Caller;
use crate::status::Failure;
use crate::{Doors, keys};

/// Area of the callers' own references.
const AREA: &str = "dsa";

/// The service.
#[derive(Clone)]
pub(crate) struct Dsa(pub(crate) Doors);

#[tonic::async_trait]
impl DsaService for Dsa {
    async fn open_case(
        &self,
        request: Request<wire::OpenCaseRequest>,
    ) -> Result<Response<wire::OpenCaseResponse>, Status> {
        Ok(steps::open(&self.0, request).await?)
    }

    async fn record_step(
        &self,
        request: Request<wire::RecordStepRequest>,
    ) -> Result<Response<wire::RecordStepResponse>, Status> {
        Ok(steps::step(&self.0, request).await?)
    }

    async fn get_case(
        &self,
        request: Request<wire::GetCaseRequest>,
    ) -> Result<Response<wire::GetCaseResponse>, Status> {
        Ok(read::get(&self.0, request).await?)
    }

    async fn list_cases(
        &self,
        request: Request<wire::ListCasesRequest>,
    ) -> Result<Response<wire::ListCasesResponse>, Status> {
        Ok(read::list(&self.0, request).await?)
    }
}

/// Opens a case in an append, and claims what it is found by.
pub(crate) fn open_case(
    unit: &mut Unit,
    owner: OrganisationId,
    case: DsaCaseOpened,
) -> Result<(), Stop> {
    let id = case.case.uuid();
    let provider = case.provider.organisation;
    unit.claim(Key::party(id, owner, Relation::Owner), id, (None, None));
    if let Some(provider) = provider {
        unit.claim(Key::party(id, provider, Relation::Destination), id, (None, None));
        unit.claim(keys::cases_of_provider(provider), id, (None, None));
    }
    let open = keys::open_case(case.learner, &case.provider, &case.academic_year);
    unit.claim(open, id, (None, None));
    let mut loaded = unit.fresh::<DsaCase>(id);
    unit.decide(&mut loaded, Open { case }.into())?;
    Ok(())
}

/// A second open case, in its own words.
pub(crate) fn already_open(failure: Failure) -> Failure {
    match failure {
        Failure::Execute(ExecuteError::KeyTaken { scope: Scope::LiveHandover, existing }) => {
            Refusal::Exists {
                reason: reason::CASE_ALREADY_OPEN,
                message: "there is an open case for this learner, provider and academic year"
                    .to_owned(),
                existing: Some(existing),
            }
            .into()
        }
        other => other,
    }
}

impl Doors {
    /// A case that the caller opened, or is the provider of after the release.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    async fn case(&self, caller: &Caller, id: DsaCaseId) -> Result<History<DsaCase>, Failure> {
        let named = [Relation::Owner, Relation::Destination];
        let held = self.related(caller, id.uuid(), &named).await?;
        let history = self.history::<DsaCase>(id.uuid()).await?;
        if !held.contains(&Relation::Owner) {
            let opened = history.state.opened.as_ref().ok_or(Refusal::NotFound)?;
            let transition = opened.fact.transition.ok_or(Refusal::NotFound)?;
            self.related(caller, transition.uuid(), &[Relation::Receiver]).await?;
        }
        Ok(history)
    }
}
