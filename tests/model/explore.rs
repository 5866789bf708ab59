//! Runs a model to its end and tells what was found.

use std::fmt::Debug;
use std::hash::Hash;

use stateright::{Checker, HasDiscoveries, Model};

/// What an exploration came to.
#[derive(Debug)]
pub struct Explored {
    /// Different states that were met.
    pub states: usize,
    /// Length of the longest of the shortest ways to a state.
    pub depth: usize,
    /// Properties that do not hold, each with the actions that lead there.
    pub broken: Vec<(&'static str, String)>,
    /// What should be possible, and never was.
    pub never: Vec<&'static str>,
}

impl Explored {
    /// Nothing is broken, and all that should be possible was met.
    ///
    /// # Panics
    /// Else, with the way there.
    pub fn holds(&self) {
        self.is_not_broken_at_all();
        assert!(self.never.is_empty(), "never met: {:?}", self.never);
    }

    /// Every property holds everywhere.
    ///
    /// # Panics
    /// One does not, with the way there.
    pub fn is_not_broken_at_all(&self) {
        if let Some((property, way)) = self.broken.first() {
            panic!("{property}: does not hold after\n{way}");
        }
    }

    /// This property holds everywhere.
    ///
    /// # Panics
    /// It does not, with the way there.
    pub fn is_not_broken(&self, property: &str) {
        let found = self.broken.iter().find(|(name, _)| *name == property);
        if let Some((_, way)) = found {
            panic!("{property}: does not hold after\n{way}");
        }
    }

    /// Each of these properties was found broken: the model can tell.
    ///
    /// # Panics
    /// One was not.
    pub fn is_caught_by(&self, properties: &[&str]) {
        for property in properties {
            let caught = self.broken.iter().any(|(name, _)| name == property);
            assert!(caught, "not caught in {} states: {property}", self.states);
        }
    }
}

/// Explores every state that can be reached, breadth first, so that what is found is the shortest way;
/// ends early only where all of `enough` were found broken. No bound is set: what is not found broken holds in
/// every state.
///
/// # Panics
/// The exploration came to no end.
pub fn explore<M>(model: M, enough: &[&'static str]) -> Explored
where
    M: Model + Send + Sync + 'static,
    M::State: Debug + Hash + Clone + PartialEq + Send + Sync + 'static,
    M::Action: Debug + Clone + PartialEq,
{
    use stateright::Expectation::Sometimes;
    let properties = model.properties();
    let when = match enough {
        [] => HasDiscoveries::All,
        enough => HasDiscoveries::AllOf(enough.iter().copied().collect()),
    };
    let checker = model.checker().threads(2).finish_when(when).spawn_bfs().join();
    assert!(checker.is_done(), "the exploration came to no end");
    let found = checker.discoveries();
    let (mut broken, mut never) = (Vec::new(), Vec::new());
    for property in properties {
        match (property.expectation == Sometimes, found.get(property.name)) {
            (true, None) => never.push(property.name),
            (false, Some(path)) => {
                let way: Vec<String> = path
                    .clone()
                    .into_actions()
                    .iter()
                    .map(|action| format!("{action:?}"))
                    .collect();
                broken.push((property.name, way.join("\n")));
            }
            _ => {}
        }
    }
    Explored { states: checker.unique_state_count(), depth: checker.max_depth(), broken, never }
}
