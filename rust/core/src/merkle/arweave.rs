//! The trees of Arweave: a data tree per transaction, a transaction tree per block.
//!
//! In: a root, a place, and a path from the root. Out: the leaf that the path proves, and the range of bytes it covers; or
//! why it proves nothing. The other way, trees from data and from a block's transactions, is in [`tree`].
//! Rule: Arweave, A2 to A4: `leaf = H(H(value) || H(note))`, `branch = H(H(left) || H(right) || H(note))`, notes are
//! offsets of 32 bytes; a path is `branch* leaf`, where a branch may carry a *rebase marker* of 32 zero bytes.
//! Invariant: a path is read to its last byte or refused; offsets are exact integers, and a note beyond 64 bits is refused.

pub mod tree;

use crate::hash::{Hash, sha256};

/// Size of a full chunk, 256 KiB.
pub const CHUNK_SIZE: u64 = 262_144;
/// The smallest chunk that clients make of data that is not smaller itself.
pub const MIN_CHUNK_SIZE: u64 = 32_768;
/// Blocks that start here or later take the strict data split.
pub const STRICT_SPLIT_START: u64 = 30_607_159_107_830;
/// Blocks that start here or later allow rebased offsets.
pub const REBASE_START: u64 = 151_066_495_197_430;

const HASH: usize = 32;
const LEAF: usize = 2 * HASH;
const BRANCH: usize = 3 * HASH;
const MARKED_BRANCH: usize = 4 * HASH;
/// The chunk size where offsets are signed: bounds of a rebased subtree may fall below zero on the way.
const C: i128 = CHUNK_SIZE as i128;

/// Which borders a leaf may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ruleset {
    /// Hashes alone. Transaction paths are checked with it.
    Basic,
    /// No chunk is larger than 256 KiB.
    StrictBorders,
    /// Chunks also start at multiples of 256 KiB, but for the last one or two.
    StrictDataSplit,
    /// As strict, but subtrees may restart their offsets at zero behind a marker.
    OffsetRebase,
}

impl Ruleset {
    /// All rulesets, the weakest first.
    pub const ALL: [Self; 4] = [Self::Basic, Self::StrictBorders, Self::StrictDataSplit, Self::OffsetRebase];
    /// What a chunk of unknown age is tried with, the preferred one first.
    pub const OF_UNKNOWN_AGE: [Self; 3] = [Self::StrictDataSplit, Self::OffsetRebase, Self::StrictBorders];

    /// The ruleset's name in records and results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::StrictBorders => "strict_borders",
            Self::StrictDataSplit => "strict_data_split",
            Self::OffsetRebase => "offset_rebase_support",
        }
    }

    /// The ruleset of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ruleset| ruleset.name() == name)
    }

    /// The ruleset for data of a block that starts at this byte of the weave.
    pub const fn of_block(block_start: u64) -> Self {
        if block_start >= REBASE_START {
            Self::OffsetRebase
        } else if block_start >= STRICT_SPLIT_START {
            Self::StrictDataSplit
        } else {
            Self::StrictBorders
        }
    }

    /// Whether rebase markers count.
    pub const fn allows_markers(self) -> bool {
        matches!(self, Self::OffsetRebase)
    }
}

/// What a path proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proved {
    /// Chunk id in a data tree, data root in a transaction tree.
    pub value: Hash,
    /// First byte, counted from the start of the tree.
    pub start: u64,
    /// Byte after the last one.
    pub end: u64,
    /// Whether the leaf's own note lies behind its left border. A leaf without bytes of its own still gets a range of one
    /// byte; for admission that is not enough.
    pub is_positive: bool,
    /// Whether the path carries a marker.
    pub is_marked: bool,
}

/// Which rule about borders a leaf breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Border {
    /// The chunk is larger than 256 KiB.
    Size,
    /// The chunk starts or ends where the split of data does not allow it.
    Split,
}

impl Border {
    const fn sentence(self) -> &'static str {
        match self {
            Self::Size => "the chunk is larger than 256 KiB",
            Self::Split => "the chunk's borders are not where this ruleset allows them",
        }
    }
}

