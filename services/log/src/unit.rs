//! What one attempt at a write has read and decided so far. Nothing of it is stored until the attempt
//! has ended well.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use onward_domain::calendar::day_in_england;
use onward_domain::decider::{Decider, Outcome, Refusal, Version};
use onward_domain::event::{Event, Occurred, Provenance};
use onward_domain::ids::ReferralId;
use uuid::Uuid;

use crate::claim_key::{Holder, Key, KeyClaim, Scope, day_number};
use crate::error::{Cause, ExecuteError, LogError, Stop};
use crate::lease::{LeaseStep, Ready, token_hash};
use crate::log::Log;
use crate::position::Position;
use crate::proposal::{Pending, Proposal};
use crate::read::Found;
use crate::recorded::{Receipt, Recorded, micros};
use crate::request::RequestRow;
use crate::seal::{Bound, SecretKey};

/// Events that one request yields at most.
const MOST_EVENTS: usize = 500;
/// Bytes that one request yields at most.
const MOST_BYTES: usize = 512 * 1024;
/// Bytes of one event at most.
const MOST_BYTES_EACH: usize = 256 * 1024;

/// From and until which day a key counts.
type Days = (Option<Date>, Option<Date>);

/// A stream folded up to its newest fact.
pub struct Loaded<D: Decider> {
    /// The stream.
    pub stream: Uuid,
    /// What its facts add up to.
    pub state: D::State,
    /// How many facts there are; 0 where the stream does not exist.
    pub version: Version,
    /// The position of the newest.
    pub position: Position,
    /// Whom its facts are about, where they are about a learner.
    pub(crate) about: Option<Uuid>,
}

/// What one attempt has read and decided so far.
pub struct Unit {
    log: Log,
    provenance: Provenance,
    /// Versions that were seen when the streams were loaded, in the order of loading.
    seen: Vec<(Uuid, Version)>,
    /// Versions that the caller expects.
    expected: BTreeMap<Uuid, Version>,
    events: Vec<(Uuid, Event)>,
    about: Vec<Uuid>,
    /// Steps that were taken before, by stream and version.
    already: Vec<(Uuid, Version)>,
    keys: Vec<(Key, Uuid, Option<Days>)>,
    leases: Vec<LeaseStep>,
    issued: Vec<(String, String)>,
}

impl<D: Decider> Loaded<D> {
    /// A stream before its first fact.
    pub(crate) fn none(stream: Uuid) -> Self {
        let state = D::State::default();
        Self { stream, state, version: 0, position: Position::START, about: None }
    }

    /// The stream exists.
    pub fn exists(&self) -> bool {
        self.version > 0
    }
}

impl Unit {
    pub(crate) fn new(log: Log, provenance: Provenance) -> Self {
        Self {
            log,
            provenance,
            seen: Vec::new(),
            expected: BTreeMap::new(),
            events: Vec::new(),
            about: Vec::new(),
            already: Vec::new(),
            keys: Vec::new(),
            leases: Vec::new(),
            issued: Vec::new(),
        }
    }

    /// The log, for reads that no decision rests on.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Who says so, and when it happened: kept with every fact of this attempt. May be changed for the
    /// facts as a whole, before the attempt ends.
    pub fn provenance(&mut self) -> &mut Provenance {
        &mut self.provenance
    }

    /// Loads a stream. The append is refused, and the attempt repeated, when the stream has moved on by
    /// then.
    ///
    /// # Errors
    /// [`Stop::Conflict`] when the caller expected another version; [`Stop::Log`] when it cannot be read.
    pub async fn load<D: Decider>(&mut self, stream: Uuid) -> Result<Loaded<D>, Stop> {
        let loaded = self.log.load::<D>(stream).await?;
        self.about.extend(loaded.about);
        self.see(stream, loaded.version)?;
        Ok(loaded)
    }

    /// A stream whose id was minted a moment ago: it cannot exist, so that nothing is read.
    pub fn fresh<D: Decider>(&mut self, stream: Uuid) -> Loaded<D> {
        self.seen.push((stream, 0));
        Loaded::none(stream)
    }

