//! Look-ups of one call, asked together.
//!
//! A call asks who its caller is, whose the learner is, which settings are named: each a look-up of its
//! own, each a wait of its own. What a request shows that it will need is asked in one statement on
//! the way in, and found here when its turn comes. The order of judgement stays: whoever is refused
//! never learns what else was asked. Nothing is kept for the next call: what a role or a relation is
//! worth is asked of the log with every call.

use std::sync::Arc;

use onward_log::{Found, Key, LogError};

use crate::Doors;

/// What one statement said about these keys.
pub(crate) struct Known {
    keys: Vec<Key>,
    found: Vec<Found>,
}

impl Known {
    /// The holders of these keys, where all of them were asked about.
    fn answer(&self, keys: &[Key]) -> Option<Vec<Found>> {
        let mut answer = Vec::new();
        for (key_index, key) in keys.iter().enumerate() {
            let place = self.keys.iter().position(|known| known == key)?;
            let held = self.found.iter().filter(|found| found.key_index == place);
            answer.extend(held.map(|found| Found { key_index, ..*found }));
        }
        Some(answer)
    }
}

impl Doors {
    /// The doors for the rest of one call, with what the log says about these keys now.
    ///
    /// # Errors
    /// The log cannot be read.
    pub(crate) async fn asking(&self, keys: Vec<Key>) -> Result<Self, LogError> {
        let found = self.log().find(&keys).await?;
        let known = Some(Arc::new(Known { keys, found }));
        Ok(Self { parts: Arc::clone(&self.parts), known })
    }

    /// Holders of keys: as they were asked about on the way in, else as the log says now.
    ///
    /// # Errors
    /// The log cannot be read.
    pub(crate) async fn find(&self, keys: &[Key]) -> Result<Vec<Found>, LogError> {
        match self.known.as_ref().and_then(|known| known.answer(keys)) {
            Some(found) => Ok(found),
            None => self.log().find(keys).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use onward_log::Scope;
    use uuid::Uuid;

    use super::*;

    fn key(text: &str) -> Key {
        Key::new(Scope::OwnRef, &[text.as_bytes()])
    }

    fn held(key_index: usize, stream: u128) -> Found {
        let stream = Uuid::from_u128(stream);
        Found { key_index, stream, valid_from: None, valid_until: None }
    }

    #[test]
    fn what_was_asked_is_answered_in_the_order_of_the_question() {
        let keys = vec![key("a"), key("b"), key("c")];
        let known = Known { keys, found: vec![held(0, 10), held(2, 30), held(2, 31)] };
        let answer = known.answer(&[key("c"), key("a")]);
        assert_eq!(answer, Some(vec![held(0, 30), held(0, 31), held(1, 10)]));
        assert_eq!(known.answer(&[key("b")]), Some(Vec::new()), "nobody holds it");
    }

    #[test]
    fn what_was_not_asked_is_not_known() {
        let known = Known { keys: vec![key("a")], found: Vec::new() };
        assert_eq!(known.answer(&[key("a"), key("d")]), None);
        let other_scope = Key::new(Scope::ExternalRef, &[b"a"]);
        assert_eq!(known.answer(&[other_scope]), None);
    }
}
