//! A view's next generation: built from the first event beside the one that serves, compared, switched to,
//! and switched back from, while writes go on and processes die.
//!
//! The design is the walk "a rebuild" of `ARCHITECTURE.md`: a generation has tables and checkpoints of its
//! own; it is compared in one snapshot at an equal checkpoint, and what that came to is kept; the switch is one
//! transaction that holds every owner off, and is refused unless the comparison came out equal and the new
//! generation has seen at least what the old one has; what served before goes on being kept.
//!
//! Left out: partitions (one stands for all), and a fold that goes wrong only after it was compared.
//!
//! | action | mirrors |
//! |---|---|
//! | `Append` | a commit of the log |
//! | `Apply` | `apply` in `services/views/src/engine/apply.rs`, which each generation has a transaction of its own in |
//! | `Begin` | `begin` in `services/views/src/engine/switch.rs` |
//! | `Compare` | `compare` in `services/views/src/engine/compare.rs` |
//! | `Switch` | `try_switch` in `services/views/src/engine/switch.rs`, there and back: `judge`, `level`, `set_state`, `point` |
//! | `Read` | a query: which generation serves, and its rows, in one snapshot |

use stateright::{Model, Property};

/// Events that are appended in all.
const EVENTS: u8 = 4;

/// One of the two generations.
pub type Generation = usize;

/// The model, as designed or broken in one way.
#[derive(Clone, Copy, Debug)]
pub struct Switching {
    /// What is broken, if anything.
    pub broken: Option<Broken>,
    /// The new generation's fold loses the first event: a fault of the new program.
    pub faulty: bool,
    /// How often the rebuilding process may die.
    pub crashes: u8,
}

/// A way to do it wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// Switched to wherever the new generation is.
    UnequalCheckpoint,
    /// How far both are is looked at in one transaction, and switched in the next: nobody is held off.
    LookedBefore,
    /// Switched to without comparing.
    NoComparison,
    /// The new generation begins at the checkpoint of the old one, and so has nothing to compare.
    BeginAtCheckpoint,
    /// The old generation is no longer kept once the new one serves.
    OldIsLeft,
    /// The old one is taken out of service in one transaction, and the new one put in with the next.
    TwoTransactions,
    /// Checkpoint first, rows in a transaction of their own.
    CheckpointFirst,
}

/// The tables of one generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Tables {
    /// How often each event was applied.
    pub rows: [u8; EVENTS as usize],
    /// The position up to which everything was seen.
    pub checkpoint: u8,
    /// Broken only: an event whose checkpoint is stored, and whose row is not.
    pub owed: Option<u8>,
}

/// Everything there is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// Events in the log.
    pub head: u8,
    /// Old and new; the new one is there once the rebuild has begun.
    pub tables: [Option<Tables>; 2],
    /// Which one answers.
    pub serving: Option<Generation>,
    /// The new one was compared, and was equal.
    pub compared: bool,
    /// Broken only: which one may serve, or is about to.
    pub pending: Option<Generation>,
    /// The highest position that a reader was told.
    pub told: u8,
    /// Switches so far.
    pub switches: u8,
    /// Deaths that are left.
    pub crashes: u8,
    /// What a reader was told last does not follow from the log.
    pub lied: bool,
    /// A reader was told less than one before.
    pub back: bool,
    /// A reader was told nothing.
    pub refused: bool,
}

/// One step of anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// An event is committed.
    Append,
    /// The rebuild begins.
    Begin,
    /// A generation applies its next event.
    Apply(Generation),
    /// Broken only: the rows of an event whose checkpoint is stored.
    ApplyRest(Generation),
    /// The new generation is compared with the old one.
    Compare,
    /// Broken only: the first of two transactions of a switch.
    Prepare(Generation),
    /// The other generation serves from now on.
    Switch(Generation),
    /// Somebody asks.
    Read,
    /// The process that rebuilds dies: what it had in memory is gone.
    Crash,
}

/// Names of the properties.
pub mod property {
    /// An answer is the fold of the log up to the position that it names.
    pub const TRUE: &str = "what a reader is told is the fold of the log up to there";
    /// `min_position` and resuming rely on it.
    pub const FORWARD: &str = "no reader is told less than one before";
    /// Nobody notices a switch.
    pub const SERVED: &str = "a reader is always answered";
    /// The way back leads to something that is up to date.
    pub const WAY_BACK: &str = "at rest what does not serve is as far as what does";
    /// Progress.
    pub const REST: &str = "at rest what serves has everything";
}

impl Tables {
    /// The rows after the events up to the checkpoint.
    fn is_fold(&self) -> bool {
        let wanted = |at: usize| u8::from(at < usize::from(self.checkpoint));
        self.rows.iter().enumerate().all(|(at, count)| *count == wanted(at))
    }
}

impl Switching {
    /// As designed.
    pub const fn faithful(faulty: bool) -> Self {
        Self { broken: None, faulty, crashes: 1 }
    }

    /// The same, broken.
    pub const fn but(self, broken: Broken) -> Self {
        Self { broken: Some(broken), ..self }
    }

    fn is(&self, broken: Broken) -> bool {
        self.broken == Some(broken)
    }

    /// What the switching transaction asks for, of one snapshot.
    fn admits(&self, state: &State, to: Generation) -> bool {
        let (Some(old), Some(new)) = (&state.tables[1 - to], &state.tables[to]) else {
            return false;
        };
        let judged = to == 0 || state.compared || self.is(Broken::NoComparison);
        let level = new.checkpoint >= old.checkpoint || self.is(Broken::UnequalCheckpoint);
        (judged || self.is(Broken::BeginAtCheckpoint)) && level
    }

