//! Proofs of spacetime before they are made succinct: Merkle paths to the challenged leaves of one sector.
//!
//! In: a serialised proof, the sector as the chain knows it, the randomness. Out: nothing, or what is wrong: bytes that are
//! no proof ([`Malformed`]) or a proof that does not hold ([`Fault`]). Rule: Filecoin, B6.
//! Invariant: nothing is allocated before the bytes for it are known to be there; paths are read in place.

use blstrs::Scalar;

use super::poseidon::Poseidon;
use super::window_post::{PostType, Sector, SectorSize, challenges, proof_randomness};

/// A serialised element of the field.
type Node = [u8; 32];

const NODE: usize = 32;
/// Arity of the trees below the top one.
const ARITY: u64 = 8;

/// Bytes that are no proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The bytes end too early.
    #[error("vanilla proof: expected {expected} more bytes at byte {at}, found {found}")]
    Truncated {
        /// Where something should begin.
        at: usize,
        /// How much it needs at least.
        expected: u64,
        /// How much is left.
        found: usize,
    },
    /// Bytes follow the proof.
    #[error("vanilla proof: expected its end at byte {at}, found {found} more bytes")]
    Trailing {
        /// Where the proof ends.
        at: usize,
        /// What follows.
        found: usize,
    },
    /// The proof is not about one sector.
    #[error("vanilla proof: expected the paths of 1 sector, found those of {found}")]
    Sectors {
        /// How many sectors it says it is about.
        found: u64,
    },
    /// The kind of path does not exist.
    #[error("vanilla proof: expected path kind 0, 1 or 2 at byte {at}, found {found}")]
    Kind {
        /// Where it stands.
        at: usize,
        /// The number there.
        found: u32,
    },
}

/// Why a proof does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is about another sector.
    #[error("expected sector {expected}, found {found}")]
    Sector {
        /// The sector asked for.
        expected: u64,
        /// The sector of the proof.
        found: u64,
    },
    /// It is about another replica of the sector.
    #[error("its replica commitment is not the sector's")]
    ReplicaCommitment,
    /// A commitment is no element of the field.
    #[error("{which} is not below the order of the field")]
    Commitment {
        /// Name of the commitment.
        which: &'static str,
    },
    /// The replica commitment is not made of the two others.
    #[error("its replica commitment is not the hash of comm_c and comm_r_last")]
    CommitmentHash,
    /// There is not one path for each challenge.
    #[error("expected {expected} paths, found {found}")]
    Paths {
        /// Challenges.
        expected: usize,
        /// Paths.
        found: usize,
    },
    /// A path has other levels than the trees of this sector size.
    #[error("path {path}: expected {expected:?} levels in base, sub and top tree, found {found:?}")]
    Shape {
        /// Place of the path.
        path: usize,
        /// Levels of this sector size.
        expected: [usize; 3],
        /// Levels of the path.
        found: [usize; 3],
    },
    /// A level has another number of siblings.
    #[error("path {path}, level {level}: expected {expected} siblings, found {found}")]
    Siblings {
        /// Place of the path.
        path: usize,
        /// Level, from the leaf.
        level: usize,
        /// One less than the arity.
        expected: usize,
        /// Siblings there.
        found: usize,
    },
    /// A place among siblings does not exist.
    #[error("path {path}, level {level}: expected an index up to {expected}, found {found}")]
    Index {
        /// Place of the path.
        path: usize,
        /// Level, from the leaf.
        level: usize,
        /// The last place.
        expected: usize,
        /// The index there.
        found: u64,
    },
    /// The path's root is not the sector's.
    #[error("path {path}: its root is not comm_r_last")]
    Root {
        /// Place of the path.
        path: usize,
    },
    /// The path leads to another leaf.
    #[error("path {path}: expected leaf {expected}, found a path to leaf {found}")]
    Leaf {
        /// Place of the path.
        path: usize,
        /// The challenged leaf.
        expected: u64,
        /// The leaf that the path leads to.
        found: u64,
    },
    /// A leaf or sibling is no element of the field.
    #[error("path {path}: a node is not below the order of the field")]
    Node {
        /// Place of the path.
        path: usize,
    },
    /// The leaf does not hash to the root.
    #[error("path {path}: leaf and siblings do not hash to its root")]
    Hash {
        /// Place of the path.
        path: usize,
    },
}

