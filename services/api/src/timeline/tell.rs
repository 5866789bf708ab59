//! An entry of the view as the contract shows it: opened, put into words, with names joined.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use onward_contract::timeline::v1 as wire;
use onward_domain::event::{Event, Occurred};
use onward_domain::ids::{EventId, OrganisationId};
use onward_domain::learner::Setting;
use onward_log::{OpenFault, Opened};
use onward_views::timeline::{Depth, Entry};
use uuid::Uuid;

use super::describe::{Described, Reader, describe};
use crate::Doors;
use crate::call::moment;
use crate::guard::Caller;
use crate::status::Failure;
use crate::wire::date;

/// CloudEvents type of a stored type.
pub(crate) fn cloud_event_type(event_type: &str) -> String {
    format!("org.onward.{event_type}.v1")
}

/// An entry in words, and what lists go by.
pub(crate) struct ToldEntry {
    /// As the contract shows it.
    pub(crate) entry: wire::TimelineEntry,
    /// When it happened; the moment of recording where nothing else was said.
    pub(crate) occurred: Timestamp,
    /// The record that it is about.
    pub(crate) learner: onward_domain::ids::LearnerId,
}

/// Puts entries into words for one caller.
pub(crate) struct Teller<'a> {
    doors: &'a Doors,
    reader: Reader,
}

impl<'a> Teller<'a> {
    /// For a caller.
    pub(crate) fn new(doors: &'a Doors, caller: &Caller) -> Self {
        Self { doors, reader: Reader { health: caller.kind().is_health() } }
    }

    /// Entries in the order given, each with the one that corrects it where that is among them.
    ///
    /// # Errors
    /// The names cannot be read.
    pub(crate) async fn tell_all(
        &self,
        entries: &[Entry],
    ) -> Result<Vec<wire::TimelineEntry>, Failure> {
        Ok(self.tell(entries).await?.into_iter().map(|told| told.entry).collect())
    }

    /// As [`Teller::tell_all`], with what lists go by.
    ///
    /// # Errors
    /// The names cannot be read.
    pub(crate) async fn tell(&self, entries: &[Entry]) -> Result<Vec<ToldEntry>, Failure> {
        let full: Vec<_> = entries
            .iter()
            .filter(|entry| entry.depth == Depth::Full)
            .map(|entry| entry.recorded.clone())
            .collect();
        let mut opened = self.doors.log().open_events(&full).await.into_iter();
        let corrected: HashMap<Uuid, EventId> = entries
            .iter()
            .filter_map(|entry| Some((entry.corrects?, entry.recorded.event_id)))
            .collect();
        let mut told = Vec::with_capacity(entries.len());
        for entry in entries {
            let opened = if entry.depth == Depth::Full { opened.next() } else { None };
            let mut one = self.one(entry, opened).await?;
            if let Some(by) = corrected.get(&entry.recorded.event_id.uuid()) {
                one.entry.corrected_by_event_id = by.to_string();
            }
            told.push(one);
        }
        Ok(told)
    }

    async fn one(
        &self,
        entry: &Entry,
        opened: Option<Result<Opened, OpenFault>>,
    ) -> Result<ToldEntry, Failure> {
        let recorded = &entry.recorded;
        let mut said = wire::TimelineEntry {
            position: recorded.position.to_string(),
            event_id: recorded.event_id.to_string(),
            r#type: cloud_event_type(&recorded.event_type),
            recorded_at: Some(moment(recorded.recorded_at)),
            said_by: Some(self.party(entry.organisation).await?),
            corrects_event_id: entry.corrects.map(|id| id.to_string()).unwrap_or_default(),
            learner_id: entry.learner.to_string(),
            transition_id: entry.transition.map(|id| id.to_string()).unwrap_or_default(),
            handover_id: entry.handover.map(|id| id.to_string()).unwrap_or_default(),
            ..Default::default()
        };
        if entry.area == "referral" {
            said.referral_id = recorded.stream.to_string();
        }
        if entry.area == "dsa" {
            said.case_id = recorded.stream.to_string();
        }
        let mut occurred = recorded.recorded_at;
        match opened {
            Some(Ok(opened)) => occurred = self.open(&mut said, &opened, occurred).await?,
            Some(Err(fault)) => said.summary = unreadable(fault).to_owned(),
            None => said.summary = step_only(&recorded.event_type),
        }
        Ok(ToldEntry { entry: said, occurred, learner: entry.learner })
    }

    /// Adds what the sealed part says; answers when it happened.
    async fn open(
        &self,
        said: &mut wire::TimelineEntry,
        opened: &Opened,
        recorded_at: Timestamp,
    ) -> Result<Timestamp, Failure> {
        let Opened { provenance, event } = opened;
        if let Some(actor) = &provenance.actor {
            said.actor_name.clone_from(&actor.name);
            said.actor_role.clone_from(&actor.role);
        }
        let (occurred, at) = occurred(provenance.occurred, event, recorded_at);
        said.occurred = occurred;
        let described = describe(event, self.reader);
        self.particulars(said, described).await?;
        Ok(at)
    }