    fn see(&mut self, stream: Uuid, version: Version) -> Result<(), Stop> {
        if !self.seen.iter().any(|(known, _)| *known == stream) {
            self.seen.push((stream, version));
        }
        match self.expected.get(&stream) {
            Some(expected) if *expected != version => Err(Stop::Conflict { current: version }),
            _ => Ok(()),
        }
    }

    /// Takes note of the version that the caller saw (0: must not exist; absent: whatever there is).
    pub fn expect(&mut self, stream: Uuid, version: Option<Version>) {
        if let Some(version) = version {
            self.expected.insert(stream, version);
        }
    }

    /// Looks keys up.
    ///
    /// # Errors
    /// [`Stop::Log`] when the log cannot be read.
    pub async fn find(&mut self, keys: &[Key]) -> Result<Vec<Found>, Stop> {
        Ok(self.log.find(keys).await?)
    }

    /// Judges a command and takes its facts in; `loaded` has them too from here on. `Some(version)` when
    /// the same step was taken before.
    ///
    /// # Errors
    /// [`Stop::Refused`] when a rule says no.
    pub fn decide<D: Decider>(
        &mut self,
        loaded: &mut Loaded<D>,
        command: D::Command,
    ) -> Result<Option<Version>, Stop> {
        match D::decide(&loaded.state, command)? {
            Outcome::AlreadyDone(version) => {
                self.already.push((loaded.stream, version));
                Ok(Some(version))
            }
            Outcome::Recorded(facts) => {
                for fact in facts {
                    D::evolve(&mut loaded.state, &fact);
                    loaded.version += 1;
                    self.events.push((loaded.stream, fact.into()));
                }
                Ok(None)
            }
        }
    }

    /// Takes in a fact of a stream that cannot be opened any more, after the version that it has.
    pub(crate) fn record(&mut self, stream: Uuid, version: Version, event: Event) {
        self.seen.push((stream, version));
        self.events.push((stream, event));
    }

    /// Claims a key for a stream, from and until which day it counts. A key that only one stream may hold,
    /// and that another holds, refuses the whole append with [`ExecuteError::KeyTaken`].
    pub fn claim(&mut self, key: Key, stream: Uuid, valid: (Option<Date>, Option<Date>)) {
        self.keys.push((key, stream, Some(valid)));
    }

    /// Gives a key up that the stream holds. Giving up what it does not hold does nothing.
    pub fn release(&mut self, key: Key, stream: Uuid) {
        self.keys.push((key, stream, None));
    }

    /// Keeps an id with the answer, so that a retry gets the same.
    pub fn issue(&mut self, name: &'static str, id: String) {
        self.issued.push((name.to_owned(), id));
    }

    // === leases

    /// The referral waits in its queue from this append on.
    pub fn ready(&mut self, ready: Ready) {
        self.leases.push(LeaseStep::Ready(ready));
    }

    /// The referral neither waits nor is held from this append on, whoever held it.
    pub fn unready(&mut self, referral: ReferralId) {
        self.leases.push(LeaseStep::Unready(referral.uuid()));
    }

    /// Only the holder of this token may do this: else [`ExecuteError::LeaseLost`].
    pub fn hold_lease(&mut self, referral: ReferralId, token: &str) {
        let (referral, token) = (referral.uuid(), token_hash(token));
        self.leases.push(LeaseStep::Hold { referral, token });
    }

    /// As [`Unit::hold_lease`]; the lease runs until this moment from now on.
    pub fn extend_lease(&mut self, referral: ReferralId, token: &str, until: Timestamp) {
        let (referral, token) = (referral.uuid(), token_hash(token));
        self.leases.push(LeaseStep::Extend { referral, token, until: micros(until) });
    }

    /// As [`Unit::hold_lease`]; the lease ends. The referral waits again, unless [`Unit::unready`] is
    /// called too.
    pub fn end_lease(&mut self, referral: ReferralId, token: &str) {
        let (referral, token) = (referral.uuid(), token_hash(token));
        self.leases.push(LeaseStep::End { referral, token });
    }