/// The paths of one sector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VanillaProof<'a> {
    /// The sector's number.
    pub sector: u64,
    /// Commitment to the replica.
    pub comm_r: Node,
    /// Commitment to the columns of labels.
    pub comm_c: Node,
    /// Root of the replica's tree.
    pub comm_r_last: Node,
    /// A path for each challenge.
    pub paths: Vec<Path<'a>>,
}

/// A path from a leaf to the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path<'a> {
    /// The leaf.
    pub leaf: Node,
    /// The root that it claims.
    pub root: Node,
    /// All levels, from the leaf up.
    pub levels: Vec<Level<'a>>,
    /// How many of these are in the base, sub and top tree.
    pub shape: [usize; 3],
}

/// One step up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level<'a> {
    /// The other children of the node above.
    pub siblings: &'a [Node],
    /// The place of this one among them.
    pub index: u64,
}

impl<'a> VanillaProof<'a> {
    /// Reads a proof, which must end where the bytes end.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader { rest: bytes, at: 0 };
        let sector = reader.u64()?;
        let comm_r = *reader.node()?;
        let sectors = reader.u64()?;
        if sectors != 1 {
            return Err(Malformed::Sectors { found: sectors });
        }
        let count = reader.count(PATH)?;
        let mut paths = Vec::with_capacity(count);
        for _ in 0..count {
            paths.push(reader.path()?);
        }
        let (comm_c, comm_r_last) = (*reader.node()?, *reader.node()?);
        if !reader.rest.is_empty() {
            return Err(Malformed::Trailing { at: reader.at, found: reader.rest.len() });
        }
        Ok(Self { sector, comm_r, comm_c, comm_r_last, paths })
    }

    /// Checks the proof against a sector, which stands at `place` among all that are proved with it.
    pub fn check(
        &self,
        post: PostType,
        randomness: &[u8; 32],
        sector: &Sector,
        place: u64,
    ) -> Result<(), Fault> {
        if self.sector != sector.number {
            return Err(Fault::Sector { expected: sector.number, found: self.sector });
        }
        if self.comm_r != sector.comm_r {
            return Err(Fault::ReplicaCommitment);
        }
        let comm_c = element(&self.comm_c).ok_or(Fault::Commitment { which: "comm_c" })?;
        let root = element(&self.comm_r_last).ok_or(Fault::Commitment { which: "comm_r_last" })?;
        if hash(&[comm_c, root]).is_none_or(|hash| hash.to_bytes_le() != self.comm_r) {
            return Err(Fault::CommitmentHash);
        }
        let leaves = challenges(post, &proof_randomness(*randomness), sector.number, place);
        if leaves.len() != self.paths.len() {
            return Err(Fault::Paths { expected: leaves.len(), found: self.paths.len() });
        }
        for (number, (path, expected)) in self.paths.iter().zip(leaves).enumerate() {
            let found = path.leaf_number(number, post.sector_size)?;
            if path.root != self.comm_r_last {
                return Err(Fault::Root { path: number });
            }
            if found != expected {
                return Err(Fault::Leaf { path: number, expected, found });
            }
            let top = path.climb().ok_or(Fault::Node { path: number })?;
            if top != root {
                return Err(Fault::Hash { path: number });
            }
        }
        Ok(())
    }
}

/// Levels of the base, sub and top tree.
const fn shape(size: SectorSize) -> [usize; 3] {
    match size {
        SectorSize::Kib2 => [2, 0, 0],
        SectorSize::Mib8 => [6, 0, 0],
        SectorSize::Mib512 => [8, 0, 0],
        SectorSize::Gib32 => [9, 1, 0],
        SectorSize::Gib64 => [9, 1, 1],
    }
}

