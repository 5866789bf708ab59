//! What one event changes in the timeline of one record. Pure.

use onward_domain::codes::dsa::{DsaAction, DsaState};
use onward_domain::dsa::{DsaCaseOpened, DsaFact};
use onward_domain::event::Event;
use onward_domain::handover::{HandoverFact, HandoverReleased};
use onward_domain::ids::{LearnerId, OrganisationId};
use onward_domain::learner::LearnerFact;
use onward_domain::referral::ReferralFact;
use onward_domain::transition::{
    TransitionCorrected, TransitionFact, TransitionRecorded, TransitionState,
};
use uuid::Uuid;

use super::Rows;
use super::entry::{EntryRow, FeedRow};
use super::rows::{LearnerRow, LinkRow, SubjectRow};
use super::share::{Scope, ShareRow};
use super::steps::Steps;
use crate::engine::fold::{Said, Unfit, area};
use crate::engine::kept::Kept;
use crate::engine::number;
use crate::moves;

const UNKNOWN_LEARNER: Unfit = Unfit("the record of the learner was never registered");
const UNKNOWN_SUBJECT: Unfit = Unfit("what it is about was never begun");

/// Applies one event.
///
/// # Errors
/// `Unfit`, with the rows as they were.
pub(super) fn apply(rows: &mut Rows, said: &Said<'_>) -> Result<(), Unfit> {
    let learner = said.recorded.learner.map(LearnerId::uuid).ok_or(UNKNOWN_LEARNER)?;
    let at = At::of(said, learner, owner(rows, said)?);
    match said.event {
        Event::Learner(fact) => learner_fact(rows, &at, fact),
        Event::Transition(fact) => transition_fact(rows, &at, fact)?,
        Event::Dsa(fact) => dsa_fact(rows, &at, fact)?,
        Event::Handover(fact) => handover_fact(rows, &at, fact),
        Event::Referral(fact) => referral_fact(rows, &at, fact),
        Event::Organisation(_) => return Err(Unfit("it is not about a learner")),
    }
    enter(rows, &at, said);
    Ok(())
}

/// Where and when the event stands.
struct At {
    learner: Uuid,
    owner: Uuid,
    stream: Uuid,
    position: i64,
    version: u64,
    moment: i64,
    event_type: String,
}

impl At {
    fn of(said: &Said<'_>, learner: Uuid, owner: Uuid) -> Self {
        Self {
            learner,
            owner,
            stream: said.recorded.stream,
            position: number::of_position(said.recorded.position),
            version: said.recorded.version,
            moment: number::of_moment(said.recorded.recorded_at),
            event_type: said.recorded.event_type.clone(),
        }
    }

    fn share(&self, organisation: OrganisationId, scope: Scope, subject: Uuid) -> ShareRow {
        ShareRow {
            learner: self.learner,
            organisation: organisation.uuid(),
            scope,
            subject,
            via: self.stream,
            position: self.position,
            known_at: self.moment,
            full_at: Some(self.moment),
            ended_at: None,
        }
    }
}

fn owner(rows: &Rows, said: &Said<'_>) -> Result<Uuid, Unfit> {
    match (&rows.learner, said.event) {
        (Some(known), _) => Ok(known.organisation),
        // Built anew, nothing else tells whose record it was.
        (None, Event::Learner(LearnerFact::Erased(erased))) => Ok(erased.keeper.uuid()),
        (None, Event::Learner(LearnerFact::Registered(_))) => {
            Ok(said.provenance.organisation.uuid())
        }
        (None, _) => Err(UNKNOWN_LEARNER),
    }
}

