//! TransitionService: moves of learners between settings.
//!
//! | method | file |
//! |---|---|
//! | RecordTransition, RecordTransitions | `record.rs` (with `detail.rs`) |
//! | ConfirmTransition | `confirm.rs` |
//! | RecordArrival, RecordNonArrival, RescheduleTransition, CancelTransition, EndTransition | `steps.rs` |
//! | CorrectTransition | `correct.rs` |
//! | GetTransition | `shown.rs` |
//! | ListTransitions | `list.rs` |

mod confirm;
mod correct;
mod detail;
mod list;
mod record;
mod shown;
mod steps;

use onward_contract::transition::v1 as wire;
use onward_contract::transition::v1::transition_service_server::TransitionService;
use onward_domain::codes::setting::OrganisationKind;
use onward_domain::decider::Refusal;
use onward_domain::ids::TransitionId;
use onward_domain::transition::ReportedBy;
use onward_log::Relation;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use crate::Doors;
use crate::guard::Caller;
use crate::status::Failure;
use crate::wire as parse;

/// Area of the callers' own references.
const AREA: &str = "transition";

/// The service.
#[derive(Clone)]
pub(crate) struct Transition(pub(crate) Doors);

#[tonic::async_trait]
impl TransitionService for Transition {
    type RecordTransitionsStream = ReceiverStream<Result<wire::RecordTransitionsResponse, Status>>;

    async fn record_transition(
        &self,
        request: Request<wire::RecordTransitionRequest>,
    ) -> Result<Response<wire::RecordTransitionResponse>, Status> {
        Ok(record::one(&self.0, request).await?)
    }

    async fn record_transitions(
        &self,
        request: Request<Streaming<wire::RecordTransitionsRequest>>,
    ) -> Result<Response<Self::RecordTransitionsStream>, Status> {
        Ok(record::many(&self.0, request).await?)
    }

    async fn confirm_transition(
        &self,
        request: Request<wire::ConfirmTransitionRequest>,
    ) -> Result<Response<wire::ConfirmTransitionResponse>, Status> {
        Ok(confirm::confirm(&self.0, request).await?)
    }

    async fn record_arrival(
        &self,
        request: Request<wire::RecordArrivalRequest>,
    ) -> Result<Response<wire::RecordArrivalResponse>, Status> {
        Ok(steps::arrive(&self.0, request).await?)
    }

    async fn record_non_arrival(
        &self,
        request: Request<wire::RecordNonArrivalRequest>,
    ) -> Result<Response<wire::RecordNonArrivalResponse>, Status> {
        Ok(steps::not_arrive(&self.0, request).await?)
    }

    async fn reschedule_transition(
        &self,
        request: Request<wire::RescheduleTransitionRequest>,
    ) -> Result<Response<wire::RescheduleTransitionResponse>, Status> {
        Ok(steps::reschedule(&self.0, request).await?)
    }

    async fn cancel_transition(
        &self,
        request: Request<wire::CancelTransitionRequest>,
    ) -> Result<Response<wire::CancelTransitionResponse>, Status> {
        Ok(steps::cancel(&self.0, request).await?)
    }

    async fn correct_transition(
        &self,
        request: Request<wire::CorrectTransitionRequest>,
    ) -> Result<Response<wire::CorrectTransitionResponse>, Status> {
        Ok(correct::correct(&self.0, request).await?)
    }

    async fn end_transition(
        &self,
        request: Request<wire::EndTransitionRequest>,
    ) -> Result<Response<wire::EndTransitionResponse>, Status> {
        Ok(steps::end(&self.0, request).await?)
    }

    async fn get_transition(
        &self,
        request: Request<wire::GetTransitionRequest>,
    ) -> Result<Response<wire::GetTransitionResponse>, Status> {
        Ok(shown::get(&self.0, request).await?)
    }

    async fn list_transitions(
        &self,
        request: Request<wire::ListTransitionsRequest>,
    ) -> Result<Response<wire::ListTransitionsResponse>, Status> {
        Ok(list::list(&self.0, request).await?)
    }
}

/// Relations by which a move may be seen and acted on. A destination is let in once a handover for the
/// move was released to it, as its receiver; being named is not enough.
pub(crate) const ADMITS: [Relation; 3] = [Relation::Owner, Relation::Receiver, Relation::Authority];

/// A move that the caller may act on.
struct Party {
    transition: TransitionId,
    held: Vec<Relation>,
}

impl Doors {
    /// The move that a request names, where the caller may act on it.
    ///
    /// # Errors
    /// Not a UUID; `NOT_FOUND`.
    async fn party(&self, caller: &Caller, transition_id: &str) -> Result<Party, Failure> {
        let transition: TransitionId = parse::id("transition_id", transition_id)?;
        let held = self.related(caller, transition.uuid(), &Relation::ALL).await?;
        if held.iter().any(|relation| ADMITS.contains(relation)) {
            Ok(Party { transition, held })
        } else {
            Err(Refusal::NotFound.into())
        }
    }
}

impl Party {
    /// Who the caller is in this move, for a report: the setting left, the setting entered, or the
    /// authority.
    fn reports_as(&self, caller: &Caller) -> ReportedBy {
        reports_as(&self.held, caller.kind())
    }
}

fn reports_as(held: &[Relation], kind: OrganisationKind) -> ReportedBy {
    let is = |relation| held.contains(&relation);
    if is(Relation::Source) {
        ReportedBy::SettingLeft
    } else if is(Relation::Destination) || is(Relation::Receiver) {
        ReportedBy::SettingEntered
    } else if is(Relation::Authority) || kind == OrganisationKind::LocalAuthority {
        ReportedBy::Authority
    } else {
        // The keeper of the record, which named no setting of the house as the one left.
        ReportedBy::SettingLeft
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_reports_follows_from_the_relation() {
        use OrganisationKind::{College, LocalAuthority, School};
        let cases: [(&[Relation], OrganisationKind, ReportedBy); 5] = [
            (&[Relation::Owner, Relation::Source], School, ReportedBy::SettingLeft),
            (&[Relation::Owner], School, ReportedBy::SettingLeft),
            (&[Relation::Receiver, Relation::Destination], College, ReportedBy::SettingEntered),
            (&[Relation::Authority], LocalAuthority, ReportedBy::Authority),
            (&[Relation::Owner], LocalAuthority, ReportedBy::Authority),
        ];
        for (held, kind, by) in cases {
            assert_eq!(reports_as(held, kind), by);
        }
    }

    #[test]
    fn being_named_is_not_enough() {
        assert!(!ADMITS.contains(&Relation::Destination));
        assert!(!ADMITS.contains(&Relation::Source));
    }
}
