//! Facts for the views' suite, as they would be decided, told to a real log without deciding.

use std::sync::Arc;

use futures::FutureExt as _;
use jiff::civil::{Date, date};
use onward_domain::codes::handover::HandoverWithdraw;
use onward_domain::codes::kind::TransitionKind;
use onward_domain::codes::referral::{Priority, ReferralSource, ReferrerRole};
use onward_domain::codes::role::MemberRole;
use onward_domain::codes::setting::OrganisationKind;
use onward_domain::decider::{Decider, Outcome, Refusal};
use onward_domain::event::{Event, Provenance};
use onward_domain::handover::{
    HandoverDelivered, HandoverDrafted, HandoverFact, HandoverReleased, HandoverWithdrawn, Pack,
};
use onward_domain::ids::{HandoverId, LearnerId, OrganisationId, ReferralId, TransitionId};
use onward_domain::learner::{LearnerFact, LearnerRegistered, Person, RecordLinked, Setting};
use onward_domain::organisation::{
    MemberAdded, OrganisationFact, OrganisationNumber, OrganisationNumberKind,
    OrganisationRegistered,
};
use onward_domain::referral::{
    Form, ReferralAccepted, ReferralClaimed, ReferralFact, ReferralSubmitted,
};
use onward_domain::transition::{
    Detail, InYearMove, Planned, TransitionConfirmed, TransitionFact, TransitionRecorded,
};
use onward_log::{Attempt, Call, Log, Receipt};
use uuid::Uuid;

/// Names, contacts and texts that must not be found in any file of the views.
pub const PLANTED: [&str; 5] =
    ["Okonkwo-Planted", "Planted-Forename", "planted reason", "planted contact", "planted-subject"];

/// An organisation of the suite.
pub fn organisation(number: u128) -> OrganisationId {
    OrganisationId::new(Uuid::from_u128(0xa000 + number))
}

/// The organisation that most learners come from.
pub fn school() -> OrganisationId {
    organisation(0)
}

/// The organisation that they go to.
pub fn college() -> OrganisationId {
    organisation(1)
}

/// A learner's record.
pub fn learner(number: u128) -> LearnerId {
    LearnerId::new(Uuid::from_u128(0x1000 + number))
}

pub fn transition(number: u128) -> TransitionId {
    TransitionId::new(Uuid::from_u128(0x2000 + number))
}

pub fn handover(number: u128) -> HandoverId {
    HandoverId::new(Uuid::from_u128(0x3000 + number))
}

pub fn referral(number: u128) -> ReferralId {
    ReferralId::new(Uuid::from_u128(0x4000 + number))
}

/// Any fact of any concept, undecided: the suite says what is true.
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

struct Telling;

impl Decider for Telling {
    type State = ();
    type Command = Told;
    type Fact = Told;

    fn decide((): &(), told: Told) -> Result<Outcome<Told>, Refusal> {
        Ok(Outcome::one(told))
    }

    fn evolve((): &mut (), _: &Told) {}
}

/// Records one fact on a stream, said by an organisation.
pub async fn tell(
    log: &Log,
    by: OrganisationId,
    stream: impl Into<Uuid>,
    fact: impl Into<Event>,
) -> anyhow::Result<Receipt> {
    let (stream, told) = (stream.into(), Told(fact.into()));
    let provenance = Provenance {
        organisation: by,
        member: None,
        actor: None,
        occurred: None,
        external_ref: None,
    };
    let attempt: Attempt = Arc::new(move |unit| {
        let told = told.clone();
        async move {
            let mut loaded = unit.load::<Telling>(stream).await?;
            unit.decide::<Telling>(&mut loaded, told)?;
            Ok(())
        }
        .boxed()
    });
    Ok(log.execute(Call { request: None, provenance }, attempt).await?.receipt)
}

