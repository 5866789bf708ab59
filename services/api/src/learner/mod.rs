//! LearnerService: an organisation's own records of learners.
//!
//! | method | file |
//! |---|---|
//! | RegisterLearner | `register.rs` |
//! | AmendLearner | `amend.rs` |
//! | AddIdentifier, EndIdentifier | `identify.rs` |
//! | RecordEnrolment, EndEnrolment, ListEnrolments | `enrol.rs` |
//! | GetLearner | `read.rs` |
//! | FindLearners | `find.rs` |

mod amend;
mod enrol;
mod find;
mod identify;
mod read;
mod register;

use onward_contract::learner::v1 as wire;
use onward_contract::learner::v1::learner_service_server::LearnerService;
use onward_domain::decider::Refusal;
use onward_domain::ids::LearnerId;
use onward_log::Relation;
use tonic::{Request, Response, Status};

use crate::Doors;
use crate::guard::Caller;
use crate::status::Failure;
use crate::wire as parse;

/// The service.
#[derive(Clone)]
pub(crate) struct Learner(pub(crate) Doors);

#[tonic::async_trait]
impl LearnerService for Learner {
    async fn register_learner(
        &self,
        request: Request<wire::RegisterLearnerRequest>,
    ) -> Result<Response<wire::RegisterLearnerResponse>, Status> {
        Ok(register::register(&self.0, request).await?)
    }

    async fn get_learner(
        &self,
        request: Request<wire::GetLearnerRequest>,
    ) -> Result<Response<wire::GetLearnerResponse>, Status> {
        Ok(read::get(&self.0, request).await?)
    }

    async fn find_learners(
        &self,
        request: Request<wire::FindLearnersRequest>,
    ) -> Result<Response<wire::FindLearnersResponse>, Status> {
        Ok(find::find(&self.0, request).await?)
    }

    async fn amend_learner(
        &self,
        request: Request<wire::AmendLearnerRequest>,
    ) -> Result<Response<wire::AmendLearnerResponse>, Status> {
        Ok(amend::amend(&self.0, request).await?)
    }

    async fn add_identifier(
        &self,
        request: Request<wire::AddIdentifierRequest>,
    ) -> Result<Response<wire::AddIdentifierResponse>, Status> {
        Ok(identify::add(&self.0, request).await?)
    }

    async fn end_identifier(
        &self,
        request: Request<wire::EndIdentifierRequest>,
    ) -> Result<Response<wire::EndIdentifierResponse>, Status> {
        Ok(identify::end(&self.0, request).await?)
    }

    async fn record_enrolment(
        &self,
        request: Request<wire::RecordEnrolmentRequest>,
    ) -> Result<Response<wire::RecordEnrolmentResponse>, Status> {
        Ok(enrol::record(&self.0, request).await?)
    }

    async fn end_enrolment(
        &self,
        request: Request<wire::EndEnrolmentRequest>,
    ) -> Result<Response<wire::EndEnrolmentResponse>, Status> {
        Ok(enrol::end(&self.0, request).await?)
    }

    async fn list_enrolments(
        &self,
        request: Request<wire::ListEnrolmentsRequest>,
    ) -> Result<Response<wire::ListEnrolmentsResponse>, Status> {
        Ok(enrol::list(&self.0, request).await?)
    }
}

impl Doors {
    /// The learner that a request names, where it is one of the caller's own records.
    ///
    /// # Errors
    /// Not a UUID; `NOT_FOUND`.
    pub(crate) async fn own_learner(
        &self,
        caller: &Caller,
        learner_id: &str,
    ) -> Result<LearnerId, Failure> {
        let learner: LearnerId = parse::id("learner_id", learner_id)?;
        self.related(caller, learner.uuid(), &[Relation::Owner]).await?;
        Ok(learner)
    }
}

/// Faults of a command, under the part of the request that they came with.
fn details_or(part: &'static str) -> impl Fn(String) -> String {
    move |field| match field.as_str() {
        "surname" | "forename" | "date_of_birth" | "own_ref" => format!("details.{field}"),
        "needs" | "needs.rank" | "needs.need" | "needs.to" => "needs".to_owned(),
        "end" => "sen_provisions".to_owned(),
        "setting" | "to" | "expected_return" | "value" | "from" if !part.is_empty() => {
            format!("{part}.{field}")
        }
        _ => field,
    }
}

fn not_found() -> Failure {
    Refusal::NotFound.into()
}

impl Doors {
    /// Just enough to recognise a learner, for a caller who may see the thing that names it. The own key
    /// is shown to its own organisation only.
    ///
    /// # Errors
    /// The record cannot be read.
    pub(crate) async fn recognised(
        &self,
        caller: &Caller,
        learner: LearnerId,
    ) -> Result<wire::LearnerSummary, Failure> {
        let history = self.history::<onward_domain::learner::Learner>(learner.uuid()).await?;
        let own = history.begun_by() == Some(caller.organisation());
        Ok(parse::learner::summary(learner, &history.state, own))
    }
}
