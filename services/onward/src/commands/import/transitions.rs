//! A CSV file of moves: each learner is registered or amended, then the move is recorded or changed.

use onward_contract::learner::v1::{AmendLearnerRequest, RegisterLearnerRequest};
use onward_contract::transition::v1::RecordTransitionRequest;
use onward_domain::codes::provision::SenProvision;
use onward_exchange::csv::{LearnerRef, Row, TransitionRow};
use prost::Message;
use tonic::Status;

use super::detail;
use super::in_file::About;
use super::learner::{Said, place};
use super::moves::{self, Move};
use super::own::{Own, may};
use super::rows::{Done, Kind};
use super::tally::Outcome;

/// The rows of a file of moves.
pub struct Transitions<'a>(pub &'a Own);

impl Transitions<'_> {
    /// Asks whether the caller may record such rows at all.
    ///
    /// # Errors
    /// It may not.
    pub async fn allowed(&self) -> anyhow::Result<()> {
        learners_allowed(self.0).await?;
        let mut transitions = self.0.server.transitions();
        may(transitions.record_transition(RecordTransitionRequest::default()).await)
    }
}

/// Asks whether the caller may register and amend learners.
///
/// # Errors
/// It may not.
pub async fn learners_allowed(own: &Own) -> anyhow::Result<()> {
    let mut learners = own.server.learners();
    may(learners.register_learner(RegisterLearnerRequest::default()).await)?;
    may(learners.amend_learner(AmendLearnerRequest::default()).await)
}

impl Kind for Transitions<'_> {
    type Item = TransitionRow;

    fn about(&self, row: &TransitionRow) -> About {
        let said = said(row);
        let content = RecordTransitionRequest {
            home_la_code: row.home_la.clone(),
            detail: Some(detail::wire(&row.detail, row.opens_dsa_case)),
            ..Default::default()
        };
        let mut bytes = content.encode_to_vec();
        bytes.extend_from_slice(row.provision.as_str().as_bytes());
        for need in &said.needs {
            bytes.extend_from_slice(need.need.as_str().as_bytes());
            bytes.push(b';');
        }
        let person = &row.learner.person;
        bytes.extend_from_slice(person.sex.as_deref().unwrap_or_default().as_bytes());
        bytes
            .extend_from_slice(person.nc_year.as_ref().map_or("", |year| year.as_str()).as_bytes());
        About::learner(&said, row.part(), row.learner.own_ref.clone(), &bytes)
    }

    async fn record(
        &self,
        row: &TransitionRow,
        again: bool,
        dry_run: bool,
    ) -> Result<Done, Box<Status>> {
        let own = self.0;
        if let Some(refused) = not_ours(own, row) {
            return Ok(refused.into());
        }
        let said = said(row);
        let placed = place(own, &said, again, dry_run).await?;
        if placed.is_refused() {
            return Ok(placed.outcome.into());
        }
        let said = Move {
            detail: row.detail.clone(),
            opens_dsa_case: row.opens_dsa_case,
            home_la: row.home_la.clone(),
            own_ref: row.learner.own_ref.clone(),
            key: row.row_key(),
            says_when: true,
            says_basis: true,
        };
        moves::record(own, placed, &said, dry_run).await
    }
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
    let message = "the move is neither from nor to the importing organisation";
    Some(Outcome::failed("not_ours", message))
}

fn said(row: &TransitionRow) -> Said {
    // A file of moves says what the provision is now, not since when, so it adds no spell to the
    // record.
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
        all_needs: false,
    }
}
