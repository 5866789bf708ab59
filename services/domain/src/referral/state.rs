//! Where a referral stands, what is possible from there, and what each fact makes of it.

use super::{Claimed, ReferralFact, ReferralFold};
use crate::codes::closed_codes;
use crate::decider::{At, Steps};

closed_codes! {
    /// Where a referral stands.
    pub enum ReferralState("state of a referral") {
        /// No clear owner: with the referrer and the setting's board.
        Unrouted = "UNROUTED",
        /// With a pathfinder, not judged yet.
        Submitted = "SUBMITTED",
        /// The team asked the setting for more.
        InfoRequested = "INFO_REQUESTED",
        /// The setting answered.
        Resubmitted = "RESUBMITTED",
        /// The team takes it; it waits.
        Accepted = "ACCEPTED",
        /// A member holds it, by lease.
        Claimed = "CLAIMED",
        /// A member has taken it into care, before a screening.
        OnCaseload = "ON_CASELOAD",
        /// Screened.
        ScreeningDone = "SCREENING_DONE",
        /// An intervention runs.
        InterventionInProgress = "INTERVENTION_IN_PROGRESS",
        /// Screened again after it.
        Rescreened = "RESCREENED",
        /// Care has ended; final.
        Closed = "CLOSED",
        /// The team does not take it; final.
        Rejected = "REJECTED",
        /// Sent elsewhere; final.
        Redirected = "REDIRECTED",
        /// The family opted out of the programme; final.
        OptedOut = "OPTED_OUT",
        /// The setting or the family took it back; final.
        Withdrawn = "WITHDRAWN",
        /// With the queue of another area; final.
        MovedArea = "MOVED_AREA",
        /// Another referral of the same child is kept; final.
        Duplicate = "DUPLICATE",
        /// The child has died; final.
        Deceased = "DECEASED",
    }
}

closed_codes! {
    /// Bucket of the conservation rule: every state is in exactly one, and their sum is what was received.
    pub enum Bucket("bucket of the conservation rule") {
        /// Being judged.
        Triage = "TRIAGE",
        /// Waiting to be claimed.
        Waiting = "WAITING",
        /// Held by lease.
        Held = "HELD",
        /// In care.
        InCare = "IN_CARE",
        /// Closed.
        Closed = "CLOSED",
        /// Rejected.
        Rejected = "REJECTED",
        /// Left.
        Left = "LEFT",
        /// Passed on.
        PassedOn = "PASSED_ON",
        /// Without a clear owner.
        Unrouted = "UNROUTED",
    }
}

closed_codes! {
    /// Step of a referral, as the action table calls it.
    pub enum ReferralStep("step of a referral") {
        /// Read the form for triage.
        OpenForTriage = "open_for_triage",
        /// Ask the setting for more.
        RequestInfo = "request_info",
        /// Answer the team.
        Resubmit = "resubmit",
        /// Take it.
        Accept = "accept",
        /// Do not take it.
        Reject = "reject",
        /// Send it elsewhere.
        Redirect = "redirect",
        /// Hold it, by lease.
        Claim = "claim",
        /// Hold it longer.
        ExtendClaim = "extend_claim",
        /// Put it back.
        ReleaseClaim = "release_claim",
        /// Record the first screening.
        RecordScreening = "record_screening",
        /// Begin an intervention.
        StartIntervention = "start_intervention",
        /// Record a screening after it.
        Rescreen = "rescreen",
        /// End care.
        Close = "close",
        /// Take it back.
        Withdraw = "withdraw",
    }
}

impl ReferralState {
    /// The bucket that counts it.
    pub const fn bucket(self) -> Bucket {
        match self {
            Self::Unrouted => Bucket::Unrouted,
            Self::Submitted | Self::InfoRequested | Self::Resubmitted => Bucket::Triage,
            Self::Accepted => Bucket::Waiting,
            Self::Claimed => Bucket::Held,
            Self::OnCaseload
            | Self::ScreeningDone
            | Self::InterventionInProgress
            | Self::Rescreened => Bucket::InCare,
            Self::Closed => Bucket::Closed,
            Self::Rejected => Bucket::Rejected,
            Self::OptedOut | Self::Withdrawn | Self::Deceased => Bucket::Left,
            Self::Redirected | Self::MovedArea | Self::Duplicate => Bucket::PassedOn,
        }
    }

    /// Whether anything can still follow.
    pub const fn is_open(self) -> bool {
        matches!(
            self.bucket(),
            Bucket::Unrouted | Bucket::Triage | Bucket::Waiting | Bucket::Held | Bucket::InCare
        )
    }
}

impl Steps for ReferralStep {
    type State = ReferralState;
    const CONCEPT: &'static str = "referral";

    fn possible_from(self, state: ReferralState) -> bool {
        use ReferralState as S;
        match self {
            Self::OpenForTriage | Self::RequestInfo | Self::Accept | Self::Reject => {
                matches!(state, S::Submitted | S::Resubmitted)
            }
            Self::Resubmit => state == S::InfoRequested,
            Self::Redirect | Self::Withdraw => state.is_open(),
            Self::Claim => state == S::Accepted,
            Self::ExtendClaim | Self::ReleaseClaim => state == S::Claimed,
            Self::RecordScreening => matches!(state, S::Claimed | S::OnCaseload),
            Self::StartIntervention | Self::Close => {
                matches!(state, S::ScreeningDone | S::Rescreened)
            }
            Self::Rescreen => state == S::InterventionInProgress,
        }
    }
}

