//! Two processes, each with a batcher, a relay and a projector, over one log, one stream and one view;
//! callers that ask again; and every fault that the promises speak of, at every place.
//!
//! | action | mirrors |
//! |---|---|
//! | `Open`, `Commit` | `decide` and `run` in `services/log/src/batch.rs`: lock, read, judge, write, commit, answer |
//! | `Ask` | a client with the same request id; `Judge::append` in `services/log/src/judge` finds the kept answer |
//! | `Look`, `Make` | `Relay::spell` in `services/bus/src/relay.rs` with `own`, and `present`, `look`, `retire` in `services/bus/src/stream.rs`, `create` in `incarnation.rs` beside it: a number is given out by the log (`begin_incarnation`), then a stream made under it |
//! | `Publish` | `Relay::copy`, and `publish` in `services/bus/src/batch.rs` |
//! | `Renew` | `Relay::renew` with `unchanged` |
//! | `Claim` | `claim` in `services/views/src/engine/owner.rs`, `load` in `checkpoint.rs` beside it |
//! | `ApplyLog`, `ApplyStream` | `Engine::take` and `catch_up` in `services/views/src/engine/run.rs`, with the stream as `services/bus/src/read_stream.rs` hands it out; `apply` in `services/views/src/engine/apply.rs`: `hold`, rows, `save`, one transaction |
//!
//! Steps that nothing can come between are one: what is read under the lock is read with the lock. So are a
//! relay's or projector's reading of the log and what it does with it, since what is read never changes;
//! how old its knowledge of its *place* may be is what counts, and that is kept. Time is no clock here: a
//! lease may run out whenever its owner is dead, and a bounded number of times while it lives (a pause).
//! Everything that goes wrong does so a bounded number of times, and may at any moment; everything else
//! goes on in any order. The partitions of a view are independent, so that one stands for all.

mod build;
mod faults;
pub mod property;
mod relay;
mod write;

use stateright::{Model, Property};

pub use build::{Builder, Track, View};
pub use faults::{Fault, Faults};
pub use relay::{Relay, Stream};
pub use write::{Caller, Known, Phase, Writer};

/// Requests, each of one event.
pub const REQUESTS: usize = 3;

/// One of the two processes.
pub type Process = usize;

/// A request, by its number.
pub type Request = u8;

/// The model, as the program is or broken in one way.
#[derive(Clone, Copy, Debug)]
pub struct Copying {
    /// What is broken, if anything.
    pub broken: Option<Broken>,
    /// What keeps two projectors apart.
    pub fence: Fence,
    /// How many of the requests are made.
    pub requests: usize,
    /// Who takes part beside the batchers.
    pub parts: Parts,
    /// What may go wrong.
    pub faults: Faults,
}

/// A way in which people have built this and lost events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// Positions come from a sequence: no lock, and gaps where a transaction fails or is late.
    Sequence,
    /// The head is read before the lock is held.
    HeadBeforeLock,
    /// A commit whose answer was lost is repeated without asking what became of it.
    RepeatBlindly,
    /// The answer goes out before the commit.
    AnswerFirst,
    /// The relay keeps its own checkpoint instead of asking the stream.
    OwnCheckpoint,
    /// Batches are published without the sequence that they follow.
    NoExpectedSequence,
    /// The next incarnation's number follows from the streams that are left.
    NumberFromWhatIsLeft,
    /// The next incarnation's number is read beside the log, and noted there once the stream is made.
    NumberNotedLate,
    /// The next incarnation begins at sequence 1, whatever its first position.
    BeginAtOne,
    /// The projector's checkpoint is stored before the rows.
    CheckpointFirst,
    /// The projector's rows are stored before the checkpoint.
    RowsFirst,
}

/// What an applying transaction compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fence {
    /// Owner, epoch, and the old checkpoint: the program.
    Both,
    /// The old checkpoint only.
    Checkpoint,
    /// Owner and epoch only.
    Epoch,
    /// Nothing.
    None,
}

/// Who takes part beside the batchers. Relay and view meet nowhere but in the log and in what the stream
/// holds, and that is the log's own: so larger cases are explored one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parts {
    /// Relays and projectors.
    All,
    /// Relays.
    Relays,
    /// Projectors.
    Builders,
}

/// A row of ownership.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// Nobody's.
    Free,
    /// This process's.
    Of(Process),
    /// A process's that has died; its time will run out.
    Gone,
}

/// A committed event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Entry {
    /// Its place.
    pub position: u8,
    /// What asked for it.
    pub request: Request,
}

/// Everything there is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// The log, in the order of commits.
    pub log: Vec<Entry>,
    /// The last number that a sequence gave out ([`Broken::Sequence`] only).
    pub sequence: u8,
    /// Who holds the log's lock.
    pub lock: Option<Process>,
    /// What the callers know.
    pub callers: [Caller; REQUESTS],
    /// The batchers.
    pub writers: [Writer; 2],
    /// The present incarnation.
    pub stream: Option<Stream>,
    /// Numbers of incarnations that were made, as bits; the highest bit: one was made twice.
    pub numbers: u16,
    /// The row of the right to relay.
    pub right: Owner,
    /// The highest number of an incarnation that the log has given out.
    pub issued: u8,
    /// The relay's own checkpoint ([`Broken::OwnCheckpoint`] only).
    pub mark: u8,
    /// The relays.
    pub relays: [Relay; 2],
    /// The view's tables.
    pub view: View,
    /// The projectors.
    pub builders: [Builder; 2],
    /// What may still go wrong.
    pub left: Faults,
}

