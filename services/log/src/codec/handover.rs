//! Handovers.

use onward_contract::google::r#type::Date as WireDate;
use onward_domain::codes::handover::SupportAnswerCode;
use onward_domain::event::{Event, Provenance};
use onward_domain::handover::{
    HandoverAccepted, HandoverDeclined, HandoverDelivered, HandoverDrafted, HandoverEdited,
    HandoverFact, HandoverOpened, HandoverReleased, HandoverWithdrawn, SupportAnswer,
    SupportAnswered,
};

use super::person::{maybe, read_maybe, read_part};
use super::value::{Read, code, day, id, read_code, read_day, read_id, read_optional_id};
use super::{DecodeError, Encoded, Told, Wire, close, facts, told, wire};

facts!(Handover(HandoverFact) {
    Drafted(HandoverDrafted),
    Edited(HandoverEdited),
    Released(HandoverReleased),
    Delivered(HandoverDelivered),
    Opened(HandoverOpened),
    Accepted(HandoverAccepted),
    Declined(HandoverDeclined),
    SupportAnswered(SupportAnswered),
    Withdrawn(HandoverWithdrawn),
});

impl Wire for HandoverDrafted {
    type Message = wire::HandoverDrafted;

    fn write(&self) -> Self::Message {
        let Self { handover, learner, sender, receiver, transition, pack_version, pack } = self;
        wire::HandoverDrafted {
            handover_id: handover.to_string(),
            learner_id: learner.to_string(),
            sender_organisation_id: sender.to_string(),
            receiver_organisation_id: receiver.to_string(),
            transition_id: id(*transition),
            pack_version: *pack_version,
            pack: Some(pack.write()),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            handover: read_id(&message.handover_id)?,
            learner: read_id(&message.learner_id)?,
            sender: read_id(&message.sender_organisation_id)?,
            receiver: read_id(&message.receiver_organisation_id)?,
            transition: read_optional_id(&message.transition_id)?,
            pack_version: message.pack_version,
            pack: read_part(message.pack)?,
        })
    }
}

impl Wire for HandoverEdited {
    type Message = wire::HandoverEdited;

    fn write(&self) -> Self::Message {
        let Self { handover, learner, pack } = self;
        wire::HandoverEdited {
            handover_id: handover.to_string(),
            learner_id: learner.to_string(),
            pack: Some(pack.write()),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            handover: read_id(&message.handover_id)?,
            learner: read_id(&message.learner_id)?,
            pack: read_part(message.pack)?,
        })
    }
}

impl Wire for HandoverReleased {
    type Message = wire::HandoverReleased;

    fn write(&self) -> Self::Message {
        let Self { handover, learner, sender, receiver, transition, .. } = self;
        let Self { history_shared, pack_version, pack, .. } = self;
        wire::HandoverReleased {
            handover_id: handover.to_string(),
            learner_id: learner.to_string(),
            sender_organisation_id: sender.to_string(),
            receiver_organisation_id: receiver.to_string(),
            transition_id: id(*transition),
            pack_version: *pack_version,
            pack: Some(pack.write()),
            history_shared: *history_shared,
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            handover: read_id(&message.handover_id)?,
            learner: read_id(&message.learner_id)?,
            sender: read_id(&message.sender_organisation_id)?,
            receiver: read_id(&message.receiver_organisation_id)?,
            transition: read_optional_id(&message.transition_id)?,
            history_shared: message.history_shared,
            pack_version: message.pack_version,
            pack: read_part(message.pack)?,
        })
    }
}

impl Wire for HandoverDelivered {
    type Message = wire::HandoverDelivered;

    fn write(&self) -> Self::Message {
        let Self { handover, learner } = self;
        wire::HandoverDelivered {
            handover_id: handover.to_string(),
            learner_id: learner.to_string(),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            handover: read_id(&message.handover_id)?,
            learner: read_id(&message.learner_id)?,
        })
    }
}

