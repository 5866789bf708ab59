//! What may go wrong, and how often.

use super::relay::{self, FOREIGN, Relay};
use super::write::{self, Caller, Phase, Writer};
use super::{Action, Builder, Copying, Owner, Process, Request, State, build};

/// How often each fault may still happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Faults {
    /// A process dies, each.
    pub crashes: [u8; 2],
    /// A transaction comes to nothing, or its commit is not answered.
    pub commits: u8,
    /// A batch's publication is not answered.
    pub acks: u8,
    /// The stream loses its last message, is deleted, or takes a message of somebody else.
    pub losses: u8,
    /// A relay that lives is paused past its lease.
    pub relay_pauses: u8,
    /// A projector that lives is paused past its lease.
    pub view_pauses: u8,
    /// A caller gives up waiting and asks the other process too.
    pub impatience: u8,
}

/// One fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The process dies and starts again, with nothing in memory.
    Crash(Process),
    /// It dies after the commit, before the answer.
    CrashAfterCommit(Process),
    /// The connection to the database breaks before the commit.
    CommitFails(Process),
    /// The connection to the database breaks after it.
    CommitUnanswered(Process),
    /// The connection to the stream breaks after the batch was stored.
    PublishUnanswered(Process),
    /// The stream loses its last message.
    TailLost,
    /// The stream is deleted.
    StreamDeleted,
    /// Somebody else publishes on our subjects.
    ForeignMessage,
    /// The other relay's lease runs out though it lives.
    RelayPaused(Process),
    /// The other projector's lease runs out though it lives.
    BuilderPaused(Process),
    /// The caller asks the other process too.
    Impatient(Request),
}

impl Faults {
    /// Nothing goes wrong.
    pub const NONE: Self = Self {
        crashes: [0; 2],
        commits: 0,
        acks: 0,
        losses: 0,
        relay_pauses: 0,
        view_pauses: 0,
        impatience: 0,
    };
}

pub(super) fn possible(state: &State, actions: &mut Vec<Action>) {
    let left = &state.left;
    let mut may = |fault| actions.push(Action::Fault(fault));
    for p in 0..2 {
        let open = matches!(state.writers[p].phase, Phase::Open(_));
        if left.crashes[p] > 0 {
            may(Fault::Crash(p));
            if open {
                may(Fault::CrashAfterCommit(p));
            }
        }
        if left.commits > 0 && open {
            may(Fault::CommitFails(p));
            may(Fault::CommitUnanswered(p));
        }
        let sends = state.relays[p].place().is_some_and(|last| state.head() > last);
        if left.acks > 0 && sends {
            may(Fault::PublishUnanswered(p));
        }
        let other = Owner::Of(1 - p);
        if left.relay_pauses > 0 && state.relays[p] == Relay::Idle && state.right == other {
            may(Fault::RelayPaused(1 - p));
        }
        if left.view_pauses > 0 && state.builders[p] == Builder::Idle && state.view.owner == other {
            may(Fault::BuilderPaused(1 - p));
        }
    }
    if let Some(stream) = state.stream.as_ref().filter(|_| left.losses > 0) {
        may(Fault::StreamDeleted);
        may(Fault::ForeignMessage);
        if !stream.messages.is_empty() {
            may(Fault::TailLost);
        }
    }
    if left.impatience > 0 {
        let callers = (0..).zip(&state.callers);
        let waiting = callers.filter(|(_, caller)| matches!(caller, Caller::Waiting(_)));
        waiting.for_each(|(request, _)| may(Fault::Impatient(request)));
    }
}

pub(super) fn happen(model: &Copying, state: &mut State, fault: Fault) {
    match fault {
        Fault::Crash(p) => crash(state, p),
        Fault::CrashAfterCommit(p) => {
            write::stored(state, p);
            crash(state, p);
        }
        Fault::CommitFails(p) => {
            state.left.commits -= 1;
            write::let_go(state, p);
            state.writers[p].phase = Phase::Cut;
        }
        Fault::CommitUnanswered(p) => {
            state.left.commits -= 1;
            write::stored(state, p);
            state.writers[p].phase = Phase::Cut;
        }
        Fault::PublishUnanswered(p) => {
            state.left.acks -= 1;
            relay::publish(model, state, p, false);
        }
        Fault::TailLost | Fault::StreamDeleted | Fault::ForeignMessage => lose(state, fault),
        Fault::RelayPaused(p) => {
            state.left.relay_pauses -= 1;
            relay::look(model, state, 1 - p);
        }
        Fault::BuilderPaused(p) => {
            state.left.view_pauses -= 1;
            build::claim(state, 1 - p);
        }
        Fault::Impatient(request) => impatient(state, request),
    }
}

fn crash(state: &mut State, p: Process) {
    state.left.crashes[p] -= 1;
    write::let_go(state, p);
    state.writers[p] = Writer::default();
    for caller in &mut state.callers {
        if *caller == Caller::Waiting(p) {
            *caller = Caller::Unknown;
        }
    }
    state.relays[p] = Relay::Idle;
    state.builders[p] = Builder::Idle;
    for owner in [&mut state.right, &mut state.view.owner] {
        if *owner == Owner::Of(p) {
            *owner = Owner::Gone;
        }
    }
}

fn lose(state: &mut State, fault: Fault) {
    state.left.losses -= 1;
    match (fault, &mut state.stream) {
        (Fault::StreamDeleted, stream) => *stream = None,
        (Fault::TailLost, Some(stream)) => drop(stream.messages.pop()),
        (Fault::ForeignMessage, Some(stream)) => stream.messages.push(FOREIGN),
        _ => {}
    }
}

fn impatient(state: &mut State, request: Request) {
    state.left.impatience -= 1;
    let caller = &mut state.callers[usize::from(request)];
    if let Caller::Waiting(p) = *caller {
        *caller = Caller::Waiting(1 - p);
        state.writers[1 - p].queue |= 1 << request;
    }
}
