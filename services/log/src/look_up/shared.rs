//! Handovers and referrals: what one organisation lets another see.

use onward_domain::event::{HandoverFact, Provenance, ReferralFact};
use onward_domain::handover::HandoverReleased;
use uuid::Uuid;

use super::{Change, Heading, keys, reference};
use crate::claim_key::{Key, Relation};

pub(super) fn changes(
    stream: Uuid,
    said: &Provenance,
    fact: &HandoverFact,
    changes: &mut Vec<Change>,
) {
    let mut owed = false;
    match fact {
        HandoverFact::Drafted(fact) => {
            let live = keys::live_handover(fact.learner, fact.receiver);
            let owner = Key::party(stream, fact.sender, Relation::Owner);
            changes.push(Change::claim(Heading::Live, live));
            changes.push(Change::claim(Heading::Stays, owner));
            owed = true;
        }
        HandoverFact::Released(fact) => released(stream, fact, changes),
        // That there was one stays known to the receiver.
        HandoverFact::Declined(_) | HandoverFact::Withdrawn(_) => {
            changes.push(Change::GiveUp(Heading::Live));
            changes.push(Change::GiveUp(Heading::Move));
        }
        HandoverFact::Edited(_)
        | HandoverFact::Delivered(_)
        | HandoverFact::Opened(_)
        | HandoverFact::Accepted(_)
        | HandoverFact::SupportAnswered(_) => {}
    }
    reference(said, "handover", owed, changes);
}

/// Destination access starts with the release: to the handover, and to the move that it is for.
fn released(stream: Uuid, fact: &HandoverReleased, changes: &mut Vec<Change>) {
    let party = Key::party(stream, fact.receiver, Relation::Receiver);
    changes.push(Change::claim(Heading::Stays, party));
    if let Some(transition) = fact.transition {
        let party = Key::party(transition.uuid(), fact.receiver, Relation::Receiver);
        changes.push(Change::claim(Heading::Move, party));
    }
}

pub(super) fn changes_of_referral(
    stream: Uuid,
    said: &Provenance,
    fact: &ReferralFact,
    changes: &mut Vec<Change>,
) {
    let mut owed = false;
    match fact {
        ReferralFact::Submitted(fact) => {
            let owner = Key::party(stream, said.organisation, Relation::Owner);
            changes.push(Change::claim(Heading::Stays, owner));
            if let Some(pathfinder) = fact.pathfinder {
                let party = Key::party(stream, pathfinder, Relation::Queue);
                changes.push(Change::claim(Heading::Stays, party));
            }
            owed = true;
        }
        ReferralFact::OpenedForTriage(_)
        | ReferralFact::Claimed(_)
        | ReferralFact::ClaimExtended(_)
        | ReferralFact::ClaimReleased(_)
        | ReferralFact::ClaimLapsed(_) => changes.push(Change::AnyReference),
        ReferralFact::InformationRequested(_)
        | ReferralFact::InformationProvided(_)
        | ReferralFact::Accepted(_)
        | ReferralFact::Rejected(_)
        | ReferralFact::Redirected(_)
        | ReferralFact::ScreeningRecorded(_)
        | ReferralFact::InterventionStarted(_)
        | ReferralFact::RescreenRecorded(_)
        | ReferralFact::Closed(_)
        | ReferralFact::Withdrawn(_) => {}
    }
    reference(said, "referral", owed, changes);
}
