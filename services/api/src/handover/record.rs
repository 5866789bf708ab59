//! What the sender's record gives to a pack: who the learner is, the needs, and the history that goes
//! along where it is shared.

use onward_contract::timeline::v1 as timeline;
use onward_domain::decider::Refusal;
use onward_domain::handover::{Pack, Receiver};
use onward_domain::ids::{LearnerId, OrganisationId, TransitionId};
use onward_domain::learner::{LearnerNumberKind, LearnerState};
use onward_log::{Position, Stop, Unit};
use onward_views::ViewName;
use onward_views::timeline::{Depth, EntriesQuery};

use super::Told;
use crate::Doors;
use crate::guard::Caller;
use crate::status::Failure;
use crate::timeline::Teller;
use crate::wire::person::current;

/// Entries of a history that are read at once.
const CHUNK: u16 = 500;

/// Areas that a history carries: a handover never tells of other handovers or of referrals.
const AREAS: [&str; 3] = ["learner", "transition", "dsa"];

/// The pack with the learner as the sender's record has them now. Needs that the sender wrote into the
/// draft stay; without any, those of the record are taken.
pub(super) fn filled(mut pack: Pack, record: &LearnerState) -> Pack {
    pack.person = record.person().cloned();
    pack.upn = current(record, LearnerNumberKind::Upn);
    pack.uln = current(record, LearnerNumberKind::Uln);
    if pack.needs.is_empty()
        && let Some(needs) = &record.needs
    {
        pack.needs.clone_from(&needs.fact.needs);
    }
    pack.masked()
}

impl Doors {
    /// Who receives, as far as it decides what the pack must have.
    pub(super) async fn receiver(
        &self,
        receiver: OrganisationId,
        transition: Option<TransitionId>,
    ) -> Result<Receiver, Failure> {
        let registered = self.registration(receiver).await?.ok_or(Refusal::NotFound)?;
        let begun_as = match transition {
            // The kind of a move is the type of its first event, which is public.
            Some(transition) => self.log().stream(transition.uuid()).await?.into_iter().next(),
            None => None,
        };
        let is = |event_type: &str| {
            begun_as.as_ref().is_some_and(|begun| begun.event_type == event_type)
        };
        Ok(Receiver {
            kind: registered.kind,
            apprenticeship: is("transition.apprenticeship_start_recorded"),
            higher_education: is("transition.higher_education_entry_recorded"),
        })
    }

    /// The history of the sender's record up to a position, as the caller may see it.
    pub(super) async fn history_shared(
        &self,
        caller: &Caller,
        learner: LearnerId,
        up_to: Position,
    ) -> Result<Vec<timeline::TimelineEntry>, Failure> {
        self.reach(ViewName::Timeline, &up_to.to_string()).await?;
        let mut query = EntriesQuery {
            areas: AREAS.iter().map(|area| (*area).to_owned()).collect(),
            limit: CHUNK,
            ..EntriesQuery::new(caller.organisation(), learner)
        };
        let mut entries = Vec::new();
        loop {
            let page = self.views().timeline().entries(&query).await?;
            entries.extend(page.entries.into_iter().filter(|entry| {
                entry.learner == learner
                    && entry.depth == Depth::Full
                    && entry.recorded.position <= up_to
                    && entry.recorded.event_type != "learner.record_linked"
            }));
            match page.next {
                Some(next) if next < up_to => query.after = Some(next),
                _ => break,
            }
        }
        Teller::new(self, caller).tell_all(&entries).await
    }
}

/// The sender's record, as a decision rests on it.
pub(super) async fn load(unit: &mut Unit, learner: LearnerId) -> Result<LearnerState, Stop> {
    let record = unit.load::<onward_domain::learner::Learner>(learner.uuid()).await?;
    if record.exists() { Ok(record.state) } else { Err(Refusal::NotFound.into()) }
}

/// Where the handover was released; none before it was.
pub(super) fn released_at(told: &Told) -> Option<Position> {
    let version = told.state.released?;
    let released = told.told.iter().find(|event| event.recorded.version == version)?;
    Some(released.recorded.position)
}