/// Why a path proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Nothing can be proved about an empty tree.
    #[error("the tree has no bytes")]
    Empty,
    /// The path ends inside a node, or goes on after its leaf.
    #[error("byte {at}: {left} bytes are left, which is neither a branch (96, marked 128) nor a leaf (64)")]
    Length {
        /// Where the odd rest begins.
        at: usize,
        /// How many bytes it has.
        left: usize,
    },
    /// A note does not fit 64 bits.
    #[error("byte {at}: the note does not fit 64 bits")]
    Note {
        /// Where the node begins.
        at: usize,
    },
    /// A branch is not the child of the one before it.
    #[error("byte {at}: the branch does not hash to the id above it")]
    Branch {
        /// Where the branch begins.
        at: usize,
    },
    /// The leaf is not the child of the last branch.
    #[error("byte {at}: the leaf does not hash to the id above it")]
    Leaf {
        /// Where the leaf begins.
        at: usize,
    },
    /// All hashes are right, but the ruleset does not allow such a leaf.
    #[error("{}", .border.sentence())]
    Ruleset {
        /// The rule that is broken.
        border: Border,
        /// What the path would prove without it.
        proved: Proved,
    },
    /// An offset does not fit 64 bits.
    #[error("an offset does not fit 64 bits")]
    Range,
}

/// Id of a leaf; `value` is empty for padding.
pub fn leaf_id(value: &[u8], note: u64) -> Hash {
    hash_of(&[&sha256(value), &sha256(&note_bytes(note))])
}

/// Id of a branch.
pub fn branch_id(left: &[u8], right: &[u8], note: u64) -> Hash {
    hash_of(&[&sha256(left), &sha256(right), &sha256(&note_bytes(note))])
}

fn hash_of(parts: &[&Hash]) -> Hash {
    let mut bytes = [0; BRANCH];
    for (place, part) in bytes.chunks_exact_mut(HASH).zip(parts) {
        place.copy_from_slice(*part);
    }
    sha256(&bytes[..HASH * parts.len()])
}

fn note_bytes(note: u64) -> Hash {
    let mut bytes = [0; HASH];
    bytes[24..].copy_from_slice(&note.to_be_bytes());
    bytes
}

fn read_note(bytes: &[u8]) -> Option<u64> {
    let (high, low) = bytes.split_last_chunk()?;
    high.iter().all(|byte| *byte == 0).then(|| u64::from_be_bytes(*low))
}

/// Where a walk down a path has come to.
struct Walk {
    id: Hash,
    dest: i128,
    left: i128,
    right: i128,
    /// What the markers so far have taken off the offsets.
    shift: i128,
    /// Whether only right branches were taken since the last marker; unset before the first one.
    rightmost: Option<bool>,
    is_marked: bool,
}

impl Walk {
    /// Takes one branch; `marked` restarts the offsets of the child that is taken.
    fn descend(&mut self, left_id: Hash, right_id: Hash, note: u64, marked: bool) {
        let note = i128::from(note);
        let goes_left = self.dest < note;
        self.id = if goes_left { left_id } else { right_id };
        if !marked {
            if goes_left {
                self.right = self.right.min(note);
                self.rightmost = Some(false);
            } else {
                self.left = self.left.max(note);
                self.rightmost = self.rightmost.or(Some(true));
            }
            return;
        }
        let (start, end) =
            if goes_left { (self.left, self.right.min(note)) } else { (self.left.max(note), self.right) };
        self.dest -= start;
        self.right = end - start;
        self.shift += start;
        self.left = 0;
        self.rightmost = None;
        self.is_marked = true;
    }

