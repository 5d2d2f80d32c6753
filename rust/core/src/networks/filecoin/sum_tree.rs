//! Which piece of a data set holds a leaf: by the index that the contract keeps, and by the plain definition.
//!
//! In: leaf counts of pieces in the order of their ids, and removals. Out: for a leaf of the whole set, the piece and the
//! offset inside it. Rule: Filecoin, A4.
//! Invariant: [`SumTree`] and [`LeafRanges`] give the same answer about the same pieces; the verifier asks the latter, which
//! says in one line what is meant. Sums have 128 bits, which hold as many counts of 64 bits as memory has room for.

/// A leaf inside its piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Id of the piece, counted from 0.
    pub piece: usize,
    /// The leaf's number inside the piece, counted from 0.
    pub offset: u64,
}

/// The pieces of a set as ranges of leaves, one behind the other.
#[derive(Clone, Debug, Default)]
pub struct LeafRanges {
    ends: Vec<u128>,
}

impl LeafRanges {
    /// Ranges of these leaf counts; a removed piece counts 0.
    pub fn new(leaf_counts: impl IntoIterator<Item = u64>) -> Self {
        let ends = leaf_counts.into_iter().scan(0, |end, leaves| {
            *end += u128::from(leaves);
            Some(*end)
        });
        Self { ends: ends.collect() }
    }

    /// Leaves of all pieces.
    pub fn total(&self) -> u128 {
        self.ends.last().copied().unwrap_or(0)
    }

    /// Where this leaf of the set lies; `None` behind the last one.
    pub fn find(&self, leaf: u128) -> Option<Place> {
        let piece = self.ends.partition_point(|end| *end <= leaf);
        if piece == self.ends.len() {
            return None;
        }
        let start = if piece == 0 { 0 } else { self.ends[piece - 1] };
        Some(Place { piece, offset: u64::try_from(leaf - start).ok()? })
    }
}

/// A piece that cannot be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RemovalError {
    /// No piece has had this id.
    #[error("piece {piece}: expected an id below {pieces}")]
    NoPiece {
        /// The id.
        piece: usize,
        /// Pieces added so far.
        pieces: usize,
    },
    /// The piece has no leaves any more.
    #[error("piece {piece}: it has been removed before")]
    Removed {
        /// The id.
        piece: usize,
    },
}

/// The contract's index: sums over pieces, of which every one ends at its own piece and reaches back as far as the piece's
/// id has trailing ones.
#[derive(Clone, Debug, Default)]
pub struct SumTree {
    sums: Vec<u128>,
    leaf_counts: Vec<u64>,
    total: u128,
}

impl SumTree {
    /// Adds a piece and returns its id.
    pub fn append(&mut self, leaves: u64) -> usize {
        let piece = self.sums.len();
        let below: u128 = (0..height(piece)).map(|level| self.sums[piece - (1 << level)]).sum();
        self.sums.push(u128::from(leaves) + below);
        self.leaf_counts.push(leaves);
        self.total += u128::from(leaves);
        piece
    }

    /// Takes a piece out and returns how many leaves it had; its id stays used.
    pub fn remove(&mut self, piece: usize) -> Result<u64, RemovalError> {
        let pieces = self.sums.len();
        let count = self.leaf_counts.get_mut(piece).ok_or(RemovalError::NoPiece { piece, pieces })?;
        let leaves = std::mem::take(count);
        if leaves == 0 {
            return Err(RemovalError::Removed { piece });
        }
        let mut at = piece;
        while at < pieces && height(at) <= bit_length(pieces) {
            self.sums[at] -= u128::from(leaves);
            at += 1 << height(at);
        }
        self.total -= u128::from(leaves);
        Ok(leaves)
    }

    /// Leaves of all pieces.
    pub const fn total(&self) -> u128 {
        self.total
    }

    /// The sums, as the contract stores them.
    pub fn sums(&self) -> &[u128] {
        &self.sums
    }

    /// Where this leaf of the set lies; `None` behind the last one.
    pub fn find(&self, leaf: u128) -> Option<Place> {
        if leaf >= self.total {
            return None;
        }
        let top = bit_length(self.sums.len());
        let mut at: usize = (1 << top) - 1;
        let mut before = 0;
        for half in (0..top).rev().map(|level| 1 << level) {
            match self.sums.get(at) {
                Some(sum) if before + sum <= leaf => {
                    before += sum;
                    at += half;
                }
                _ => at -= half,
            }
        }
        let behind = before + self.sums.get(at).copied().unwrap_or(0);
        let (piece, start) = if behind <= leaf { (at + 1, behind) } else { (at, before) };
        Some(Place { piece, offset: u64::try_from(leaf - start).ok()? })
    }
}

/// Height of the node that ends at this piece: the trailing zeros of the number behind its id.
pub const fn height(piece: usize) -> u32 {
    // The complement of an id has a trailing zero for every trailing one of it.
    (!piece).trailing_zeros()
}

const fn bit_length(number: usize) -> u32 {
    usize::BITS - number.leading_zeros()
}

#[cfg(test)]
#[path = "sum_tree_tests.rs"]
mod tests;
