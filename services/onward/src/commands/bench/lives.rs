//! A log of lives: learners who are registered, move, and are handed over, six events each, as many as are
//! wanted. A learner's steps lie far apart in the log, as they do in life.

use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream;
use jiff::civil::date;
use onward_domain::codes::kind::TransitionKind;
use onward_domain::decider::{Decider, Outcome, Refusal};
use onward_domain::event::{Event, Provenance};
use onward_domain::handover::{
    HandoverDelivered, HandoverDrafted, HandoverFact, HandoverReleased, Pack,
};
use onward_domain::ids::{HandoverId, LearnerId, OrganisationId, TransitionId};
use onward_domain::learner::{LearnerFact, LearnerRegistered, Person, Setting};
use onward_domain::transition::{
    Detail, InYearMove, Planned, TransitionConfirmed, TransitionFact, TransitionRecorded,
};
use onward_log::look_up::{keys, parties};
use onward_log::{Attempt, Call, Key, Log, Relation, Request, Stop, Unit};
use uuid::Uuid;

/// Events of one learner.
const EACH: u64 = 6;
/// Learners who take each step one after the other before anybody takes the next.
const TOGETHER: u64 = 20_000;
/// Learners of one request.
const REQUEST: usize = 120;
/// Requests at once.
const AT_ONCE: usize = 16;
/// Schools, and as many colleges.
const SCHOOLS: u128 = 500;

/// What is kept beside the events.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// Nothing: what is built from events alone needs no more.
    Nothing,
    /// Answers of requests, and look-up keys, as the doors write them.
    WhatTheDoorsWrite,
}

/// Appends at least so many events.
///
/// # Errors
/// The log refuses.
pub async fn fill(log: &Log, events: u64, beside: Beside) -> anyhow::Result<()> {
    let mut left = events.div_ceil(EACH);
    while left > 0 {
        let count = left.min(TOGETHER);
        let learners: Vec<Uuid> = (0..count).map(|_| Uuid::now_v7()).collect();
        for step in [
            Step { tell: registered, claim: found_by_name },
            Step { tell: moved, claim: found_by_parties },
            Step { tell: handed_over, claim: shared },
        ] {
            let some = learners.chunks(REQUEST);
            let requests = some.map(|some| append(log, some.to_vec(), step, beside));
            let mut requests = stream::iter(requests).buffer_unordered(AT_ONCE);
            while let Some(done) = requests.next().await {
                done?;
            }
        }
        left -= count;
    }
    Ok(())
}

/// A step of a life.
#[derive(Clone, Copy)]
struct Step {
    tell: fn(&mut Unit, LearnerId) -> Result<(), Stop>,
    /// Claims the look-up keys that it brings.
    claim: fn(&mut Unit, LearnerId),
}

async fn append(log: &Log, learners: Vec<Uuid>, step: Step, beside: Beside) -> anyhow::Result<()> {
    let all = beside == Beside::WhatTheDoorsWrite;
    let by = school(learners.first().copied().unwrap_or_default());
    let provenance = Provenance {
        organisation: by,
        member: None,
        actor: None,
        occurred: None,
        external_ref: None,
    };
    let attempt: Attempt = Arc::new(move |unit: &mut Unit| {
        let learners = learners.clone();
        Box::pin(async move {
            for learner in learners.into_iter().map(LearnerId::new) {
                (step.tell)(unit, learner)?;
                if all {
                    (step.claim)(unit, learner);
                }
            }
            Ok(())
        })
    });
    let request = all.then(|| {
        let id = Uuid::now_v7();
        let body = Bytes::copy_from_slice(id.as_bytes());
        Request { organisation: by, id: id.into(), method: "/onward.bench/Live", body }
    });
    log.execute(Call { request, provenance }, attempt).await?;
    Ok(())
}

/// A fact as it would be decided.
#[derive(Clone)]
struct Told(Event);

impl From<Told> for Event {
    fn from(told: Told) -> Self {
        told.0
    }
}

impl TryFrom<Event> for Told {
    type Error = Event;

    fn try_from(event: Event) -> Result<Self, Event> {
        Ok(Self(event))
    }
}

/// Decides nothing: a bench of reading needs events, not rules.
struct Telling;

impl Decider for Telling {
    type State = ();
    type Command = Vec<Told>;
    type Fact = Told;

    fn decide((): &(), told: Vec<Told>) -> Result<Outcome<Told>, Refusal> {
        Ok(Outcome::Recorded(told))
    }

    fn evolve((): &mut (), _: &Told) {}
}

fn tell(unit: &mut Unit, stream: Uuid, facts: Vec<Event>) -> Result<(), Stop> {
    let mut fresh = unit.fresh::<Telling>(stream);
    unit.decide::<Telling>(&mut fresh, facts.into_iter().map(Told).collect()).map(drop)
}