    /// Both are there and as far as each other: they can be compared.
    fn comparable(state: &State) -> Option<bool> {
        let [Some(old), Some(new)] = &state.tables else { return None };
        (old.checkpoint == new.checkpoint).then_some(old.rows == new.rows)
    }

    /// The switch is made in two steps.
    fn in_two(&self) -> bool {
        self.is(Broken::LookedBefore) || self.is(Broken::TwoTransactions)
    }

    fn kept(&self, state: &State, generation: Generation) -> bool {
        !self.is(Broken::OldIsLeft) || state.switches == 0 || state.serving == Some(generation)
    }

    fn steps(&self, state: &State, steps: &mut Vec<Action>) {
        if state.head < EVENTS {
            steps.push(Action::Append);
        }
        if state.tables[1].is_none() {
            steps.push(Action::Begin);
        }
        for generation in 0..2 {
            let Some(tables) = &state.tables[generation] else { continue };
            if tables.owed.is_some() {
                steps.push(Action::ApplyRest(generation));
            } else if tables.checkpoint < state.head && self.kept(state, generation) {
                steps.push(Action::Apply(generation));
            }
            self.switches(state, generation, steps);
        }
        if state.switches == 0 && Self::comparable(state) == Some(true) && !state.compared {
            steps.push(Action::Compare);
        }
    }

    /// There and back, once each.
    fn switches(&self, state: &State, to: Generation, steps: &mut Vec<Action>) {
        let due = usize::from(state.switches) + to == 1 && state.switches < 2;
        if !due {
            return;
        }
        if state.pending == Some(to) {
            steps.push(Action::Switch(to));
        } else if self.admits(state, to) {
            steps.push(if self.in_two() { Action::Prepare(to) } else { Action::Switch(to) });
        }
    }
}

fn apply(model: &Switching, state: &mut State, generation: Generation) {
    let Some(tables) = &mut state.tables[generation] else { return };
    let event = tables.checkpoint;
    tables.checkpoint += 1;
    if model.is(Broken::CheckpointFirst) {
        tables.owed = Some(event);
    } else if !(model.faulty && generation == 1 && event == 0) {
        tables.rows[usize::from(event)] += 1;
    }
}

fn read(state: &mut State) {
    let Some(tables) = state.serving.and_then(|serving| state.tables[serving]) else {
        state.refused = true;
        return;
    };
    state.lied |= !tables.is_fold();
    state.back |= tables.checkpoint < state.told;
    state.told = state.told.max(tables.checkpoint);
}

impl Model for Switching {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        // A rebuild begins where something has been written.
        let mut old = Tables { checkpoint: 1, ..Tables::default() };
        old.rows[0] = 1;
        vec![State {
            head: 1,
            tables: [Some(old), None],
            serving: Some(0),
            compared: false,
            pending: None,
            told: 0,
            switches: 0,
            crashes: self.crashes,
            lied: false,
            back: false,
            refused: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        self.steps(state, actions);
        actions.push(Action::Read);
        if state.crashes > 0 {
            actions.push(Action::Crash);
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Append => state.head += 1,
            Action::Begin => {
                let at = if self.is(Broken::BeginAtCheckpoint) { state.tables[0] } else { None };
                let checkpoint = at.map(|tables| tables.checkpoint).unwrap_or_default();
                state.tables[1] = Some(Tables { checkpoint, ..Tables::default() });
            }
            Action::Apply(generation) => apply(self, &mut state, generation),
            Action::ApplyRest(generation) => {
                let tables = state.tables[generation].as_mut()?;
                let event = tables.owed.take()?;
                tables.rows[usize::from(event)] += 1;
            }
            Action::Compare => state.compared = Self::comparable(&state) == Some(true),
            Action::Prepare(to) => {
                state.pending = Some(to);
                if self.is(Broken::TwoTransactions) {
                    state.serving = None;
                }
            }
            Action::Switch(to) => {
                state.serving = Some(to);
                state.pending = None;
                state.switches += 1;
            }
            Action::Read => read(&mut state),
            Action::Crash => {
                state.crashes -= 1;
                state.pending = None;
                for tables in state.tables.iter_mut().flatten() {
                    tables.owed = None;
                }
            }
        }
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(property::TRUE, |_, state: &State| !state.lied),
            Property::always(property::FORWARD, |_, state: &State| !state.back),
            Property::always(property::SERVED, |_, state: &State| !state.refused),
            Property::always(property::WAY_BACK, |model: &Self, state: &State| {
                let places: Vec<_> =
                    state.tables.iter().flatten().map(|it| it.checkpoint).collect();
                model.moves(state) || places.iter().all(|place| *place == state.head)
            }),
            Property::always(property::REST, |model: &Self, state: &State| {
                let serves = state.serving.and_then(|serving| state.tables[serving]);
                model.moves(state) || serves.is_some_and(|it| it.checkpoint == state.head)
            }),
            Property::sometimes(
                "the new generation serves while writes go on",
                |_, state: &State| state.serving == Some(1) && state.head < EVENTS,
            ),
            Property::sometimes("the way back is taken", |_, state: &State| state.switches == 2),
        ]
    }
}

impl Switching {
    /// Somebody can still take a step.
    fn moves(&self, state: &State) -> bool {
        let mut steps = Vec::new();
        self.steps(state, &mut steps);
        !steps.is_empty()
    }
}
