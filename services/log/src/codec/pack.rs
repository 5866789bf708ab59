//! The content of a handover pack. Sealed throughout.

use onward_domain::handover::{GroundStatement, Pack, RightHolder, Section, SupportItem};

use super::person::{all, maybe, read_all, read_maybe};
use super::value::{Read, code, optional_day, read_code, read_id, read_optional_day};
use super::{Wire, wire};

impl Wire for Pack {
    type Message = wire::Pack;

    fn write(&self) -> wire::Pack {
        let Self { person, upn, uln, communication_method, pronouns, right_holder, .. } = self;
        let Self { needs, support, sections, adulthood, screening, evidence, contact, .. } = self;
        let Self { holiday_contact, safeguarding_file_follows, include_history, grounds, .. } =
            self;
        wire::Pack {
            person: maybe(person.as_ref()),
            upn: upn.clone(),
            uln: uln.clone(),
            communication_method: communication_method.clone(),
            pronouns: pronouns.clone(),
            right_holder: maybe(right_holder.as_ref()),
            needs: all(needs),
            support: all(support),
            sections: all(sections),
            adulthood: adulthood.clone(),
            screening: screening.clone(),
            evidence: evidence.clone(),
            contact: contact.clone(),
            holiday_contact: holiday_contact.clone(),
            safeguarding_file_follows: *safeguarding_file_follows,
            include_history: *include_history,
            grounds: all(grounds),
        }
    }

    fn read(message: wire::Pack) -> Read<Self> {
        Ok(Self {
            person: read_maybe(message.person)?,
            upn: message.upn,
            uln: message.uln,
            communication_method: message.communication_method,
            pronouns: message.pronouns,
            right_holder: read_maybe(message.right_holder)?,
            needs: read_all(message.needs)?,
            support: read_all(message.support)?,
            sections: read_all(message.sections)?,
            adulthood: message.adulthood,
            screening: message.screening,
            evidence: message.evidence,
            contact: message.contact,
            holiday_contact: message.holiday_contact,
            safeguarding_file_follows: message.safeguarding_file_follows,
            include_history: message.include_history,
            grounds: read_all(message.grounds)?,
        })
    }
}

impl Wire for RightHolder {
    type Message = wire::RightHolder;

    fn write(&self) -> wire::RightHolder {
        let Self { name, role, contact } = self;
        wire::RightHolder { name: name.clone(), role: role.clone(), contact: contact.clone() }
    }

    fn read(message: wire::RightHolder) -> Read<Self> {
        let wire::RightHolder { name, role, contact } = message;
        Ok(Self { name, role, contact })
    }
}

impl Wire for SupportItem {
    type Message = wire::SupportItem;

    fn write(&self) -> wire::SupportItem {
        let Self { item, text, week_one } = self;
        wire::SupportItem { item_id: item.to_string(), text: text.clone(), week_one: *week_one }
    }

    fn read(message: wire::SupportItem) -> Read<Self> {
        let wire::SupportItem { item_id, text, week_one } = message;
        Ok(Self { item: read_id(&item_id)?, text, week_one })
    }
}

impl Wire for Section {
    type Message = wire::PackSection;

    fn write(&self) -> wire::PackSection {
        let Self { code, text, ground } = self;
        wire::PackSection { code: code.clone(), text: text.clone(), ground: maybe(ground.as_ref()) }
    }

    fn read(message: wire::PackSection) -> Read<Self> {
        let wire::PackSection { code, text, ground } = message;
        Ok(Self { code, text, ground: read_maybe(ground)? })
    }
}

impl Wire for GroundStatement {
    type Message = wire::GroundStatement;

    fn write(&self) -> wire::GroundStatement {
        let Self { ground, on, objection_answered } = self;
        wire::GroundStatement {
            ground: code(*ground),
            on: optional_day(*on),
            objection_answered: *objection_answered,
        }
    }

    fn read(message: wire::GroundStatement) -> Read<Self> {
        Ok(Self {
            ground: read_code(&message.ground)?,
            on: read_optional_day(message.on)?,
            objection_answered: message.objection_answered,
        })
    }
}
