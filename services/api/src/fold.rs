//! Streams as the doors read them: folded, with what was said beside the facts.

use jiff::Timestamp;
use jiff::civil::Date;
use onward_domain::decider::{Decider, Refusal, Version};
use onward_domain::dsa::DsaCase;
use onward_domain::event::{Event, Occurred, Provenance};
use onward_domain::ids::OrganisationId;
use onward_domain::learner::Learner;
use onward_domain::organisation::{Member, Organisation};
use onward_domain::transition::Transition;
use onward_log::{LogError, OpenFault, Opened, Recorded};
use uuid::Uuid;

use crate::Doors;
use crate::status::Failure;

/// A concept whose streams the doors read.
pub(crate) trait Concept: Decider {
    /// The area that the types of its events begin with.
    const AREA: &'static str;
}

impl Concept for Organisation {
    const AREA: &'static str = "directory";
}

impl Concept for Member {
    const AREA: &'static str = "directory";
}

impl Concept for Learner {
    const AREA: &'static str = "learner";
}

impl Concept for Transition {
    const AREA: &'static str = "transition";
}

impl Concept for DsaCase {
    const AREA: &'static str = "dsa";
}

/// One event of a stream and what was said with it.
pub(crate) struct Told {
    /// As it lies in the log.
    pub(crate) recorded: Recorded,
    /// Who said so, and when it happened.
    pub(crate) provenance: Provenance,
}

/// A stream, folded.
pub(crate) struct History<D: Decider> {
    /// What its facts add up to.
    pub(crate) state: D::State,
    /// Its events, first first. Never empty.
    pub(crate) told: Vec<Told>,
}

impl<D: Decider> History<D> {
    /// Number of facts.
    pub(crate) fn version(&self) -> Version {
        self.told.last().map(|told| told.recorded.version).unwrap_or_default()
    }

    /// When its first fact was recorded.
    pub(crate) fn begun_at(&self) -> Timestamp {
        self.told.first().map(|told| told.recorded.recorded_at).unwrap_or_default()
    }

    /// The organisation that recorded its first fact.
    pub(crate) fn begun_by(&self) -> Option<OrganisationId> {
        self.told.first().map(|told| told.provenance.organisation)
    }

    /// The reference that an organisation gave with its first fact; nobody else's business.
    pub(crate) fn reference_of(&self, organisation: OrganisationId) -> String {
        self.told
            .first()
            .filter(|told| told.provenance.organisation == organisation)
            .and_then(|told| told.provenance.external_ref.clone())
            .unwrap_or_default()
    }

    /// The day on which the last fact happened, as far as it was said.
    pub(crate) fn last_on(&self) -> Option<Date> {
        match self.told.last().and_then(|told| told.provenance.occurred) {
            Some(Occurred::On(day)) => Some(day),
            Some(Occurred::At(at)) => Some(crate::guard::now(at).today),
            None => None,
        }
    }
}

impl Doors {
    /// Reads a stream.
    ///
    /// # Errors
    /// `NOT_FOUND` where there is none of this concept; or it cannot be read.
    pub(crate) async fn history<D: Concept>(&self, stream: Uuid) -> Result<History<D>, Failure> {
        let events = self.log().stream(stream).await?;
        self.fold::<D>(events).await
    }

    /// Folds the events of one stream, wherever they were copied from.
    ///
    /// # Errors
    /// As [`Doors::history`].
    pub(crate) async fn fold<D: Concept>(
        &self,
        events: Vec<Recorded>,
    ) -> Result<History<D>, Failure> {
        // Judged by the type, before anything is opened: an id of another concept names nothing here.
        let ours = |event: &Recorded| {
            event.event_type.split_once('.').is_some_and(|(area, _)| area == D::AREA)
        };
        if !events.first().is_some_and(ours) {
            return Err(Refusal::NotFound.into());
        }
        let opened = self.log().open_events(&events).await;
        let mut history = History { state: D::State::default(), told: Vec::new() };
        for (recorded, opened) in events.into_iter().zip(opened) {
            let Opened { provenance, event } =
                opened.map_err(|fault| unopened(fault, &recorded))?;
            let fact: Result<D::Fact, Event> = D::Fact::try_from(event);
            let fact = fact.map_err(|_| LogError::Damaged(recorded.position))?;
            D::evolve(&mut history.state, &fact);
            history.told.push(Told { recorded, provenance });
        }
        Ok(history)
    }
}

/// Why an event could not be opened, in the words of a read.
pub(crate) fn unopened(fault: OpenFault, recorded: &Recorded) -> LogError {
    match fault {
        OpenFault::Erased => LogError::Erased,
        OpenFault::UnknownType | OpenFault::NewerVersion => LogError::Newer(recorded.position),
        OpenFault::Malformed => LogError::Damaged(recorded.position),
        OpenFault::Store | OpenFault::NoKey => LogError::Unavailable(onward_log::Cause::Keys),
    }
}
