//! Referrals in care: screening, intervention, close.

use onward_domain::referral::{
    InterventionStarted, ReferralClosed, RescreenRecorded, ScreeningRecorded,
};

use super::person::read_part;
use super::value::{Read, code, day, read_code, read_day, read_id};
use super::{Wire, wire};

impl Wire for ScreeningRecorded {
    type Message = wire::ScreeningRecorded;

    fn write(&self) -> Self::Message {
        let Self { referral, learner, keeper, screening } = self;
        wire::ScreeningRecorded {
            referral_id: referral.to_string(),
            learner_id: learner.to_string(),
            keeper_member_id: keeper.to_string(),
            screening: Some(screening.write()),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            referral: read_id(&message.referral_id)?,
            learner: read_id(&message.learner_id)?,
            keeper: read_id(&message.keeper_member_id)?,
            screening: read_part(message.screening)?,
        })
    }
}

impl Wire for InterventionStarted {
    type Message = wire::InterventionStarted;

    fn write(&self) -> Self::Message {
        let Self { referral, learner, on, description } = self;
        wire::InterventionStarted {
            referral_id: referral.to_string(),
            learner_id: learner.to_string(),
            on: day(*on),
            description: description.clone(),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            referral: read_id(&message.referral_id)?,
            learner: read_id(&message.learner_id)?,
            on: read_day(message.on)?,
            description: message.description,
        })
    }
}

impl Wire for RescreenRecorded {
    type Message = wire::RescreenRecorded;

    fn write(&self) -> Self::Message {
        let Self { referral, learner, screening } = self;
        wire::RescreenRecorded {
            referral_id: referral.to_string(),
            learner_id: learner.to_string(),
            screening: Some(screening.write()),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            referral: read_id(&message.referral_id)?,
            learner: read_id(&message.learner_id)?,
            screening: read_part(message.screening)?,
        })
    }
}

impl Wire for ReferralClosed {
    type Message = wire::ReferralClosed;

    fn write(&self) -> Self::Message {
        let Self { referral, learner, outcome, note } = self;
        wire::ReferralClosed {
            referral_id: referral.to_string(),
            learner_id: learner.to_string(),
            outcome: code(*outcome),
            note: note.clone(),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            referral: read_id(&message.referral_id)?,
            learner: read_id(&message.learner_id)?,
            outcome: read_code(&message.outcome)?,
            note: message.note,
        })
    }
}
