//! Building the trees of Arweave.
//!
//! In: data, or a block's transactions. Out: a tree with its root and the path to each leaf. Rule: Arweave, A2.
//! Invariant: every path of a tree built here validates under the basic ruleset at each byte of its leaf.

use super::{BRANCH, CHUNK_SIZE, HASH, MIN_CHUNK_SIZE, branch_id, leaf_id, note_bytes};
use crate::hash::{Hash, sha256};

/// One leaf of a tree to be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Chunk id or data root; `None` for padding and for a transaction without data.
    pub value: Option<Hash>,
    /// Byte after the leaf's last one.
    pub end: u64,
}

/// A tree, kept whole so that every leaf's path can be written.
#[derive(Clone, Debug)]
pub struct Tree {
    leaves: Vec<Leaf>,
    /// Rows of (id, largest offset), leaves first, root last.
    rows: Vec<Vec<(Hash, u64)>>,
}

impl Tree {
    /// The tree over `leaves` in their order; `None` without leaves.
    ///
    /// Rows are built in pairs from the left; an odd last node moves up unchanged.
    pub fn new(leaves: Vec<Leaf>) -> Option<Self> {
        let mut row: Vec<(Hash, u64)> = leaves
            .iter()
            .map(|leaf| (leaf_id(leaf.value.as_ref().map_or(&[], |value| value), leaf.end), leaf.end))
            .collect();
        let mut rows = Vec::new();
        while row.len() > 1 {
            let above = row
                .chunks(2)
                .map(|pair| match *pair {
                    [(left, note), (right, end)] => (branch_id(&left, &right, note), end),
                    _ => pair[0],
                })
                .collect();
            rows.push(std::mem::replace(&mut row, above));
        }
        (!row.is_empty()).then(|| {
            rows.push(row);
            Self { leaves, rows }
        })
    }

    /// The tree's root.
    pub fn root(&self) -> Hash {
        self.rows.last().and_then(|row| row.first()).map_or([0; HASH], |(id, _)| *id)
    }

    /// The leaves, in order.
    pub fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    /// The path to leaf `index`; `None` where there is none. The path of padding proves nothing to anybody.
    pub fn path(&self, index: usize) -> Option<Vec<u8>> {
        let leaf = self.leaves.get(index)?;
        let mut path = Vec::with_capacity(BRANCH * self.rows.len());
        for (level, row) in self.rows.iter().enumerate().rev() {
            let left = (index >> level) & !1;
            if let Some([(left, note), (right, _)]) = row.get(left..left + 2) {
                path.extend_from_slice(left);
                path.extend_from_slice(right);
                path.extend_from_slice(&note_bytes(*note));
            }
        }
        path.extend_from_slice(leaf.value.as_ref().map_or(&[], |value| value));
        path.extend_from_slice(&note_bytes(leaf.end));
        Some(path)
    }
}

/// How data is cut into chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunking {
    /// As clients do: a last chunk below 32 KiB is avoided by halving what is left.
    Client,
    /// As nodes do for old transactions: every 256 KiB.
    Node,
}

/// Ends of the chunks of `size` bytes. A multiple of 256 KiB, zero too, ends with a chunk of no bytes.
pub fn chunk_ends(size: u64, chunking: Chunking) -> Vec<u64> {
    let mut ends = Vec::new();
    let mut start = 0;
    while size - start >= CHUNK_SIZE {
        let rest = size - start;
        let after = rest - CHUNK_SIZE;
        let is_small = chunking == Chunking::Client && 0 < after && after < MIN_CHUNK_SIZE;
        start += if is_small { rest.div_ceil(2) } else { CHUNK_SIZE };
        ends.push(start);
    }
    ends.push(size);
    ends
}

/// The data tree of a transaction; its root is the data root.
pub fn data_tree(data: &[u8], chunking: Chunking) -> Option<Tree> {
    let mut rest = data;
    let mut leaves = Vec::new();
    let mut start = 0;
    for end in chunk_ends(data.len() as u64, chunking) {
        let length = usize::try_from(end - start).ok()?;
        let (chunk, after) = rest.split_at_checked(length)?;
        leaves.push(Leaf { value: Some(sha256(chunk)), end });
        (rest, start) = (after, end);
    }
    Tree::new(leaves)
}

/// A transaction of a block, as far as the weave is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockTransaction {
    /// Format, 1 or 2.
    pub format: u64,
    /// Id.
    pub id: Hash,
    /// Data root; `None` without data.
    pub data_root: Option<Hash>,
    /// Size of the data, bytes.
    pub data_size: u64,
}

/// From this height on every transaction's data starts at a multiple of 256 KiB.
pub const PADDED_BLOCKS_HEIGHT: u64 = 812_970;

/// The transaction tree of a block; its root is the block's `tx_root`. `None` for a block without transactions, or whose
/// sizes do not fit 64 bits.
pub fn transaction_tree(height: u64, transactions: &[BlockTransaction]) -> Option<Tree> {
    let mut sorted: Vec<&BlockTransaction> = transactions.iter().collect();
    sorted.sort_by_key(|transaction| (transaction.format, transaction.id));
    let mut leaves = Vec::with_capacity(2 * sorted.len());
    let mut end: u64 = 0;
    for transaction in sorted {
        end = end.checked_add(transaction.data_size)?;
        leaves.push(Leaf { value: transaction.data_root, end });
        if height >= PADDED_BLOCKS_HEIGHT && !transaction.data_size.is_multiple_of(CHUNK_SIZE) {
            end = end.checked_next_multiple_of(CHUNK_SIZE)?;
            leaves.push(Leaf { value: None, end });
        }
    }
    Tree::new(leaves)
}
