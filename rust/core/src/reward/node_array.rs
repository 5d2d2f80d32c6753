//! The node array of a claim tree: its shape, inclusion proofs and multiproofs.
//!
//! In: leaf hashes. Out: the `2n-1` nodes with the root in front, and proofs that fold back to the root.
//! Rule: scoring specification, sections 11.4 to 11.7. A node is the Keccak-256 of its two children, the smaller
//! first; node `i` has the children `2i+1` and `2i+2`; the i-th leaf stands at index `2n-2-i`.
//! Invariant: every proof that is given out folds to `root()`; a multiproof for no leaf at all is never valid.

use std::collections::VecDeque;

use rayon::prelude::*;
use sha3::{Digest, Keccak256};

/// A Keccak-256 value.
pub type Node = [u8; 32];

/// Keccak-256 of `data`: the original padding, not that of SHA3-256.
pub fn keccak256(data: &[u8]) -> Node {
    Keccak256::digest(data).into()
}

/// The node above `a` and `b`, in either order.
pub fn parent_of(a: &Node, b: &Node) -> Node {
    let (low, high) = if a <= b { (a, b) } else { (b, a) };
    Keccak256::new().chain_update(low).chain_update(high).finalize().into()
}

/// A tree as one array, the root first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeArray(Vec<Node>);

/// One proof for several leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MultiProof {
    /// The proved leaves, by descending index in the array.
    pub leaves: Vec<Node>,
    /// Nodes that the leaves alone do not give.
    pub proof: Vec<Node>,
    /// For each step whether both children are known already.
    pub flags: Vec<bool>,
}

/// A tree or proof that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NodeError {
    /// A tree has one leaf or more.
    #[error("expected at least one leaf, found none")]
    NoLeaves,
    /// An array of nodes has an odd length.
    #[error("expected an odd number of nodes, found {0}")]
    NotATree(usize),
    /// A node is not made of its children.
    #[error("node {0} is not the hash of its two children")]
    WrongNode(usize),
    /// The index is not one of a leaf.
    #[error("index {0} is not one of a leaf")]
    NotALeaf(usize),
    /// A multiproof names a leaf twice.
    #[error("index {0} is named twice")]
    DuplicateIndex(usize),
}

impl NodeArray {
    /// The tree over `leaves`, which stand in the array in reverse of the order given.
    pub fn build(leaves: &[Node]) -> Result<Self, NodeError> {
        let inner = leaves.len().checked_sub(1).ok_or(NodeError::NoLeaves)?;
        let mut nodes = vec![Node::default(); inner];
        nodes.extend(leaves.iter().rev());
        for (low, high) in levels(inner).into_iter().rev() {
            let (above, below) = nodes.split_at_mut(high);
            // The children of `low` begin right after the level, at 2*low + 1.
            let first_child = left_child(low).saturating_sub(high);
            above[low..].par_iter_mut().zip(below[first_child..].par_chunks(2)).for_each(
                |(node, children)| {
                    if let [left, right] = children {
                        *node = parent_of(left, right);
                    }
                },
            );
        }
        Ok(Self(nodes))
    }

    /// Takes nodes that were written by somebody else, and re-hashes every inner one.
    pub fn check(nodes: Vec<Node>) -> Result<Self, NodeError> {
        if nodes.is_empty() {
            return Err(NodeError::NoLeaves);
        }
        if nodes.len().is_multiple_of(2) {
            return Err(NodeError::NotATree(nodes.len()));
        }
        let wrong = (0..nodes.len() / 2).into_par_iter().find_first(|&i| {
            let left = left_child(i);
            nodes[i] != parent_of(&nodes[left], &nodes[left.saturating_add(1)])
        });
        match wrong {
            Some(index) => Err(NodeError::WrongNode(index)),
            None => Ok(Self(nodes)),
        }
    }

    /// What is published.
    pub fn root(&self) -> Node {
        self.0.first().copied().unwrap_or_default()
    }

