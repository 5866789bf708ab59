//! Listing moves. States and parties are in the view; kinds and planned dates are sealed, so they are
//! filtered and ordered by once opened.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use jiff::civil::Date;
use onward_contract::transition::v1 as wire;
use onward_domain::codes::kind::TransitionKind;
use onward_domain::decider::Refusal;
use onward_domain::ids::LearnerId;
use onward_domain::transition::{Planned, Transition, TransitionState};
use onward_log::{LogError, Recorded, Relation};
use onward_views::ViewName;
use onward_views::timeline::{Subject, SubjectKind, SubjectsQuery};
use tonic::{Request, Response};
use uuid::Uuid;

use super::{AREA, shown};
use crate::fold::History;
use crate::guard::Caller;
use crate::page;
use crate::status::Failure;
use crate::wire::{self as parse, code, date, text};
use crate::{Doors, keys};

/// Moves that are read at once.
const ROUND: u16 = 500;

/// Most moves that one question orders by what is sealed.
const MOST: usize = 10_000;

pub(super) async fn list(
    doors: &Doors,
    request: Request<wire::ListTransitionsRequest>,
) -> Result<Response<wire::ListTransitionsResponse>, Failure> {
    let method = "/onward.transition.v1.TransitionService/ListTransitions";
    let entered = doors.open(method, request).await?;
    let (caller, message) = (&entered.caller, &entered.message);
    let filter = Filter::read(doors, caller, message).await?;
    let binding = page::bind(caller, message, |asked| {
        asked.min_position.clear();
        asked.page_token.clear();
        asked.page_size = 0;
    });
    let cursor = binding.cursor(&message.page_token)?;
    let position = doors.reach(ViewName::Timeline, &message.min_position).await?;
    let size = page::size(u32::try_from(message.page_size).unwrap_or_default());
    let (moves, next) = filter.page(doors, &message.order_by, cursor, size).await?;
    let transitions = filter.shown(doors, &moves).await?;
    doors.write_down(caller, moves.iter().map(|one| one.learner)).await?;
    Ok(Response::new(wire::ListTransitionsResponse {
        position: position.to_string(),
        next_page_token: next.map(|cursor| binding.token(&cursor)).unwrap_or_default(),
        transitions,
        not_up_to_date_since: doors
            .stale(ViewName::Timeline, moves.iter().map(|one| one.learner))
            .await?,
    }))
}

/// A move that was read.
struct Move {
    id: Uuid,
    learner: LearnerId,
    history: History<Transition>,
}

/// What is asked for.
struct Filter<'a> {
    caller: &'a Caller,
    query: SubjectsQuery,
    side: wire::TransitionSide,
    kinds: Vec<TransitionKind>,
    planned_from: Option<Date>,
    planned_to: Option<Date>,
    /// The moves with the caller's reference, where it gave one.
    referred: Option<HashSet<Uuid>>,
}

impl<'a> Filter<'a> {
    async fn read(
        doors: &Doors,
        caller: &'a Caller,
        message: &wire::ListTransitionsRequest,
    ) -> Result<Self, Failure> {
        let states = message.states.iter();
        let states = states
            .map(|state| code::parse::<wire::TransitionState, TransitionState>("states", *state))
            .map(|state| state.map(|state| state.as_str().to_owned()))
            .collect::<Result<Vec<_>, _>>()?;
        let kinds = message.kinds.iter();
        let kinds = kinds
            .map(|kind| code::parse::<wire::TransitionKind, TransitionKind>("kinds", *kind))
            .collect::<Result<Vec<_>, _>>()?;
        let learner = match message.learner_id.as_deref() {
            Some(learner) => Some(doors.known_learner(caller, learner).await?),
            None => None,
        };
        let mut query = SubjectsQuery::new(caller.organisation(), SubjectKind::Transition);
        (query.learner, query.states, query.limit) = (learner, states, ROUND);
        Ok(Self {
            caller,
            query,
            side: message.side(),
            kinds,
            planned_from: date::optional("planned_from", message.planned_from.as_ref())?,
            planned_to: date::optional("planned_to", message.planned_to.as_ref())?,
            referred: referred(doors, caller, &message.external_ref).await?,
        })
    }

    /// A page and where the next begins.
    async fn page(
        &self,
        doors: &Doors,
        order_by: &str,
        cursor: Option<String>,
        size: usize,
    ) -> Result<(Vec<Move>, Option<String>), Failure> {
        let mut subjects = self.subjects(doors).await?;
        let by_record = order_by.starts_with("recorded");
        if !by_record && subjects.len() > MOST {
            let too_many = format!("is possible for up to {MOST} moves; narrow the question");
            return Err(Refusal::field("order_by", too_many).into());
        }
        if order_by == "recorded desc" {
            subjects.reverse();
        }
        if by_record && self.is_of_what_is_public() {
            let (found, next) = page::cut(subjects, cursor, size, |one| one.id.to_string())?;
            return Ok((self.open(doors, found).await?, next));
        }
        let mut moves = self.open(doors, subjects).await?;
        moves.retain(|one| self.lets_through(one));
        if !by_record {
            moves.sort_by_key(|one| (first_day(one), one.id));
        }
        if order_by == "planned desc" {
            moves.reverse();
        }
        page::cut(moves, cursor, size, |one| one.id.to_string())
    }