    fn breaks(&self, ruleset: Ruleset, end: i128, total: i128) -> Option<Border> {
        let (left, right) = (self.left, self.right);
        if ruleset != Ruleset::Basic && (end - left > C || right - left > C) {
            return Some(Border::Size);
        }
        let is_split_right = match ruleset {
            Ruleset::Basic | Ruleset::StrictBorders => true,
            Ruleset::StrictDataSplit if end - left == C => left % C == 0,
            Ruleset::StrictDataSplit if end == total => right % C > 0 && left <= right - right % C,
            Ruleset::StrictDataSplit => left % C == 0 && C < total - left && total - left < 2 * C,
            Ruleset::OffsetRebase => {
                let (start, end) = (self.shift + left, self.shift + end);
                // The last chunk of a subtree may reach from one bucket into the next, by at least a byte.
                start % C == 0 || self.rightmost == Some(true) && start / C + 1 == end / C && end % C != 0
            }
        };
        (!is_split_right).then_some(Border::Split)
    }
}

/// Follows `path` from `root` to the leaf that holds byte `dest` of a tree over `size` bytes.
///
/// `dest` is moved into `[0, size)` first, as nodes do.
pub fn validate(
    root: &Hash,
    dest: i64,
    size: u64,
    path: &[u8],
    ruleset: Ruleset,
) -> Result<Proved, PathError> {
    if size == 0 {
        return Err(PathError::Empty);
    }
    let total = i128::from(size);
    let mut walk = Walk {
        id: *root,
        dest: i128::from(dest).clamp(0, total - 1),
        left: 0,
        right: total,
        shift: 0,
        rightmost: None,
        is_marked: false,
    };
    let mut rest = path;
    while rest.len() > LEAF {
        let at = path.len() - rest.len();
        let marked = ruleset.allows_markers() && is_marked(rest);
        let node = if marked { &rest[HASH..] } else { rest };
        let Some((branch, after)) = node.split_first_chunk::<BRANCH>() else {
            return Err(PathError::Length { at, left: rest.len() });
        };
        let (left, right, note) = split_branch(branch);
        let note = read_note(&note).ok_or(PathError::Note { at })?;
        if branch_id(&left, &right, note) != walk.id {
            return Err(PathError::Branch { at });
        }
        walk.descend(left, right, note, marked);
        rest = after;
    }
    let at = path.len() - rest.len();
    let Some((value, note)) = rest.split_first_chunk::<HASH>().filter(|_| rest.len() == LEAF) else {
        return Err(PathError::Length { at, left: rest.len() });
    };
    let note = read_note(note).ok_or(PathError::Note { at })?;
    if leaf_id(value, note) != walk.id {
        return Err(PathError::Leaf { at });
    }
    let end = i128::from(note);
    let offset = |value: i128| u64::try_from(walk.shift + value).map_err(|_| PathError::Range);
    let proved = Proved {
        value: *value,
        start: offset(walk.left)?,
        end: offset(walk.right.min(end).max(walk.left + 1))?,
        is_positive: end > walk.left,
        is_marked: walk.is_marked,
    };
    walk.breaks(ruleset, end, total).map_or(Ok(proved), |border| Err(PathError::Ruleset { border, proved }))
}

/// Whether the next branch of `rest` carries a marker.
fn is_marked(rest: &[u8]) -> bool {
    rest.len() >= MARKED_BRANCH && rest.starts_with(&[0; HASH])
}

fn split_branch(branch: &[u8; BRANCH]) -> (Hash, Hash, Hash) {
    let mut parts = [[0; HASH]; 3];
    for (part, bytes) in parts.iter_mut().zip(branch.chunks_exact(HASH)) {
        part.copy_from_slice(bytes);
    }
    let [left, right, note] = parts;
    (left, right, note)
}

/// Whether `path` proves the same without its markers, so that they are refused at admission.
///
/// A path without a marker has none to spare.
pub fn has_redundant_markers(root: &Hash, dest: i64, size: u64, path: &[u8], ruleset: Ruleset) -> bool {
    let mut plain = Vec::with_capacity(path.len());
    let mut rest = path;
    while rest.len() > LEAF {
        let node = if is_marked(rest) { &rest[HASH..] } else { rest };
        let Some((branch, after)) = node.split_at_checked(BRANCH) else { return false };
        plain.extend_from_slice(branch);
        rest = after;
    }
    plain.extend_from_slice(rest);
    plain.len() < path.len() && validate(root, dest, size, &plain, ruleset).is_ok()
}

#[cfg(test)]
#[path = "arweave_tests.rs"]
mod tests;
