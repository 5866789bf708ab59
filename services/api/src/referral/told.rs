//! A referral's stream, read once, and the referral as one side may see it.

use jiff::Timestamp;
use jiff::civil::Date;
use onward_contract::referral::v1 as wire;
use onward_domain::codes::referral::Priority;
use onward_domain::decider::{Decider, Refusal};
use onward_domain::event::{Event, Provenance};
use onward_domain::ids::{OrganisationId, ReferralId};
use onward_domain::organisation::OrganisationNumberKind;
use onward_domain::referral::{
    Referral as Concept, ReferralFact, ReferralFold, ReferralSubmitted, Screening,
};
use onward_domain::routing::{ClockStatus, ReferralClock};
use onward_log::{LogError, Opened, Recorded};

use super::AREA;
use crate::Doors;
use crate::call::moment;
use crate::fold::unopened;
use crate::guard::now;
use crate::status::Failure;
use crate::wire::{code, date, person, referral as shape};

/// A referral's stream.
pub(crate) struct Told {
    /// What its facts add up to.
    pub(crate) state: ReferralFold,
    /// Its facts, first first. Never empty.
    pub(crate) said: Vec<Said>,
}

/// One fact, and what was said with it.
pub(crate) struct Said {
    /// As it lies in the log.
    pub(crate) recorded: Recorded,
    /// Who said so.
    pub(crate) provenance: Provenance,
    /// The fact.
    pub(crate) fact: ReferralFact,
}

/// From which side a referral is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    /// As the organisation that refers: its own form; of screenings, result and day.
    Referrer {
        /// With the form.
        form: bool,
    },
    /// As triage, holder or keeper: everything.
    Team {
        /// With the form.
        form: bool,
    },
}

impl Doors {
    /// Reads a referral's stream.
    pub(crate) async fn referral(&self, id: ReferralId) -> Result<Told, Failure> {
        let events = self.log().stream(id.uuid()).await?;
        let area = |event: &Recorded| event.event_type.starts_with("referral.");
        if !events.first().is_some_and(area) {
            return Err(Refusal::NotFound.into());
        }
        let opened = self.log().open_events(&events).await;
        let mut told = Told { state: ReferralFold::default(), said: Vec::new() };
        for (recorded, opened) in events.into_iter().zip(opened) {
            let Opened { provenance, event } =
                opened.map_err(|fault| unopened(fault, &recorded))?;
            let Event::Referral(fact) = event else {
                return Err(LogError::Damaged(recorded.position).into());
            };
            Concept::evolve(&mut told.state, &fact);
            told.said.push(Said { recorded, provenance, fact });
        }
        Ok(told)
    }

    /// A queue as the contract names it: the key of its pathfinder, else its id.
    pub(crate) async fn queue_name(&self, pathfinder: OrganisationId) -> Result<String, Failure> {
        let registered = self.registration(pathfinder).await?;
        let key = registered.as_ref().and_then(|registered| {
            let mut numbers = registered.numbers.iter();
            numbers.find(|number| number.kind == OrganisationNumberKind::PathfinderKey)
        });
        Ok(key.map_or_else(|| pathfinder.to_string(), |key| key.value.clone()))
    }

    /// The referral as one side may see it.
    pub(crate) async fn shown_referral(
        &self,
        organisation: OrganisationId,
        told: &Told,
        view: View,
        today: Date,
    ) -> Result<wire::Referral, Failure> {
        let submitted = told.submitted()?;
        let first = told.said.first().ok_or(Refusal::NotFound)?;
        let referrer = first.provenance.organisation;
        let mut shown = wire::Referral {
            referral_id: submitted.referral.to_string(),
            referrer: Some(self.shown_organisation(referrer).await?),
            setting: Some(self.shown_organisation(submitted.setting).await?),
            received_on: Some(date::wire(submitted.received_on)),
            version: told.version(),
            submitted_at: Some(moment(first.recorded.recorded_at)),
            information_requests: told.questions(),
            ..Default::default()
        };
        if let Some(pathfinder) = submitted.pathfinder {
            shown.queue_id = self.queue_name(pathfinder).await?;
        }
        if referrer == organisation {
            shown.external_ref = first.provenance.external_ref.clone().unwrap_or_default();
        }
        standing(&mut shown, told, today);
        content(&mut shown, told, view);
        Ok(shown)
    }
}

impl Told {
    /// The submission.
    pub(crate) fn submitted(&self) -> Result<&ReferralSubmitted, Refusal> {
        self.state.submitted.as_ref().map(|at| &at.fact).ok_or(Refusal::NotFound)
    }

    /// Version of its stream.
    pub(crate) fn version(&self) -> u64 {
        self.said.last().map(|said| said.recorded.version).unwrap_or_default()
    }

    /// When it was last claimed.
    pub(crate) fn claimed_at(&self) -> Option<Timestamp> {
        let claims = self.said.iter().rev();
        let claimed = |said: &&Said| matches!(said.fact, ReferralFact::Claimed(_));
        claims.into_iter().find(claimed).map(|said| said.recorded.recorded_at)
    }

