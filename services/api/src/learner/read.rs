//! One of the caller's own records, in full.

use onward_contract::learner::v1 as wire;
use onward_domain::ids::LearnerId;
use onward_domain::learner::Learner;
use tonic::{Request, Response};

use super::{enrol, not_found};
use crate::Doors;
use crate::call::moment;
use crate::fold::History;
use crate::guard::Caller;
use crate::status::Failure;
use crate::wire::learner as parse;

pub(super) async fn get(
    doors: &Doors,
    request: Request<wire::GetLearnerRequest>,
) -> Result<Response<wire::GetLearnerResponse>, Failure> {
    let method = "/onward.learner.v1.LearnerService/GetLearner";
    let entered = doors.open(method, request).await?;
    let caller = &entered.caller;
    let learner = doors.own_learner(caller, &entered.message.learner_id).await?;
    let position = doors.head_from(&entered.message.min_position).await?;
    let history = doors.history::<Learner>(learner.uuid()).await?;
    let shown = shown(doors, caller, learner, &history).await?;
    doors.write_down(caller, [learner]).await?;
    Ok(Response::new(wire::GetLearnerResponse {
        position: position.to_string(),
        learner: Some(shown),
    }))
}

async fn shown(
    doors: &Doors,
    caller: &Caller,
    learner: LearnerId,
    history: &History<Learner>,
) -> Result<wire::Learner, Failure> {
    let state = &history.state;
    let details = &state.details.as_ref().ok_or_else(not_found)?.fact;
    let mut held = state.enrolments.clone();
    enrol::sort(&mut held, "from desc");
    let mut enrolments = Vec::with_capacity(held.len());
    for one in &held {
        enrolments.push(enrol::shown(doors, one).await?);
    }
    let identifiers = state.identifiers.iter();
    Ok(wire::Learner {
        learner_id: learner.to_string(),
        details: Some(parse::details(&details.person, details.own_ref.as_deref())),
        identifiers: identifiers.map(|held| parse::identifier(held, caller.kind())).collect(),
        sen_provisions: parse::provisions(state),
        needs: parse::needs_shown(state),
        looked_after: details.person.looked_after.as_ref().map(parse::looked_after),
        sensitive: details.person.sensitive,
        enrolments,
        linked_learner_ids: linked(doors, caller, history).await?,
        version: history.version(),
        registered_at: Some(moment(history.begun_at())),
    })
}

/// Records of the same person that the caller may see something of.
async fn linked(
    doors: &Doors,
    caller: &Caller,
    history: &History<Learner>,
) -> Result<Vec<String>, Failure> {
    let timeline = doors.views().timeline();
    let mut seen = Vec::new();
    for link in history.state.links.iter().map(|link| &link.fact) {
        let own = link.other_organisation == caller.organisation();
        if own || timeline.may_see(caller.organisation(), link.other).await? {
            seen.push(link.other.to_string());
        }
    }
    Ok(seen)
}
