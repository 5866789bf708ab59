//! Callers and batchers.

use super::{Action, Broken, Copying, Entry, Process, Request, State};

/// What a caller knows of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Caller {
    /// There is none.
    Silent,
    /// Waits for this process's answer.
    Waiting(Process),
    /// The answer did not come: it may be in the log or not.
    Unknown,
    /// It is in the log, at this position.
    Ok(u8),
}

/// One batcher. Requests are bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Writer {
    /// What has come in.
    pub queue: u8,
    /// The batch in hand.
    pub works: u8,
    /// How far the batch is.
    pub phase: Phase,
}

/// How far a batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Phase {
    /// Nothing in hand.
    #[default]
    Idle,
    /// Cut, or to be repeated after a fault.
    Cut,
    /// Broken only: head and requests as they were before the lock.
    Peeked(Known),
    /// The transaction is open, and holds the lock.
    Open(Known),
}

/// What was read of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Known {
    /// The position before the first that this batch gives out.
    pub head: u8,
    /// Requests that are in the log already.
    pub requests: u8,
}

fn known(state: &State) -> Known {
    let requests = state.log.iter().fold(0, |all, entry| all | 1 << entry.request);
    Known { head: state.head(), requests }
}

pub(super) fn steps(model: &Copying, state: &State, steps: &mut Vec<Action>) {
    for p in 0..2 {
        let writer = &state.writers[p];
        let waits = writer.queue != 0 || writer.works != 0;
        let free = state.lock.is_none() || model.is(Broken::Sequence);
        match writer.phase {
            Phase::Idle | Phase::Cut if !waits => {}
            Phase::Idle | Phase::Cut if model.is(Broken::HeadBeforeLock) => {
                steps.push(Action::Peek(p));
            }
            Phase::Idle | Phase::Cut | Phase::Peeked(_) if free => steps.push(Action::Open(p)),
            Phase::Open(_) => steps.push(Action::Commit(p)),
            _ => {}
        }
    }
    let unknown = |request: &u8| state.callers[usize::from(*request)] == Caller::Unknown;
    let asks = (0..super::REQUESTS as u8).filter(unknown);
    steps.extend(asks.map(Action::Ask));
}

/// Takes what waits into the batch, unless one is in hand that has to be repeated.
fn cut(writer: &mut Writer) {
    if writer.works == 0 {
        writer.works = std::mem::take(&mut writer.queue);
    }
}

pub(super) fn peek(state: &mut State, p: Process) {
    cut(&mut state.writers[p]);
    state.writers[p].phase = Phase::Peeked(known(state));
}

pub(super) fn open(model: &Copying, state: &mut State, p: Process) {
    cut(&mut state.writers[p]);
    let mut seen = match state.writers[p].phase {
        Phase::Peeked(seen) => seen,
        _ => known(state),
    };
    if model.is(Broken::RepeatBlindly) {
        seen.requests = 0;
    }
    if model.is(Broken::Sequence) {
        let new = state.writers[p].works & !seen.requests;
        seen.head = state.sequence;
        state.sequence += u8::try_from(new.count_ones()).unwrap_or_default();
    } else {
        state.lock = Some(p);
    }
    state.writers[p].phase = Phase::Open(seen);
    if model.is(Broken::AnswerFirst) {
        let places = placed(&state.writers[p], seen);
        answer(state, p, &places);
    }
}

/// The events of a batch, in order, each at the next position.
fn placed(writer: &Writer, seen: Known) -> Vec<Entry> {
    let new = writer.works & !seen.requests;
    let requests = (0..8).filter(|request| new & (1 << request) != 0);
    let places = requests.zip(seen.head + 1..);
    places.map(|(request, position)| Entry { position, request }).collect()
}

pub(super) fn commit(state: &mut State, p: Process) {
    stored(state, p);
    let log = state.log.clone();
    answer(state, p, &log);
    state.writers[p] = Writer { queue: state.writers[p].queue, ..Writer::default() };
}

/// The commit itself: durable, seen by everybody, the lock given back.
pub(super) fn stored(state: &mut State, p: Process) {
    if let Phase::Open(seen) = state.writers[p].phase {
        state.log.extend(placed(&state.writers[p], seen));
    }
    let_go(state, p);
}

/// The lock goes with the transaction.
pub(super) fn let_go(state: &mut State, p: Process) {
    if state.lock == Some(p) {
        state.lock = None;
    }
}

/// Answers the batch: what it appended, and what was there before.
fn answer(state: &mut State, p: Process, log: &[Entry]) {
    let works = state.writers[p].works;
    for entry in log.iter().filter(|entry| works & (1 << entry.request) != 0) {
        let caller = &mut state.callers[usize::from(entry.request)];
        if *caller == Caller::Waiting(p) {
            *caller = Caller::Ok(entry.position);
        }
    }
}

/// Asks the other process, with the same request id.
pub(super) fn ask(state: &mut State, request: Request) {
    let p = (usize::from(request) + 1) % 2;
    state.callers[usize::from(request)] = Caller::Waiting(p);
    state.writers[p].queue |= 1 << request;
}
