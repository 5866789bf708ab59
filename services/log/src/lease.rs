//! Claims of waiting referrals: leases with fencing tokens, beside the log and in its transactions.
//!
//! A claim goes through the batcher and is judged under the lock of its queue and of the log, so that
//! order can be proven. Every step of the holder presents the token; when the lease is not (or no
//! longer) that token's, nothing changes. Expiry is a predicate on the database's clock: whoever next
//! meets an expired lease appends the lapse.

use jiff::Timestamp;
use jiff::civil::Date;
use onward_domain::ids::{LearnerId, MemberId, OrganisationId, QueueId, ReferralId};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::claim_key::day_number;
use crate::error::{Cause, ExecuteError};
use crate::execute::{Call, Executed};
use crate::log::Log;
use crate::proposal::{ClaimProposal, Work};
use crate::recorded::{micros, moment};

/// Leases that one sweep ends at most.
pub(crate) const SWEEP: usize = 200;
/// Referrals that one claim takes at most.
const MOST: usize = 200;
/// The longest lease: 14 days (rules, ELSEC).
const LONGEST: u64 = 14 * 24 * 60 * 60;
/// Name under which leases are kept with the answer.
const ISSUED: &str = "lease";

/// A claim on a queue.
#[derive(Debug, Clone)]
pub struct ClaimWanted {
    /// The queue.
    pub queue: QueueId,
    /// Who is to hold what is found.
    pub member: MemberId,
    /// How many at most; 200 at most.
    pub max: usize,
    /// How long; 14 days at most.
    pub lease_seconds: u64,
    /// What the member can take. Empty filters let everything through.
    pub filters: ClaimFilters,
}

/// What a member can take.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ClaimFilters {
    /// Only from these settings.
    pub settings: Vec<OrganisationId>,
    /// Only these referrals.
    pub referrals: Vec<ReferralId>,
    /// Only at this priority (1 routine, 2 urgent, 3 two-week) or above.
    pub priority: Option<u8>,
}

/// A lease, as its holder gets it.
#[derive(Clone, PartialEq, Eq)]
pub struct Lease {
    /// What is held.
    pub referral: ReferralId,
    /// Whom it is about.
    pub learner: LearnerId,
    /// To present with every step. Opaque; a secret of the holder.
    pub token: String,
    /// When it runs out.
    pub until: Timestamp,
}

/// A referral that can be claimed from the append of its acceptance on.
#[derive(Debug, Clone)]
pub struct Ready {
    /// The referral; also its stream.
    pub referral: ReferralId,
    /// The queue.
    pub queue: QueueId,
    /// Whom it is about.
    pub learner: LearnerId,
    /// The referring setting.
    pub setting: OrganisationId,
    /// The day that orders the queue.
    pub order_day: Date,
    /// 1 routine, 2 urgent, 3 two-week.
    pub priority: u8,
}

/// A change to queue and leases that goes with events.
#[derive(Debug, Clone)]
pub(crate) enum LeaseStep {
    Ready(Ready),
    /// No longer waits or is held, whoever holds it.
    Unready(Uuid),
    /// Only the holder may do this.
    Hold {
        referral: Uuid,
        token: [u8; 32],
    },
    Extend {
        referral: Uuid,
        token: [u8; 32],
        until: i64,
    },
    /// Back to the queue; with `unready` out of it.
    End {
        referral: Uuid,
        token: [u8; 32],
    },
}

/// A row of `ref_ready`.
#[derive(Debug, Clone)]
pub(crate) struct ReadyRow {
    pub ready: Ready,
    pub position: i64,
}

/// A row of `ref_lease`.
#[derive(Debug, Clone)]
pub(crate) struct LeaseRow {
    pub queue: Uuid,
    pub learner: Uuid,
    pub member: Uuid,
    pub organisation: Uuid,
    pub token_hash: [u8; 32],
    pub until: i64,
}

/// A referral that waits, or whose lease has run out, as read under the lock.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub referral: Uuid,
    pub queue: Uuid,
    pub learner: Uuid,
    pub setting: Option<Uuid>,
    pub priority: i16,
    /// The stream's version and last position.
    pub stream: (u64, u64),
    /// Former holder and the organisation it held for.
    pub lapsed: Option<(Uuid, Uuid)>,
}

impl ReadyRow {
    pub(crate) fn day(&self) -> i32 {
        day_number(self.ready.order_day)
    }
}

impl ClaimFilters {
    pub(crate) fn lets_through(&self, candidate: &Candidate) -> bool {
        let referral = self.referrals.is_empty()
            || self.referrals.iter().any(|id| id.uuid() == candidate.referral);
        let setting = self.settings.is_empty()
            || self.settings.iter().any(|id| Some(id.uuid()) == candidate.setting);
        referral && setting && self.priority.is_none_or(|least| candidate.priority >= least.into())
    }
}