    /// All nodes, the root first.
    pub fn nodes(&self) -> &[Node] {
        &self.0
    }

    /// How many leaves the tree has.
    pub fn leaf_count(&self) -> usize {
        self.0.len().div_ceil(2)
    }

    /// Whether `index` is one of a leaf.
    pub fn is_leaf(&self, index: usize) -> bool {
        index < self.0.len() && index >= self.0.len() / 2
    }

    /// The siblings on the way from the leaf at `index` to the root.
    pub fn proof(&self, index: usize) -> Result<Vec<Node>, NodeError> {
        if !self.is_leaf(index) {
            return Err(NodeError::NotALeaf(index));
        }
        let mut proof = Vec::new();
        let mut at = index;
        while at > 0 {
            proof.push(self.0[sibling(at)]);
            at = parent(at);
        }
        Ok(proof)
    }

    /// One proof for the leaves at `indices`, which may come in any order.
    pub fn multi_proof(&self, indices: &[usize]) -> Result<MultiProof, NodeError> {
        let mut descending = indices.to_vec();
        descending.sort_unstable_by(|a, b| b.cmp(a));
        if descending.is_empty() {
            return Err(NodeError::NoLeaves);
        }
        if let Some(&stranger) = descending.iter().find(|&&index| !self.is_leaf(index)) {
            return Err(NodeError::NotALeaf(stranger));
        }
        if let Some(pair) = descending.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(NodeError::DuplicateIndex(pair[0]));
        }
        let leaves = descending.iter().map(|&index| self.0[index]).collect();
        let (mut proof, mut flags) = (Vec::new(), Vec::new());
        let mut queue = VecDeque::from(descending);
        while let Some(at) = queue.pop_front().filter(|&at| at > 0) {
            let beside = sibling(at);
            let is_known = queue.front() == Some(&beside);
            if is_known {
                queue.pop_front();
            } else {
                proof.push(self.0[beside]);
            }
            flags.push(is_known);
            queue.push_back(parent(at));
        }
        Ok(MultiProof { leaves, proof, flags })
    }
}

/// Whether `proof` leads from `leaf` to `root`.
pub fn verify_proof(root: &Node, leaf: &Node, proof: &[Node]) -> bool {
    proof.iter().fold(*leaf, |node, beside| parent_of(&node, beside)) == *root
}

impl MultiProof {
    /// Whether the leaves lead to `root`.
    pub fn verify(&self, root: &Node) -> bool {
        let given = self.leaves.len().checked_add(self.proof.len());
        if self.leaves.is_empty() || given != self.flags.len().checked_add(1) {
            return false;
        }
        let mut queue: VecDeque<Node> = self.leaves.iter().copied().collect();
        let mut rest = self.proof.iter();
        for &is_known in &self.flags {
            let Some(a) = queue.pop_front() else { return false };
            let b = if is_known { queue.pop_front() } else { rest.next().copied() };
            let Some(b) = b else { return false };
            queue.push_back(parent_of(&a, &b));
        }
        rest.next().is_none() && queue.len() == 1 && queue.front() == Some(root)
    }
}

/// Half-open ranges of the inner nodes of each level, from the root down.
fn levels(inner: usize) -> Vec<(usize, usize)> {
    let mut ranges = Vec::new();
    let mut low = 0;
    while low < inner {
        let below = left_child(low);
        ranges.push((low, below.min(inner)));
        low = below;
    }
    ranges
}

/// An array of nodes lies in memory, 32 bytes each, so twice an index never exceeds the largest index.
fn left_child(index: usize) -> usize {
    index.saturating_mul(2).saturating_add(1)
}

fn parent(index: usize) -> usize {
    index.saturating_sub(1) / 2
}

/// The other child of the same parent; never asked for the root.
fn sibling(index: usize) -> usize {
    if index.is_multiple_of(2) { index.saturating_sub(1) } else { index.saturating_add(1) }
}

#[cfg(test)]
#[path = "node_array_tests.rs"]
mod tests;
