//! Referrals: the list of all their facts, and those of submitting and triage.

use onward_domain::event::{Event, Provenance};
use onward_domain::referral::{
    ClaimExtended, ClaimLapsed, ClaimReleased, InformationProvided, InformationRequested,
    InterventionStarted, ReferralAccepted, ReferralClaimed, ReferralClosed, ReferralFact,
    ReferralOpenedForTriage, ReferralRedirected, ReferralRejected, ReferralSubmitted,
    ReferralWithdrawn, RescreenRecorded, ScreeningRecorded,
};

use super::person::{maybe, read_maybe, read_part};
use super::value::{Read, code, day, id, narrow, read_code, read_day, read_id, read_optional_id};
use super::{DecodeError, Encoded, Told, Wire, close, facts, told, wire};

facts!(Referral(ReferralFact) {
    Submitted(ReferralSubmitted),
    OpenedForTriage(ReferralOpenedForTriage),
    InformationRequested(InformationRequested),
    InformationProvided(InformationProvided),
    Accepted(ReferralAccepted),
    Rejected(ReferralRejected),
    Redirected(ReferralRedirected),
    Claimed(ReferralClaimed),
    ClaimExtended(ClaimExtended),
    ClaimReleased(ClaimReleased),
    ClaimLapsed(ClaimLapsed),
    ScreeningRecorded(ScreeningRecorded),
    InterventionStarted(InterventionStarted),
    RescreenRecorded(RescreenRecorded),
    Closed(ReferralClosed),
    Withdrawn(ReferralWithdrawn),
});

impl Wire for ReferralSubmitted {
    type Message = wire::ReferralSubmitted;

    fn write(&self) -> Self::Message {
        let Self { referral, learner, setting, queue, pathfinder, received_on, form } = self;
        wire::ReferralSubmitted {
            referral_id: referral.to_string(),
            learner_id: learner.to_string(),
            setting_organisation_id: setting.to_string(),
            queue_id: id(*queue),
            pathfinder_organisation_id: id(*pathfinder),
            received_on: day(*received_on),
            form: Some(form.write()),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            referral: read_id(&message.referral_id)?,
            learner: read_id(&message.learner_id)?,
            setting: read_id(&message.setting_organisation_id)?,
            queue: read_optional_id(&message.queue_id)?,
            pathfinder: read_optional_id(&message.pathfinder_organisation_id)?,
            received_on: read_day(message.received_on)?,
            form: read_part(message.form)?,
        })
    }
}

impl Wire for InformationRequested {
    type Message = wire::InformationRequested;

    fn write(&self) -> Self::Message {
        let Self { referral, learner, question } = self;
        wire::InformationRequested {
            referral_id: referral.to_string(),
            learner_id: learner.to_string(),
            question: question.clone(),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            referral: read_id(&message.referral_id)?,
            learner: read_id(&message.learner_id)?,
            question: message.question,
        })
    }
}

impl Wire for InformationProvided {
    type Message = wire::InformationProvided;

    fn write(&self) -> Self::Message {
        let Self { referral, learner, answer, form } = self;
        wire::InformationProvided {
            referral_id: referral.to_string(),
            learner_id: learner.to_string(),
            answer: answer.clone(),
            form: maybe(form.as_ref()),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            referral: read_id(&message.referral_id)?,
            learner: read_id(&message.learner_id)?,
            answer: message.answer,
            form: read_maybe(message.form)?,
        })
    }
}

impl Wire for ReferralAccepted {
    type Message = wire::ReferralAccepted;

    fn write(&self) -> Self::Message {
        let Self { referral, learner, queue, priority, order_day } = self;
        wire::ReferralAccepted {
            referral_id: referral.to_string(),
            learner_id: learner.to_string(),
            queue_id: queue.to_string(),
            priority: u32::from(*priority),
            order_day: day(*order_day),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            referral: read_id(&message.referral_id)?,
            learner: read_id(&message.learner_id)?,
            queue: read_id(&message.queue_id)?,
            priority: narrow(message.priority)?,
            order_day: read_day(message.order_day)?,
        })
    }
}

impl Wire for ReferralRejected {
    type Message = wire::ReferralRejected;

    fn write(&self) -> Self::Message {
        let Self { referral, learner, reason, note } = self;
        wire::ReferralRejected {
            referral_id: referral.to_string(),
            learner_id: learner.to_string(),
            reason: code(*reason),
            note: note.clone(),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            referral: read_id(&message.referral_id)?,
            learner: read_id(&message.learner_id)?,
            reason: read_code(&message.reason)?,
            note: message.note,
        })
    }
}

impl Wire for ReferralRedirected {
    type Message = wire::ReferralRedirected;

    fn write(&self) -> Self::Message {
        let Self { referral, learner, target, note } = self;
        wire::ReferralRedirected {
            referral_id: referral.to_string(),
            learner_id: learner.to_string(),
            target: code(*target),
            note: note.clone(),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            referral: read_id(&message.referral_id)?,
            learner: read_id(&message.learner_id)?,
            target: read_code(&message.target)?,
            note: message.note,
        })
    }
}

impl Wire for ReferralWithdrawn {
    type Message = wire::ReferralWithdrawn;

    fn write(&self) -> Self::Message {
        let Self { referral, learner, reason } = self;
        wire::ReferralWithdrawn {
            referral_id: referral.to_string(),
            learner_id: learner.to_string(),
            reason: reason.clone(),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            referral: read_id(&message.referral_id)?,
            learner: read_id(&message.learner_id)?,
            reason: message.reason,
        })
    }
}
