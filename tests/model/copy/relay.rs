//! The stream and the relays.

use super::{Action, Broken, Copying, Owner, Process, Request, State};

/// A message that is not ours.
pub(super) const FOREIGN: Request = 9;

/// In [`State::numbers`]: a number was used again.
pub(super) const REUSED: u16 = 1 << 15;

/// Events below the head that a new incarnation begins with.
const KEPT: u8 = 1;

/// Events of a batch.
const BATCH: u8 = 2;

/// An incarnation of the copy.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stream {
    /// Its number.
    pub number: u8,
    /// The sequence of its first message.
    pub first: u8,
    /// Its messages.
    pub messages: Vec<Request>,
}

impl Stream {
    /// Its last sequence.
    pub fn last(&self) -> u8 {
        self.first - 1 + self.messages.len() as u8
    }

    /// Nothing in it is somebody else's.
    pub fn whole(&self) -> bool {
        !self.messages.contains(&FOREIGN)
    }

    /// Our messages, with their sequences.
    pub fn events(&self) -> impl Iterator<Item = (u8, Request)> + '_ {
        let all = (self.first..).zip(self.messages.iter().copied());
        all.filter(|(_, request)| *request != FOREIGN)
    }
}

/// One relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relay {
    /// Between two spells.
    Idle,
    /// Found no good stream: about to move this one aside and make the next.
    Making {
        /// The one that was found spent.
        spent: Option<u8>,
        /// Number of the next.
        next: u8,
    },
    /// Knows where the stream ends.
    Ready {
        /// Which stream.
        number: u8,
        /// Its last sequence, as far as the relay knows.
        last: u8,
    },
}

impl Relay {
    /// The sequence after which it would publish.
    pub fn place(&self) -> Option<u8> {
        match self {
            Self::Ready { last, .. } => Some(*last),
            _ => None,
        }
    }
}

/// The right is this process's to take without anybody being paused.
fn may_own(owner: Owner, p: Process) -> bool {
    matches!(owner, Owner::Free | Owner::Gone) || owner == Owner::Of(p)
}

pub(super) fn steps(model: &Copying, state: &State, steps: &mut Vec<Action>) {
    for p in 0..2 {
        match state.relays[p] {
            Relay::Idle if may_own(state.right, p) => steps.push(Action::Look(p)),
            Relay::Idle => {}
            Relay::Making { .. } => steps.push(Action::Make(p)),
            Relay::Ready { number, last } => {
                if state.head() > last {
                    steps.push(Action::Publish(p));
                }
                let same = |it: &Stream| it.number == number && it.last() == last && it.whole();
                let unchanged = state.stream.as_ref().is_some_and(same)
                    || model.is(Broken::OwnCheckpoint) && state.stream.is_some();
                let late = !model.guesses() && number < state.issued;
                if state.right != Owner::Of(p) || !unchanged || late {
                    steps.push(Action::Renew(p));
                }
            }
        }
    }
}

pub(super) fn look(model: &Copying, state: &mut State, p: Process) {
    state.right = Owner::Of(p);
    let guessed = model.guesses();
    state.relays[p] = match &state.stream {
        // One that was made late, after a later number had been given out, is as good as spent.
        Some(stream) if stream.whole() && (guessed || stream.number >= state.issued) => {
            let last = if model.is(Broken::OwnCheckpoint) { state.mark } else { stream.last() };
            Relay::Ready { number: stream.number, last }
        }
        spent => {
            // Given out here, used in `make`: whatever comes between may come between.
            let newest = spent.as_ref().map(|stream| stream.number);
            let known = if model.is(Broken::NumberFromWhatIsLeft) { 0 } else { state.issued };
            let next = known.max(newest.unwrap_or_default()) + 1;
            if !guessed {
                state.issued = next;
            }
            Relay::Making { spent: newest, next }
        }
    };
}

pub(super) fn make(model: &Copying, state: &mut State, p: Process) {
    let Relay::Making { spent, next } = state.relays[p] else { return };
    if spent.is_some() && state.stream.as_ref().map(|it| it.number) == spent {
        // Its subjects are moved aside.
        state.stream = None;
    }
    if state.stream.is_some() {
        // Two streams cannot listen to the same subjects: the server refuses.
        state.relays[p] = Relay::Idle;
        return;
    }
    let after = state.head().saturating_sub(KEPT);
    let first = if model.is(Broken::BeginAtOne) { 1 } else { after + 1 };
    if state.numbers & (1 << next) != 0 {
        state.numbers |= REUSED;
    }
    state.numbers |= 1 << next;
    // Broken: what the log remembers of a number it learns now.
    state.issued = state.issued.max(next);
    if model.is(Broken::OwnCheckpoint) {
        state.mark = state.mark.max(after);
    }
    state.stream = Some(Stream { number: next, first, messages: Vec::new() });
    state.relays[p] = Relay::Ready { number: next, last: after };
}

/// One atomic batch. Without the answer the relay begins anew.
pub(super) fn publish(model: &Copying, state: &mut State, p: Process, answered: bool) {
    let Relay::Ready { number, last } = state.relays[p] else { return };
    let to = state.head().min(last + BATCH);
    let events: Vec<Request> = (last + 1..=to).filter_map(|at| state.at(at)).collect();
    let blind = [Broken::NoExpectedSequence, Broken::OwnCheckpoint, Broken::BeginAtOne];
    let blind = model.broken.is_some_and(|broken| blind.contains(&broken));
    state.relays[p] = Relay::Idle;
    // Batches go to subjects: whichever stream listens takes them, or refuses.
    let Some(stream) = &mut state.stream else { return };
    if !blind && stream.last() != last {
        return;
    }
    stream.messages.extend(events);
    if answered && stream.number == number {
        state.mark = if model.is(Broken::OwnCheckpoint) { to } else { 0 };
        state.relays[p] = Relay::Ready { number, last: to };
    }
}