    // === the end of an attempt

    /// Streams of which the caller said which version it saw.
    pub(crate) fn expected_streams(&self) -> Vec<Uuid> {
        self.expected.keys().copied().collect()
    }

    /// Encodes, seals and measures what was decided.
    pub(crate) async fn propose(
        mut self,
        request: Option<RequestRow>,
    ) -> Result<Proposal, ExecuteError> {
        for (stream, expected) in &self.expected {
            let seen = self.seen.iter().find(|(known, _)| known == stream);
            if let Some((_, current)) = seen.filter(|(_, version)| version != expected) {
                return Err(ExecuteError::Conflict { current: *current });
            }
        }
        if self.events.len() > MOST_EVENTS {
            return Err(ExecuteError::TooLarge);
        }
        let mut proposal = Proposal { request, ..Proposal::default() };
        for (stream, event) in &self.events {
            let pending = self.seal(*stream, event).await?;
            proposal.events.push(pending);
        }
        let total: usize = proposal.events.iter().map(Pending::bytes).sum();
        if total > MOST_BYTES || proposal.events.iter().any(|one| one.bytes() > MOST_BYTES_EACH) {
            return Err(ExecuteError::TooLarge);
        }
        if proposal.events.is_empty() {
            proposal.already = self.already_done().await?;
        }
        if proposal.events.is_empty() {
            // By its own reference a caller finds what it recorded: nothing, this time.
            self.keys.retain(|(key, ..)| key.scope() != Scope::ExternalRef);
        }
        self.hash_keys(&mut proposal);
        proposal.streams = self.streams();
        proposal.about = self.about;
        proposal.leases = self.leases;
        proposal.issued = self.issued;
        Ok(proposal)
    }

    async fn seal(&self, stream: Uuid, event: &Event) -> Result<Pending, ExecuteError> {
        let encoded = crate::codec::encode(&self.provenance, event);
        let event_id = Uuid::now_v7();
        let learner = encoded.learner.map(onward_domain::ids::LearnerId::uuid);
        let sealed = if encoded.personal.is_empty() {
            bytes::Bytes::new()
        } else {
            // A reader derives the subject; the codec must mean the same one.
            let subject = learner.unwrap_or(stream);
            debug_assert_eq!(encoded.subject, Some(subject), "{}", encoded.event_type);
            let key = self.key(subject).await?;
            let bound = Bound {
                subject,
                event_id,
                event_type: encoded.event_type,
                schema_version: encoded.schema_version,
            };
            let personal = zeroize::Zeroizing::new(encoded.personal);
            let sealed = key.seal(&personal, &bound.bytes());
            sealed.map_err(|_| ExecuteError::Unavailable(Cause::Fault))?.into()
        };
        Ok(Pending {
            stream,
            event_id,
            learner,
            event_type: encoded.event_type,
            schema_version: encoded.schema_version,
            public: encoded.public.into(),
            sealed,
        })
    }

    /// The key to seal with. One is made for a subject of whom nothing was ever sealed; where something was
    /// and there is no key, the key store is not the log's own, or is older.
    async fn key(&self, subject: Uuid) -> Result<Arc<SecretKey>, ExecuteError> {
        let keys = self.log.keys();
        let fresh = self.seen.contains(&(subject, 0));
        if let Some(key) = keys.for_writing(subject, fresh).await? {
            return Ok(key);
        }
        let before = self.log.stream(subject).await?;
        if before.iter().any(|event| event.subject() == subject && !event.sealed.is_empty()) {
            tracing::error!(%subject, "the key of a record is not in the key store");
            return Err(ExecuteError::Unavailable(Cause::Keys));
        }
        let key = keys.for_writing(subject, true).await?;
        key.ok_or(ExecuteError::Unavailable(Cause::Keys))
    }

