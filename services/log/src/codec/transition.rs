//! Transitions: the total match, and the eleven events that record one.

use onward_domain::event::{Event, Provenance};
use onward_domain::learner::Setting;
use onward_domain::transition::{
    AdultCare, AlternativeProvision, ApprenticeshipStart, ArrivalRecorded, Detail,
    ElectiveHomeEducation, Employment, HigherEducationEntry, InYearMove, LocalAuthorityMove,
    NonArrivalRecorded, NotInEducation, PhaseTransfer, Post16Move, TransitionCancelled,
    TransitionConfirmed, TransitionCorrected, TransitionEnded, TransitionFact, TransitionRecorded,
    TransitionRescheduled,
};

use super::detail::Particulars;
use super::person::{place, read_place};
use super::value::{
    code, id, optional_code, read_code, read_id, read_optional_code, read_optional_id,
};
use super::{DecodeError, Encoded, Told, Wire, close, told, wire};

pub(super) fn encode(provenance: &Provenance, fact: &TransitionFact) -> Encoded {
    match fact {
        TransitionFact::Recorded(fact) => encode_recorded(provenance, fact),
        TransitionFact::Confirmed(fact) => close(provenance, fact.write(), fact.learner),
        TransitionFact::Arrived(fact) => close(provenance, fact.write(), fact.learner),
        TransitionFact::NotArrived(fact) => close(provenance, fact.write(), fact.learner),
        TransitionFact::Rescheduled(fact) => close(provenance, fact.write(), fact.learner),
        TransitionFact::Cancelled(fact) => close(provenance, fact.write(), fact.learner),
        TransitionFact::Corrected(fact) => close(provenance, fact.write(), fact.learner),
        TransitionFact::Ended(fact) => close(provenance, fact.write(), fact.learner),
    }
}

told!(Transition(TransitionFact::Confirmed(TransitionConfirmed)));
told!(Transition(TransitionFact::Arrived(ArrivalRecorded)));
told!(Transition(TransitionFact::NotArrived(NonArrivalRecorded)));
told!(Transition(TransitionFact::Rescheduled(TransitionRescheduled)));
told!(Transition(TransitionFact::Cancelled(TransitionCancelled)));
told!(Transition(TransitionFact::Corrected(TransitionCorrected)));
told!(Transition(TransitionFact::Ended(TransitionEnded)));

fn encode_recorded(provenance: &Provenance, fact: &TransitionRecorded) -> Encoded {
    let about = fact.learner;
    match &fact.detail {
        Detail::PhaseTransfer(detail) => close(provenance, detail.recorded(fact), about),
        Detail::Post16Move(detail) => close(provenance, detail.recorded(fact), about),
        Detail::ApprenticeshipStart(detail) => close(provenance, detail.recorded(fact), about),
        Detail::HigherEducationEntry(detail) => close(provenance, detail.recorded(fact), about),
        Detail::AlternativeProvision(detail) => close(provenance, detail.recorded(fact), about),
        Detail::LocalAuthorityMove(detail) => close(provenance, detail.recorded(fact), about),
        Detail::InYearMove(detail) => close(provenance, detail.recorded(fact), about),
        Detail::Employment(detail) => close(provenance, detail.recorded(fact), about),
        Detail::AdultCare(detail) => close(provenance, detail.recorded(fact), about),
        Detail::ElectiveHomeEducation(detail) => close(provenance, detail.recorded(fact), about),
        Detail::NotInEducation(detail) => close(provenance, detail.recorded(fact), about),
    }
}

/// A kind of transition that has an event of its own to record it.
trait Recorded: Particulars {
    /// The event.
    type Event;

    /// The event that records `fact`, whose particulars these are.
    fn recorded(&self, fact: &TransitionRecorded) -> Self::Event;
}

/// The event of one kind: which settings it has fields for, and the same other fields in each.
macro_rules! recorded {
    ($event:ident: $kind:ident $(left $from:ident)? $(, entered $to:ident)?) => {
        impl Recorded for $kind {
            type Event = wire::$event;

            fn recorded(&self, fact: &TransitionRecorded) -> Self::Event {
                // The particulars are `self`.
                let TransitionRecorded { transition, learner, kind, .. } = fact;
                let TransitionRecorded { phase_transfer, home_la, authority, detail: _, .. } = fact;
                #[allow(unused_mut, reason = "some kinds have neither field")]
                let mut event = wire::$event {
                    transition_id: transition.to_string(),
                    learner_id: learner.to_string(),
                    authority_organisation_id: id(*authority),
                    kind: code(*kind),
                    phase_transfer_kind: optional_code(*phase_transfer),
                    home_la: home_la.clone(),
                    detail: Some(self.write()),
                    ..Default::default()
                };
                $((event.from_organisation_id, event.$from) = place(self.left());)?
                $((event.to_organisation_id, event.$to) = place(self.entered());)?
                event
            }
        }

        impl Told for wire::$event {
            fn event(self) -> Result<Event, DecodeError> {
                let event = self;
                let mut places: [Option<Setting>; 2] = [None, None];
                $(places[0] = read_place(event.from_organisation_id, event.$from)?;)?
                $(places[1] = read_place(event.to_organisation_id, event.$to)?;)?
                let [left, entered] = places;
                let detail = event.detail.ok_or(DecodeError::Malformed)?;
                Ok(Event::Transition(TransitionFact::Recorded(TransitionRecorded {
                    transition: read_id(&event.transition_id)?,
                    learner: read_id(&event.learner_id)?,
                    kind: read_code(&event.kind)?,
                    phase_transfer: read_optional_code(&event.phase_transfer_kind)?,
                    home_la: event.home_la,
                    authority: read_optional_id(&event.authority_organisation_id)?,
                    detail: Detail::$kind($kind::read(detail, left, entered)?),
                })))
            }
        }
    };
}

recorded!(PhaseTransferRecorded: PhaseTransfer left from, entered to);
recorded!(Post16MoveRecorded: Post16Move left from, entered to);
recorded!(ApprenticeshipStartRecorded: ApprenticeshipStart left from, entered to);
recorded!(HigherEducationEntryRecorded: HigherEducationEntry left from, entered to);
recorded!(AlternativeProvisionRecorded: AlternativeProvision left from, entered to);
recorded!(LocalAuthorityMoveRecorded: LocalAuthorityMove, entered to);
recorded!(InYearMoveRecorded: InYearMove left from, entered to);
recorded!(EmploymentRecorded: Employment left from);
recorded!(AdultCareRecorded: AdultCare left from);
recorded!(ElectiveHomeEducationRecorded: ElectiveHomeEducation left from);
recorded!(NotInEducationRecorded: NotInEducation left from);
