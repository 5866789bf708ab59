//! The move of a row: recorded once, and then rescheduled or corrected by the rows that follow.
//!
//! A row is known again by its own reference and the kind of move; without one by the learner, the kind
//! of move and the school year, and for kinds of which a learner may have several also by the day.

use onward_api::wire::detail::carried;
use onward_contract::google::r#type::Date as WireDate;
use onward_contract::transition::v1 as wire;
use onward_contract::transition::v1::planned_date::Planned as When;
use onward_contract::transition::v1::transition_detail::Detail as Carried;
use onward_domain::decider::Decider;
use onward_domain::ids::{LearnerId, TransitionId};
use onward_domain::transition::{
    Detail, Record, SettingsKnown, Transition as Concept, TransitionFold,
};
use prost::Message;
use tonic::Status;
use uuid::Uuid;

use super::compare::planned_of;
use super::learner::Placed;
use super::own::Own;
use super::rows::Done;
use super::tally::Outcome;
use super::{change, check, detail};

/// A move as a file says it.
pub struct Move {
    /// Kind and particulars.
    pub detail: Detail,
    /// A university entry opens a Disabled Students' Allowance case.
    pub opens_dsa_case: bool,
    /// Home authority; empty where it is not known.
    pub home_la: String,
    /// The row's own key.
    pub own_ref: Option<String>,
    /// The same for the same row.
    pub key: String,
    /// The file says when; else the month is a guess, and a known date stays.
    pub says_when: bool,
    /// The file says on what support the learner moves; else a known basis stays.
    pub says_basis: bool,
}

impl Move {
    fn request(&self, own: &Own, learner_id: &str) -> wire::RecordTransitionRequest {
        let mut request = wire::RecordTransitionRequest {
            learner_id: learner_id.to_owned(),
            home_la_code: self.home_la.clone(),
            external_ref: self.own_ref.clone(),
            detail: Some(detail::wire(&self.detail, self.opens_dsa_case)),
            ..Default::default()
        };
        request.request_id = own.request_id("transition", &self.key, &request.encode_to_vec());
        request
    }

    /// As the server would judge a new one.
    fn check(&self, own: &Own) -> Result<(), Outcome> {
        check::fields(
            "onward.transition.v1.RecordTransitionRequest",
            &self.request(own, check::SOME_ID),
        )?;
        if let Detail::AlternativeProvision(placement) = &self.detail
            && !placement.destination.fits(placement.tier)
        {
            let message = "a placement of tier 1 leads to the learner's own school";
            return Err(Outcome::failed("destination_of_tier", message));
        }
        let record = Record {
            transition: TransitionId::new(Uuid::nil()),
            learner: LearnerId::new(Uuid::nil()),
            home_la: Some(self.home_la.clone()).filter(|code| !code.is_empty()),
            authority: None,
            detail: self.detail.clone(),
            settings: SettingsKnown::default(),
        };
        let judged = Concept::decide(&TransitionFold::default(), record.into());
        judged.map(drop).map_err(check::refused)
    }
}

/// Records the move of a placed learner, or changes the one that is there. What the row comes to is
/// what became of the move; a move that is the same leaves what became of the learner.
///
/// # Errors
/// What the server refuses.
pub async fn record(
    own: &Own,
    placed: Placed,
    said: &Move,
    dry_run: bool,
) -> Result<Done, Box<Status>> {
    let mut done = Done { outcome: Outcome::Same, placed: true, remarks: placed.remarks };
    if let Err(outcome) = said.check(own) {
        done.outcome = outcome;
        return Ok(done);
    }
    let known = match &placed.learner_id {
        Some(learner_id) if !placed.fresh => known(own, learner_id, said).await?,
        _ => None,
    };
    let outcome = match (&known, placed.learner_id) {
        (Some(known), Some(_)) => change::change(own, known, said, dry_run).await?,
        (None, Some(learner_id)) if !dry_run => {
            let request = said.request(own, &learner_id);
            let response = own.server.transitions().record_transition(request).await?;
            let outcome = Outcome::of_answer(&response);
            let response = response.into_inner();
            own.wrote(response.receipt.as_ref());
            let warnings = response.warnings.into_iter();
            done.remarks.extend(warnings.map(|warning| (warning.reason, warning.message)));
            outcome
        }
        _ => Outcome::New,
    };
    done.outcome = match (outcome, placed.outcome) {
        // The move is as it was: what became of the learner is what became of the row.
        (Outcome::Same, of_learner) => of_learner,
        (outcome, _) => outcome,
    };
    Ok(done)
}

/// The move that the row was before, if there is one.
async fn known(
    own: &Own,
    learner_id: &str,
    said: &Move,
) -> Result<Option<wire::Transition>, Box<Status>> {
    let request = wire::ListTransitionsRequest {
        min_position: own.position(),
        page_size: 500,
        side: wire::TransitionSide::Sent.into(),
        learner_id: Some(learner_id.to_owned()),
        ..Default::default()
    };
    let found = own.server.transitions().list_transitions(request).await?.into_inner();
    let ours = carried(detail::wire(&said.detail, said.opens_dsa_case));
    let mut candidates = Vec::new();
    for one in found.transitions {
        let Some(theirs) = one.detail.as_ref().and_then(|detail| detail.detail.as_ref()) else {
            continue;
        };
        if std::mem::discriminant(theirs) != std::mem::discriminant(&ours)
            || one.state() == wire::TransitionState::Cancelled
        {
            continue;
        }
        let live =
            !matches!(one.state(), wire::TransitionState::Arrived | wire::TransitionState::Ended);
        let fits = fits(&ours, theirs, &one);
        // A key that is the learner's own comes back years later: with another move.
        let by_ref = said.own_ref.as_ref().is_some_and(|own_ref| *own_ref == one.external_ref)
            && (live || fits);
        if by_ref || (fits && may_be_same(said, &one)) {
            candidates.push(((by_ref, live, one.version), one));
        }
    }
    Ok(candidates.into_iter().max_by_key(|(rank, _)| *rank).map(|(_, one)| one))
}

/// Two keys of the sender's are two moves.
fn may_be_same(said: &Move, one: &wire::Transition) -> bool {
    said.own_ref
        .as_ref()
        .is_none_or(|own_ref| one.external_ref.is_empty() || *own_ref == one.external_ref)
}

/// The same school year; and the same day, where a learner may have several.
fn fits(ours: &Carried, theirs: &Carried, one: &wire::Transition) -> bool {
    let now = planned_of(ours);
    let before = one.planned.and_then(|planned| planned.planned).or_else(|| planned_of(theirs));
    let several = matches!(
        ours,
        Carried::AlternativeProvision(_) | Carried::InYearMove(_) | Carried::LocalAuthorityMove(_)
    );
    match several {
        true => now == before,
        false => now.map(school_year) == before.map(school_year),
    }
}

/// July and August already belong to the moves of the coming school year.
fn school_year(when: When) -> i32 {
    let (year, month) = match when {
        When::Day(WireDate { year, month, .. }) => (year, month),
        When::Month(month) => (month.year, month.month),
    };
    if month < 7 { year - 1 } else { year }
}