    /// The day on which clock RC1 stopped: first contact, discharge or decline.
    fn stopped(&self) -> Option<Date> {
        let contact = |said: &Said| match &said.fact {
            ReferralFact::ScreeningRecorded(fact) => Some(fact.screening.on),
            ReferralFact::InterventionStarted(fact) => Some(fact.on),
            ReferralFact::Rejected(_)
            | ReferralFact::Redirected(_)
            | ReferralFact::Withdrawn(_)
            | ReferralFact::Closed(_) => Some(now(said.recorded.recorded_at).today),
            _ => None,
        };
        self.said.iter().find_map(contact)
    }

    /// Questions of triage, each with its answer, oldest first.
    fn questions(&self) -> Vec<wire::InformationRequest> {
        let mut questions: Vec<wire::InformationRequest> = Vec::new();
        for said in &self.said {
            let at = Some(moment(said.recorded.recorded_at));
            match &said.fact {
                ReferralFact::InformationRequested(fact) => {
                    questions.push(wire::InformationRequest {
                        question: fact.question.clone(),
                        asked_at: at,
                        ..Default::default()
                    });
                }
                ReferralFact::InformationProvided(fact) => {
                    if let Some(last) = questions.last_mut() {
                        last.answer.clone_from(&fact.answer);
                        last.answered_at = at;
                    }
                }
                _ => {}
            }
        }
        questions
    }

    fn screenings(&self) -> impl Iterator<Item = &Screening> {
        self.said.iter().filter_map(|said| match &said.fact {
            ReferralFact::ScreeningRecorded(fact) => Some(&fact.screening),
            ReferralFact::RescreenRecorded(fact) => Some(&fact.screening),
            _ => None,
        })
    }
}

/// Days waited and whether that is a breach, from the day of receipt to the day the clock stopped.
pub(crate) fn waited(received: Date, until: Date) -> (u32, u32, bool) {
    let waited = ReferralClock::starting(received).waited(until);
    waited.map_or((0, 0, false), |waited| {
        (waited.days, waited.weeks, waited.status == ClockStatus::Breach)
    })
}

fn standing(shown: &mut wire::Referral, told: &Told, today: Date) {
    let state = &told.state;
    if let Some(stands) = state.state {
        shown.state = shape::state(stands);
        shown.bucket = shape::bucket(stands.bucket());
    }
    if let Some(received) = state.received_on() {
        let until = told.stopped().map_or(today, |stopped| stopped.min(today));
        (shown.days_waiting, _, shown.breached) = waited(received, until);
    }
    let form = state.form.as_ref().map(|form| form.fact.priority);
    let triaged = state
        .accepted
        .as_ref()
        .and_then(|accepted| Priority::from_level(accepted.fact.priority).ok());
    shown.priority = triaged.or(form).map_or(0, shape::priority_number);
    match state.left.as_ref().map(|left| &left.fact) {
        Some(ReferralFact::Rejected(fact)) => {
            shown.reject_reason = code::number::<wire::ReferralRejectReason, _>(fact.reason);
        }
        Some(ReferralFact::Redirected(fact)) => {
            shown.redirect_target = code::number::<wire::RedirectTarget, _>(fact.target);
        }
        Some(ReferralFact::Withdrawn(fact)) => shown.withdraw_reason.clone_from(&fact.reason),
        Some(ReferralFact::Closed(fact)) => {
            shown.outcome = code::number::<wire::ReferralOutcome, _>(fact.outcome);
        }
        _ => {}
    }
}

fn content(shown: &mut wire::Referral, told: &Told, view: View) {
    let (team, with_form) = match view {
        View::Referrer { form } => (false, form),
        View::Team { form } => (true, form),
    };
    let Some(form) = told.state.form.as_ref().map(|form| &form.fact) else { return };
    if let Some(submitted) = &told.state.submitted {
        let learner = submitted.fact.learner;
        shown.learner = Some(person::summary(learner, Some(&form.person), form.upn.as_ref(), None));
    }
    shown.source = code::number::<wire::ReferralSource, _>(form.source);
    shown.form = with_form.then(|| shape::shown_form(form));
    shown.screenings =
        told.screenings().map(|screening| shape::shown_screening(screening, team)).collect();
}

impl crate::fold::Concept for Concept {
    const AREA: &'static str = AREA;
}

#[cfg(test)]
mod tests {
    use jiff::civil::date as day;

    use super::*;

    #[test]
    fn the_clock_counts_days_and_weeks_and_breaches_from_day_127() {
        assert_eq!(waited(day(2026, 6, 1), day(2026, 6, 9)), (8, 1, false));
        assert_eq!(waited(day(2026, 6, 1), day(2026, 10, 5)), (126, 18, false));
        assert_eq!(waited(day(2026, 6, 1), day(2026, 10, 6)), (127, 18, true));
        assert_eq!(waited(day(2026, 6, 1), day(2026, 5, 1)), (0, 0, false));
    }
}
