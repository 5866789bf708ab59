//! Judges each request of a batch on its own: a conflict fails only its sender, and requests on one
//! stream are judged in turn, each seeing what the ones before it will have done. Pure: everything
//! that counts was read under the lock.

mod claims;

use std::collections::{HashMap, HashSet};

use jiff::tz::Offset;
use onward_domain::ids::EventId;
use uuid::Uuid;

use crate::claim_key::{Holder, KeyId, day_number};
use crate::lease::{LeaseRow, LeaseStep, ReadyRow};
use crate::plan::{Head, Plan};
use crate::position::Position;
use crate::proposal::{Proposal, Rejection};
use crate::recorded::{Receipt, moment};
use crate::request::{Answer, Kept, RequestRow};

/// What was read under the lock.
pub(crate) struct Known {
    pub head: Head,
    /// The database's moment, microseconds since 1970.
    pub now: i64,
    pub requests: HashMap<(Uuid, Uuid), Kept>,
    /// Versions and last positions; absent where a stream does not exist.
    pub streams: HashMap<Uuid, (u64, u64)>,
    pub keys: HashMap<KeyId, Holder>,
    pub erased: HashSet<Uuid>,
    pub leases: HashMap<Uuid, LeaseRow>,
}

/// A lease that has run out, as a sweep meets it.
pub(crate) struct Expired {
    pub referral: Uuid,
    pub lease: LeaseRow,
    pub stream: (u64, u64),
}

pub(crate) struct Judge {
    known: Known,
    plan: Plan,
    /// Mints event ids.
    mint: fn() -> Uuid,
    today: i32,
    /// Referrals whose place in a queue this batch has changed: what was read about them is old.
    moved: HashSet<Uuid>,
}

type Verdict = Result<Answer, Rejection>;

impl Judge {
    pub(crate) fn new(known: Known, mint: fn() -> Uuid) -> Self {
        let plan = Plan::begin(known.head.clone(), known.now);
        let today = day_number(Offset::UTC.to_datetime(moment(known.now)).date());
        Self { known, plan, mint, today, moved: HashSet::new() }
    }

    pub(crate) fn into_plan(self) -> Plan {
        self.plan
    }

    /// The database's moment.
    pub(crate) fn now(&self) -> i64 {
        self.known.now
    }

    // === requests

    /// The kept answer, when this request was answered before.
    fn kept(&self, request: Option<&RequestRow>) -> Result<Option<Answer>, Rejection> {
        let Some(request) = request else { return Ok(None) };
        match self.known.requests.get(&(request.organisation, request.id)) {
            None => Ok(None),
            Some(kept) if kept.body_hash == request.body_hash => {
                Ok(Some(Answer { replayed: true, ..kept.answer.clone() }))
            }
            Some(_) => Err(Rejection::RequestIdReused),
        }
    }

    fn keep(&mut self, request: Option<&RequestRow>, answer: &Answer) {
        let Some(request) = request else { return };
        let kept = Kept { body_hash: request.body_hash, answer: answer.clone() };
        self.known.requests.insert((request.organisation, request.id), kept);
        self.plan.keep(request, answer);
    }

    // === appends

    /// Judges one append; what is accepted is in the plan.
    pub(crate) fn append(&mut self, proposal: &Proposal) -> Verdict {
        if let Some(answer) = self.kept(proposal.request.as_ref())? {
            return Ok(answer);
        }
        self.check_erased(proposal)?;
        self.check_streams(proposal)?;
        self.check_keys(proposal)?;
        self.check_leases(proposal)?;
        let receipt = self.place(proposal);
        self.change_keys(proposal);
        self.change_leases(proposal);
        let answer = Answer { receipt, issued: proposal.issued.clone(), replayed: false };
        self.keep(proposal.request.as_ref(), &answer);
        Ok(answer)
    }

    fn check_erased(&self, proposal: &Proposal) -> Result<(), Rejection> {
        let written = proposal.events.iter().filter_map(|event| event.learner);
        let mut learners = written.chain(proposal.about.iter().copied());
        if learners.any(|learner| self.is_erased(learner)) {
            return Err(Rejection::Erased);
        }
        Ok(())
    }

    fn is_erased(&self, learner: Uuid) -> bool {
        self.known.erased.contains(&learner) || self.plan.erased.contains_key(&learner)
    }

    fn check_streams(&self, proposal: &Proposal) -> Result<(), Rejection> {
        for &(stream, expected) in &proposal.streams {
            let current = self.stream(stream).0;
            if current != expected {
                return Err(Rejection::Conflict { stream, current });
            }
        }
        Ok(())
    }