    async fn particulars(
        &self,
        said: &mut wire::TimelineEntry,
        described: Described,
    ) -> Result<(), Failure> {
        said.summary = described.summary;
        let facts = described.facts.into_iter();
        said.facts =
            facts.map(|(name, value)| wire::Fact { name: name.to_owned(), value }).collect();
        said.from = self.setting(described.from.as_ref()).await?;
        said.to = self.setting(described.to.as_ref()).await?;
        if let Some(id) = described.transition {
            said.transition_id = id.to_string();
        }
        if let Some(id) = described.handover {
            said.handover_id = id.to_string();
        }
        if let Some(id) = described.referral {
            said.referral_id = id.to_string();
        }
        if let Some(id) = described.case {
            said.case_id = id.to_string();
        }
        if let Some(id) = described.corrects {
            said.corrects_event_id = id.to_string();
        }
        Ok(())
    }

    async fn setting(&self, setting: Option<&Setting>) -> Result<Option<wire::Party>, Failure> {
        let Some(setting) = setting else { return Ok(None) };
        Ok(Some(wire::Party {
            organisation_id: setting.organisation.map(|id| id.to_string()).unwrap_or_default(),
            name: self.doors.name_of_setting(setting).await?,
        }))
    }

    async fn party(&self, organisation: OrganisationId) -> Result<wire::Party, Failure> {
        let name = self.doors.name_of(organisation).await?;
        Ok(wire::Party { organisation_id: organisation.to_string(), name })
    }
}

/// When it happened, as it was said or as the fact itself says; and the moment that orders it.
fn occurred(
    said: Option<Occurred>,
    event: &Event,
    recorded_at: Timestamp,
) -> (Option<wire::Occurred>, Timestamp) {
    use wire::occurred::Occurred as Wire;
    let said = day_of(event).map(Occurred::On).or(said);
    match said {
        Some(Occurred::On(day)) => {
            let zone = TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC);
            let at = zone.to_timestamp(day.at(0, 0, 0, 0)).unwrap_or(recorded_at);
            (Some(wire::Occurred { occurred: Some(Wire::Day(date::wire(day))) }), at)
        }
        Some(Occurred::At(at)) => {
            (Some(wire::Occurred { occurred: Some(Wire::Moment(moment(at))) }), at)
        }
        None => (None, recorded_at),
    }
}

/// The day on which it happened, where the fact itself says so: the arrival and not its report, the
/// screening and not its entry.
fn day_of(event: &Event) -> Option<jiff::civil::Date> {
    use onward_domain::learner::LearnerFact as Learner;
    use onward_domain::referral::ReferralFact as Referral;
    use onward_domain::transition::TransitionFact as Transition;
    match event {
        Event::Learner(Learner::EnrolmentEnded(fact)) => Some(fact.on),
        Event::Transition(Transition::Arrived(fact)) => Some(fact.on),
        Event::Transition(Transition::NotArrived(fact)) => Some(fact.on),
        Event::Transition(Transition::Ended(fact)) => Some(fact.on),
        Event::Referral(Referral::Submitted(fact)) => Some(fact.received_on),
        Event::Referral(Referral::ScreeningRecorded(fact)) => Some(fact.screening.on),
        Event::Referral(Referral::InterventionStarted(fact)) => Some(fact.on),
        Event::Referral(Referral::RescreenRecorded(fact)) => Some(fact.screening.on),
        _ => None,
    }
}

/// What is said of an entry that cannot be opened. The page goes on.
const fn unreadable(fault: OpenFault) -> &'static str {
    match fault {
        OpenFault::Erased => "What was said here has been erased.",
        OpenFault::UnknownType | OpenFault::NewerVersion => {
            "A newer version of Onward recorded this; this one cannot show it yet."
        }
        OpenFault::Malformed => "What was said here cannot be read.",
        OpenFault::Store | OpenFault::NoKey => "What was said here cannot be opened now.",
    }
}

/// What is said of a step of which no more is shared: its type, in words.
fn step_only(event_type: &str) -> String {
    let (_, event) = event_type.split_once('.').unwrap_or(("", event_type));
    let mut words = event.replace('_', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    format!("{words}; what it says is not shared with you.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_is_not_shared_says_no_more_than_its_type() {
        assert_eq!(
            step_only("referral.information_requested"),
            "Information requested; what it says is not shared with you."
        );
        assert_eq!(
            cloud_event_type("handover.handover_released"),
            "org.onward.handover.handover_released.v1"
        );
    }

    #[test]
    fn what_cannot_be_opened_is_said_in_a_sentence() {
        for fault in [
            OpenFault::Erased,
            OpenFault::UnknownType,
            OpenFault::NewerVersion,
            OpenFault::Malformed,
            OpenFault::Store,
            OpenFault::NoKey,
        ] {
            assert!(unreadable(fault).ends_with('.'));
        }
    }
}
