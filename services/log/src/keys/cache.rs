//! Unwrapped keys of the subjects that were needed last: bounded, and wiped when they leave.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

use crate::seal::SecretKey;

/// Keys in one generation at most; two are kept (about 100 bytes a key).
const GENERATION: usize = 16_384;

/// Two generations: what is used moves to the young one; when that is full, the old one is dropped.
#[derive(Default)]
pub(super) struct Cache(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    young: HashMap<Uuid, Arc<SecretKey>>,
    old: HashMap<Uuid, Arc<SecretKey>>,
}

impl Cache {
    pub(super) fn get(&self, subject: &Uuid) -> Option<Arc<SecretKey>> {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = generations.young.get(subject) {
            return Some(Arc::clone(key));
        }
        let key = generations.old.remove(subject)?;
        generations.put(*subject, Arc::clone(&key));
        Some(key)
    }

    pub(super) fn put(&self, subject: Uuid, key: &Arc<SecretKey>) {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        generations.put(subject, Arc::clone(key));
    }
}

impl Cache {
    pub(super) fn remove(&self, subject: &Uuid) {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        generations.young.remove(subject);
        generations.old.remove(subject);
    }
}

impl Generations {
    fn put(&mut self, subject: Uuid, key: Arc<SecretKey>) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(subject, key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounded_and_keeps_what_is_used() {
        let cache = Cache::default();
        let key = Arc::new(SecretKey::new([1; 32]));
        let used = Uuid::from_u128(u128::MAX);
        cache.put(used, &key);
        for number in 0..3 * GENERATION as u128 {
            cache.put(Uuid::from_u128(number), &key);
            if number % 1_000 == 0 {
                assert!(cache.get(&used).is_some(), "used again and again");
            }
        }
        assert!(cache.get(&Uuid::from_u128(0)).is_none(), "long out of use");
        assert!(Arc::strong_count(&key) <= 2 * GENERATION + 3);
    }
}
