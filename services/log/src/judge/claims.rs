//! Claims and lapses: which waiting referral goes to whom. Their facts are public throughout, so that
//! they are made here, under the lock, and need no key.

use onward_domain::event::{Event, Provenance, ReferralFact};
use onward_domain::ids::{EventId, LearnerId, MemberId, OrganisationId, ReferralId};
use onward_domain::referral::{ClaimLapsed, ReferralClaimed};
use uuid::Uuid;

use super::{Expired, Judge, Verdict};
use crate::codec;
use crate::lease::{Candidate, Lease, LeaseRow, token, token_hash};
use crate::proposal::{ClaimProposal, Pending};
use crate::recorded::moment;
use crate::request::Answer;

impl Judge {
    /// True when the request needs no candidates: it was answered before, or is refused.
    pub(crate) fn needs_candidates(&self, claim: &ClaimProposal) -> bool {
        matches!(self.kept(claim.request.as_ref()), Ok(None))
    }

    /// Judges one claim over what waits in its queue, in the queue's order.
    pub(crate) fn claim(&mut self, claim: &ClaimProposal, waiting: &[Candidate]) -> Verdict {
        if let Some(answer) = self.kept(claim.request.as_ref())? {
            return Ok(answer);
        }
        let wanted = &claim.wanted;
        let fits = |candidate: &&Candidate| {
            candidate.queue == wanted.queue.uuid()
                && !self.moved.contains(&candidate.referral)
                && !self.is_erased(candidate.learner)
                && wanted.filters.lets_through(candidate)
        };
        let chosen: Vec<_> = waiting.iter().filter(fits).take(wanted.max).cloned().collect();
        let (mut issued, mut ids) = (Vec::new(), Vec::new());
        for (candidate, secret) in chosen.iter().zip(&claim.secrets) {
            let lease = self.take(claim, candidate, secret, &mut ids);
            issued.push(lease.issue());
        }
        let answer = Answer { receipt: self.receipt(0, ids), issued, replayed: false };
        self.keep(claim.request.as_ref(), &answer);
        Ok(answer)
    }

    fn take(
        &mut self,
        claim: &ClaimProposal,
        candidate: &Candidate,
        secret: &[u8; 16],
        ids: &mut Vec<EventId>,
    ) -> Lease {
        self.known.streams.entry(candidate.referral).or_insert(candidate.stream);
        if let Some((member, organisation)) = candidate.lapsed {
            ids.push(self.lapse(candidate.referral, candidate.learner, member, organisation));
        }
        let (referral, learner) =
            (ReferralId::new(candidate.referral), LearnerId::new(candidate.learner));
        let seconds = i64::try_from(claim.wanted.lease_seconds).unwrap_or_default();
        let until = self.known.now.saturating_add(seconds.saturating_mul(1_000_000));
        let fact = ReferralClaimed {
            referral,
            learner,
            queue: claim.wanted.queue,
            member: claim.wanted.member,
            until: moment(until),
        };
        let organisation = claim.provenance.organisation;
        let by = bare(organisation, claim.provenance.member);
        ids.push(self.record(candidate.referral, &by, ReferralFact::Claimed(fact)));
        let token = token(self.plan.head.epoch, self.plan.head.position, secret);
        let row = LeaseRow {
            queue: candidate.queue,
            learner: candidate.learner,
            member: claim.wanted.member.uuid(),
            organisation: organisation.uuid(),
            token_hash: token_hash(&token),
            until,
        };
        self.plan.leases.insert(candidate.referral, Some(row));
        self.plan.held.push(candidate.referral);
        self.moved.insert(candidate.referral);
        Lease { referral, learner, token, until: moment(until) }
    }

    fn lapse(&mut self, stream: Uuid, learner: Uuid, member: Uuid, organisation: Uuid) -> EventId {
        let fact = ClaimLapsed {
            referral: ReferralId::new(stream),
            learner: LearnerId::new(learner),
            member: MemberId::new(member),
        };
        self.plan.lapsed.push(stream);
        let by = bare(OrganisationId::new(organisation), None);
        self.record(stream, &by, ReferralFact::ClaimLapsed(fact))
    }

    /// Records a fact of a claim. They are public throughout: no key is needed.
    fn record(&mut self, stream: Uuid, by: &Provenance, fact: ReferralFact) -> EventId {
        let encoded = codec::encode(by, &Event::Referral(fact));
        debug_assert!(encoded.personal.is_empty(), "facts of claims are public throughout");
        let event_id = (self.mint)();
        let pending = Pending {
            stream,
            event_id,
            learner: encoded.learner.map(LearnerId::uuid),
            event_type: encoded.event_type,
            schema_version: encoded.schema_version,
            public: encoded.public.into(),
            sealed: bytes::Bytes::new(),
        };
        let before = self.stream(stream);
        self.plan.place(&pending, before);
        EventId::new(event_id)
    }

    // === sweeps

    /// Ends leases that have run out.
    pub(crate) fn sweep(&mut self, expired: &[Expired]) -> Verdict {
        let mut ids = Vec::new();
        for found in expired {
            if self.is_erased(found.lease.learner) || !self.moved.insert(found.referral) {
                continue;
            }
            self.known.streams.entry(found.referral).or_insert(found.stream);
            let lease = &found.lease;
            ids.push(self.lapse(found.referral, lease.learner, lease.member, lease.organisation));
            self.plan.leases.insert(found.referral, None);
        }
        self.plan.move_marks = true;
        Ok(Answer { receipt: self.receipt(0, ids), issued: Vec::new(), replayed: false })
    }
}

/// Who does it, without anything that would need a key.
pub(super) fn bare(organisation: OrganisationId, member: Option<MemberId>) -> Provenance {
    Provenance { organisation, member, actor: None, occurred: None, external_ref: None }
}