/// One step of anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Broken only: the head is read without the lock.
    Peek(Process),
    /// A batch is cut, the lock taken, what is known read.
    Open(Process),
    /// The batch is committed and answered.
    Commit(Process),
    /// A caller who does not know asks again, elsewhere.
    Ask(Request),
    /// The relay owns the right and looks at the stream.
    Look(Process),
    /// The relay makes the next incarnation.
    Make(Process),
    /// The relay publishes the next events of the log.
    Publish(Process),
    /// The relay notices that it has lost the right, or that the stream has changed.
    Renew(Process),
    /// The projector owns its slice and reads how far the view is.
    Claim(Process),
    /// The projector applies the next event of the log.
    ApplyLog(Process),
    /// The projector applies the next event that the stream brings.
    ApplyStream(Process),
    /// The projector learns that it has lost its slice.
    Stumble(Process),
    /// Broken only: the second half of applying in two transactions.
    ApplyRest(Process),
    /// Something goes wrong.
    Fault(Fault),
}

impl State {
    /// The last position that a reader can see.
    pub fn head(&self) -> u8 {
        self.log.iter().map(|entry| entry.position).max().unwrap_or_default()
    }

    /// The event at a position.
    fn at(&self, position: u8) -> Option<Request> {
        let found = self.log.iter().find(|entry| entry.position == position);
        found.map(|entry| entry.request)
    }

    /// Everything is answered, copied and applied.
    fn done(&self, model: &Copying) -> bool {
        let head = self.head();
        let answered = self.callers[..model.requests].iter().all(|c| matches!(c, Caller::Ok(_)));
        let copied = self.stream.as_ref().is_some_and(|it| it.whole() && it.last() == head);
        let applied = self.view.checkpoint == head;
        answered
            && (copied || model.parts == Parts::Builders)
            && (applied || model.parts == Parts::Relays)
    }
}

impl Copying {
    /// What the program does, with these many requests and faults.
    pub const fn faithful(requests: usize, faults: Faults) -> Self {
        Self { broken: None, fence: Fence::Both, requests, parts: Parts::All, faults }
    }

    /// The same, with these parts only.
    pub const fn only(self, parts: Parts) -> Self {
        Self { parts, ..self }
    }

    /// The same, broken.
    pub const fn but(self, broken: Broken) -> Self {
        Self { broken: Some(broken), ..self }
    }

    /// The same, with another fence.
    pub const fn fenced(self, fence: Fence) -> Self {
        Self { fence, ..self }
    }

    fn is(&self, broken: Broken) -> bool {
        self.broken == Some(broken)
    }

    /// Broken only: relays choose their incarnations' numbers by themselves.
    fn guesses(&self) -> bool {
        self.is(Broken::NumberFromWhatIsLeft) || self.is(Broken::NumberNotedLate)
    }

    /// Steps that somebody can take; faults are none.
    fn steps(&self, state: &State, steps: &mut Vec<Action>) {
        write::steps(self, state, steps);
        if self.parts != Parts::Builders {
            relay::steps(self, state, steps);
        }
        if self.parts != Parts::Relays {
            build::steps(state, steps);
        }
    }
}

impl Model for Copying {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let mut writers = [Writer::default(), Writer::default()];
        let mut callers = [Caller::Silent; REQUESTS];
        for (request, caller) in callers.iter_mut().enumerate().take(self.requests) {
            *caller = Caller::Waiting(request % 2);
            writers[request % 2].queue |= 1 << request;
        }
        vec![State {
            log: Vec::new(),
            sequence: 0,
            lock: None,
            callers,
            writers,
            stream: None,
            numbers: 0,
            right: Owner::Free,
            issued: 0,
            mark: 0,
            relays: [Relay::Idle; 2],
            view: View::default(),
            builders: [Builder::Idle; 2],
            left: self.faults,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        self.steps(state, actions);
        faults::possible(state, actions);
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Peek(p) => write::peek(&mut state, p),
            Action::Open(p) => write::open(self, &mut state, p),
            Action::Commit(p) => write::commit(&mut state, p),
            Action::Ask(request) => write::ask(&mut state, request),
            Action::Look(p) => relay::look(self, &mut state, p),
            Action::Make(p) => relay::make(self, &mut state, p),
            Action::Publish(p) => relay::publish(self, &mut state, p, true),
            Action::Renew(p) => state.relays[p] = Relay::Idle,
            Action::Claim(p) => build::claim(&mut state, p),
            Action::ApplyLog(p) => build::apply(self, &mut state, p, build::next_of_log),
            Action::ApplyStream(p) => build::apply(self, &mut state, p, build::next_of_stream),
            Action::Stumble(p) => state.builders[p] = Builder::Idle,
            Action::ApplyRest(p) => build::apply_rest(self, &mut state, p),
            Action::Fault(fault) => faults::happen(self, &mut state, fault),
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        property::all()
    }
}