/// A token as stored.
pub(crate) fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// A new token: the log's epoch, the position of the claim (which never comes twice) and chance.
pub(crate) fn token(epoch: i64, position: u64, secret: &[u8; 16]) -> String {
    format!("{epoch:x}-{position:x}-{}", hex::encode(secret))
}

impl Lease {
    /// As kept with the answer.
    pub(crate) fn issue(&self) -> (String, String) {
        let until = micros(self.until);
        (ISSUED.to_owned(), format!("{} {} {} {until}", self.referral, self.learner, self.token))
    }

    fn kept(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        Some(Self {
            referral: words.next()?.parse().ok()?,
            learner: words.next()?.parse().ok()?,
            token: words.next()?.to_owned(),
            until: moment(words.next()?.parse().ok()?),
        })
    }
}

impl Log {
    /// Takes the first referrals of a queue that nobody holds, in order, appending a claim for each (and
    /// the lapse of an earlier lease, where there was one). Fewer than `max` when fewer wait; none when
    /// none do. The same request again gets the same leases and tokens.
    ///
    /// # Errors
    /// As [`Log::execute`].
    pub async fn claim_referrals(
        &self,
        call: Call,
        claim: ClaimWanted,
    ) -> Result<(Executed, Vec<Lease>), ExecuteError> {
        let log = self.clone();
        // A task of its own: a caller that goes away leaves nothing half done.
        let done = self.tasks().spawn(async move { log.claim(call, claim).await }).await;
        done.unwrap_or(Err(ExecuteError::Unavailable(Cause::Fault)))
    }

    async fn claim(
        &self,
        call: Call,
        mut wanted: ClaimWanted,
    ) -> Result<(Executed, Vec<Lease>), ExecuteError> {
        wanted.max = wanted.max.min(MOST);
        wanted.lease_seconds = wanted.lease_seconds.min(LONGEST);
        let mut secrets = vec![[0; 16]; wanted.max];
        for secret in &mut secrets {
            getrandom::fill(secret).map_err(|_| ExecuteError::Unavailable(Cause::Fault))?;
        }
        let request = call.request.as_ref().map(|request| self.request_row(request));
        let claim = ClaimProposal { request, provenance: call.provenance, wanted, secrets };
        let answer = self.submit(Work::Claim(Box::new(claim))).await?;
        let (leases, issued): (Vec<_>, Vec<_>) =
            answer.issued.into_iter().partition(|(name, _)| name == ISSUED);
        let leases = leases.iter().filter_map(|(_, text)| Lease::kept(text)).collect();
        let executed = Executed { receipt: answer.receipt, issued, replayed: answer.replayed };
        Ok((executed, leases))
    }

    /// Appends the lapse of leases that have run out, up to 200 of them, and moves the queues' marks on.
    /// Called from time to time; a claim does the same for whatever it meets.
    ///
    /// # Errors
    /// As [`Log::execute`]; nothing is lost by trying again later.
    pub async fn sweep_leases(&self) -> Result<usize, ExecuteError> {
        let log = self.clone();
        let done = self.tasks().spawn(async move { log.submit(Work::Sweep).await }).await;
        let answer = done.unwrap_or(Err(ExecuteError::Unavailable(Cause::Fault)))?;
        Ok(answer.receipt.event_ids.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_comes_back_from_its_answer() {
        let lease = Lease {
            referral: ReferralId::new(Uuid::from_u128(1)),
            learner: LearnerId::new(Uuid::from_u128(2)),
            token: token(1, 41, &[7; 16]),
            until: moment(1_700_000_000_000_000),
        };
        let (name, text) = lease.issue();
        assert_eq!(name, ISSUED);
        assert!(Lease::kept(&text) == Some(lease), "the lease is the same");
        assert!(Lease::kept("").is_none());
    }

    #[test]
    fn filters_let_through_what_they_name() {
        let candidate = Candidate {
            referral: Uuid::from_u128(1),
            queue: Uuid::from_u128(2),
            learner: Uuid::from_u128(3),
            setting: Some(Uuid::from_u128(4)),
            priority: 2,
            stream: (3, 9),
            lapsed: None,
        };
        let setting = |id| ClaimFilters {
            settings: vec![OrganisationId::new(Uuid::from_u128(id))],
            ..ClaimFilters::default()
        };
        assert!(ClaimFilters::default().lets_through(&candidate));
        assert!(setting(4).lets_through(&candidate));
        assert!(!setting(5).lets_through(&candidate));
        let urgent = ClaimFilters { priority: Some(3), ..ClaimFilters::default() };
        assert!(!urgent.lets_through(&candidate));
    }
}