impl Path<'_> {
    /// The leaf's number, as the path says it, once its form is that of this sector size.
    fn leaf_number(&self, path: usize, size: SectorSize) -> Result<u64, Fault> {
        let expected = shape(size);
        if self.shape != expected {
            return Err(Fault::Shape { path, expected, found: self.shape });
        }
        let [base, sub, _] = expected;
        let (mut number, mut weight) = (0, 1);
        for (level, step) in self.levels.iter().enumerate() {
            let arity = if level < base + sub { ARITY } else { 2 };
            let last = usize::try_from(arity - 1).unwrap_or(usize::MAX);
            if step.siblings.len() != last {
                return Err(Fault::Siblings { path, level, expected: last, found: step.siblings.len() });
            }
            if step.index >= arity {
                return Err(Fault::Index { path, level, expected: last, found: step.index });
            }
            // The weights of a sector's levels end at its number of leaves.
            number += step.index * weight;
            weight *= arity;
        }
        Ok(number)
    }

    /// What the leaf hashes to; `None` if a node is no element of the field, or a level's arity is none.
    fn climb(&self) -> Option<Scalar> {
        let mut node = element(&self.leaf)?;
        for level in &self.levels {
            let mut children: Vec<_> = level.siblings.iter().map(element).collect::<Option<_>>()?;
            let index = usize::try_from(level.index).ok().filter(|index| *index <= children.len())?;
            children.insert(index, node);
            node = hash(&children)?;
        }
        Some(node)
    }
}

fn element(node: &Node) -> Option<Scalar> {
    Scalar::from_bytes_le(node).into()
}

fn hash(children: &[Scalar]) -> Option<Scalar> {
    Poseidon::of_arity(children.len())?.hash(children)
}

/// The fewest bytes of a path: its kind, no levels, root and leaf.
const PATH: usize = 4 + 8 + 2 * NODE;
/// The fewest bytes of a level: no siblings, and an index.
const LEVEL: usize = 8 + 8;

/// What is left of a proof.
struct Reader<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Result<&'a [u8; N], Malformed> {
        let Some((taken, rest)) = self.rest.split_first_chunk() else {
            return Err(self.truncated(N as u64));
        };
        (self.rest, self.at) = (rest, self.at + N);
        Ok(taken)
    }

    const fn truncated(&self, expected: u64) -> Malformed {
        Malformed::Truncated { at: self.at, expected, found: self.rest.len() }
    }

    fn u64(&mut self) -> Result<u64, Malformed> {
        Ok(u64::from_le_bytes(*self.take()?))
    }

    fn node(&mut self) -> Result<&'a Node, Malformed> {
        self.take()
    }

    /// A number of things of at least `size` bytes each, for which there is room.
    fn count(&mut self, size: usize) -> Result<usize, Malformed> {
        let count = self.u64()?;
        let room = self.rest.len() / size;
        match usize::try_from(count) {
            Ok(count) if count <= room => Ok(count),
            _ => Err(self.truncated(count.saturating_mul(size as u64))),
        }
    }

    fn path(&mut self) -> Result<Path<'a>, Malformed> {
        let at = self.at;
        let kind = u32::from_le_bytes(*self.take()?);
        let mut path = Path { leaf: [0; NODE], root: [0; NODE], levels: Vec::new(), shape: [0; 3] };
        if kind == 0 {
            (path.root, path.leaf) = (*self.node()?, *self.node()?);
            self.levels(&mut path, 1)?;
            return Ok(path);
        }
        if kind > 2 {
            return Err(Malformed::Kind { at, found: kind });
        }
        self.levels(&mut path, if kind == 1 { 2 } else { 3 })?;
        (path.root, path.leaf) = (*self.node()?, *self.node()?);
        Ok(path)
    }

    fn levels(&mut self, path: &mut Path<'a>, trees: usize) -> Result<(), Malformed> {
        for levels in path.shape.iter_mut().take(trees) {
            *levels = self.count(LEVEL)?;
            path.levels.reserve(*levels);
            for _ in 0..*levels {
                let count = self.count(NODE)?;
                let (siblings, rest) = self.rest.split_at(count * NODE);
                (self.rest, self.at) = (rest, self.at + siblings.len());
                path.levels.push(Level { siblings: siblings.as_chunks().0, index: self.u64()? });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "vanilla_tests.rs"]
mod tests;
