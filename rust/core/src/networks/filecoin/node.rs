//! The tree over a piece: how two nodes become one, and what a subtree of zeros is.
//!
//! In: nodes of 32 bytes. Out: their parents. Rule: Filecoin, A1: a parent is the SHA-256 of its children side by side,
//! with the two highest bits of the last byte cleared so that it fits a field of 255 bits. Invariant: [`node_pair`]
//! and [`nodes`] give what [`node`] gives for each pair of children, whatever its neighbours are.

use std::sync::LazyLock;

use crate::hash::{Hash, sha256, sha256_pair_of_blocks};

/// Two nodes side by side, the left one first.
pub type Children = [u8; 64];

/// The greatest height of a piece in a set.
pub const MAX_HEIGHT: u8 = 50;

/// The parent of two nodes.
pub fn node(left: &Hash, right: &Hash) -> Hash {
    cut(sha256([*left, *right].as_flattened()))
}

/// The parents of two pairs of children, hashed side by side.
#[inline]
pub fn node_pair([first, second]: [&Children; 2]) -> [Hash; 2] {
    sha256_pair_of_blocks([first, second]).map(cut)
}

/// The parent of each pair of children, to the same place of `parents`; the shorter list counts.
pub fn nodes(children: &[Children], parents: &mut [Hash]) {
    let count = children.len().min(parents.len());
    let (children_by_two, odd_children) = children[..count].as_chunks();
    let (parents_by_two, odd_parent) = parents[..count].as_chunks_mut();
    for ([first, second], parents) in children_by_two.iter().zip(parents_by_two) {
        *parents = node_pair([first, second]);
    }
    for (children, parent) in odd_children.iter().zip(odd_parent) {
        *parent = cut(sha256(children));
    }
}

/// The root of a tree whose leaves are all zero; `None` above [`MAX_HEIGHT`].
pub fn zero_root(height: u8) -> Option<&'static Hash> {
    ZERO_ROOTS.get(usize::from(height))
}

/// Roots of the trees whose leaves are all zero, by height.
pub(super) static ZERO_ROOTS: LazyLock<[Hash; MAX_HEIGHT as usize + 1]> = LazyLock::new(|| {
    let mut next = Hash::default();
    std::array::from_fn(|_| {
        let root = next;
        next = node(&root, &root);
        root
    })
});

/// Clears the two highest bits of the last byte.
#[inline]
fn cut(mut hash: Hash) -> Hash {
    hash[31] &= 0x3f;
    hash
}

#[cfg(test)]
#[path = "node_tests.rs"]
mod tests;
