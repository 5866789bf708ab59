//! A log to rebuild from: learners who are registered, move, and are handed over, six events each, as
//! many as are wanted. A learner's steps lie far apart in the log, as they do in life.

use std::sync::Arc;

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
use onward_log::{Attempt, Call, Log, Stop, Unit};
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

/// Appends at least so many events.
///
/// # Errors
/// The log refuses.
pub async fn fill(log: &Log, events: u64) -> anyhow::Result<()> {
    let mut left = events.div_ceil(EACH);
    while left > 0 {
        let count = left.min(TOGETHER);
        let learners: Vec<Uuid> = (0..count).map(|_| Uuid::now_v7()).collect();
        for step in [registered as Step, moved, handed_over] {
            let requests = learners.chunks(REQUEST).map(|some| append(log, some.to_vec(), step));
            let mut requests = stream::iter(requests).buffer_unordered(AT_ONCE);
            while let Some(done) = requests.next().await {
                done?;
            }
        }
        left -= count;
    }
    Ok(())
}

type Step = fn(&mut Unit, LearnerId) -> Result<(), Stop>;

async fn append(log: &Log, learners: Vec<Uuid>, step: Step) -> anyhow::Result<()> {
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
            for learner in learners {
                step(unit, LearnerId::new(learner))?;
            }
            Ok(())
        })
    });
    log.execute(Call { request: None, provenance }, attempt).await?;
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

fn moved(unit: &mut Unit, learner: LearnerId) -> Result<(), Stop> {
    let transition = TransitionId::new(beside(learner, 1));
    let place =
        |organisation| Setting { organisation: Some(organisation), number: None, name: None };
    let recorded = TransitionFact::Recorded(TransitionRecorded {
        transition,
        learner,
        kind: TransitionKind::InYearMove,
        phase_transfer: None,
        home_la: Some("302".to_owned()),
        authority: None,
        detail: Detail::InYearMove(InYearMove {
            from: place(school(learner.uuid())),
            to: Some(place(college(learner.uuid()))),
            planned: Planned::Day(date(2030, 9, 2)),
            nc_year: None,
        }),
    });
    let confirmed = TransitionFact::Confirmed(TransitionConfirmed { transition, learner });
    tell(unit, transition.uuid(), vec![recorded.into(), confirmed.into()])
}

fn handed_over(unit: &mut Unit, learner: LearnerId) -> Result<(), Stop> {
    let handover = HandoverId::new(beside(learner, 2));
    let transition = Some(TransitionId::new(beside(learner, 1)));
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
