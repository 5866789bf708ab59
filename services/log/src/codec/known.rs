//! Which types, in which versions, a binary reads: a value, so that what an older binary does with the
//! events of a newer one can be seen with this one's code.

use std::collections::HashSet;
use std::sync::Arc;

use onward_domain::event::{Event, Provenance};

use super::upcast::{self, History};
use super::{DecodeError, Kind, split};

/// What a binary knows of the stored types. By default everything that this one does.
#[derive(Clone, Default)]
pub struct Known {
    lacks: Arc<HashSet<Kind>>,
    #[cfg(test)]
    histories: Arc<std::collections::HashMap<Kind, History>>,
}

impl Known {
    /// As a binary of before these types came: their events are of an unknown type to it. Names that
    /// this binary does not know either are passed over.
    pub fn before<'a>(event_types: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            lacks: Arc::new(event_types.into_iter().filter_map(Kind::of).collect()),
            #[cfg(test)]
            histories: Arc::default(),
        }
    }

    /// As a binary whose version of one type has another history.
    #[cfg(test)]
    pub(super) fn with(kind: Kind, history: History) -> Self {
        Self { histories: Arc::new([(kind, history)].into()), ..Self::default() }
    }

    #[cfg(test)]
    fn history(&self, kind: Kind) -> History {
        self.histories.get(&kind).copied().unwrap_or_else(|| upcast::history(kind))
    }

    #[cfg(not(test))]
    fn history(&self, kind: Kind) -> History {
        upcast::history(kind)
    }

    /// Decodes a stored fact from its public bytes and its opened personal bytes.
    ///
    /// # Errors
    /// [`DecodeError`]; never a panic, whatever the bytes.
    pub fn decode(
        &self,
        event_type: &str,
        schema_version: u16,
        public: &[u8],
        personal: &[u8],
    ) -> Result<(Provenance, Event), DecodeError> {
        let kind = Kind::of(event_type).filter(|kind| !self.lacks.contains(kind));
        let kind = kind.ok_or(DecodeError::UnknownType)?;
        let history = self.history(kind);
        // A newer version may have fields that this binary would take for misplaced: ask for it first.
        let current = upcast::current(history, schema_version, public, personal)?;
        split::check(kind, &current.public, &current.personal)?;
        kind.open(&current.public, &current.personal)
    }
}
