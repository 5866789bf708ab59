//! What a view is: a pure fold over rows of one group, and the tables in which the rows live.

use std::collections::{HashMap, HashSet};
use std::marker::PhantomData;

use async_trait::async_trait;
use onward_domain::event::{Event, Provenance};
use onward_domain::ids::LearnerId;
use onward_log::{Opened, Recorded};
use uuid::Uuid;

use super::erase;
use super::registry::Generation;
use super::store::{Ddl, Tx};
use super::table::Table;
use crate::error::ViewError;

/// An event as a fold sees it: as stored, and opened.
#[derive(Clone, Copy)]
pub(crate) struct Said<'a> {
    pub(crate) recorded: &'a Recorded,
    pub(crate) provenance: &'a Provenance,
    pub(crate) event: &'a Event,
}

/// Why a fold cannot apply an event. The text is shown to operators: nothing about a learner in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unfit(pub(crate) &'static str);

/// A view: what it keeps about one group of rows, and how an event changes it.
#[async_trait]
pub(crate) trait View: Send + Sync + 'static {
    /// Its name, for ever.
    const NAME: &'static str;
    /// Grows when rows folded by the old program would differ.
    const VERSION: i64;
    /// Its tables.
    const TABLES: Ddl;
    /// The tables of its rows.
    const ROWS: &'static [Table];

    /// All rows that one event can touch.
    type Rows: Default + Clone + Send + Sync;

    /// The group that the event belongs to, told from the stored event alone; none where the view has
    /// no use for it. Groups never cross partitions.
    fn group(recorded: &Recorded) -> Option<Uuid>;

    /// Whether the group cannot have rows before this event, so that none need be looked for.
    fn begins(_recorded: &Recorded) -> bool {
        false
    }

    /// Applies one event. Pure.
    ///
    /// # Errors
    /// `Unfit` where it cannot be applied; the rows are then as they were.
    fn apply(rows: &mut Self::Rows, said: &Said<'_>) -> Result<(), Unfit>;

    /// What an event still says whose learner was erased, by its public part alone: for sums that have to
    /// stay. Pure.
    fn erased(_rows: &mut Self::Rows, _recorded: &Recorded) {}

    /// Takes out whatever is kept about an erased learner.
    async fn erase(_tx: &mut Tx, _generation: Generation, _learner: Uuid) -> Result<(), ViewError> {
        Ok(())
    }

    /// Reads the rows of the groups; a group without rows may be left out.
    async fn load(
        tx: &mut Tx,
        generation: Generation,
        groups: &[Uuid],
    ) -> Result<HashMap<Uuid, Self::Rows>, ViewError>;

    /// Writes what differs between the two.
    async fn save(
        tx: &mut Tx,
        generation: Generation,
        before: &HashMap<Uuid, Self::Rows>,
        after: &HashMap<Uuid, Self::Rows>,
    ) -> Result<(), ViewError>;
}

/// A stored event and what came of opening it.
pub(crate) struct Prepared {
    pub(crate) recorded: Recorded,
    pub(crate) reading: Reading,
}

/// What came of opening an event.
pub(crate) enum Reading {
    /// It says this.
    Opened(Box<Opened>),
    /// Its key was destroyed: it says nothing to anybody, and no view shows it.
    Erased,
    /// This program cannot read it; another may.
    Unreadable(&'static str),
}

/// The learner whose events wait together once one of them cannot be applied; the stream, where the
/// event is about no learner.
pub(crate) fn parked_key(recorded: &Recorded) -> Uuid {
    recorded.learner.map_or(recorded.stream, LearnerId::uuid)
}

/// The concept that an event belongs to, the first part of its type.
pub(crate) fn area(recorded: &Recorded) -> &str {
    recorded.event_type.split('.').next().unwrap_or_default()
}

/// An event that was set aside, and why.
pub(crate) struct SetAside<'a> {
    pub(crate) recorded: &'a Recorded,
    pub(crate) reason: &'static str,
    /// It can be applied, but waits behind one that cannot.
    pub(crate) behind: bool,
}

/// A view without its types, for the engine.
#[async_trait]
pub(crate) trait Applier: Send + Sync {
    fn name(&self) -> &'static str;
    fn version(&self) -> i64;
    fn ddl(&self) -> Ddl;
    fn tables(&self) -> &'static [Table];

    /// Applies the events, in order, inside the transaction. Those of `blocked` keys are set aside.
    async fn apply<'a>(
        &self,
        tx: &mut Tx,
        generation: Generation,
        events: &[&'a Prepared],
        blocked: HashSet<Uuid>,
    ) -> Result<Vec<SetAside<'a>>, ViewError>;
}

/// Gives a [`View`] to the engine.
pub(crate) struct Folding<V>(PhantomData<V>);

impl<V> Folding<V> {
    pub(crate) const fn new() -> Self {
        Self(PhantomData)
    }
}

