//! What has to hold, and what has to be met on the way.

use stateright::Property;

use super::relay::REUSED;
use super::{Caller, Copying, Owner, Process, REQUESTS, Request, State, Stream};

/// Promise 2.
pub const ORDER: &str = "positions are 1, 2, 3 in the order of commits";
/// Promise 3.
pub const ONCE: &str = "no request is in the log twice";
/// Promise 1.
pub const DURABLE: &str = "what was answered OK is in the log where the answer says";
/// Promise 4.
pub const COPY: &str = "stream sequence = position, with the right event";
/// What consumers beyond the house rely on.
pub const NUMBERS: &str = "an incarnation's number is used once";
/// Promise 3.
pub const VIEW: &str = "the view is the fold of the log up to its checkpoint";
/// Nothing waits for ever.
pub const REST: &str = "at rest everything is answered, copied and applied";
/// The same, along every way.
pub const EVENTUALLY: &str = "everything is answered, copied and applied in the end";

/// Every property, by its name.
pub(super) fn all() -> Vec<Property<Copying>> {
    vec![
        Property::always(ORDER, |_, state: &State| {
            state.log.iter().zip(1..).all(|(entry, place)| entry.position == place)
        }),
        Property::always(ONCE, |_, state: &State| {
            let of = |request: Request| state.log.iter().filter(|e| e.request == request).count();
            (0..REQUESTS as u8).all(|request| of(request) <= 1)
        }),
        Property::always(DURABLE, |_, state: &State| {
            let kept = |(request, caller): (u8, &Caller)| match caller {
                Caller::Ok(position) => state.at(*position) == Some(request),
                _ => true,
            };
            (0..).zip(&state.callers).all(kept)
        }),
        Property::always(COPY, |_, state: &State| {
            state
                .stream
                .iter()
                .flat_map(Stream::events)
                .all(|(sequence, request)| state.at(sequence) == Some(request))
        }),
        Property::always(NUMBERS, |_, state: &State| state.numbers & REUSED == 0),
        Property::always(VIEW, |_, state: &State| state.view.is_fold_of(&state.log)),
        Property::always(REST, |model: &Copying, state: &State| {
            let mut steps = Vec::new();
            model.steps(state, &mut steps);
            !steps.is_empty() || state.done(model)
        }),
        Property::eventually(EVENTUALLY, |model: &Copying, state: &State| state.done(model)),
        Property::sometimes("a relay can publish that has lost the right", |_, state: &State| {
            let ends = state.stream.as_ref().map(Stream::last);
            let can = |p: Process| state.relays[p].place().is_some_and(|last| Some(last) == ends);
            let stale = |p: Process| can(p) && state.right != Owner::Of(p);
            stale(0) || stale(1)
        }),
        Property::sometimes("an incarnation begins above 1", |_, state: &State| {
            state.stream.as_ref().is_some_and(|stream| stream.first > 1)
        }),
        Property::sometimes("two projectors are about to apply the same", |_, state: &State| {
            let place = |p: Process| state.builders[p].place();
            place(0).is_some() && place(0) == place(1)
        }),
    ]
}
