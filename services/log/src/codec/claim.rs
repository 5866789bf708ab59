//! Claims of referrals: public throughout, so that no learner's key is needed.

use onward_domain::referral::{
    ClaimExtended, ClaimLapsed, ClaimReleased, ReferralClaimed, ReferralOpenedForTriage,
};

use super::value::{Read, moment, read_id, read_moment};
use super::{Wire, wire};

impl Wire for ReferralOpenedForTriage {
    type Message = wire::ReferralOpenedForTriage;

    fn write(&self) -> Self::Message {
        let Self { referral, learner, member } = self;
        wire::ReferralOpenedForTriage {
            referral_id: referral.to_string(),
            learner_id: learner.to_string(),
            reader_member_id: member.to_string(),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            referral: read_id(&message.referral_id)?,
            learner: read_id(&message.learner_id)?,
            member: read_id(&message.reader_member_id)?,
        })
    }
}

impl Wire for ReferralClaimed {
    type Message = wire::ReferralClaimed;

    fn write(&self) -> Self::Message {
        let Self { referral, learner, queue, member, until } = self;
        wire::ReferralClaimed {
            referral_id: referral.to_string(),
            learner_id: learner.to_string(),
            queue_id: queue.to_string(),
            holder_member_id: member.to_string(),
            until: moment(*until),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            referral: read_id(&message.referral_id)?,
            learner: read_id(&message.learner_id)?,
            queue: read_id(&message.queue_id)?,
            member: read_id(&message.holder_member_id)?,
            until: read_moment(message.until)?,
        })
    }
}

impl Wire for ClaimExtended {
    type Message = wire::ClaimExtended;

    fn write(&self) -> Self::Message {
        let Self { referral, learner, member, until } = self;
        wire::ClaimExtended {
            referral_id: referral.to_string(),
            learner_id: learner.to_string(),
            holder_member_id: member.to_string(),
            until: moment(*until),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            referral: read_id(&message.referral_id)?,
            learner: read_id(&message.learner_id)?,
            member: read_id(&message.holder_member_id)?,
            until: read_moment(message.until)?,
        })
    }
}

impl Wire for ClaimReleased {
    type Message = wire::ClaimReleased;

    fn write(&self) -> Self::Message {
        let Self { referral, learner, member } = self;
        wire::ClaimReleased {
            referral_id: referral.to_string(),
            learner_id: learner.to_string(),
            former_holder_member_id: member.to_string(),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            referral: read_id(&message.referral_id)?,
            learner: read_id(&message.learner_id)?,
            member: read_id(&message.former_holder_member_id)?,
        })
    }
}

impl Wire for ClaimLapsed {
    type Message = wire::ClaimLapsed;

    fn write(&self) -> Self::Message {
        let Self { referral, learner, member } = self;
        wire::ClaimLapsed {
            referral_id: referral.to_string(),
            learner_id: learner.to_string(),
            former_holder_member_id: member.to_string(),
            ..Default::default()
        }
    }

    fn read(message: Self::Message) -> Read<Self> {
        Ok(Self {
            referral: read_id(&message.referral_id)?,
            learner: read_id(&message.learner_id)?,
            member: read_id(&message.former_holder_member_id)?,
        })
    }
}
