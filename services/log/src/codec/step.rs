//! Steps of a transition after it was recorded.

use onward_domain::transition::{
    ArrivalRecorded, NonArrivalRecorded, TransitionCancelled, TransitionConfirmed,
    TransitionCorrected, TransitionEnded, TransitionRescheduled,
};

use super::person::{maybe, read_maybe};
use super::spelling::Spelled;
use super::value::{
    Read, code, day, optional_code, optional_day, planned, read_code, read_day, read_id,
    read_optional_code, read_optional_day, read_planned,
};
use super::{Wire, wire};

impl Wire for TransitionConfirmed {
    type Message = wire::TransitionConfirmed;

    fn write(&self) -> Self::Message {
        let Self { transition, learner } = self;
        wire::TransitionConfirmed {
            transition_id: transition.to_string(),
            learner_id: learner.to_string(),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            transition: read_id(&message.transition_id)?,
            learner: read_id(&message.learner_id)?,
        })
    }
}

impl Wire for ArrivalRecorded {
    type Message = wire::ArrivalRecorded;

    fn write(&self) -> Self::Message {
        let Self { transition, learner, on, source } = self;
        wire::ArrivalRecorded {
            transition_id: transition.to_string(),
            learner_id: learner.to_string(),
            on: day(*on),
            source: source.spell(),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            transition: read_id(&message.transition_id)?,
            learner: read_id(&message.learner_id)?,
            on: read_day(message.on)?,
            source: Spelled::unspell(&message.source)?,
        })
    }
}

impl Wire for NonArrivalRecorded {
    type Message = wire::NonArrivalRecorded;

    fn write(&self) -> Self::Message {
        let Self { transition, learner, on, source, note } = self;
        wire::NonArrivalRecorded {
            transition_id: transition.to_string(),
            learner_id: learner.to_string(),
            on: day(*on),
            source: source.spell(),
            note: note.clone(),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            transition: read_id(&message.transition_id)?,
            learner: read_id(&message.learner_id)?,
            on: read_day(message.on)?,
            source: Spelled::unspell(&message.source)?,
            note: message.note,
        })
    }
}

impl Wire for TransitionRescheduled {
    type Message = wire::TransitionRescheduled;

    fn write(&self) -> Self::Message {
        let Self { transition, learner, planned: date, reason } = self;
        wire::TransitionRescheduled {
            transition_id: transition.to_string(),
            learner_id: learner.to_string(),
            planned: planned(*date),
            reason: code(*reason),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            transition: read_id(&message.transition_id)?,
            learner: read_id(&message.learner_id)?,
            planned: read_planned(message.planned)?,
            reason: read_code(&message.reason)?,
        })
    }
}

impl Wire for TransitionCancelled {
    type Message = wire::TransitionCancelled;

    fn write(&self) -> Self::Message {
        let Self { transition, learner, reason } = self;
        wire::TransitionCancelled {
            transition_id: transition.to_string(),
            learner_id: learner.to_string(),
            reason: code(*reason),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            transition: read_id(&message.transition_id)?,
            learner: read_id(&message.learner_id)?,
            reason: read_code(&message.reason)?,
        })
    }
}

impl Wire for TransitionCorrected {
    type Message = wire::TransitionCorrected;

    fn write(&self) -> Self::Message {
        let Self { transition, learner, corrects, corrects_version, detail, .. } = self;
        let Self { kind, phase_transfer, on, reason, .. } = self;
        wire::TransitionCorrected {
            transition_id: transition.to_string(),
            learner_id: learner.to_string(),
            corrects_event_id: corrects.to_string(),
            corrects_version: *corrects_version,
            detail: maybe(detail.as_ref()),
            kind: optional_code(*kind),
            phase_transfer_kind: optional_code(*phase_transfer),
            on: optional_day(*on),
            reason: reason.clone(),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            transition: read_id(&message.transition_id)?,
            learner: read_id(&message.learner_id)?,
            corrects: read_id(&message.corrects_event_id)?,
            corrects_version: message.corrects_version,
            detail: read_maybe(message.detail)?,
            kind: read_optional_code(&message.kind)?,
            phase_transfer: read_optional_code(&message.phase_transfer_kind)?,
            on: read_optional_day(message.on)?,
            reason: message.reason,
        })
    }
}

impl Wire for TransitionEnded {
    type Message = wire::TransitionEnded;

    fn write(&self) -> Self::Message {
        let Self { transition, learner, on, reason } = self;
        wire::TransitionEnded {
            transition_id: transition.to_string(),
            learner_id: learner.to_string(),
            on: day(*on),
            reason: code(*reason),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            transition: read_id(&message.transition_id)?,
            learner: read_id(&message.learner_id)?,
            on: read_day(message.on)?,
            reason: read_code(&message.reason)?,
        })
    }
}