    fn check_keys(&self, proposal: &Proposal) -> Result<(), Rejection> {
        let mut claimed: HashMap<KeyId, Uuid> = HashMap::new();
        for claim in &proposal.claims {
            let given_up = |holder: &Holder| {
                proposal.releases.iter().any(|(id, by)| *id == claim.id && *by == holder.stream)
            };
            let over = |holder: &Holder| holder.valid_until.is_some_and(|until| until < self.today);
            let taken = self.holder(&claim.id).filter(|holder| !given_up(holder) && !over(holder));
            let taken = claimed.get(&claim.id).copied().or(taken.map(|holder| holder.stream));
            if let Some(existing) = taken.filter(|stream| *stream != claim.holder.stream) {
                return Err(Rejection::KeyTaken { scope: claim.scope, existing });
            }
            claimed.insert(claim.id, claim.holder.stream);
        }
        Ok(())
    }

    fn check_leases(&self, proposal: &Proposal) -> Result<(), Rejection> {
        let held = |referral: &Uuid, token: &[u8; 32]| {
            self.lease(referral)
                .is_some_and(|lease| lease.token_hash == *token && lease.until > self.known.now)
        };
        let lost = proposal.leases.iter().any(|step| match step {
            LeaseStep::Ready(_) | LeaseStep::Unready(_) => false,
            LeaseStep::Hold { referral, token }
            | LeaseStep::Extend { referral, token, .. }
            | LeaseStep::End { referral, token } => !held(referral, token),
        });
        if lost { Err(Rejection::LeaseLost) } else { Ok(()) }
    }

    fn place(&mut self, proposal: &Proposal) -> Receipt {
        if proposal.events.is_empty() {
            return proposal.already.clone().unwrap_or_else(|| self.receipt(0, Vec::new()));
        }
        let mut ids = Vec::with_capacity(proposal.events.len());
        for event in &proposal.events {
            let before = self.stream(event.stream);
            self.plan.place(event, before);
            ids.push(EventId::new(event.event_id));
        }
        let named = proposal.streams.first().map_or(proposal.events[0].stream, |named| named.0);
        self.receipt(self.stream(named).0, ids)
    }

    fn receipt(&self, stream_version: u64, event_ids: Vec<EventId>) -> Receipt {
        Receipt {
            position: Position::new(self.plan.head.position),
            stream_version,
            event_ids,
            recorded_at: moment(self.plan.head.recorded_at),
        }
    }

    fn change_keys(&mut self, proposal: &Proposal) {
        for (id, by) in &proposal.releases {
            if self.holder(id).is_some_and(|holder| holder.stream == *by) {
                self.plan.keys.insert(*id, None);
            }
        }
        for claim in &proposal.claims {
            self.plan.keys.insert(claim.id, Some(claim.holder));
        }
    }

    fn change_leases(&mut self, proposal: &Proposal) {
        for step in &proposal.leases {
            match step {
                LeaseStep::Ready(ready) => {
                    let referral = ready.referral.uuid();
                    let position = self.stream(referral).1.cast_signed();
                    let row = ReadyRow { ready: ready.clone(), position };
                    self.plan.ready.insert(referral, Some(row));
                    self.moved.insert(referral);
                }
                LeaseStep::Unready(referral) => {
                    self.plan.ready.insert(*referral, None);
                    self.plan.leases.insert(*referral, None);
                    self.moved.insert(*referral);
                }
                LeaseStep::Hold { .. } => {}
                LeaseStep::Extend { referral, until, .. } => {
                    if let Some(lease) = self.lease(referral).cloned() {
                        let longer = LeaseRow { until: *until, ..lease };
                        self.plan.leases.insert(*referral, Some(longer));
                    }
                }
                LeaseStep::End { referral, .. } => {
                    self.plan.leases.insert(*referral, None);
                    self.moved.insert(*referral);
                }
            }
        }
    }

    // === what stands now, with what this batch will have done

    fn stream(&self, stream: Uuid) -> (u64, u64) {
        let planned = self.plan.streams.get(&stream);
        planned.or_else(|| self.known.streams.get(&stream)).copied().unwrap_or_default()
    }

    fn holder(&self, id: &KeyId) -> Option<Holder> {
        match self.plan.keys.get(id) {
            Some(planned) => *planned,
            None => self.known.keys.get(id).copied(),
        }
    }

    fn lease(&self, referral: &Uuid) -> Option<&LeaseRow> {
        match self.plan.leases.get(referral) {
            Some(planned) => planned.as_ref(),
            None => self.known.leases.get(referral),
        }
    }
}

#[cfg(test)]
mod tests;
