//! The Merkle tree of RFC 6962 (section 2.1) over the events' hashes, as pure arithmetic: roots, inclusion
//! paths, and their check. An entry of the tree is the 32 bytes of an event's hash.

use sha2::{Digest, Sha256};

/// A node of the tree.
pub type TreeHash = [u8; 32];

/// The hash of a leaf: SHA-256(0x00 ‖ entry).
pub fn leaf_hash(entry: &[u8]) -> TreeHash {
    let mut hash = Sha256::new();
    hash.update([0x00]);
    hash.update(entry);
    hash.finalize().into()
}

/// The hash of an inner node: SHA-256(0x01 ‖ left ‖ right).
pub fn node_hash(left: &TreeHash, right: &TreeHash) -> TreeHash {
    let mut hash = Sha256::new();
    hash.update([0x01]);
    hash.update(left);
    hash.update(right);
    hash.finalize().into()
}

/// The largest power of two below a length of at least two.
fn split(length: usize) -> usize {
    1 << (usize::BITS - 1 - (length - 1).leading_zeros())
}

/// The root over these leaves (or over the roots of whole groups of one size, the last of which may be
/// short: the tree splits at powers of two, so that groups of a power of two are its nodes). The root of
/// nothing is the SHA-256 of nothing.
pub fn root_of(hashes: &[TreeHash]) -> TreeHash {
    match hashes {
        [] => Sha256::digest([]).into(),
        [only] => *only,
        _ => {
            let (left, right) = hashes.split_at(split(hashes.len()));
            node_hash(&root_of(left), &root_of(right))
        }
    }
}

/// The hashes that lead from one of these to their root, nearest first (RFC 6962, 2.1.1).
pub fn path_in(hashes: &[TreeHash], index: usize) -> Vec<TreeHash> {
    if hashes.len() < 2 || index >= hashes.len() {
        return Vec::new();
    }
    let at = split(hashes.len());
    let (left, right) = hashes.split_at(at);
    let (mut path, other) = if index < at {
        (path_in(left, index), root_of(right))
    } else {
        (path_in(right, index - at), root_of(left))
    };
    path.push(other);
    path
}

/// The root that a leaf and its path lead to in a tree of this size; none where the path has the wrong
/// length for it (RFC 9162, 2.1.3.2).
pub fn root_from_path(
    leaf: &TreeHash,
    index: u64,
    size: u64,
    path: &[TreeHash],
) -> Option<TreeHash> {
    if index >= size {
        return None;
    }
    let (mut node, mut last, mut hash) = (index, size - 1, *leaf);
    for other in path {
        if last == 0 {
            return None;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(other, &hash);
            if node & 1 == 0 {
                let skipped = node.trailing_zeros().min(63);
                (node, last) = (node >> skipped, last >> skipped);
            }
        } else {
            hash = node_hash(&hash, other);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    (last == 0).then_some(hash)
}

/// The roots of the whole trees that a log of some size consists of: enough to go on and to know the
/// root at any moment, in a few hashes.
#[derive(Debug, Clone, Default)]
pub struct Peaks {
    size: u64,
    /// Largest first.
    peaks: Vec<TreeHash>,
}

impl Peaks {
    /// Leaves so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The next leaf.
    pub fn push(&mut self, leaf: TreeHash) {
        let mut hash = leaf;
        // As many whole trees end with it as the size before has ones at its end.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The root over all leaves so far.
    pub fn root(&self) -> TreeHash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return root_of(&[]) };
        peaks.fold(*last, |right, left| node_hash(left, &right))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The leaves and roots of Certificate Transparency's own test suite (`merkletree_test`, sizes 0–8).
    const LEAVES: [&str; 8] = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ];
    const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    /// (index, size, path) of the same suite.
    const PATHS: [(u64, u64, &[&str]); 3] = [
        (
            0,
            8,
            &[
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            5,
            8,
            &[
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (2, 3, &["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    ];

    fn hash(text: &str) -> TreeHash {
        hex::decode(text).expect("hexadecimal").try_into().expect("32 bytes")
    }

    fn leaves() -> Vec<TreeHash> {
        LEAVES.iter().map(|leaf| leaf_hash(&hex::decode(leaf).expect("hexadecimal"))).collect()
    }

    fn numbered(count: u32) -> Vec<TreeHash> {
        (0..count).map(|number| leaf_hash(&number.to_be_bytes())).collect()
    }

    #[test]
    fn the_reference_suites_roots() {
        let mut peaks = Peaks::default();
        for (size, root) in ROOTS.iter().enumerate() {
            assert_eq!(root_of(&leaves()[..size]), hash(root), "size {size}");
            assert_eq!(peaks.root(), hash(root), "size {size}, from peaks");
            if let Some(leaf) = leaves().get(size) {
                peaks.push(*leaf);
            }
        }
    }

    #[test]
    fn the_reference_suites_paths() {
        for (index, size, path) in PATHS {
            let path: Vec<TreeHash> = path.iter().map(|text| hash(text)).collect();
            let (at, length) =
                (usize::try_from(index).expect("small"), usize::try_from(size).expect("small"));
            assert_eq!(path_in(&leaves()[..length], at), path, "{index} of {size}");
            let root = root_from_path(&leaves()[at], index, size, &path);
            assert_eq!(root, Some(hash(ROOTS[length])), "{index} of {size}");
        }
    }

    proptest! {
        /// Every path leads to the root, and to no other with another leaf, index, size or length.
        #[test]
        fn a_path_proves_its_leaf_and_no_other(size in 1_u32..600, at in any::<prop::sample::Index>()) {
            let leaves = numbered(size);
            let index = at.index(leaves.len());
            let (root, path) = (root_of(&leaves), path_in(&leaves, index));
            let number = index as u64;
            let size = u64::from(size);
            let led = |leaf: &TreeHash, number, path: &[TreeHash]| root_from_path(leaf, number, size, path);
            prop_assert_eq!(led(&leaves[index], number, &path), Some(root));
            prop_assert_ne!(led(&leaf_hash(b"another"), number, &path), Some(root));
            for other in [number ^ 1, number + 1].into_iter().filter(|other| *other != number) {
                prop_assert_ne!(led(&leaves[index], other, &path), Some(root));
            }
            let mut longer = path.clone();
            longer.push(root);
            prop_assert_eq!(led(&leaves[index], number, &longer), None);
            if !path.is_empty() {
                prop_assert_eq!(led(&leaves[index], number, &path[1..]), None);
            }
        }

        /// Groups of a power of two are nodes of the tree, the last short one included.
        #[test]
        fn groups_are_nodes(size in 0_u32..300) {
            let leaves = numbered(size);
            let groups: Vec<TreeHash> = leaves.chunks(16).map(root_of).collect();
            prop_assert_eq!(root_of(&groups), root_of(&leaves));
        }
    }
}
