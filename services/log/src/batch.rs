//! One batch, one transaction: read under the lock, judge, write, commit.

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use uuid::Uuid;

use crate::claim_key::{KeyClaim, KeyId};
use crate::error::Cause;
use crate::judge::{Expired, Judge, Known};
use crate::lease::{Candidate, LeaseStep, SWEEP};
use crate::plan::Plan;
use crate::position::Position;
use crate::proposal::{Proposal, Rejection, Work};
use crate::recorded::Recorded;
use crate::request::Answer;
use crate::sql::Fault;

/// What of the database a batch needs to know.
#[derive(Default)]
pub(crate) struct Wanted {
    pub requests: BTreeSet<(Uuid, Uuid)>,
    pub streams: BTreeSet<Uuid>,
    pub keys: BTreeSet<KeyId>,
    pub learners: BTreeSet<Uuid>,
    /// Referrals whose leases are asked for.
    pub leases: BTreeSet<Uuid>,
    /// Queues to lock before the log.
    pub queues: BTreeSet<Uuid>,
    /// Lock every queue that there is.
    pub all_queues: bool,
}

/// A database under one batch. After any fault comes [`Backend::reset`].
#[async_trait]
pub(crate) trait Backend: Send {
    /// Begins a transaction and takes the locks: queues in order, then the log. Held to the end.
    async fn begin(&mut self, wanted: &Wanted) -> Result<(), Fault>;
    /// Reads what is wanted, in statements that begin after the lock was taken.
    async fn read(&mut self, wanted: &Wanted) -> Result<Known, Fault>;
    /// What waits in a queue, in order.
    async fn candidates(
        &mut self,
        queue: Uuid,
        now: i64,
        limit: usize,
    ) -> Result<Vec<Candidate>, Fault>;
    /// Leases that have run out.
    async fn expired(&mut self, now: i64, limit: usize) -> Result<Vec<Expired>, Fault>;
    /// Writes the plan.
    async fn write(&mut self, plan: &Plan) -> Result<(), Fault>;
    /// Makes it durable. [`Fault::InDoubt`] where the answer was lost.
    async fn commit(&mut self) -> Result<(), Fault>;
    /// Ends a transaction that wrote nothing.
    async fn abandon(&mut self) -> Result<(), Fault>;
    /// Back to a clean connection, whatever happened.
    async fn reset(&mut self);
}

/// What became of each piece of work, and where the log ends.
pub(crate) struct Judged {
    pub verdicts: Vec<Result<Answer, Rejection>>,
    pub head: Position,
    /// What was committed.
    pub events: Vec<Recorded>,
}

impl Wanted {
    pub(crate) fn of(works: &[Work]) -> Self {
        let mut wanted = Self::default();
        for work in works {
            let request = work.request().map(|request| (request.organisation, request.id));
            wanted.requests.extend(request);
            match work {
                Work::Append(proposal) => wanted.add(proposal),
                Work::Claim(claim) => drop(wanted.queues.insert(claim.wanted.queue.uuid())),
                Work::Sweep => wanted.all_queues = true,
            }
        }
        wanted
    }

    fn add(&mut self, proposal: &Proposal) {
        self.streams.extend(proposal.streams.iter().map(|(stream, _)| *stream));
        self.streams.extend(proposal.events.iter().map(|event| event.stream));
        self.learners.extend(proposal.events.iter().filter_map(|event| event.learner));
        self.learners.extend(&proposal.about);
        // A key that many may hold lies in its holder's own slot: nobody else can have taken that, so
        // there is nothing to read.
        let may_be_taken = |claim: &&KeyClaim| claim.id.2 != claim.holder.stream;
        self.keys.extend(proposal.claims.iter().filter(may_be_taken).map(|claim| claim.id));
        self.keys.extend(proposal.releases.iter().map(|(id, _)| *id));
        for step in &proposal.leases {
            match step {
                LeaseStep::Ready(ready) => drop(self.queues.insert(ready.queue.uuid())),
                LeaseStep::Unready(referral)
                | LeaseStep::Hold { referral, .. }
                | LeaseStep::Extend { referral, .. }
                | LeaseStep::End { referral, .. } => drop(self.leases.insert(*referral)),
            }
        }
    }
}

