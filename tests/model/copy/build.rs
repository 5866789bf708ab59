//! The view and its projectors.

use super::{Action, Broken, Copying, Entry, Fence, Owner, Process, REQUESTS, State};

/// The view's tables: one row a request, that counts how often its event was applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct View {
    /// The rows.
    pub rows: [u8; REQUESTS],
    /// The position up to which everything was seen.
    pub checkpoint: u8,
    /// Who may apply.
    pub owner: Owner,
}

impl Default for View {
    fn default() -> Self {
        Self { rows: [0; REQUESTS], checkpoint: 0, owner: Owner::Free }
    }
}

impl View {
    /// Each event up to the checkpoint is in the rows once, and nothing else is.
    pub fn is_fold_of(&self, log: &[Entry]) -> bool {
        let mut rows = [0; REQUESTS];
        for entry in log.iter().filter(|entry| entry.position <= self.checkpoint) {
            rows[usize::from(entry.request)] += 1;
        }
        rows == self.rows
    }
}

/// One projector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Builder {
    /// Knows nothing.
    Idle,
    /// Owns the slice, as far as it knows.
    Owns(Track),
    /// Broken only: the first of two transactions is done.
    Halfway(Track, Entry),
}

/// What an owner knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Track {
    /// Its epoch is still the row's: nobody else has owned the slice since.
    pub current: bool,
    /// The position up to which it has seen everything.
    pub scanned: u8,
}

impl Builder {
    /// The position after which it would apply.
    pub fn place(&self) -> Option<u8> {
        match self {
            Self::Owns(track) => Some(track.scanned),
            _ => None,
        }
    }
}

pub(super) fn steps(state: &State, steps: &mut Vec<Action>) {
    for p in 0..2 {
        match state.builders[p] {
            Builder::Idle => {
                let owner = state.view.owner;
                if matches!(owner, Owner::Free | Owner::Gone) || owner == Owner::Of(p) {
                    steps.push(Action::Claim(p));
                }
            }
            Builder::Owns(track) => {
                if next_of_log(state, track).is_some() {
                    steps.push(Action::ApplyLog(p));
                }
                if next_of_stream(state, track).is_some() {
                    steps.push(Action::ApplyStream(p));
                }
                if !track.current {
                    // Renewing says so, where nothing is left to apply.
                    steps.push(Action::Stumble(p));
                }
            }
            Builder::Halfway(..) => steps.push(Action::ApplyRest(p)),
        }
    }
}

/// The next that a reader of the log sees.
pub(super) fn next_of_log(state: &State, track: Track) -> Option<Entry> {
    let later = state.log.iter().filter(|entry| entry.position > track.scanned);
    later.min_by_key(|entry| entry.position).copied()
}

/// The message at the next sequence, if it is ours.
pub(super) fn next_of_stream(state: &State, track: Track) -> Option<Entry> {
    let next = track.scanned + 1;
    let mut events = state.stream.iter().flat_map(super::Stream::events);
    let (position, request) = events.find(|(sequence, _)| *sequence == next)?;
    Some(Entry { position, request })
}

pub(super) fn claim(state: &mut State, p: Process) {
    let view = &mut state.view;
    if view.owner != Owner::Of(p) {
        // A new epoch: what the other knows is of an older one.
        view.owner = Owner::Of(p);
        if let Builder::Owns(track) | Builder::Halfway(track, _) = &mut state.builders[1 - p] {
            track.current = false;
        }
    }
    state.builders[p] = Builder::Owns(Track { current: true, scanned: view.checkpoint });
}

/// What a projector reads next: from the log, or from the stream.
type Next = fn(&State, Track) -> Option<Entry>;

pub(super) fn apply(model: &Copying, state: &mut State, p: Process, next: Next) {
    let Builder::Owns(track) = state.builders[p] else { return };
    let Some(entry) = next(state, track) else { return };
    let view = &mut state.view;
    let owns = view.owner == Owner::Of(p) && track.current;
    let stands = view.checkpoint == track.scanned;
    let admitted = match model.fence {
        Fence::Both => owns && stands,
        Fence::Checkpoint => stands,
        Fence::Epoch => owns,
        Fence::None => true,
    };
    if !admitted {
        // Nothing changes; what was known is forgotten.
        state.builders[p] = Builder::Idle;
        return;
    }
    let halves = [Broken::CheckpointFirst, Broken::RowsFirst];
    if !model.is(Broken::CheckpointFirst) {
        view.rows[usize::from(entry.request)] += 1;
    }
    if !model.is(Broken::RowsFirst) {
        view.checkpoint = entry.position;
    }
    state.builders[p] = if model.broken.is_some_and(|broken| halves.contains(&broken)) {
        Builder::Halfway(track, entry)
    } else {
        Builder::Owns(Track { scanned: entry.position, ..track })
    };
}

pub(super) fn apply_rest(model: &Copying, state: &mut State, p: Process) {
    let Builder::Halfway(track, entry) = state.builders[p] else { return };
    if model.is(Broken::CheckpointFirst) {
        state.view.rows[usize::from(entry.request)] += 1;
    } else {
        state.view.checkpoint = entry.position;
    }
    state.builders[p] = Builder::Owns(Track { scanned: entry.position, ..track });
}
