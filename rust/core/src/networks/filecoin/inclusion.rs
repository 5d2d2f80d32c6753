//! Whether a leaf lies at its place below a root, for many leaves side by side.
//!
//! In: leaves with their siblings from the bottom up. Out: a verdict for each, in order. Rule: Filecoin, A5, "check".
//! Invariant: a verdict depends on its own path alone. A path has exactly as many siblings as its tree has levels: a shorter
//! one would pass off an inner node as a leaf.

use super::node::{Children, node, node_pair};
use crate::hash::Hash;

/// A leaf, and what is needed to climb from it to the root.
#[derive(Clone, Copy, Debug)]
pub struct Path<'a> {
    /// The leaf.
    pub leaf: &'a Hash,
    /// The siblings, the leaf's own first.
    pub siblings: &'a [Hash],
    /// The leaf's number in the tree.
    pub offset: u64,
    /// Levels between the tree's leaves and its root.
    pub height: u8,
    /// The tree's root.
    pub root: &'a Hash,
}

/// Where a path leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathVerdict {
    /// To the root.
    Included,
    /// Nowhere: it has more or fewer siblings than the tree has levels.
    WrongLength,
    /// Nowhere: the tree is too low for a leaf of this number.
    OutsideTree,
    /// To another root.
    WrongRoot,
}

impl PathVerdict {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Included, Self::WrongLength, Self::OutsideTree, Self::WrongRoot];

    /// The verdict in words that do not change.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Included => "included",
            Self::WrongLength => "wrong length",
            Self::OutsideTree => "outside the tree",
            Self::WrongRoot => "wrong root",
        }
    }
}

/// Where a leaf's siblings lead, however many they are.
pub fn root_of(leaf: &Hash, siblings: &[Hash], offset: u64) -> Hash {
    Climb { node: *leaf, position: offset, siblings, root: &[0; 32] }.top()
}

/// Checks one path.
pub fn check_path(path: &Path<'_>) -> PathVerdict {
    match Climb::start(path) {
        Ok(climb) => climb.alone(),
        Err(verdict) => verdict,
    }
}

/// Checks each path; two are climbed at a time, which takes little longer than one.
pub fn check_paths(paths: &[Path<'_>]) -> Vec<PathVerdict> {
    let mut verdicts = vec![PathVerdict::WrongRoot; paths.len()];
    let mut waiting = paths.iter().enumerate();
    let mut start = |verdicts: &mut [PathVerdict]| {
        waiting.find_map(|(number, path)| match Climb::start(path) {
            Ok(climb) => Some((number, climb)),
            Err(verdict) => {
                verdicts[number] = verdict;
                None
            }
        })
    };
    let mut lanes = [start(&mut verdicts), start(&mut verdicts)];
    while let [Some((_, first)), Some((_, second))] = &mut lanes {
        Climb::side_by_side(first, second);
        for lane in &mut lanes {
            if let Some((number, climb)) = lane.take_if(|(_, climb)| climb.siblings.is_empty()) {
                verdicts[number] = climb.verdict();
                *lane = start(&mut verdicts);
            }
        }
    }
    for (number, climb) in lanes.into_iter().flatten() {
        verdicts[number] = climb.alone();
    }
    verdicts
}

/// A path that has been climbed part of the way.
struct Climb<'a> {
    node: Hash,
    position: u64,
    siblings: &'a [Hash],
    root: &'a Hash,
}

impl<'a> Climb<'a> {
    fn start(path: &Path<'a>) -> Result<Self, PathVerdict> {
        if path.siblings.len() != usize::from(path.height) {
            return Err(PathVerdict::WrongLength);
        }
        if path.offset.checked_shr(u32::from(path.height)).is_some_and(|above| above > 0) {
            return Err(PathVerdict::OutsideTree);
        }
        Ok(Self { node: *path.leaf, position: path.offset, siblings: path.siblings, root: path.root })
    }

    /// The node and this sibling, the left one first.
    fn in_order<'n>(&'n self, sibling: &'n Hash) -> [&'n Hash; 2] {
        if self.position & 1 == 0 { [&self.node, sibling] } else { [sibling, &self.node] }
    }

    fn children(&self, sibling: &Hash) -> Children {
        let [left, right] = self.in_order(sibling);
        let mut children = [0; 64];
        children[..32].copy_from_slice(left);
        children[32..].copy_from_slice(right);
        children
    }

    fn step(&mut self, parent: Hash) {
        self.node = parent;
        self.position >>= 1;
    }

    /// Climbs both until one has arrived.
    fn side_by_side(first: &mut Self, second: &mut Self) {
        let steps = first.siblings.len().min(second.siblings.len());
        let (nearer, farther) = (first.siblings.split_at(steps), second.siblings.split_at(steps));
        for (one, other) in nearer.0.iter().zip(farther.0) {
            let [parent, other_parent] = node_pair([&first.children(one), &second.children(other)]);
            first.step(parent);
            second.step(other_parent);
        }
        (first.siblings, second.siblings) = (nearer.1, farther.1);
    }

    /// The node at the end of the path.
    fn top(mut self) -> Hash {
        for sibling in self.siblings {
            let [left, right] = self.in_order(sibling);
            let parent = node(left, right);
            self.step(parent);
        }
        self.node
    }

    fn alone(self) -> PathVerdict {
        let root = self.root;
        if self.top() == *root { PathVerdict::Included } else { PathVerdict::WrongRoot }
    }

    fn verdict(&self) -> PathVerdict {
        if self.node == *self.root { PathVerdict::Included } else { PathVerdict::WrongRoot }
    }
}

#[cfg(test)]
#[path = "inclusion_tests.rs"]
mod tests;