fn registered(unit: &mut Unit, learner: LearnerId) -> Result<(), Stop> {
    let fact = LearnerRegistered { learner, person: person(), own_ref: None };
    tell(unit, learner.uuid(), vec![LearnerFact::Registered(fact).into()])
}

fn found_by_name(unit: &mut Unit, learner: LearnerId) {
    let (stream, keeper) = (learner.uuid(), unit.provenance().organisation);
    unit.claim(Key::party(stream, keeper, Relation::Owner), stream, (None, None));
    unit.claim(keys::name_and_birth(keeper, &person()), stream, (None, None));
}

fn moved(unit: &mut Unit, learner: LearnerId) -> Result<(), Stop> {
    let transition = transition_of(learner);
    let recorded = TransitionFact::Recorded(TransitionRecorded {
        transition,
        learner,
        kind: TransitionKind::InYearMove,
        phase_transfer: None,
        home_la: Some("302".to_owned()),
        authority: None,
        detail: in_year(learner),
    });
    let confirmed = TransitionFact::Confirmed(TransitionConfirmed { transition, learner });
    tell(unit, transition.uuid(), vec![recorded.into(), confirmed.into()])
}

fn in_year(learner: LearnerId) -> Detail {
    let place =
        |organisation| Setting { organisation: Some(organisation), number: None, name: None };
    Detail::InYearMove(InYearMove {
        from: place(school(learner.uuid())),
        to: Some(place(college(learner.uuid()))),
        planned: Planned::Day(date(2030, 9, 2)),
        nc_year: None,
    })
}

fn found_by_parties(unit: &mut Unit, learner: LearnerId) {
    let (stream, owner) = (transition_of(learner).uuid(), unit.provenance().organisation);
    let owner = [(owner, Relation::Owner)];
    for (party, relation) in parties(&in_year(learner), None).into_iter().chain(owner) {
        unit.claim(Key::party(stream, party, relation), stream, (None, None));
    }
    unit.claim(keys::moves_of(learner), stream, (None, None));
}

fn handed_over(unit: &mut Unit, learner: LearnerId) -> Result<(), Stop> {
    let (handover, transition) = (handover_of(learner), Some(transition_of(learner)));
    let (sender, receiver) = (school(learner.uuid()), college(learner.uuid()));
    let pack = pack();
    let drafted = HandoverFact::Drafted(HandoverDrafted {
        handover,
        learner,
        sender,
        receiver,
        transition,
        pack_version: 1,
        pack: pack.clone(),
    });
    let released = HandoverFact::Released(HandoverReleased {
        handover,
        learner,
        sender,
        receiver,
        transition,
        history_shared: true,
        pack_version: 1,
        pack,
    });
    let delivered = HandoverFact::Delivered(HandoverDelivered { handover, learner });
    tell(unit, handover.uuid(), vec![drafted.into(), released.into(), delivered.into()])
}

fn shared(unit: &mut Unit, learner: LearnerId) {
    let (stream, transition) = (handover_of(learner).uuid(), transition_of(learner).uuid());
    let (sender, receiver) = (school(learner.uuid()), college(learner.uuid()));
    for key in [
        keys::live_handover(learner, receiver),
        Key::party(stream, sender, Relation::Owner),
        Key::party(stream, receiver, Relation::Receiver),
        Key::party(transition, receiver, Relation::Receiver),
    ] {
        unit.claim(key, stream, (None, None));
    }
}

fn transition_of(learner: LearnerId) -> TransitionId {
    TransitionId::new(beside(learner, 1))
}

fn handover_of(learner: LearnerId) -> HandoverId {
    HandoverId::new(beside(learner, 2))
}

/// Another id for the same learner, as time-ordered as the learner's.
fn beside(learner: LearnerId, number: u128) -> Uuid {
    Uuid::from_u128(learner.uuid().as_u128() ^ (number << 40))
}

fn school(learner: Uuid) -> OrganisationId {
    OrganisationId::new(Uuid::from_u128(1 + learner.as_u128() % SCHOOLS))
}

fn college(learner: Uuid) -> OrganisationId {
    OrganisationId::new(Uuid::from_u128(0x1_0000 + learner.as_u128() % SCHOOLS))
}

fn person() -> Person {
    Person {
        surname: "Benchmark".to_owned(),
        forename: "Learner".to_owned(),
        known_as: None,
        date_of_birth: date(2015, 3, 4),
        sex: None,
        postcode: Some("LS1 4AP".to_owned()),
        nc_year: None,
        home_language: None,
        looked_after: None,
        sensitive: false,
    }
}

fn pack() -> Pack {
    Pack {
        person: Some(person()),
        communication_method: Some("Speech, with time to answer".to_owned()),
        contact: Some("The SENCO's office, mornings".to_owned()),
        ..Pack::default()
    }
}
