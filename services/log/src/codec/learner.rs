//! Records of learners.

use onward_domain::event::{Event, Provenance};
use onward_domain::learner::{
    EnrolmentEnded, EnrolmentRecorded, ErasureRequested, IdentifierAdded, IdentifierEnded,
    LearnerAmended, LearnerErased, LearnerFact, LearnerRegistered, NeedsRecorded, RecordLinked,
    SenProvisionRecorded,
};

use super::person::{all, place, read_all, read_part, read_place};
use super::spelling::Spelled;
use super::value::{
    Read, code, day, id, optional_day, read_code, read_day, read_id, read_open, read_optional_day,
    read_optional_id,
};
use super::{DecodeError, Encoded, Told, Wire, close, facts, told, wire};

facts!(Learner(LearnerFact) {
    Registered(LearnerRegistered),
    Amended(LearnerAmended),
    IdentifierAdded(IdentifierAdded),
    IdentifierEnded(IdentifierEnded),
    SenProvisionRecorded(SenProvisionRecorded),
    NeedsRecorded(NeedsRecorded),
    EnrolmentRecorded(EnrolmentRecorded),
    EnrolmentEnded(EnrolmentEnded),
    RecordLinked(RecordLinked),
    ErasureRequested(ErasureRequested),
    Erased(LearnerErased),
});

impl Wire for LearnerRegistered {
    type Message = wire::LearnerRegistered;

    fn write(&self) -> Self::Message {
        let Self { learner, person, own_ref } = self;
        wire::LearnerRegistered {
            learner_id: learner.to_string(),
            person: Some(person.write()),
            own_ref: own_ref.clone(),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            learner: read_id(&message.learner_id)?,
            person: read_part(message.person)?,
            own_ref: message.own_ref,
        })
    }
}

impl Wire for LearnerAmended {
    type Message = wire::LearnerAmended;

    fn write(&self) -> Self::Message {
        let Self { learner, person, own_ref } = self;
        wire::LearnerAmended {
            learner_id: learner.to_string(),
            person: Some(person.write()),
            own_ref: own_ref.clone(),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            learner: read_id(&message.learner_id)?,
            person: read_part(message.person)?,
            own_ref: message.own_ref,
        })
    }
}

impl Wire for IdentifierAdded {
    type Message = wire::IdentifierAdded;

    fn write(&self) -> Self::Message {
        let Self { learner, kind, value, former, from } = self;
        wire::IdentifierAdded {
            learner_id: learner.to_string(),
            kind: kind.spell(),
            value: value.clone(),
            former: *former,
            from: optional_day(*from),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            learner: read_id(&message.learner_id)?,
            kind: Spelled::unspell(&message.kind)?,
            value: message.value,
            former: message.former,
            from: read_optional_day(message.from)?,
        })
    }
}

impl Wire for IdentifierEnded {
    type Message = wire::IdentifierEnded;

    fn write(&self) -> Self::Message {
        let Self { learner, kind, value, reason } = self;
        wire::IdentifierEnded {
            learner_id: learner.to_string(),
            kind: kind.spell(),
            value: value.clone(),
            reason: code(*reason),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            learner: read_id(&message.learner_id)?,
            kind: Spelled::unspell(&message.kind)?,
            value: message.value,
            reason: read_code(&message.reason)?,
        })
    }
}

impl Wire for SenProvisionRecorded {
    type Message = wire::SenProvisionRecorded;

    fn write(&self) -> Self::Message {
        let Self { learner, provision, start, end } = self;
        wire::SenProvisionRecorded {
            learner_id: learner.to_string(),
            provision: provision.as_str().to_owned(),
            start: day(*start),
            end: optional_day(*end),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            learner: read_id(&message.learner_id)?,
            provision: read_open(&message.provision)?,
            start: read_day(message.start)?,
            end: read_optional_day(message.end)?,
        })
    }
}

impl Wire for NeedsRecorded {
    type Message = wire::NeedsRecorded;

    fn write(&self) -> Self::Message {
        let Self { learner, needs } = self;
        wire::NeedsRecorded {
            learner_id: learner.to_string(),
            needs: all(needs),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self { learner: read_id(&message.learner_id)?, needs: read_all(message.needs)? })
    }
}

impl Wire for EnrolmentRecorded {
    type Message = wire::EnrolmentRecorded;

    fn write(&self) -> Self::Message {
        let Self { learner, enrolment, setting, kind, from, to, expected_return } = self;
        let (setting_organisation_id, setting) = place(Some(setting));
        wire::EnrolmentRecorded {
            learner_id: learner.to_string(),
            enrolment_id: enrolment.to_string(),
            setting_organisation_id,
            setting,
            kind: code(*kind),
            from: day(*from),
            to: optional_day(*to),
            expected_return: optional_day(*expected_return),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        let setting = read_place(message.setting_organisation_id, message.setting)?;
        Ok(Self {
            learner: read_id(&message.learner_id)?,
            enrolment: read_id(&message.enrolment_id)?,
            setting: setting.ok_or(DecodeError::Malformed)?,
            kind: read_code(&message.kind)?,
            from: read_day(message.from)?,
            to: read_optional_day(message.to)?,
            expected_return: read_optional_day(message.expected_return)?,
        })
    }
}

impl Wire for EnrolmentEnded {
    type Message = wire::EnrolmentEnded;

    fn write(&self) -> Self::Message {
        let Self { learner, enrolment, on } = self;
        wire::EnrolmentEnded {
            learner_id: learner.to_string(),
            enrolment_id: enrolment.to_string(),
            on: day(*on),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            learner: read_id(&message.learner_id)?,
            enrolment: read_id(&message.enrolment_id)?,
            on: read_day(message.on)?,
        })
    }
}

impl Wire for RecordLinked {
    type Message = wire::RecordLinked;

    fn write(&self) -> Self::Message {
        let Self { learner, other, other_organisation, handover } = self;
        wire::RecordLinked {
            learner_id: learner.to_string(),
            other_learner_id: other.to_string(),
            other_organisation_id: other_organisation.to_string(),
            handover_id: id(*handover),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            learner: read_id(&message.learner_id)?,
            other: read_id(&message.other_learner_id)?,
            other_organisation: read_id(&message.other_organisation_id)?,
            handover: read_optional_id(&message.handover_id)?,
        })
    }
}

impl Wire for ErasureRequested {
    type Message = wire::ErasureRequested;

    fn write(&self) -> Self::Message {
        let Self { learner, ground, reason, asked_by } = self;
        wire::ErasureRequested {
            learner_id: learner.to_string(),
            ground: code(*ground),
            reason: reason.clone(),
            asked_by: asked_by.clone(),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            learner: read_id(&message.learner_id)?,
            ground: read_code(&message.ground)?,
            reason: message.reason,
            asked_by: message.asked_by,
        })
    }
}

impl Wire for LearnerErased {
    type Message = wire::LearnerErased;

    fn write(&self) -> Self::Message {
        let Self { learner, keeper } = self;
        wire::LearnerErased {
            learner_id: learner.to_string(),
            keeper_organisation_id: keeper.to_string(),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            learner: read_id(&message.learner_id)?,
            keeper: read_id(&message.keeper_organisation_id)?,
        })
    }
}
