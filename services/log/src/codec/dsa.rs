//! Disabled Students' Allowance cases.

use onward_domain::dsa::{DsaCaseOpened, DsaFact, DsaStepRecorded};
use onward_domain::event::{Event, Provenance};

use super::person::{place, read_place};
use super::value::{Read, code, day, id, read_code, read_day, read_id, read_optional_id};
use super::{DecodeError, Encoded, Told, Wire, close, facts, told, wire};

facts!(Dsa(DsaFact) { Opened(DsaCaseOpened), Stepped(DsaStepRecorded) });

impl Wire for DsaCaseOpened {
    type Message = wire::DsaCaseOpened;

    fn write(&self) -> Self::Message {
        let Self { case, learner, transition, provider, course, .. } = self;
        let Self { course_start, academic_year, previous, .. } = self;
        let (provider_organisation_id, provider) = place(Some(provider));
        wire::DsaCaseOpened {
            case_id: case.to_string(),
            learner_id: learner.to_string(),
            transition_id: id(*transition),
            provider_organisation_id,
            previous_case_id: id(*previous),
            provider,
            course: course.clone(),
            course_start: day(*course_start),
            academic_year: academic_year.clone(),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        let provider = read_place(message.provider_organisation_id, message.provider)?;
        Ok(Self {
            case: read_id(&message.case_id)?,
            learner: read_id(&message.learner_id)?,
            transition: read_optional_id(&message.transition_id)?,
            provider: provider.ok_or(DecodeError::Malformed)?,
            course: message.course,
            course_start: read_day(message.course_start)?,
            academic_year: message.academic_year,
            previous: read_optional_id(&message.previous_case_id)?,
        })
    }
}

impl Wire for DsaStepRecorded {
    type Message = wire::DsaStepRecorded;

    fn write(&self) -> Self::Message {
        let Self { case, learner, action, reason, supplier } = self;
        wire::DsaStepRecorded {
            case_id: case.to_string(),
            learner_id: learner.to_string(),
            action: code(*action),
            reason: reason.clone(),
            supplier: supplier.clone(),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            case: read_id(&message.case_id)?,
            learner: read_id(&message.learner_id)?,
            action: read_code(&message.action)?,
            reason: message.reason,
            supplier: message.supplier,
        })
    }
}
