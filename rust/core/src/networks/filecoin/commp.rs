//! The commitment to a piece (`CommP`), from its payload.
//!
//! In: a payload, in pieces of any size. Out: root and height of its tree, its size and how many bytes of padding make it
//! a power of two. Rule: Filecoin, A2: 127 bytes become four leaves of 254 bits (Fr32), zeros fill the tree, A1 joins its
//! nodes. An empty payload is one of 127 bytes of padding. Invariant: the result depends on the payload alone, not on how
//! it was cut, nor on threads. Memory is constant: one block, and at most one node of each height.

use rayon::prelude::*;
use ruint::aliases::U256;

use super::node::{MAX_HEIGHT, ZERO_ROOTS, node, nodes};
use super::piece_id::SizedPiece;
use crate::hash::Hash;

/// Bytes of a payload that become four leaves.
pub const QUAD: usize = 127;
/// The longest payload, that of a full tree of the greatest height.
pub const MAX_PAYLOAD: u64 = (QUAD as u64) << (MAX_HEIGHT - QUAD_HEIGHT);

const QUAD_HEIGHT: u8 = 2;
const QUAD_LEAVES: usize = 1 << QUAD_HEIGHT;
/// Height of a block, the subtree that is hashed at once: so large that few of its nodes have no neighbour to be hashed
/// with, so small that they stay in the nearest caches.
const BLOCK_HEIGHT: u8 = 10;
const BLOCK: usize = QUAD << (BLOCK_HEIGHT - QUAD_HEIGHT);

/// The commitment to a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommP {
    /// Root of the tree.
    pub root: Hash,
    /// Height of the tree; it has two to this power leaves.
    pub height: u8,
    /// Zero bytes between the payload and the end of the tree, before Fr32.
    pub padding: u64,
    /// Bytes of the payload.
    pub raw_size: u64,
}

impl From<CommP> for SizedPiece {
    fn from(CommP { root, height, padding, .. }: CommP) -> Self {
        Self { root, height, padding: U256::from(padding) }
    }
}

/// A payload that no piece can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("payload: expected at most {MAX_PAYLOAD} bytes, a tree of height {MAX_HEIGHT}; found more")]
pub struct PayloadTooLong;

/// Computes a [`CommP`] as the payload comes.
#[derive(Clone, Debug, Default)]
pub struct Hasher {
    raw_size: u64,
    /// Payload of a block that is not yet whole.
    begun: Vec<u8>,
    /// Subtrees from left to right, each with its height; no two have the same.
    subtrees: Vec<(u8, Hash)>,
    levels: Levels,
}

/// The commitment to a payload, on all threads of the current pool.
pub fn commp(payload: &[u8]) -> Result<CommP, PayloadTooLong> {
    let mut hasher = Hasher::default();
    hasher.update_parallel(payload);
    hasher.finish()
}

impl Hasher {
    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        let (blocks, rest) = self.complete(bytes).as_chunks::<BLOCK>();
        for block in blocks {
            let root = self.levels.root(block, BLOCK_HEIGHT);
            self.push(BLOCK_HEIGHT, root);
        }
        self.begun.extend_from_slice(rest);
    }

    /// Adds bytes, on all threads of the current pool; takes memory for a node of each of their blocks.
    pub fn update_parallel(&mut self, bytes: &[u8]) {
        let (blocks, rest) = self.complete(bytes).as_chunks::<BLOCK>();
        let roots: Vec<Hash> = blocks
            .par_iter()
            .map_init(Levels::default, |levels, block| levels.root(block, BLOCK_HEIGHT))
            .collect();
        for root in roots {
            self.push(BLOCK_HEIGHT, root);
        }
        self.begun.extend_from_slice(rest);
    }

    /// Bytes so far.
    pub const fn raw_size(&self) -> u64 {
        self.raw_size
    }

    /// The commitment to all bytes.
    pub fn finish(mut self) -> Result<CommP, PayloadTooLong> {
        if self.raw_size > MAX_PAYLOAD {
            return Err(PayloadTooLong);
        }
        let last = if self.begun.is_empty() { self.subtrees.pop() } else { None };
        let (mut height, mut root) = last.unwrap_or_else(|| {
            let height = if self.subtrees.is_empty() { height_of(self.begun.len()) } else { BLOCK_HEIGHT };
            (height, self.levels.root(&self.begun, height))
        });
        for (above, left) in self.subtrees.into_iter().rev() {
            for missing in &ZERO_ROOTS[usize::from(height)..usize::from(above)] {
                root = node(&root, missing);
            }
            (height, root) = (above + 1, node(&left, &root));
        }
        let size = (QUAD as u64) << (height - QUAD_HEIGHT);
        Ok(CommP { root, height, padding: size - self.raw_size, raw_size: self.raw_size })
    }

    /// Completes the block that is begun, and says what of `bytes` lies behind it.
    fn complete<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        self.raw_size = self.raw_size.saturating_add(bytes.len() as u64);
        if self.begun.is_empty() {
            return bytes;
        }
        let (head, rest) = bytes.split_at(bytes.len().min(BLOCK - self.begun.len()));
        self.begun.extend_from_slice(head);
        if self.begun.len() == BLOCK {
            let root = self.levels.root(&self.begun, BLOCK_HEIGHT);
            self.push(BLOCK_HEIGHT, root);
            self.begun.clear();
        }
        rest
    }

    /// Puts a subtree to the right of the others, and joins neighbours of the same height.
    fn push(&mut self, mut height: u8, mut root: Hash) {
        while let Some((_, left)) = self.subtrees.pop_if(|(of, _)| *of == height) {
            root = node(&left, &root);
            height += 1;
        }
        self.subtrees.push((height, root));
    }
}

