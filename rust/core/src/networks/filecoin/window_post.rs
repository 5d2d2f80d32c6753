//! Proofs of spacetime: kinds, challenged leaves, and the public inputs that a proof is checked against.
//!
//! In: a kind of proof, the miner's randomness, the sectors proved. Out: challenges, and 32-byte little-endian scalars.
//! Rule: Filecoin, B1, B3 and B4, and the last step of B2.
//! Invariant: inputs depend on the set of sectors, not on the order in which they come; every scalar is below the order of
//! the field; a partition has exactly the number of inputs that its circuit takes.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

/// A scalar, little endian.
pub type Input = [u8; 32];

/// Challenges of each sector of a window.
pub const WINDOW_CHALLENGES: usize = 10;
/// Challenges of the one sector that wins.
pub const WINNING_CHALLENGES: usize = 66;
/// Bytes of the proof of one partition.
pub const PARTITION_PROOF: usize = 192;
/// Bytes of a leaf.
const LEAF: u64 = 32;

/// Epochs after the end of a deadline in which its proofs can be disputed.
pub const DISPUTE_WINDOW: i64 = 1800;

/// The order of the scalar field, little endian.
pub(super) const ORDER: [u8; 32] = [
    0x01, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xfe, 0x5b, 0xfe, 0xff, 0x02, 0xa4, 0xbd, 0x53, 0x05,
    0xd8, 0xa1, 0x09, 0x08, 0xd8, 0x39, 0x33, 0x48, 0x7d, 0x9d, 0x29, 0x53, 0xa7, 0xed, 0x73,
];

/// Size of a sector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SectorSize {
    /// 2 KiB.
    Kib2,
    /// 8 MiB.
    Mib8,
    /// 512 MiB.
    Mib512,
    /// 32 GiB.
    Gib32,
    /// 64 GiB.
    Gib64,
}

impl SectorSize {
    /// All sizes, in the order of their numbers.
    pub const ALL: [Self; 5] = [Self::Kib2, Self::Mib8, Self::Mib512, Self::Gib32, Self::Gib64];

    /// The size with this many bytes.
    pub fn from_bytes(bytes: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|size| size.bytes() == bytes)
    }

    /// Bytes of a sector.
    pub const fn bytes(self) -> u64 {
        match self {
            Self::Kib2 => 2 << 10,
            Self::Mib8 => 8 << 20,
            Self::Mib512 => 512 << 20,
            Self::Gib32 => 32 << 30,
            Self::Gib64 => 64 << 30,
        }
    }

    /// Leaves of a sector's tree.
    pub const fn leaves(self) -> u64 {
        self.bytes() / LEAF
    }

    /// Sectors of a full window partition.
    pub const fn partition_sectors(self) -> usize {
        match self {
            Self::Kib2 | Self::Mib8 | Self::Mib512 => 2,
            Self::Gib32 => 2349,
            Self::Gib64 => 2300,
        }
    }
}

/// What a proof shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PostKind {
    /// That the miner who won a block has the one sector drawn.
    Winning,
    /// That all sectors of a deadline are there; challenges count on over all partitions.
    WindowV1,
    /// That all sectors of a deadline are there; partitions are independent.
    WindowV1P1,
}

/// A registered type of proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PostType {
    /// What it shows.
    pub kind: PostKind,
    /// Of sectors of which size.
    pub sector_size: SectorSize,
}

impl PostType {
    /// The type with this number on the chain.
    pub fn from_number(number: u64) -> Option<Self> {
        let place = usize::try_from(number).ok()?;
        let kind = match place / SectorSize::ALL.len() {
            0 => PostKind::Winning,
            1 => PostKind::WindowV1,
            2 => PostKind::WindowV1P1,
            _ => return None,
        };
        let sector_size = *SectorSize::ALL.get(place % SectorSize::ALL.len())?;
        Some(Self { kind, sector_size })
    }

    /// The number on the chain.
    pub const fn number(self) -> u64 {
        5 * self.kind as u64 + self.sector_size as u64
    }

    /// Inputs of the proof of one partition.
    pub const fn inputs(self) -> usize {
        match self.kind {
            PostKind::Winning => 2 * WINNING_CHALLENGES,
            PostKind::WindowV1 | PostKind::WindowV1P1 => {
                self.sector_size.partition_sectors() * (1 + WINDOW_CHALLENGES)
            }
        }
    }
}

/// A sector as the chain knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sector {
    /// Its number.
    pub number: u64,
    /// Commitment to its replica.
    pub comm_r: [u8; 32],
}

/// Sectors that no proof can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InputsError {
    /// There is nothing to prove.
    #[error("sectors: expected at least one, found none")]
    NoSectors,
    /// A winner proves one.
    #[error("sectors: expected the one that won, found {found}")]
    NotOne {
        /// Different sectors given.
        found: usize,
    },
    /// A partition takes fewer.
    #[error("sectors: expected at most {expected} in a partition, found {found}")]
    TooMany {
        /// Sectors of a full partition.
        expected: usize,
        /// Different sectors given.
        found: usize,
    },
    /// One number, two commitments.
    #[error("sector {number}: it comes twice, with different replica commitments")]
    Contradiction {
        /// The sector's number.
        number: u64,
    },
    /// The commitment is no element of the field.
    #[error("sector {number}: its replica commitment is not below the order of the field")]
    CommitmentTooLarge {
        /// The sector's number.
        number: u64,
    },
}