impl Wire for HandoverOpened {
    type Message = wire::HandoverOpened;

    fn write(&self) -> Self::Message {
        let Self { handover, learner } = self;
        wire::HandoverOpened {
            handover_id: handover.to_string(),
            learner_id: learner.to_string(),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            handover: read_id(&message.handover_id)?,
            learner: read_id(&message.learner_id)?,
        })
    }
}

impl Wire for HandoverAccepted {
    type Message = wire::HandoverAccepted;

    fn write(&self) -> Self::Message {
        let Self { handover, learner, receiver_learner } = self;
        wire::HandoverAccepted {
            handover_id: handover.to_string(),
            learner_id: learner.to_string(),
            receiver_learner_id: receiver_learner.to_string(),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            handover: read_id(&message.handover_id)?,
            learner: read_id(&message.learner_id)?,
            receiver_learner: read_id(&message.receiver_learner_id)?,
        })
    }
}

impl Wire for HandoverDeclined {
    type Message = wire::HandoverDeclined;

    fn write(&self) -> Self::Message {
        let Self { handover, learner, reason, note } = self;
        wire::HandoverDeclined {
            handover_id: handover.to_string(),
            learner_id: learner.to_string(),
            reason: code(*reason),
            note: note.clone(),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            handover: read_id(&message.handover_id)?,
            learner: read_id(&message.learner_id)?,
            reason: read_code(&message.reason)?,
            note: message.note,
        })
    }
}

impl Wire for SupportAnswered {
    type Message = wire::SupportAnswered;

    fn write(&self) -> Self::Message {
        let Self { handover, learner, item, added, answer, all_answered } = self;
        let (answer, on, not_needed_reason) = write_answer(answer);
        wire::SupportAnswered {
            handover_id: handover.to_string(),
            learner_id: learner.to_string(),
            item_id: item.to_string(),
            all_answered: *all_answered,
            added: maybe(added.as_ref()),
            answer,
            on,
            not_needed_reason,
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            handover: read_id(&message.handover_id)?,
            learner: read_id(&message.learner_id)?,
            item: read_id(&message.item_id)?,
            added: read_maybe(message.added)?,
            answer: read_answer(&message.answer, message.on, &message.not_needed_reason)?,
            all_answered: message.all_answered,
        })
    }
}

/// The code of an answer, its day and its reason.
fn write_answer(answer: &SupportAnswer) -> (String, Option<WireDate>, String) {
    let (answer, on, reason) = match answer {
        SupportAnswer::InPlace(since) => (SupportAnswerCode::InPlace, day(*since), String::new()),
        SupportAnswer::Partly => (SupportAnswerCode::Partly, None, String::new()),
        SupportAnswer::NotYet(by) => (SupportAnswerCode::NotYet, day(*by), String::new()),
        SupportAnswer::NotNeeded(reason) => (SupportAnswerCode::NotNeeded, None, code(*reason)),
    };
    (code(answer), on, reason)
}

fn read_answer(answer: &str, on: Option<WireDate>, reason: &str) -> Read<SupportAnswer> {
    Ok(match read_code(answer)? {
        SupportAnswerCode::InPlace => SupportAnswer::InPlace(read_day(on)?),
        SupportAnswerCode::Partly => SupportAnswer::Partly,
        SupportAnswerCode::NotYet => SupportAnswer::NotYet(read_day(on)?),
        SupportAnswerCode::NotNeeded => SupportAnswer::NotNeeded(read_code(reason)?),
    })
}

impl Wire for HandoverWithdrawn {
    type Message = wire::HandoverWithdrawn;

    fn write(&self) -> Self::Message {
        let Self { handover, learner, reason } = self;
        wire::HandoverWithdrawn {
            handover_id: handover.to_string(),
            learner_id: learner.to_string(),
            reason: code(*reason),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            handover: read_id(&message.handover_id)?,
            learner: read_id(&message.learner_id)?,
            reason: read_code(&message.reason)?,
        })
    }
}