/// Height of the lowest tree that holds so many bytes, at most a block.
fn height_of(payload: usize) -> u8 {
    (QUAD_HEIGHT..BLOCK_HEIGHT)
        .find(|height| QUAD << (height - QUAD_HEIGHT) >= payload)
        .unwrap_or(BLOCK_HEIGHT)
}

/// Two neighbouring levels of a tree, in memory that is kept between trees.
#[derive(Clone, Debug, Default)]
struct Levels {
    lower: Vec<Hash>,
    upper: Vec<Hash>,
}

impl Levels {
    /// Root of the tree of this height over a payload that is not longer than it.
    fn root(&mut self, payload: &[u8], height: u8) -> Hash {
        if is_zero(payload) {
            return ZERO_ROOTS[usize::from(height)];
        }
        self.expand(payload);
        for zero in &ZERO_ROOTS[..usize::from(height)] {
            if !self.lower.len().is_multiple_of(2) {
                self.lower.push(*zero);
            }
            self.upper.resize(self.lower.len() / 2, Hash::default());
            nodes(self.lower.as_flattened().as_chunks().0, &mut self.upper);
            std::mem::swap(&mut self.lower, &mut self.upper);
        }
        self.lower[0]
    }

    /// The leaves of a payload, up to the end of its last quad.
    fn expand(&mut self, payload: &[u8]) {
        self.lower.resize(QUAD_LEAVES * payload.len().div_ceil(QUAD), Hash::default());
        let (quads, rest) = payload.as_chunks::<QUAD>();
        let (leaves, _) = self.lower.as_chunks_mut::<QUAD_LEAVES>();
        let mut last = [0; QUAD];
        last[..rest.len()].copy_from_slice(rest);
        for (leaves, quad) in leaves.iter_mut().zip(quads.iter().chain([&last])) {
            *leaves = fr32(quad);
        }
    }
}

/// Four leaves of 254 bits each, the lowest bits of the quad first.
fn fr32(quad: &[u8; QUAD]) -> [Hash; QUAD_LEAVES] {
    const WORD: usize = 8;
    // Word by word, with a word of zeros in front and one byte of zeros behind.
    let mut padded = [0; (1 + 4 * QUAD_LEAVES) * WORD];
    padded[WORD..WORD + QUAD].copy_from_slice(quad);
    let (bytes, _) = padded.as_chunks::<WORD>();
    let mut leaves = [Hash::default(); QUAD_LEAVES];
    // A leaf takes four words less two bits, so that each begins two bits further inside its first word.
    for ((leaf, bytes), shift) in leaves.iter_mut().zip(bytes.windows(5).step_by(4)).zip([0, 2, 4, 6]) {
        for (word, bytes) in leaf.as_chunks_mut().0.iter_mut().zip(bytes.windows(2)) {
            let [low, high] = [bytes[0], bytes[1]].map(u64::from_le_bytes);
            *word = (high << shift | low.checked_shr(64 - shift).unwrap_or(0)).to_le_bytes();
        }
        leaf[31] &= 0x3f;
    }
    leaves
}

fn is_zero(bytes: &[u8]) -> bool {
    // So many at once that the processor compares whole registers.
    bytes.chunks(64).all(|chunk| chunk.iter().fold(0, |all, byte| all | byte) == 0)
}

#[cfg(test)]
#[path = "commp_tests.rs"]
mod tests;
