//! The settings of a stream: what an incarnation is made with, and what a copy depends on.

use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, State, StorageType};
use uuid::Uuid;

use crate::connect::BusOptions;
use crate::subject;

/// The stream's own word on whose copy it is: the log's id, which no other log has.
pub(crate) const COPY_OF: &str = "onward-log";

/// The log's epoch when the incarnation was made. A later epoch means that the log was restored since.
pub(crate) const EPOCH: &str = "onward-epoch";

/// Set on an incarnation that is no longer the copy; its value says whether it may be removed.
pub(crate) const RETIRED: &str = "onward-retired";

/// Value of [`RETIRED`]: the log has all of it.
pub(crate) const SPENT: &str = "spent";

/// Value of [`RETIRED`]: it may hold the only traces of what a restored database lost. Kept for good.
pub(crate) const BEFORE_RESTORE: &str = "before-restore";

/// What an incarnation is made with.
pub(crate) struct Made<'a> {
    pub(crate) log: Uuid,
    pub(crate) epoch: u64,
    pub(crate) options: &'a BusOptions,
    pub(crate) first: u64,
}

impl Made<'_> {
    pub(crate) fn settings(&self, name: &str) -> Config {
        let metadata = [(COPY_OF, self.log.to_string()), (EPOCH, self.epoch.to_string())];
        Config {
            name: name.to_owned(),
            subjects: vec![subject::LISTENED.to_owned()],
            retention: RetentionPolicy::Limits,
            discard: DiscardPolicy::New,
            storage: StorageType::File,
            num_replicas: self.options.replicas,
            deny_delete: true,
            deny_purge: true,
            allow_direct: true,
            allow_atomic_publish: true,
            first_sequence: Some(self.first),
            description: Some("Onward: a copy of the log; sequence = position".to_owned()),
            metadata: metadata.map(|(name, value)| (name.to_owned(), value)).into(),
            ..Config::default()
        }
    }
}

/// Settings that a copy depends on. What only costs (replicas, windows, limits on consumers) may be
/// changed by whoever runs the server.
pub(crate) fn as_made(found: &Config) -> bool {
    let keeps_all = may_discard(found).is_none()
        && found.storage == StorageType::File
        && found.max_messages <= 0
        && found.max_bytes <= 0
        && found.max_message_size <= 0;
    let takes_only_ours = found.subjects == [subject::LISTENED]
        && found.mirror.is_none()
        && found.sources.as_ref().is_none_or(Vec::is_empty)
        && found.subject_transform.is_none();
    let cannot_be_rewritten = found.deny_delete && found.deny_purge && !found.allow_rollup;
    keeps_all && takes_only_ours && cannot_be_rewritten && found.allow_atomic_publish
}

/// The setting by which a stream may drop old messages by itself, if there is one.
pub(crate) fn may_discard(found: &Config) -> Option<&'static str> {
    if found.retention != RetentionPolicy::Limits {
        Some("its retention is not by limits")
    } else if found.discard != DiscardPolicy::New {
        Some("discard: old")
    } else if !found.max_age.is_zero() {
        Some("max_age")
    } else if found.max_messages_per_subject > 0 {
        Some("max_msgs_per_subject")
    } else {
        None
    }
}

/// Every message from the first that it was made for to the last is there.
pub(crate) fn whole(config: &Config, state: &State) -> bool {
    let first = config.first_sequence.unwrap_or(1).max(1);
    state.first_sequence == first
        && state.messages == (state.last_sequence + 1).saturating_sub(first)
}

/// The log's epoch when the stream was made. The first ones did not say.
pub(crate) fn epoch_of(found: &Config) -> u64 {
    found.metadata.get(EPOCH).and_then(|epoch| epoch.parse().ok()).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn made() -> Config {
        let options = BusOptions::new("nats://127.0.0.1");
        Made { log: Uuid::nil(), epoch: 3, options: &options, first: 41 }.settings("ONWARD_1")
    }

    #[test]
    fn what_is_made_is_as_made() {
        let config = made();
        assert!(as_made(&config) && may_discard(&config).is_none());
        assert_eq!((epoch_of(&config), config.first_sequence), (3, Some(41)));
        assert_eq!(epoch_of(&Config::default()), 1);
    }

    #[test]
    fn each_way_to_forget_has_its_name() {
        let ways = [
            (Config { retention: RetentionPolicy::Interest, ..made() }, "retention"),
            (Config { discard: DiscardPolicy::Old, ..made() }, "discard: old"),
            (Config { max_age: Duration::from_secs(1), ..made() }, "max_age"),
            (Config { max_messages_per_subject: 1, ..made() }, "max_msgs_per_subject"),
        ];
        for (config, said) in ways {
            assert!(may_discard(&config).is_some_and(|why| why.contains(said)), "{said}");
            assert!(!as_made(&config), "{said}");
        }
    }

    #[test]
    fn what_only_refuses_is_not_forgetting_and_still_not_as_made() {
        for config in [
            Config { max_messages: 10, ..made() },
            Config { max_bytes: 10, ..made() },
            Config { storage: StorageType::Memory, ..made() },
            Config { subjects: vec!["onward.>".to_owned()], ..made() },
            Config { deny_delete: false, ..made() },
            Config { deny_purge: false, ..made() },
            Config { allow_rollup: true, ..made() },
            Config { allow_atomic_publish: false, ..made() },
        ] {
            assert!(may_discard(&config).is_none() && !as_made(&config));
        }
    }
}