/// Copies a fact into the state; the version is counted already.
pub(super) fn evolve(state: &mut ReferralFold, fact: &ReferralFact) {
    use ReferralState as S;
    let version = state.version;
    let stands = match fact {
        ReferralFact::Submitted(fact) => {
            state.form = Some(At { version, fact: fact.form.clone() });
            state.submitted = Some(At { version, fact: fact.clone() });
            if fact.queue.is_some() { S::Submitted } else { S::Unrouted }
        }
        ReferralFact::OpenedForTriage(fact) => {
            state.opened = Some(At { version, fact: fact.clone() });
            return;
        }
        ReferralFact::InformationRequested(fact) => {
            state.requested = Some(At { version, fact: fact.clone() });
            S::InfoRequested
        }
        ReferralFact::InformationProvided(fact) => {
            if let Some(form) = &fact.form {
                state.form = Some(At { version, fact: form.clone() });
            }
            // What was read before is not what is there now.
            state.opened = None;
            state.provided = Some(At { version, fact: fact.clone() });
            S::Resubmitted
        }
        ReferralFact::Accepted(fact) => {
            state.accepted = Some(At { version, fact: fact.clone() });
            S::Accepted
        }
        ReferralFact::Rejected(_) => leave(state, fact, S::Rejected),
        ReferralFact::Redirected(_) => leave(state, fact, S::Redirected),
        ReferralFact::Withdrawn(_) => leave(state, fact, S::Withdrawn),
        ReferralFact::Closed(_) => leave(state, fact, S::Closed),
        ReferralFact::Claimed(_)
        | ReferralFact::ClaimExtended(_)
        | ReferralFact::ClaimReleased(_)
        | ReferralFact::ClaimLapsed(_) => evolve_claim(state, fact),
        ReferralFact::ScreeningRecorded(_)
        | ReferralFact::InterventionStarted(_)
        | ReferralFact::RescreenRecorded(_) => evolve_care(state, fact),
    };
    state.state = Some(stands);
}

fn leave(state: &mut ReferralFold, fact: &ReferralFact, stands: ReferralState) -> ReferralState {
    state.left = Some(At { version: state.version, fact: fact.clone() });
    state.claim = None;
    stands
}

fn evolve_claim(state: &mut ReferralFold, fact: &ReferralFact) -> ReferralState {
    let version = state.version;
    match fact {
        ReferralFact::ClaimReleased(fact) => {
            state.claim = None;
            state.returned = Some(At { version, fact: fact.clone() });
            ReferralState::Accepted
        }
        ReferralFact::ClaimLapsed(_) => {
            state.claim = None;
            state.lapses += 1;
            ReferralState::Accepted
        }
        ReferralFact::Claimed(fact) => {
            let (member, until) = (fact.member, fact.until);
            let claimed = Claimed { member, until, first_until: until };
            state.claim = Some(At { version, fact: claimed });
            ReferralState::Claimed
        }
        ReferralFact::ClaimExtended(fact) => {
            let (member, until) = (fact.member, fact.until);
            let first_until = state.claim.as_ref().map_or(until, |held| held.fact.first_until);
            let claimed = Claimed { member, until, first_until };
            state.claim = Some(At { version, fact: claimed });
            ReferralState::Claimed
        }
        _ => state.state.unwrap_or(ReferralState::Accepted),
    }
}

fn evolve_care(state: &mut ReferralFold, fact: &ReferralFact) -> ReferralState {
    let version = state.version;
    match fact {
        ReferralFact::InterventionStarted(fact) => {
            state.treated = Some(At { version, fact: fact.clone() });
            ReferralState::InterventionInProgress
        }
        ReferralFact::RescreenRecorded(fact) => {
            state.rescreened = Some(At { version, fact: fact.clone() });
            ReferralState::Rescreened
        }
        ReferralFact::ScreeningRecorded(fact) => {
            // A lease is for taking, a caseload for keeping: the one ends where the other begins.
            state.claim = None;
            state.keeper = Some(fact.keeper);
            state.screened = Some(At { version, fact: fact.clone() });
            ReferralState::ScreeningDone
        }
        _ => state.state.unwrap_or(ReferralState::ScreeningDone),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bucket_counts_the_states_of_the_page() {
        let listed = |bucket: Bucket| -> Vec<&str> {
            let states = ReferralState::ALL.iter().filter(|state| state.bucket() == bucket);
            states.map(|state| state.as_str()).collect()
        };
        assert_eq!(listed(Bucket::Triage), ["SUBMITTED", "INFO_REQUESTED", "RESUBMITTED"]);
        assert_eq!(listed(Bucket::Waiting), ["ACCEPTED"]);
        assert_eq!(listed(Bucket::Held), ["CLAIMED"]);
        assert_eq!(
            listed(Bucket::InCare),
            ["ON_CASELOAD", "SCREENING_DONE", "INTERVENTION_IN_PROGRESS", "RESCREENED"]
        );
        assert_eq!(listed(Bucket::Left), ["OPTED_OUT", "WITHDRAWN", "DECEASED"]);
        assert_eq!(listed(Bucket::PassedOn), ["REDIRECTED", "MOVED_AREA", "DUPLICATE"]);
        assert_eq!(listed(Bucket::Unrouted), ["UNROUTED"]);
        assert_eq!(ReferralState::ALL.iter().filter(|state| !state.is_open()).count(), 8);
    }
}