    fn is_of_what_is_public(&self) -> bool {
        self.kinds.is_empty() && self.planned_from.is_none() && self.planned_to.is_none()
    }

    async fn subjects(&self, doors: &Doors) -> Result<Vec<Subject>, Failure> {
        let (mut all, mut query) = (Vec::new(), self.query.clone());
        loop {
            let page = doors.views().timeline().subjects(&query).await?;
            all.extend(page.subjects.into_iter().filter(|subject| self.is_on_side(subject)));
            match page.next {
                Some(next) => query.after = Some(next),
                None => return Ok(all),
            }
        }
    }

    /// On one of the caller's sides, and on the one asked for. The setting left is none of them.
    fn is_on_side(&self, subject: &Subject) -> bool {
        let caller = self.caller.organisation();
        let sent = subject.owner == caller;
        let expected = subject.destination == Some(caller);
        let authority = subject.authority == Some(caller);
        let side = match self.side {
            wire::TransitionSide::Unspecified => sent || expected || authority,
            wire::TransitionSide::Sent => sent,
            wire::TransitionSide::Expected => expected,
            wire::TransitionSide::Authority => authority,
        };
        side && self.referred.as_ref().is_none_or(|moves| moves.contains(&subject.id))
    }

    /// Opens moves, in the order given. One whose learner was erased is gone.
    async fn open(&self, doors: &Doors, subjects: Vec<Subject>) -> Result<Vec<Move>, Failure> {
        let mut moves = Vec::with_capacity(subjects.len());
        for round in subjects.chunks(usize::from(ROUND)) {
            let ids: Vec<Uuid> = round.iter().map(|subject| subject.id).collect();
            let mut events: HashMap<Uuid, Vec<Recorded>> = HashMap::new();
            for event in doors.views().timeline().events_of(&ids).await? {
                events.entry(event.stream).or_default().push(event);
            }
            for subject in round {
                let events = events.remove(&subject.id).unwrap_or_default();
                match doors.fold::<Transition>(events).await {
                    Ok(history) => {
                        moves.push(Move { id: subject.id, learner: subject.learner, history });
                    }
                    Err(Failure::Log(LogError::Erased) | Failure::Refused(Refusal::NotFound)) => {}
                    Err(failure) => return Err(failure),
                }
            }
        }
        Ok(moves)
    }

    fn lets_through(&self, one: &Move) -> bool {
        let kind = one.history.state.recorded.as_ref().map(|recorded| recorded.fact.kind);
        let kind_fits =
            self.kinds.is_empty() || kind.is_some_and(|kind| self.kinds.contains(&kind));
        // A month lies in the range when any of its days does.
        let planned = one.history.state.planned;
        let (first, last) =
            (planned.and_then(Planned::first_day), planned.and_then(Planned::last_day));
        let from = self.planned_from.is_none_or(|from| last.is_some_and(|last| from <= last));
        let to = self.planned_to.is_none_or(|to| first.is_some_and(|first| first <= to));
        kind_fits && from && to
    }

    async fn shown(&self, doors: &Doors, moves: &[Move]) -> Result<Vec<wire::Transition>, Failure> {
        let mut learners = HashMap::new();
        let mut shown = Vec::with_capacity(moves.len());
        for one in moves {
            let learner = match learners.entry(one.learner) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => {
                    place.insert(doors.recognised(self.caller, one.learner).await?)
                }
            };
            let mut transition = shown::transition(doors, self.caller, &one.history).await?;
            transition.learner = Some(learner.clone());
            shown.push(transition);
        }
        Ok(shown)
    }
}

/// Planned soonest first; those without a date last.
fn first_day(one: &Move) -> (bool, Option<Date>) {
    let day = one.history.state.planned.and_then(Planned::first_day);
    (day.is_none(), day)
}

/// The streams that hold the caller's own reference.
async fn referred(
    doors: &Doors,
    caller: &Caller,
    reference: &str,
) -> Result<Option<HashSet<Uuid>>, Failure> {
    let Some(reference) = text(reference) else { return Ok(None) };
    let key = keys::external_ref(caller.organisation(), AREA, &reference);
    let found = doors.log().find(&[key]).await?;
    Ok(Some(found.iter().map(|found| found.stream).collect()))
}

impl Doors {
    /// A learner that a filter names: the caller's own record, or one of which something is shared with
    /// it.
    ///
    /// # Errors
    /// Not a UUID; `NOT_FOUND`.
    pub(crate) async fn known_learner(
        &self,
        caller: &Caller,
        learner_id: &str,
    ) -> Result<LearnerId, Failure> {
        let learner: LearnerId = parse::id("learner_id", learner_id)?;
        let own = match self.related(caller, learner.uuid(), &[Relation::Owner]).await {
            Ok(_) => true,
            Err(Failure::Refused(Refusal::NotFound)) => false,
            Err(failure) => return Err(failure),
        };
        // Asked in either case, so that both do the same work.
        let shared = self.views().timeline().may_see(caller.organisation(), learner).await?;
        if own || shared { Ok(learner) } else { Err(Refusal::NotFound.into()) }
    }
}
