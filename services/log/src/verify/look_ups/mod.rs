//! Look-up keys: who is a member in which role, who is party to what, by which number somebody is found.
//!
//! `log_key` has no chain of its own. What must be in it follows from the events, so it is computed from them
//! once more and compared both ways: a key that no event claimed, one that is missing, one that names another
//! stream. For this the learners' keys and the key of the look-ups are needed. Keys are held as 16 bytes of a
//! hash of their row (32 with what is known about them) for half a million streams at a time; where there are
//! more, the events are gone through again for each further share.
//!
//! What cannot be told: whether the caller's own reference of a call that no event keeps it of (claims,
//! leases, opening for triage) is there or was added, and whether one is missing other than that of a recorded
//! move, a drafted handover and a submitted referral. It admits nobody to anything.

mod held;

use std::collections::HashSet;
use std::thread::available_parallelism;

use onward_domain::decider::Decider;
use onward_domain::event::{Event, TransitionFact};
use onward_domain::ids::{LearnerId, OrganisationId};
use onward_domain::transition::Transition;
use uuid::Uuid;

use super::fault::{VerifyFault, unless_unreadable};
use super::{Inspection, VerifyProgress};
use crate::claim_key::{Key, Relation};
use crate::codec;
use crate::error::{Cause, LogError, OpenFault};
use crate::log::Log;
use crate::look_up::{Change, Heading, changes, parties};
use crate::position::Position;
use crate::recorded::{Opened, Recorded};
use crate::sql::read::recorded;
use crate::sql::snapshot::{KeyRow, Snapshot};
use held::{Held, scope_name};

/// Streams whose keys are held at once.
const AT_ONCE: u64 = 500_000;
/// Events read at once.
const TOGETHER: i64 = 4_096;
/// Name of the check.
const CHECK: &str = "look-ups";
/// How types begin whose streams may take over a key from each other, once its days are over: all of them are
/// in the first share.
const DIRECTORY: &str = "directory.";

/// Look-up keys that are what the events say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookUps {
    /// Keys.
    pub keys: u64,
    /// Streams that this binary does not know every event of: their keys were not compared.
    pub left_out: u64,
}

impl Inspection {
    /// Checks the look-up keys against the events, which [`Inspection::verify`] checks. `log` is the same log,
    /// opened with its keys. `progress` hears of every piece.
    ///
    /// # Errors
    /// The first fault, by the kind of key and by its stream: never what the key is made of.
    pub async fn verify_look_ups(
        &mut self,
        log: &Log,
        mut progress: impl FnMut(VerifyProgress) + Send,
    ) -> Result<LookUps, VerifyFault> {
        let snapshot = &mut self.0;
        let gone = Gone::read(snapshot, log).await?;
        let streams = snapshot.count_streams().await.map_err(LogError::from)?.cast_unsigned();
        let shares = streams.div_ceil(AT_ONCE).max(1);
        let mut directory = HashSet::new();
        let mut found = LookUps { keys: 0, left_out: 0 };
        for share in 0..shares {
            let mut walk = Walk {
                log,
                gone: &gone,
                share: (share, shares),
                directory,
                held: Held::default(),
                head: 0,
            };
            walk.over(snapshot, &mut progress).await?;
            walk.fold_corrected().await?;
            found.keys += walk.compare(snapshot).await?;
            found.left_out += walk.held.left_out();
            directory = walk.directory;
        }
        Ok(found)
    }
}

impl Log {
    /// Checks the look-up keys against the events, which [`Log::verify`] checks.
    ///
    /// # Errors
    /// The first fault.
    pub async fn verify_look_ups(&self) -> Result<LookUps, VerifyFault> {
        let snapshot = Snapshot::of(self.store()).await.map_err(LogError::from)?;
        Inspection(snapshot).verify_look_ups(self, |_| {}).await
    }
}

/// Learners who were erased, and those whose erasure is not carried through yet.
struct Gone {
    erased: HashSet<Uuid>,
    unfinished: HashSet<Uuid>,
}