#[async_trait]
impl<V: View> Applier for Folding<V> {
    fn name(&self) -> &'static str {
        V::NAME
    }

    fn version(&self) -> i64 {
        V::VERSION
    }

    fn ddl(&self) -> Ddl {
        V::TABLES
    }

    fn tables(&self) -> &'static [Table] {
        V::ROWS
    }

    async fn apply<'a>(
        &self,
        tx: &mut Tx,
        generation: Generation,
        events: &[&'a Prepared],
        blocked: HashSet<Uuid>,
    ) -> Result<Vec<SetAside<'a>>, ViewError> {
        let mut groups: HashMap<Uuid, bool> = HashMap::new();
        for event in events {
            if let Some(group) = V::group(&event.recorded) {
                groups.entry(group).or_insert_with(|| V::begins(&event.recorded));
            }
        }
        if groups.is_empty() {
            erase::rows::<V>(tx, generation, events).await?;
            return Ok(Vec::new());
        }
        let groups: Vec<Uuid> =
            groups.into_iter().filter(|(_, begins)| !begins).map(|(group, _)| group).collect();
        let before = V::load(tx, generation, &groups).await?;
        let mut after = before.clone();
        let aside = fold::<V>(&mut after, events, blocked);
        V::save(tx, generation, &before, &after).await?;
        erase::rows::<V>(tx, generation, events).await?;
        Ok(aside)
    }
}

/// The fold of a batch: pure, so that what is set aside and what goes on can be tested without a
/// database.
fn fold<'a, V: View>(
    rows: &mut HashMap<Uuid, V::Rows>,
    events: &[&'a Prepared],
    mut blocked: HashSet<Uuid>,
) -> Vec<SetAside<'a>> {
    let mut aside = Vec::new();
    for prepared in events {
        let recorded = &prepared.recorded;
        let Some(group) = V::group(recorded) else { continue };
        let key = parked_key(recorded);
        if erase::is_erasure(recorded) {
            blocked.remove(&key);
        }
        if blocked.contains(&key) {
            let reason = "waits behind an event that could not be applied";
            aside.push(SetAside { recorded, reason, behind: true });
            continue;
        }
        let outcome = match &prepared.reading {
            Reading::Erased => {
                V::erased(rows.entry(group).or_default(), recorded);
                Ok(())
            }
            Reading::Unreadable(reason) => Err(*reason),
            Reading::Opened(opened) => {
                let Opened { provenance, event } = &**opened;
                let said = Said { recorded, provenance, event };
                V::apply(rows.entry(group).or_default(), &said).map_err(|unfit| unfit.0)
            }
        };
        if let Err(reason) = outcome {
            blocked.insert(key);
            aside.push(SetAside { recorded, reason, behind: false });
        }
    }
    aside
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given;

    /// Counts events and chokes on removals.
    struct Count;

    #[async_trait]
    impl View for Count {
        const NAME: &'static str = "count";
        const VERSION: i64 = 1;
        const TABLES: Ddl = Ddl { sqlite: "", postgres: "" };
        const ROWS: &'static [Table] = &[];
        type Rows = usize;

        fn group(recorded: &Recorded) -> Option<Uuid> {
            recorded.learner.map(LearnerId::uuid)
        }

        fn apply(rows: &mut usize, said: &Said<'_>) -> Result<(), Unfit> {
            if said.recorded.event_type == "learner.poison" {
                return Err(Unfit("chokes"));
            }
            *rows += 1;
            Ok(())
        }

        async fn load(
            _: &mut Tx,
            _: Generation,
            _: &[Uuid],
        ) -> Result<HashMap<Uuid, usize>, ViewError> {
            Ok(HashMap::new())
        }

        async fn save(
            _: &mut Tx,
            _: Generation,
            _: &HashMap<Uuid, usize>,
            _: &HashMap<Uuid, usize>,
        ) -> Result<(), ViewError> {
            Ok(())
        }
    }

    fn prepared(learner: u128, event_type: &str, reading: Option<Reading>) -> Prepared {
        let (mut recorded, opened) = given::linked(learner, learner + 100);
        recorded.event_type = event_type.to_owned();
        Prepared { recorded, reading: reading.unwrap_or(Reading::Opened(Box::new(opened))) }
    }

    #[test]
    fn given_a_poison_event_its_learner_waits_and_nobody_else() {
        let events = [
            prepared(1, "learner.record_linked", None),
            prepared(2, "learner.record_linked", None),
            prepared(1, "learner.poison", None),
            prepared(1, "learner.record_linked", None),
            prepared(2, "learner.record_linked", None),
        ];
        let mut rows = HashMap::new();
        let aside = fold::<Count>(&mut rows, &events.iter().collect::<Vec<_>>(), HashSet::new());
        let kinds: Vec<bool> = aside.iter().map(|aside| aside.behind).collect();
        assert_eq!(kinds, [false, true]);
        assert_eq!(rows[&Uuid::from_u128(1)], 1);
        assert_eq!(rows[&Uuid::from_u128(2)], 2);
    }

    #[test]
    fn given_a_learner_parked_before_everything_of_theirs_waits() {
        let events = [prepared(1, "learner.record_linked", None)];
        let blocked = HashSet::from([Uuid::from_u128(1)]);
        let aside = fold::<Count>(&mut HashMap::new(), &events.iter().collect::<Vec<_>>(), blocked);
        assert!(aside.iter().all(|aside| aside.behind) && aside.len() == 1);
    }

    #[test]
    fn an_unreadable_event_is_set_aside_and_an_erased_one_is_passed_over() {
        let events = [
            prepared(1, "learner.new_thing", Some(Reading::Unreadable("not known"))),
            prepared(2, "learner.record_linked", Some(Reading::Erased)),
            prepared(2, "learner.record_linked", None),
        ];
        let mut rows = HashMap::new();
        let aside = fold::<Count>(&mut rows, &events.iter().collect::<Vec<_>>(), HashSet::new());
        assert_eq!(aside.len(), 1);
        assert_eq!(aside[0].reason, "not known");
        assert_eq!(rows, HashMap::from([(Uuid::from_u128(2), 1)]));
    }
}
