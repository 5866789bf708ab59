//! A CSV file of moves: each learner is registered when it is not known yet, then the move is recorded.

use onward_contract::transition::v1 as wire;
use onward_domain::codes::provision::SenProvision;
use onward_exchange::csv::{LearnerRef, Row, RowRead, TransitionRow};
use prost::Message;
use tonic::Status;

use super::detail;
use super::learner::{Said, place};
use super::own::Own;
use super::rows::{self, Done};
use super::tally::{Outcome, Tally};
use super::{Input, Manner};

/// Imports one file.
pub async fn import(
    own: &Own,
    input: Box<dyn Input>,
    manner: Manner,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    rows::each(input, manner, tally, |row: RowRead<TransitionRow>| async move {
        let done = match one(own, &row, manner.dry_run).await {
            Ok(done) => done,
            Err(status) => Outcome::refused(&status).into(),
        };
        (row, done)
    })
    .await
}

async fn one(own: &Own, read: &RowRead<TransitionRow>, dry_run: bool) -> Result<Done, Box<Status>> {
    let row = &read.row;
    if read.repeats.is_some() {
        return Ok(Outcome::Same.into());
    }
    if let Some(refused) = not_ours(own, row) {
        return Ok(refused.into());
    }
    let placed = place(own, &said(row), dry_run).await?;
    let (Some(learner_id), false) = (placed.learner_id, dry_run) else {
        return Ok(placed.outcome.into());
    };
    let mut request = wire::RecordTransitionRequest {
        learner_id,
        home_la_code: row.home_la.clone(),
        detail: Some(detail::wire(&row.detail, row.opens_dsa_case)),
        ..Default::default()
    };
    request.request_id = own.request_id("transition", &row.row_key(), &request.encode_to_vec());
    let response = own.server.transitions().record_transition(request).await?;
    let outcome = Outcome::of_answer(&response);
    let warnings = response.into_inner().warnings;
    let warnings = warnings.into_iter().map(|warning| (warning.reason, warning.message));
    Ok(Done { outcome, warnings: warnings.collect() })
}

/// Source: the organisation sends. Destination: it expects. Its authority may do either.
fn not_ours(own: &Own, row: &TransitionRow) -> Option<Outcome> {
    let destination = row.destination.as_deref().is_some_and(|number| own.holds(number));
    let authority = own.organisation.kind()
        == onward_contract::access::v1::OrganisationKind::LocalAuthority
        && own.la_code() == row.home_la;
    if own.holds(&row.source_urn) || destination || authority {
        return None;
    }
    Some(Outcome::Failed {
        code: "not_ours".to_owned(),
        message: "the move is neither from nor to the importing organisation".to_owned(),
    })
}

fn said(row: &TransitionRow) -> Said {
    // A file of moves says what the provision is now, not since when, so it adds no spell to the
    // record; the needs are kept where the learner is new.
    let needs = if row.provision == SenProvision::N { Vec::new() } else { row.needs.clone() };
    Said { needs, ..from_reference(&row.learner) }
}

/// What a file that is not about the learner itself says of one.
pub fn from_reference(learner: &LearnerRef) -> Said {
    Said {
        key: learner.key(),
        person: learner.person.clone(),
        upn: learner.upn.as_ref().map(|upn| upn.as_str().to_owned()),
        former_upns: Vec::new(),
        uln: learner.uln.as_ref().map(|uln| uln.as_str().to_owned()),
        own_ref: learner.own_ref.clone(),
        provisions: Vec::new(),
        needs: Vec::new(),
        amends: false,
    }
}