impl Gone {
    async fn read(snapshot: &mut Snapshot, log: &Log) -> Result<Self, VerifyFault> {
        let unreadable = || VerifyFault::Table("the log's identity cannot be read");
        let identity = snapshot.identity().await;
        let identity = identity.map_err(|error| unless_unreadable(&error, unreadable()))?;
        if identity.ok_or_else(unreadable)?.2 != log.lookup().check() {
            return Err(VerifyFault::Table("the keys are not those of this log"));
        }
        let mut erased = HashSet::new();
        let rows = snapshot.each_erased(|(learner, ..)| {
            erased.insert(learner);
            Ok::<(), VerifyFault>(())
        });
        let unreadable = VerifyFault::Table("a row of the erased learners cannot be read");
        rows.await.map_err(|error| unless_unreadable(&error, unreadable))??;
        let unfinished = snapshot.unfinished_erasures().await.map_err(LogError::from)?;
        Ok(Self { erased, unfinished: unfinished.into_iter().collect() })
    }
}

/// One share of the streams.
struct Walk<'a> {
    log: &'a Log,
    gone: &'a Gone,
    share: (u64, u64),
    /// Streams of organisations and members.
    directory: HashSet<Uuid>,
    held: Held,
    head: u64,
}

impl Walk<'_> {
    fn is_ours(&self, stream: &Uuid) -> bool {
        let (share, shares) = self.share;
        match self.directory.contains(stream) {
            true => share == 0,
            false => stream.as_u64_pair().1 % shares == share,
        }
    }

    async fn over(
        &mut self,
        snapshot: &mut Snapshot,
        progress: &mut (impl FnMut(VerifyProgress) + Send),
    ) -> Result<(), VerifyFault> {
        let end = self.log.store().head().await.map_err(LogError::from)?.position;
        let (share, shares) = self.share;
        loop {
            let rows = snapshot.events(self.head, TOGETHER).await;
            let position = Position::new(self.head + 1);
            let unreadable = VerifyFault::Event { position, what: "the row cannot be read" };
            let rows = rows.map_err(|error| unless_unreadable(&error, unreadable))?;
            let Some(last) = rows.last() else { return Ok(()) };
            self.head = last.0.cast_unsigned();
            let mut events: Vec<Recorded> = rows.into_iter().map(recorded).collect();
            if share == 0 {
                let directory = events.iter().filter(|one| one.event_type.starts_with(DIRECTORY));
                self.directory.extend(directory.map(|event| event.stream));
            }
            events.retain(|event| self.is_ours(&event.stream) && !self.of_erased(event));
            for (event, opened) in open(self.log, events).await {
                self.take(&event, opened).await?;
            }
            let (done, of) = (share * end + self.head, shares * end);
            progress(VerifyProgress { check: CHECK, done, of });
        }
    }

    /// Takes an event of an erased learner in: of all keys only the one stays that says whose record it was.
    fn of_erased(&mut self, event: &Recorded) -> bool {
        let Some(learner) = event.learner.map(LearnerId::uuid) else { return false };
        if !self.gone.erased.contains(&learner) {
            return false;
        }
        let held = self.held.of(event.stream, event.position.get());
        held.unfinished |= self.gone.unfinished.contains(&learner);
        let keeper = codec::public_id(&event.event_type, &event.public, "organisation_id");
        if let Some(keeper) = keeper.filter(|_| event.version == 1 && event.stream == learner) {
            let owner = Key::party(learner, OrganisationId::new(keeper), Relation::Owner);
            let owner = Change::Claim(Heading::Stays, owner, (None, None));
            self.held.change(self.log.lookup(), event.stream, event.position.get(), vec![owner]);
        }
        true
    }

    async fn take(
        &mut self,
        event: &Recorded,
        opened: Result<Opened, OpenFault>,
    ) -> Result<(), VerifyFault> {
        let (stream, position) = (event.stream, event.position);
        let wrong = |what| VerifyFault::Event { position, what };
        match opened {
            Ok(opened) => {
                let changes = changes(stream, &opened.provenance, &opened.event);
                self.held.change(self.log.lookup(), stream, position.get(), changes);
            }
            Err(OpenFault::UnknownType | OpenFault::NewerVersion) => {
                self.held.of(stream, position.get()).left_out = true;
            }
            Err(OpenFault::Erased) if self.erased_since(event).await? => {
                self.held.of(stream, position.get()).left_out = true;
            }
            Err(OpenFault::Erased) => {
                return Err(wrong("its key is gone, and no event says that it was erased"));
            }
            Err(OpenFault::NoKey) => return Err(wrong("its key is not in the key store")),
            Err(OpenFault::Malformed) => {
                return Err(wrong("it does not open with its key, or does not parse"));
            }
            Err(OpenFault::Store) => return Err(LogError::Unavailable(Cause::Keys).into()),
        }
        Ok(())
    }

    /// Somebody erased the learner while this was going on.
    async fn erased_since(&self, event: &Recorded) -> Result<bool, LogError> {
        let Some(learner) = event.learner.map(LearnerId::uuid) else { return Ok(false) };
        let erased = self.log.store().erased_after(Position::START).await?;
        Ok(erased.iter().any(|(known, _)| *known == learner))
    }

    /// The parties of moves that were corrected: corrections may undo each other, so each is folded.
    async fn fold_corrected(&mut self) -> Result<(), VerifyFault> {
        for stream in self.held.corrected() {
            let mut events = self.log.stream(stream).await?;
            events.retain(|event| event.position.get() <= self.head);
            let mut state = <Transition as Decider>::State::default();
            for opened in self.log.open_events(&events).await {
                let Ok(opened) = opened else { break };
                let Event::Transition(fact) = opened.event else { break };
                fold(&mut state, &fact);
            }
            let held = self.held.of(stream, 0);
            if state.version != events.len() as u64 {
                held.left_out = true;
                continue;
            }
            let (last, recorded) = (held.last, state.recorded.map(|recorded| recorded.fact));
            let mut now = vec![Change::GiveUp(Heading::Settings)];
            for (party, relation) in
                recorded.iter().flat_map(|fact| parties(&fact.detail, fact.authority))
            {
                let key = Key::party(stream, party, relation);
                now.push(Change::Claim(Heading::Settings, key, (None, None)));
            }
            self.held.change(self.log.lookup(), stream, last, now);
        }
        Ok(())
    }

    /// Compares with the table; answers how many keys there are.
    async fn compare(&mut self, snapshot: &mut Snapshot) -> Result<u64, VerifyFault> {
        let mut count = 0;
        let mut held = std::mem::take(&mut self.held);
        let rows = snapshot.each_key(|row: KeyRow| {
            if !self.is_ours(&row.3) {
                return Ok(());
            }
            count += 1;
            if held.has(&row) { Ok(()) } else { Err(row) }
        });
        let unreadable = VerifyFault::Table("a row of the look-up keys cannot be read");
        let rows = rows.await.map_err(|error| unless_unreadable(&error, unreadable))?;
        if let Err(row) = rows {
            let scope = scope_name(row.0);
            let (stream, position, what) = held.what_is_wrong(&row);
            return Err(VerifyFault::LookUp { scope, stream, position, what });
        }
        if let Some((stream, position, scope)) = held.first_missing() {
            let what = "it is missing, or its row says something else";
            let (scope, position) = (scope_name(scope), Some(position));
            return Err(VerifyFault::LookUp { scope, stream, position, what });
        }
        self.held = held;
        Ok(count)
    }
}

fn fold(state: &mut <Transition as Decider>::State, fact: &TransitionFact) {
    Transition::evolve(state, fact);
}

/// Opens events, on all cores.
async fn open(log: &Log, events: Vec<Recorded>) -> Vec<(Recorded, Result<Opened, OpenFault>)> {
    let cores = available_parallelism().map_or(1, usize::from);
    let size = events.len().div_ceil(cores).max(1);
    let mut parts = Vec::new();
    let mut events = events.into_iter().peekable();
    while events.peek().is_some() {
        let part: Vec<Recorded> = events.by_ref().take(size).collect();
        let of = log.clone();
        parts.push(log.tasks().spawn(async move {
            let opened = of.open_events(&part).await;
            part.into_iter().zip(opened).collect::<Vec<_>>()
        }));
    }
    let mut all = Vec::new();
    for part in parts {
        // A task that panicked leaves its events out; their keys are missed then.
        all.extend(part.await.unwrap_or_default());
    }
    all
}