    /// The first receipt of steps that were all taken before. When a step happened belongs to what it says:
    /// another day is another content, and no repeat.
    async fn already_done(&self) -> Result<Option<Receipt>, ExecuteError> {
        let mut proofs = Vec::with_capacity(self.already.len());
        for (stream, version) in &self.already {
            let events = self.log.stream(*stream).await?;
            let proof = events.into_iter().find(|event| event.version == *version);
            let Some(proof) = proof else { return Ok(None) };
            self.says_the_same(&proof).await?;
            proofs.push(proof);
        }
        proofs.sort_by_key(|proof| proof.position);
        let Some((stream, version)) = self.already.first() else { return Ok(None) };
        let of_it = proofs.iter().filter(|proof| proof.stream == *stream);
        let version = of_it.map(|proof| proof.version).max().unwrap_or(*version);
        let events = self.of_one_request(proofs).await?;
        Ok(events.last().map(|last| Receipt {
            position: last.position,
            stream_version: version,
            event_ids: events.iter().map(|event| event.event_id).collect(),
            recorded_at: last.recorded_at,
        }))
    }

    /// What one request records has places without gaps: between the proofs lies what it recorded beside
    /// them, unless they come from several requests.
    async fn of_one_request(&self, proofs: Vec<Recorded>) -> Result<Vec<Recorded>, LogError> {
        let (Some(first), Some(last)) = (proofs.first(), proofs.last()) else { return Ok(proofs) };
        let length = (last.position.get() - first.position.get()) as usize + 1;
        if length == proofs.len() || length > MOST_EVENTS || first.recorded_at != last.recorded_at {
            return Ok(proofs);
        }
        let before = Position::new(first.position.get() - 1);
        let between = self.log.read(before, length).await?;
        let seen = |event: &Recorded| self.seen.iter().any(|(known, _)| *known == event.stream);
        Ok(if between.iter().all(seen) { between } else { proofs })
    }

    async fn says_the_same(&self, proof: &Recorded) -> Result<(), ExecuteError> {
        // Of an erased learner nobody can tell any more.
        let Ok(first) = self.log.open_event(proof).await else { return Ok(()) };
        if self.happened_as(first.provenance.occurred, proof.recorded_at) {
            return Ok(());
        }
        Err(ExecuteError::Refused(Refusal::Rule {
            reason: onward_contract::reason::ALREADY_RECORDED,
            message: "this step is recorded already, with another day; a correction changes it"
                .to_owned(),
        }))
    }

    /// Whether the caller says of a step what was said of it first. A day that nobody gave is the day of
    /// the recording.
    fn happened_as(&self, first: Option<Occurred>, recorded_at: Timestamp) -> bool {
        match (first, self.provenance.occurred) {
            (None, Some(Occurred::On(day))) => day == day_in_england(recorded_at),
            (first, again) => first == again,
        }
    }

    fn hash_keys(&self, proposal: &mut Proposal) {
        for (key, stream, claimed) in &self.keys {
            let hash = self.log.lookup().key(key);
            let id = (key.scope().number(), hash, key.slot(*stream));
            match claimed {
                None => proposal.releases.push((id, *stream)),
                Some((from, until)) => {
                    let holder = Holder {
                        stream: *stream,
                        valid_from: from.map(day_number),
                        valid_until: until.map(day_number),
                    };
                    proposal.claims.push(KeyClaim { id, scope: key.scope(), holder });
                }
            }
        }
    }

    /// Streams that the decision rests on. First comes the one that the caller named a version of, else
    /// the first that something is appended to: the receipt gives its version.
    fn streams(&self) -> Vec<(Uuid, Version)> {
        let appended = self.events.first().map(|(stream, _)| *stream);
        let named = self.expected.keys().next().copied().or(appended);
        let mut streams = self.seen.clone();
        let seen = |stream: &Uuid| self.seen.iter().any(|(known, _)| known == stream);
        let unseen = self.expected.iter().filter(|(stream, _)| !seen(stream));
        streams.extend(unseen.map(|(stream, version)| (*stream, *version)));
        streams.sort_by_key(|(stream, _)| Some(*stream) != named);
        streams
    }
}
