//! The tree as it is kept: the roots of whole groups of 256 events, of 256 such groups, and so on. A row
//! for 255 events; the root, or a path, at any size needs one range of at most 256 hashes a level, and the
//! hashes of single events are read where they are. All of it follows from the events, so that it may be
//! lost, and two processes may make the same part twice.

use futures::future::BoxFuture;

use super::tree::{TreeHash, leaf_hash, path_in, root_of};
use crate::error::LogError;
use crate::sql::Store;

/// Hashes under one row.
pub(crate) const GROUP: u64 = 256;
/// Groups made in one go: bounds the memory, and what is lost when a process ends.
const TOGETHER: u64 = 64;

/// Nodes of this level of the kept tree that a log of this size has, a short one at the end included.
fn nodes(level: u32, size: u64) -> u64 {
    size.div_ceil(GROUP.pow(level))
}

/// Levels that a tree of this size needs until one group holds them all.
fn top(size: u64) -> u32 {
    (0..).find(|level| nodes(*level, size) <= GROUP).unwrap_or_default()
}

impl Store {
    /// Makes what is missing of the kept tree for the first `size` events, which the log must have.
    pub(crate) async fn grow_tree(&self, size: u64) -> Result<(), LogError> {
        for level in 1_u32.. {
            let wanted = size / GROUP.pow(level);
            if wanted == 0 {
                break;
            }
            let mut made = self.tree_count(level).await?;
            while made < wanted {
                let until = wanted.min(made + TOGETHER);
                let below = self.below(level - 1, made * GROUP, until * GROUP).await?;
                let groups: Vec<TreeHash> = below.chunks(256).map(root_of).collect();
                self.put_nodes(level, made, &groups).await?;
                made = until;
            }
        }
        Ok(())
    }

    /// The root over the first `size` events, for which the tree was grown.
    pub(crate) async fn tree_root(&self, size: u64) -> Result<TreeHash, LogError> {
        Ok(root_of(&self.group(top(size), 0, size).await?))
    }

    /// The path of the event with this index in the tree over the first `size`, for which the tree was
    /// grown.
    pub(crate) async fn tree_path(&self, index: u64, size: u64) -> Result<Vec<TreeHash>, LogError> {
        let mut path = Vec::new();
        for level in 0..=top(size) {
            let node = index / GROUP.pow(level);
            let group = self.group(level, node / GROUP, size).await?;
            let within = usize::try_from(node % GROUP).unwrap_or_default();
            path.extend(path_in(&group, within));
        }
        Ok(path)
    }

    /// The nodes of a level that one group is made of, in a log of this size; the last is short where the
    /// log ends in it.
    fn group(
        &self,
        level: u32,
        number: u64,
        size: u64,
    ) -> BoxFuture<'_, Result<Vec<TreeHash>, LogError>> {
        Box::pin(async move {
            let from = number * GROUP;
            let until = nodes(level, size).min(from + GROUP);
            let whole = size / GROUP.pow(level);
            let mut hashes = self.below(level, from, until.min(whole)).await?;
            if until > whole {
                let short = self.group(level - 1, whole, size).await?;
                hashes.push(root_of(&short));
            }
            Ok(hashes)
        })
    }

    /// Whole nodes `from..until` of a level; of level 0 the leaves, from the events themselves.
    async fn below(&self, level: u32, from: u64, until: u64) -> Result<Vec<TreeHash>, LogError> {
        let hashes: Vec<TreeHash> = if level == 0 {
            self.event_hashes(from, until).await?.iter().map(|hash| leaf_hash(hash)).collect()
        } else {
            self.tree_nodes(level, from, until).await?
        };
        if hashes.len() as u64 == until.saturating_sub(from) {
            return Ok(hashes);
        }
        let position =
            if level == 0 { from + hashes.len() as u64 + 1 } else { from * GROUP.pow(level) + 1 };
        Err(LogError::Damaged(crate::position::Position::new(position)))
    }
}