fn learner_fact(rows: &mut Rows, at: &At, fact: &LearnerFact) {
    match fact {
        LearnerFact::Registered(_) => {
            rows.learner = Some(LearnerRow { learner: at.learner, organisation: at.owner });
        }
        LearnerFact::RecordLinked(linked) => {
            let other = linked.other.uuid();
            rows.links.retain(|link| link.other != other);
            rows.links.push(LinkRow {
                learner: at.learner,
                other,
                other_organisation: linked.other_organisation.uuid(),
                position: at.position,
            });
        }
        LearnerFact::Erased(_) => {
            rows.learner = Some(LearnerRow { learner: at.learner, organisation: at.owner });
        }
        LearnerFact::Amended(_)
        | LearnerFact::IdentifierAdded(_)
        | LearnerFact::IdentifierEnded(_)
        | LearnerFact::SenProvisionRecorded(_)
        | LearnerFact::NeedsRecorded(_)
        | LearnerFact::EnrolmentRecorded(_)
        | LearnerFact::EnrolmentEnded(_)
        | LearnerFact::ErasureRequested(_) => {}
    }
}

fn transition_fact(rows: &mut Rows, at: &At, fact: &TransitionFact) -> Result<(), Unfit> {
    if let TransitionFact::Recorded(recorded) = fact {
        transition_recorded(rows, at, recorded);
    }
    let subject = begun(rows, at)?;
    subject.steps.take(at.version, fact);
    subject.state = subject.steps.state().as_str().to_owned();
    if let TransitionFact::Corrected(corrected) = fact {
        parties_corrected(rows, at, corrected);
    }
    Ok(())
}

fn transition_recorded(rows: &mut Rows, at: &At, recorded: &TransitionRecorded) {
    let authority = recorded.authority;
    let source = moves::source(&recorded.detail);
    let mut subject = new_subject(at, "transition", TransitionState::Planned.as_str());
    subject.authority = authority.map(OrganisationId::uuid);
    subject.source = source.map(OrganisationId::uuid);
    subject.destination = moves::destination(&recorded.detail).map(OrganisationId::uuid);
    rows.subjects.push(subject);
    for party in authority.into_iter().chain(source) {
        begin(rows, at.share(party, Scope::Named, at.stream));
    }
}

/// A corrected destination or setting left; who was named by mistake sees no more.
fn parties_corrected(rows: &mut Rows, at: &At, corrected: &TransitionCorrected) {
    let Some(detail) = &corrected.detail else { return };
    let source = moves::source(detail);
    let Ok(subject) = begun(rows, at) else { return };
    let former = subject.source;
    let authority = subject.authority;
    subject.source = source.map(OrganisationId::uuid);
    subject.destination = moves::destination(detail).map(OrganisationId::uuid);
    if former == source.map(OrganisationId::uuid) {
        return;
    }
    for share in &mut rows.shares {
        let named = share.scope == Scope::Named && share.subject == at.stream;
        if named && Some(share.organisation) == former && former != authority {
            share.ended_at = Some(at.moment);
        }
    }
    if let Some(source) = source {
        let share = at.share(source, Scope::Named, at.stream);
        begin(rows, share.clone());
        show_earlier(rows, share);
    }
}

fn dsa_fact(rows: &mut Rows, at: &At, fact: &DsaFact) -> Result<(), Unfit> {
    match fact {
        DsaFact::Opened(DsaCaseOpened { transition, provider, .. }) => {
            let mut subject = new_subject(at, "dsa", DsaState::NotStarted.as_str());
            subject.transition = transition.map(Into::into);
            subject.destination = provider.organisation.map(OrganisationId::uuid);
            rows.subjects.push(subject);
        }
        DsaFact::Stepped(step) => {
            let state = dsa_state(step.action).as_str();
            state.clone_into(&mut begun(rows, at)?.state);
        }
    }
    Ok(())
}