/// Runs a batch once. When it returns `Ok`, what was accepted is durable. `before_commit` is told when
/// all that is left is the commit.
pub(crate) async fn run<B: Backend>(
    backend: &mut B,
    works: &[Work],
    before_commit: &mut (dyn FnMut() + Send),
) -> Result<Judged, Fault> {
    let wanted = Wanted::of(works);
    backend.begin(&wanted).await?;
    let known = backend.read(&wanted).await?;
    let mut judge = Judge::new(known, Uuid::now_v7);
    let mut verdicts = Vec::with_capacity(works.len());
    let waiting = candidates(backend, &judge, works).await?;
    for work in works {
        verdicts.push(match work {
            Work::Append(proposal) => judge.append(proposal),
            Work::Claim(claim) => {
                let queue = claim.wanted.queue.uuid();
                judge.claim(claim, waiting.get(&queue).map_or(&[], Vec::as_slice))
            }
            Work::Sweep => judge.sweep(&backend.expired(judge.now(), SWEEP).await?),
        });
    }
    let plan = judge.into_plan();
    let head = Position::new(plan.head.position);
    if plan.is_empty() {
        backend.abandon().await?;
    } else {
        backend.write(&plan).await?;
        before_commit();
        backend.commit().await?;
    }
    Ok(Judged { verdicts, head, events: plan.events })
}

/// What waits in the queues that are claimed from: enough for every claim of the batch together.
/// With filters, what fits may stand far behind what does not: then much more is read.
async fn candidates<B: Backend>(
    backend: &mut B,
    judge: &Judge,
    works: &[Work],
) -> Result<HashMap<Uuid, Vec<Candidate>>, Fault> {
    let mut limits: HashMap<Uuid, usize> = HashMap::new();
    for work in works {
        let Work::Claim(claim) = work else { continue };
        if judge.needs_candidates(claim) {
            let open = claim.wanted.filters == crate::lease::ClaimFilters::default();
            let more = if open { claim.wanted.max } else { FILTERED };
            *limits.entry(claim.wanted.queue.uuid()).or_default() += more;
        }
    }
    let mut waiting = HashMap::new();
    for (queue, limit) in limits {
        // Some may have been moved by appends of the same batch.
        let limit = limit + works.len();
        waiting.insert(queue, backend.candidates(queue, judge.now(), limit).await?);
    }
    Ok(waiting)
}

/// Waiting referrals that a claim with filters looks through.
const FILTERED: usize = 2_000;

/// Runs a batch until it is decided: repeats it where others won, comes back after a broken connection,
/// and resolves a commit whose answer was lost by asking again (the same request ids tell).
pub(crate) async fn decide<B: Backend>(
    backend: &mut B,
    works: &[Work],
    before_commit: &mut (dyn FnMut() + Send),
) -> Judging {
    let mut in_doubt = false;
    let mut last = Fault::Lost;
    for attempt in 0..TRIES {
        if matches!(last, Fault::Lost | Fault::InDoubt) && attempt > 0 {
            tokio::time::sleep(PAUSE * attempt).await;
        }
        // After a lost commit, only what has a request id can be asked about again.
        if in_doubt && works.iter().any(|work| work.request().is_none()) {
            return Judging::Apart { in_doubt };
        }
        // A database that says nothing at all may have committed: ask again.
        let ran = tokio::time::timeout(SILENCE, run(backend, works, before_commit)).await;
        match ran.unwrap_or(Err(Fault::InDoubt)) {
            Ok(judged) => return Judging::Done(judged),
            Err(fault) => {
                backend.reset().await;
                last = fault;
                in_doubt |= fault == Fault::InDoubt;
                match fault {
                    Fault::Repeat | Fault::Lost | Fault::InDoubt => {}
                    Fault::Refused if works.len() > 1 => return Judging::Apart { in_doubt },
                    Fault::Refused | Fault::Cause(_) => break,
                }
            }
        }
    }
    Judging::Failed(if in_doubt { Cause::Unknown } else { last.cause() })
}

/// How long a database may say nothing.
const SILENCE: std::time::Duration = std::time::Duration::from_secs(30);
/// How often one batch is tried.
const TRIES: u32 = 5;
/// How long a broken connection is left alone, times the number of the try.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(100);

/// What became of a batch.
pub(crate) enum Judging {
    Done(Judged),
    /// Each piece is to be tried alone.
    Apart {
        in_doubt: bool,
    },
    Failed(Cause),
}
