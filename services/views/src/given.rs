//! For the folds' tests: facts as the log would hand them out.

use bytes::Bytes;
use jiff::Timestamp;
use jiff::civil::{Date, date};
use onward_domain::codes::handover::HandoverWithdraw;
use onward_domain::codes::kind::TransitionKind;
use onward_domain::codes::referral::{Priority, ReferralSource, ReferrerRole};
use onward_domain::event::{Event, Provenance};
use onward_domain::handover::{
    HandoverDrafted, HandoverFact, HandoverReleased, HandoverWithdrawn, Pack,
};
use onward_domain::ids::{EventId, LearnerId, OrganisationId};
use onward_domain::learner::{LearnerFact, LearnerRegistered, Person, RecordLinked, Setting};
use onward_domain::referral::{Form, ReferralFact, ReferralSubmitted};
use onward_domain::transition::{
    Detail, InYearMove, Planned, TransitionConfirmed, TransitionFact, TransitionRecorded,
};
use onward_log::{Opened, Position, Recorded, codec, partition_of};
use uuid::Uuid;

use crate::engine::fold::{Said, Unfit, View};

/// An id from a small number.
pub(crate) fn id<T: From<Uuid>>(number: u128) -> T {
    T::from(Uuid::from_u128(number))
}

/// Recorded so many seconds after the beginning.
pub(crate) fn moment(seconds: u64) -> Timestamp {
    let seconds = i64::try_from(seconds).expect("a small number");
    Timestamp::from_second(1_780_000_000 + seconds).expect("a moment")
}

/// A fact as stored at a position, one second for each position.
pub(crate) fn at(
    position: u64,
    stream: u128,
    version: u64,
    organisation: u128,
    event: impl Into<Event>,
) -> (Recorded, Opened) {
    let event = event.into();
    let provenance = Provenance {
        organisation: id(organisation),
        member: None,
        actor: None,
        occurred: None,
        external_ref: None,
    };
    let encoded = codec::encode(&provenance, &event);
    let recorded = Recorded {
        position: Position::new(position),
        previous: Position::START,
        partition: partition_of(encoded.learner),
        partition_sequence: position,
        stream: Uuid::from_u128(stream),
        version,
        event_id: EventId::new(Uuid::from_u128(u128::from(position) + 0xe000)),
        learner: encoded.learner,
        event_type: encoded.event_type.to_owned(),
        schema_version: encoded.schema_version,
        recorded_at: moment(position),
        public: encoded.public.into(),
        sealed: Bytes::from_static(b"sealed"),
        hash: [0; 32],
    };
    (recorded, Opened { provenance, event })
}

/// Folds events into rows, and answers what the last one came to.
pub(crate) fn when<V: View>(
    rows: &mut V::Rows,
    events: &[(Recorded, Opened)],
) -> Result<(), Unfit> {
    for (recorded, Opened { provenance, event }) in events {
        V::apply(rows, &Said { recorded, provenance, event })?;
    }
    Ok(())
}

pub(crate) fn person() -> Person {
    Person {
        surname: "Okonkwo-Planted".to_owned(),
        forename: "Ada".to_owned(),
        known_as: None,
        date_of_birth: date(2015, 3, 4),
        sex: None,
        postcode: None,
        nc_year: None,
        home_language: None,
        looked_after: None,
        sensitive: false,
    }
}

pub(crate) fn registered(learner: u128) -> LearnerFact {
    let learner = id(learner);
    LearnerFact::Registered(LearnerRegistered { learner, person: person(), own_ref: None })
}

/// Two records of one person, on the stream of the first.
pub(crate) fn linked(learner: u128, other: u128) -> (Recorded, Opened) {
    at(1, learner, 2, 7, link(learner, other, 9))
}

pub(crate) fn link(learner: u128, other: u128, other_organisation: u128) -> LearnerFact {
    LearnerFact::RecordLinked(RecordLinked {
        learner: id(learner),
        other: id(other),
        other_organisation: id(other_organisation),
        handover: None,
    })
}

pub(crate) fn place(organisation: u128) -> Setting {
    Setting { organisation: Some(id(organisation)), number: None, name: None }
}

pub(crate) fn in_year(from: u128, to: u128, day: Date) -> Detail {
    Detail::InYearMove(InYearMove {
        from: place(from),
        to: Some(place(to)),
        planned: Planned::Day(day),
        nc_year: None,
    })
}

pub(crate) fn moving(
    transition: u128,
    learner: u128,
    detail: Detail,
    authority: Option<u128>,
) -> TransitionFact {
    TransitionFact::Recorded(TransitionRecorded {
        transition: id(transition),
        learner: id(learner),
        kind: TransitionKind::InYearMove,
        phase_transfer: None,
        home_la: None,
        authority: authority.map(id::<OrganisationId>),
        detail,
    })
}

pub(crate) fn confirmed(transition: u128, learner: u128) -> TransitionFact {
    let (transition, learner) = (id(transition), id(learner));
    TransitionFact::Confirmed(TransitionConfirmed { transition, learner })
}

pub(crate) fn drafted(
    handover: u128,
    learner: u128,
    (sender, receiver): (u128, u128),
    transition: Option<u128>,
) -> HandoverFact {
    HandoverFact::Drafted(HandoverDrafted {
        handover: id(handover),
        learner: id(learner),
        sender: id(sender),
        receiver: id(receiver),
        transition: transition.map(id),
        pack_version: 1,
        pack: Pack::default(),
    })
}

pub(crate) fn released(
    handover: u128,
    learner: u128,
    (sender, receiver): (u128, u128),
    transition: Option<u128>,
    history_shared: bool,
) -> HandoverFact {
    HandoverFact::Released(HandoverReleased {
        handover: id(handover),
        learner: id(learner),
        sender: id(sender),
        receiver: id(receiver),
        transition: transition.map(id),
        history_shared,
        pack_version: 1,
        pack: Pack::default(),
    })
}

pub(crate) fn withdrawn(handover: u128, learner: u128) -> HandoverFact {
    HandoverFact::Withdrawn(HandoverWithdrawn {
        handover: id(handover),
        learner: id(learner),
        reason: HandoverWithdraw::SentInError,
    })
}

pub(crate) fn form() -> Form {
    Form {
        person: person(),
        upn: None,
        nhs_number: None,
        referrer_role: ReferrerRole::EarlyYears,
        need_ticks: Vec::new(),
        interpreter: false,
        carer_contact: None,
        priority: Priority::Routine,
        screening: None,
        reason: "few words at three".to_owned(),
        consent: None,
        gp_ods: None,
        source: ReferralSource::Form,
        answers: Vec::new(),
    }
}

pub(crate) fn submitted(
    referral: u128,
    learner: u128,
    setting: u128,
    pathfinder: Option<u128>,
) -> ReferralFact {
    ReferralFact::Submitted(ReferralSubmitted {
        referral: id(referral),
        learner: id::<LearnerId>(learner),
        setting: id(setting),
        queue: pathfinder.map(id),
        pathfinder: pathfinder.map(id),
        received_on: date(2026, 5, 1),
        form: form(),
    })
}