/// Where a step leads to (rules page, section 7). Items arranged one by one come with `RecordItem`.
fn dsa_state(action: DsaAction) -> DsaState {
    match action {
        DsaAction::Apply => DsaState::Applied,
        DsaAction::RequestEvidence => DsaState::EvidenceRequested,
        DsaAction::SupplyEvidence => DsaState::EvidenceSupplied,
        DsaAction::DecideEligible => DsaState::Eligible,
        DsaAction::DecideIneligible => DsaState::Ineligible,
        DsaAction::BookAssessment => DsaState::NeedsAssessmentBooked,
        DsaAction::CompleteAssessment => DsaState::Assessed,
        DsaAction::ReceiveReport => DsaState::ReportReceived,
        DsaAction::ApproveAward => DsaState::AwardApproved,
        DsaAction::DeclineAward => DsaState::Declined,
        DsaAction::ArrangeSupport => DsaState::SupportArranged,
        DsaAction::KeepAward | DsaAction::SupportInPlace => DsaState::InPlace,
        DsaAction::ChangeCircumstances => DsaState::ChangeOfCircumstances,
        DsaAction::Reassess => DsaState::Reassessed,
        DsaAction::End => DsaState::Ended,
    }
}

fn handover_fact(rows: &mut Rows, at: &At, fact: &HandoverFact) {
    match fact {
        HandoverFact::Released(released) => handover_released(rows, at, released),
        // Declined: the receiver keeps what it answered to, and is no longer expected to know more.
        HandoverFact::Declined(_) => {
            end(rows, at, |share| matches!(share.scope, Scope::Transition | Scope::History));
        }
        HandoverFact::Withdrawn(_) => end(rows, at, |_| true),
        HandoverFact::Drafted(_)
        | HandoverFact::Edited(_)
        | HandoverFact::Delivered(_)
        | HandoverFact::Opened(_)
        | HandoverFact::Accepted(_)
        | HandoverFact::SupportAnswered(_) => {}
    }
}

fn handover_released(rows: &mut Rows, at: &At, released: &HandoverReleased) {
    let receiver = released.receiver;
    begin(rows, at.share(receiver, Scope::Handover, at.stream));
    if let Some(transition) = released.transition {
        let share = at.share(receiver, Scope::Transition, transition.uuid());
        begin(rows, share.clone());
        show_earlier(rows, share);
    }
    if released.history_shared {
        let share = at.share(receiver, Scope::History, at.stream);
        begin(rows, share.clone());
        show_earlier(rows, share);
    }
}

/// Ends what came with this handover.
fn end(rows: &mut Rows, at: &At, which: impl Fn(&ShareRow) -> bool) {
    for share in &mut rows.shares {
        let with_it = share.via == at.stream && share.scope != Scope::Named;
        if with_it && share.ended_at.is_none() && which(share) {
            share.ended_at = Some(at.moment);
        }
    }
}

fn referral_fact(rows: &mut Rows, at: &At, fact: &ReferralFact) {
    match fact {
        ReferralFact::Submitted(submitted) => {
            if let Some(pathfinder) = submitted.pathfinder {
                let mut share = at.share(pathfinder, Scope::Referral, at.stream);
                share.full_at = None;
                begin(rows, share);
            }
        }
        // The holder reads the form from now on.
        ReferralFact::Claimed(_) => depth(rows, at, Some(at.moment)),
        // Nobody of the team holds the child any more.
        ReferralFact::ClaimReleased(_)
        | ReferralFact::ClaimLapsed(_)
        | ReferralFact::Withdrawn(_) => depth(rows, at, None),
        ReferralFact::OpenedForTriage(_)
        | ReferralFact::InformationRequested(_)
        | ReferralFact::InformationProvided(_)
        | ReferralFact::Accepted(_)
        | ReferralFact::Rejected(_)
        | ReferralFact::Redirected(_)
        | ReferralFact::ClaimExtended(_)
        | ReferralFact::ScreeningRecorded(_)
        | ReferralFact::InterventionStarted(_)
        | ReferralFact::RescreenRecorded(_)
        | ReferralFact::Closed(_) => {}
    }
}

fn depth(rows: &mut Rows, at: &At, full_at: Option<i64>) {
    let of_it =
        |share: &&mut ShareRow| share.scope == Scope::Referral && share.subject == at.stream;
    for share in rows.shares.iter_mut().filter(of_it) {
        share.full_at = full_at;
    }
}