pub fn person() -> Person {
    Person {
        surname: "Okonkwo-Planted".to_owned(),
        forename: "Planted-Forename".to_owned(),
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

pub fn registered(learner: LearnerId) -> LearnerFact {
    LearnerFact::Registered(LearnerRegistered { learner, person: person(), own_ref: None })
}

pub fn linked(learner: LearnerId, other: LearnerId, keeper: OrganisationId) -> LearnerFact {
    LearnerFact::RecordLinked(RecordLinked {
        learner,
        other,
        other_organisation: keeper,
        handover: None,
    })
}

fn place(organisation: OrganisationId) -> Setting {
    Setting { organisation: Some(organisation), number: None, name: None }
}

pub fn moving(
    transition: TransitionId,
    learner: LearnerId,
    from: OrganisationId,
    to: OrganisationId,
    day: Date,
) -> TransitionFact {
    TransitionFact::Recorded(TransitionRecorded {
        transition,
        learner,
        kind: TransitionKind::InYearMove,
        phase_transfer: None,
        home_la: None,
        authority: None,
        detail: Detail::InYearMove(InYearMove {
            from: place(from),
            to: Some(place(to)),
            planned: Planned::Day(day),
            nc_year: None,
        }),
    })
}

pub fn confirmed(transition: TransitionId, learner: LearnerId) -> TransitionFact {
    TransitionFact::Confirmed(TransitionConfirmed { transition, learner })
}

fn pack() -> Pack {
    Pack { person: Some(person()), contact: Some("planted contact".to_owned()), ..Pack::default() }
}

pub fn drafted(
    handover: HandoverId,
    learner: LearnerId,
    (sender, receiver): (OrganisationId, OrganisationId),
    transition: TransitionId,
) -> HandoverFact {
    HandoverFact::Drafted(HandoverDrafted {
        handover,
        learner,
        sender,
        receiver,
        transition: Some(transition),
        pack_version: 1,
        pack: pack(),
    })
}

pub fn released(
    handover: HandoverId,
    learner: LearnerId,
    (sender, receiver): (OrganisationId, OrganisationId),
    transition: TransitionId,
) -> HandoverFact {
    HandoverFact::Released(HandoverReleased {
        handover,
        learner,
        sender,
        receiver,
        transition: Some(transition),
        history_shared: true,
        pack_version: 1,
        pack: pack(),
    })
}

pub fn delivered(handover: HandoverId, learner: LearnerId) -> HandoverFact {
    HandoverFact::Delivered(HandoverDelivered { handover, learner })
}

pub fn withdrawn(handover: HandoverId, learner: LearnerId) -> HandoverFact {
    let reason = HandoverWithdraw::SentInError;
    HandoverFact::Withdrawn(HandoverWithdrawn { handover, learner, reason })
}

pub fn submitted(
    referral: ReferralId,
    learner: LearnerId,
    setting: OrganisationId,
    pathfinder: OrganisationId,
    received_on: Date,
) -> ReferralFact {
    let form = Form {
        person: person(),
        upn: None,
        nhs_number: None,
        referrer_role: ReferrerRole::EarlyYears,
        need_ticks: Vec::new(),
        interpreter: false,
        carer_contact: Some("planted contact".to_owned()),
        priority: Priority::Routine,
        screening: None,
        reason: "planted reason".to_owned(),
        consent: None,
        gp_ods: None,
        source: ReferralSource::Form,
        answers: Vec::new(),
    };
    ReferralFact::Submitted(ReferralSubmitted {
        referral,
        learner,
        setting,
        queue: Some(pathfinder.uuid().into()),
        pathfinder: Some(pathfinder),
        received_on,
        form,
    })
}

pub fn accepted(
    referral: ReferralId,
    learner: LearnerId,
    pathfinder: OrganisationId,
    order_day: Date,
) -> ReferralFact {
    ReferralFact::Accepted(ReferralAccepted {
        referral,
        learner,
        queue: pathfinder.uuid().into(),
        priority: 1,
        order_day,
    })
}

pub fn claimed(
    referral: ReferralId,
    learner: LearnerId,
    pathfinder: OrganisationId,
) -> ReferralFact {
    ReferralFact::Claimed(ReferralClaimed {
        referral,
        learner,
        queue: pathfinder.uuid().into(),
        member: Uuid::from_u128(0xb1).into(),
        until: jiff::Timestamp::MAX,
    })
}

pub fn known(organisation: OrganisationId, name: &str, urn: &str) -> OrganisationFact {
    OrganisationFact::Registered(OrganisationRegistered {
        organisation,
        kind: OrganisationKind::School,
        name: name.to_owned(),
        numbers: vec![OrganisationNumber {
            kind: OrganisationNumberKind::Urn,
            value: urn.to_owned(),
        }],
        phase: None,
        low_age: None,
        high_age: None,
        open_from: None,
        open_to: None,
        go_live: None,
        holiday_contact: Some("planted contact".to_owned()),
        successor_of: None,
    })
}

pub fn member(member: Uuid, organisation: OrganisationId) -> OrganisationFact {
    OrganisationFact::MemberAdded(MemberAdded {
        member: member.into(),
        organisation,
        issuer: "https://idp.example".to_owned(),
        subject: "planted-subject".to_owned(),
        name: "Okonkwo-Planted".to_owned(),
        roles: vec![MemberRole::Senco],
        from: None,
        until: None,
        deputy: None,
    })
}
