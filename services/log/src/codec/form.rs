//! The referral form and screening results. Sealed throughout.

use onward_domain::codes::referral::Priority;
use onward_domain::referral::{Form, PriorScreening, ReferralConsent, Screening};

use super::person::{maybe, read_maybe, read_part};
use super::value::{
    Read, code, day, narrow, narrow_optional, optional_code, read_code, read_day,
    read_optional_code,
};
use super::{DecodeError, Wire, wire};

impl Wire for Form {
    type Message = wire::ReferralForm;

    fn write(&self) -> wire::ReferralForm {
        let Self { person, upn, nhs_number, referrer_role, need_ticks, interpreter, .. } = self;
        let Self { carer_contact, priority, screening, reason, consent, gp_ods, .. } = self;
        let Self { source, answers, .. } = self;
        wire::ReferralForm {
            person: Some(person.write()),
            upn: upn.clone(),
            nhs_number: nhs_number.clone(),
            referrer_role: code(*referrer_role),
            need_ticks: need_ticks.iter().copied().map(code).collect(),
            interpreter: *interpreter,
            carer_contact: carer_contact.clone(),
            priority: u32::from(priority.level()),
            screening: maybe(screening.as_ref()),
            reason: reason.clone(),
            consent: maybe(consent.as_ref()),
            gp_ods: gp_ods.clone(),
            source: code(*source),
            answers: answers.iter().map(write_answer).collect(),
        }
    }

    fn read(message: wire::ReferralForm) -> Read<Self> {
        Ok(Self {
            person: read_part(message.person)?,
            upn: message.upn,
            nhs_number: message.nhs_number,
            referrer_role: read_code(&message.referrer_role)?,
            need_ticks: message
                .need_ticks
                .iter()
                .map(|tick| read_code(tick))
                .collect::<Read<_>>()?,
            interpreter: message.interpreter,
            carer_contact: message.carer_contact,
            priority: read_priority(message.priority)?,
            screening: read_maybe(message.screening)?,
            reason: message.reason,
            consent: read_maybe(message.consent)?,
            gp_ods: message.gp_ods,
            source: read_code(&message.source)?,
            answers: message.answers.into_iter().map(|said| (said.question, said.answer)).collect(),
        })
    }
}

fn write_answer((question, answer): &(String, String)) -> wire::ReferralAnswer {
    wire::ReferralAnswer { question: question.clone(), answer: answer.clone() }
}

fn read_priority(level: u32) -> Read<Priority> {
    Priority::from_level(narrow(level)?).map_err(|_| DecodeError::Malformed)
}

impl Wire for PriorScreening {
    type Message = wire::PriorScreening;

    fn write(&self) -> wire::PriorScreening {
        let Self { tool, rag } = self;
        wire::PriorScreening { tool: code(*tool), rag: optional_code(*rag) }
    }

    fn read(message: wire::PriorScreening) -> Read<Self> {
        Ok(Self { tool: read_code(&message.tool)?, rag: read_optional_code(&message.rag)? })
    }
}

impl Wire for ReferralConsent {
    type Message = wire::ReferralConsent;

    fn write(&self) -> wire::ReferralConsent {
        let Self { on, method } = self;
        wire::ReferralConsent { on: day(*on), method: code(*method) }
    }

    fn read(message: wire::ReferralConsent) -> Read<Self> {
        Ok(Self { on: read_day(message.on)?, method: read_code(&message.method)? })
    }
}

impl Wire for Screening {
    type Message = wire::Screening;

    fn write(&self) -> wire::Screening {
        let Self { tool, tool_version, section, age_months, raw_score, .. } = self;
        let Self { standard_score, rag, language, screened_by_role, on, .. } = self;
        wire::Screening {
            tool: code(*tool),
            tool_version: tool_version.clone(),
            section: section.clone(),
            age_months: age_months.map(u32::from),
            raw_score: *raw_score,
            standard_score: *standard_score,
            rag: code(*rag),
            language: language.clone(),
            screened_by_role: screened_by_role.clone(),
            on: day(*on),
        }
    }

    fn read(message: wire::Screening) -> Read<Self> {
        Ok(Self {
            tool: read_code(&message.tool)?,
            tool_version: message.tool_version,
            section: message.section,
            age_months: narrow_optional(message.age_months)?,
            raw_score: message.raw_score,
            standard_score: message.standard_score,
            rag: read_code(&message.rag)?,
            language: message.language,
            screened_by_role: message.screened_by_role,
            on: read_day(message.on)?,
        })
    }
}