/// Begins a share, or begins it again. The keeper of the record needs none.
fn begin(rows: &mut Rows, share: ShareRow) {
    if rows.learner.as_ref().is_some_and(|learner| learner.organisation == share.organisation) {
        return;
    }
    rows.shares.retain(|known| {
        (known.organisation, known.scope, known.subject, known.via)
            != (share.organisation, share.scope, share.subject, share.via)
    });
    rows.shares.push(share);
}

/// The stream of the organisation also gets what was recorded before the share began.
fn show_earlier(rows: &mut Rows, share: ShareRow) {
    if rows.shares.contains(&share) {
        rows.opened.push(share);
    }
}

fn new_subject(at: &At, kind: &str, state: &str) -> SubjectRow {
    SubjectRow {
        subject: at.stream,
        learner: at.learner,
        owner: at.owner,
        kind: kind.to_owned(),
        begun_as: at.event_type.clone(),
        state: state.to_owned(),
        steps: Steps::default(),
        authority: None,
        source: None,
        destination: None,
        transition: None,
        begun_position: at.position,
        begun_at: at.moment,
        changed_position: at.position,
        changed_at: at.moment,
        version: i64::try_from(at.version).unwrap_or(i64::MAX),
    }
}

/// The transition or case of the event's stream, marked as changed by it.
fn begun<'a>(rows: &'a mut Rows, at: &At) -> Result<&'a mut SubjectRow, Unfit> {
    let subject = rows
        .subjects
        .iter_mut()
        .find(|subject| subject.subject == at.stream)
        .ok_or(UNKNOWN_SUBJECT)?;
    subject.changed_position = at.position;
    subject.changed_at = at.moment;
    subject.version = i64::try_from(at.version).unwrap_or(i64::MAX);
    Ok(subject)
}

/// Writes the entry, and a line in the stream of everybody who may see it now.
fn enter(rows: &mut Rows, at: &At, said: &Said<'_>) {
    let (corrects, transition, handover) = references(said);
    let entry = EntryRow {
        kept: Kept::from(said.recorded),
        learner: at.learner,
        owner: at.owner,
        organisation: said.provenance.organisation.uuid(),
        area: area(said.recorded).to_owned(),
        corrects,
        transition,
        handover,
    };
    let mut seers = vec![entry.owner, entry.organisation];
    let covering = rows.shares.iter().filter(|share| share.covers(&entry));
    seers.extend(covering.map(|share| share.organisation));
    seers.sort_unstable();
    seers.dedup();
    rows.feed.extend(seers.into_iter().map(|organisation| FeedRow {
        organisation,
        position: at.position,
        learner: at.learner,
    }));
    rows.entries.push(entry);
}

/// What else the event names: the event it corrects, a transition, a handover.
fn references(said: &Said<'_>) -> (Option<Uuid>, Option<Uuid>, Option<Uuid>) {
    let stream = Some(said.recorded.stream);
    match said.event {
        Event::Transition(TransitionFact::Corrected(fact)) => {
            (Some(fact.corrects.uuid()), stream, None)
        }
        Event::Transition(_) => (None, stream, None),
        Event::Dsa(DsaFact::Opened(fact)) => (None, fact.transition.map(Into::into), None),
        Event::Handover(HandoverFact::Drafted(fact)) => {
            (None, fact.transition.map(Into::into), stream)
        }
        Event::Handover(HandoverFact::Released(fact)) => {
            (None, fact.transition.map(Into::into), stream)
        }
        Event::Handover(_) => (None, None, stream),
        Event::Learner(LearnerFact::RecordLinked(fact)) => {
            (None, None, fact.handover.map(Into::into))
        }
        Event::Learner(_) | Event::Dsa(_) | Event::Referral(_) | Event::Organisation(_) => {
            (None, None, None)
        }
    }
}