/// Whether a scalar is below the order of the field.
pub fn is_canonical(scalar: &Input) -> bool {
    scalar.iter().rev().lt(ORDER.iter().rev())
}

/// The randomness as proofs use it: as an element of the field, little endian.
pub fn proof_randomness(mut drawn: [u8; 32]) -> [u8; 32] {
    drawn[31] &= 0x3f;
    drawn
}

/// Leaf that challenge `index` asks of a sector; `randomness` has its top bits cleared.
pub fn challenge(randomness: &[u8; 32], sector: u64, index: u64, size: SectorSize) -> u64 {
    let digest: [u8; 32] = Sha256::new()
        .chain_update(randomness)
        .chain_update(sector.to_le_bytes())
        .chain_update(index.to_le_bytes())
        .finalize()
        .into();
    let drawn = digest.first_chunk().map_or(0, |first| u64::from_le_bytes(*first));
    drawn % size.leaves()
}

/// Leaves asked of the sector at `place` among all sectors of a proof.
pub fn challenges(post: PostType, randomness: &[u8; 32], sector: u64, place: u64) -> Vec<u64> {
    let (first, count) = match post.kind {
        PostKind::Winning => (0, WINNING_CHALLENGES),
        PostKind::WindowV1P1 => (0, WINDOW_CHALLENGES),
        PostKind::WindowV1 => (place.wrapping_mul(WINDOW_CHALLENGES as u64), WINDOW_CHALLENGES),
    };
    (0..count as u64)
        .map(|index| challenge(randomness, sector, first.wrapping_add(index), post.sector_size))
        .collect()
}

/// Inputs of each partition of a proof, from all its sectors.
///
/// Sectors may come in any order; one that stands in for a faulty sector, and so comes twice, counts once.
pub fn public_inputs(
    post: PostType,
    randomness: &[u8; 32],
    sectors: &[Sector],
) -> Result<Vec<Vec<Input>>, InputsError> {
    let sectors = ascending(sectors)?;
    let randomness = proof_randomness(*randomness);
    if post.kind == PostKind::Winning {
        return match sectors.as_slice() {
            [sector] => Ok(vec![winning_inputs(post, &randomness, *sector)]),
            _ => Err(InputsError::NotOne { found: sectors.len() }),
        };
    }
    let full = post.sector_size.partition_sectors();
    let mut first = 0;
    let mut partitions = Vec::new();
    for partition in sectors.chunks(full) {
        partitions.push(window_inputs(post, &randomness, partition, first));
        first += full as u64;
    }
    Ok(partitions)
}

/// Inputs of one partition that has a proof of its own.
pub fn partition_inputs(
    post: PostType,
    randomness: &[u8; 32],
    sectors: &[Sector],
) -> Result<Vec<Input>, InputsError> {
    let mut partitions = public_inputs(post, randomness, sectors)?;
    match (partitions.pop(), partitions.is_empty()) {
        (Some(inputs), true) => Ok(inputs),
        _ => Err(InputsError::TooMany {
            expected: post.sector_size.partition_sectors(),
            found: ascending(sectors)?.len(),
        }),
    }
}

/// Each sector once, by number.
fn ascending(sectors: &[Sector]) -> Result<Vec<Sector>, InputsError> {
    let mut by_number = BTreeMap::new();
    for &Sector { number, comm_r } in sectors {
        if !is_canonical(&comm_r) {
            return Err(InputsError::CommitmentTooLarge { number });
        }
        if by_number.insert(number, comm_r).is_some_and(|other| other != comm_r) {
            return Err(InputsError::Contradiction { number });
        }
    }
    if by_number.is_empty() {
        return Err(InputsError::NoSectors);
    }
    Ok(by_number.into_iter().map(|(number, comm_r)| Sector { number, comm_r }).collect())
}

/// 66 pairs of the commitment and a challenge.
fn winning_inputs(post: PostType, randomness: &[u8; 32], sector: Sector) -> Vec<Input> {
    challenges(post, randomness, sector.number, 0)
        .into_iter()
        .flat_map(|leaf| [sector.comm_r, scalar(leaf)])
        .collect()
}

/// Blocks of a commitment and its challenges; the last block repeats where the partition is not full.
fn window_inputs(post: PostType, randomness: &[u8; 32], sectors: &[Sector], first: u64) -> Vec<Input> {
    let mut inputs = Vec::with_capacity(post.inputs());
    let mut block = Vec::new();
    for (sector, place) in sectors.iter().zip(first..) {
        block.clear();
        block.push(sector.comm_r);
        block.extend(challenges(post, randomness, sector.number, place).into_iter().map(scalar));
        inputs.extend_from_slice(&block);
    }
    for _ in sectors.len()..post.sector_size.partition_sectors() {
        inputs.extend_from_slice(&block);
    }
    inputs
}

fn scalar(number: u64) -> Input {
    let mut scalar = [0; 32];
    scalar[..8].copy_from_slice(&number.to_le_bytes());
    scalar
}

#[cfg(test)]
#[path = "window_post_tests.rs"]
mod tests;
