//! Verification keys of Groth16 proofs, as files that the network publishes beside its proving parameters.
//!
//! In: the bytes of a `.vk` file, and whom to trust. Out: a [`VerificationKey`]. Rule: Filecoin, B5.
//! Invariant: every point of a key lies in its prime-order subgroup and is not infinite; the file has exactly the bytes that
//! its number of points asks for; its check value is a trusted one, unless the caller says that any will do.

use blst::{blst_p1_affine, blst_p2_affine};
use data_encoding::HEXLOWER;
use rayon::prelude::*;

use super::blake2b::blake2b;
use super::input_sum::are_in_g1;
use super::points::{COORDINATE, PointFault, g1_uncompressed, g2_uncompressed, on_g1_curve};
use super::window_post::SectorSize;

/// The first 16 bytes of a `BLAKE2b`-512: what the network lists for each key.
pub type CheckValue = [u8; 16];

const G1: usize = 2 * COORDINATE;
const G2: usize = 4 * COORDINATE;
/// Three points of G1, three of G2, and the number of those that follow.
const HEADER: usize = 3 * G1 + 3 * G2 + 4;

/// A key that the network publishes for proofs of spacetime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishedKey {
    /// Size of the sectors that it is for.
    pub sector_size: SectorSize,
    /// Challenges for each sector: 10 in a window, 1 for a winner.
    pub challenges: usize,
    /// Sectors of a partition.
    pub sectors: usize,
    /// SHA-256 of the circuit's identifier, in hex: the last part of the file's name.
    pub id: &'static str,
    /// The check value, in hex.
    pub check_value: &'static str,
}

/// The network's keys, version 28. Source: `parameters.json` of rust-fil-proofs at revision
/// `87348a749d80447d00c595af834a8ed73c09e4d9`.
pub const PUBLISHED: [PublishedKey; 8] = [
    PublishedKey {
        sector_size: SectorSize::Kib2,
        challenges: 10,
        sectors: 2,
        id: "0170db1f394b35d995252228ee359194b13199d259380541dc529fb0099096b0",
        check_value: "0e0958009936b9d5e515ec97b8cb792d",
    },
    PublishedKey {
        sector_size: SectorSize::Kib2,
        challenges: 1,
        sectors: 66,
        id: "3ea05428c9d11689f23529cde32fd30aabd50f7d2c93657c1d3650bca3e8ea9e",
        check_value: "ffd79788d614d27919ae5bd2d94eacb6",
    },
    PublishedKey {
        sector_size: SectorSize::Mib8,
        challenges: 10,
        sectors: 2,
        id: "5294475db5237a2e83c3e52fd6c2b03859a1831d45ed08c4f35dbf9a803165a9",
        check_value: "34d4feeacd9abf788d69ef1bb4d8fd00",
    },
    PublishedKey {
        sector_size: SectorSize::Mib512,
        challenges: 10,
        sectors: 2,
        id: "0cfb4f178bbb71cf2ecfcd42accce558b27199ab4fb59cb78f2483fe21ef36d9",
        check_value: "4dae975de4f011f101f5a2f86d1daaba",
    },
    PublishedKey {
        sector_size: SectorSize::Gib32,
        challenges: 10,
        sectors: 2349,
        id: "0377ded656c6f524f1618760bffe4e0a1c51d5a70c4509eedae8a27555733edc",
        check_value: "0f8ec542485568fa3468c066e9fed82b",
    },
    PublishedKey {
        sector_size: SectorSize::Gib32,
        challenges: 1,
        sectors: 66,
        id: "559e581f022bb4e4ec6e719e563bf0e026ad6de42e56c18714a2c692b1b88d7e",
        check_value: "fc02943678dd119e69e7fab8420e8819",
    },
    PublishedKey {
        sector_size: SectorSize::Gib64,
        challenges: 10,
        sectors: 2300,
        id: "2627e4006b67f99cef990c0a47d5426cb7ab0a0ad58fc1061547bf2d28b09def",
        check_value: "59d2bf1857adc59a4f08fcf2afaa916b",
    },
    PublishedKey {
        sector_size: SectorSize::Gib64,
        challenges: 1,
        sectors: 66,
        id: "b62098629d07946e9028127e70295ed996fe3ed25b0f9f88eb610a0ab4385a3c",
        check_value: "6d3789148fb6466d07ee1e24d6292fd6",
    },
];

impl PublishedKey {
    /// The published key with this check value.
    pub fn with_check_value(check: &CheckValue) -> Option<&'static Self> {
        let check = HEXLOWER.encode(check);
        PUBLISHED.iter().find(|key| key.check_value == check)
    }

    /// Inputs of a proof: each sector's replica commitment and challenges.
    pub const fn inputs(&self) -> usize {
        self.sectors * (1 + self.challenges)
    }

    /// Name of the file.
    pub fn file_name(&self) -> String {
        let shape = match self.sector_size {
            SectorSize::Kib2 | SectorSize::Mib8 | SectorSize::Mib512 => "8-0-0",
            SectorSize::Gib32 => "8-8-0",
            SectorSize::Gib64 => "8-8-2",
        };
        format!("v28-proof-of-spacetime-fallback-merkletree-poseidon_hasher-{shape}-{}.vk", self.id)
    }
}

/// Which check values are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Those of [`PUBLISHED`] keys.
    Published,
    /// This one.
    Pinned(CheckValue),
    /// Any: whoever brings the file decides which proofs are good.
    Anyone,
}

/// A point of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPoint {
    /// Alpha, in G1.
    AlphaG1,
    /// Beta, in G1.
    BetaG1,
    /// Beta, in G2.
    BetaG2,
    /// Gamma, in G2.
    GammaG2,
    /// Delta, in G1.
    DeltaG1,
    /// Delta, in G2.
    DeltaG2,
    /// The point of input i, from 1; that of the constant is 0.
    Input(usize),
}

impl std::fmt::Display for KeyPoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AlphaG1 => f.write_str("alpha in G1"),
            Self::BetaG1 => f.write_str("beta in G1"),
            Self::BetaG2 => f.write_str("beta in G2"),
            Self::GammaG2 => f.write_str("gamma in G2"),
            Self::DeltaG1 => f.write_str("delta in G1"),
            Self::DeltaG2 => f.write_str("delta in G2"),
            Self::Input(index) => write!(f, "IC {index}"),
        }
    }
}

/// A file that is no key, or not a trusted one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// There is not even room for the fixed points.
    #[error("verification key: expected at least {HEADER} bytes, found {found}")]
    Short {
        /// Bytes of the file.
        found: usize,
    },
    /// The number of points asks for another size.
    #[error("verification key: expected {expected} bytes for its {points} IC points, found {found}")]
    Size {
        /// IC points that the file says it has.
        points: u32,
        /// Bytes that these need.
        expected: u64,
        /// Bytes of the file.
        found: usize,
    },
    /// Even the constant's point is missing.
    #[error("verification key: expected at least one IC point, found none")]
    NoPoints,
    /// A point is not good.
    #[error("verification key: {point}: {fault}")]
    Point {
        /// The first bad point.
        point: KeyPoint,
        /// What is wrong with it.
        fault: PointFault,
    },
    /// The file is none that the network publishes.
    #[error("verification key: its check value {} is not one that the network publishes", HEXLOWER.encode(.found))]
    NotPublished {
        /// Check value of the file.
        found: CheckValue,
    },
    /// The file is not the one that was asked for.
    #[error(
        "verification key: expected check value {}, found {}",
        HEXLOWER.encode(.expected),
        HEXLOWER.encode(.found)
    )]
    NotPinned {
        /// The pinned check value.
        expected: CheckValue,
        /// Check value of the file.
        found: CheckValue,
    },
    /// A published key has another number of inputs than its circuit.
    #[error("verification key: expected {expected} inputs for its circuit, found {found}")]
    Inputs {
        /// Inputs of the circuit.
        expected: usize,
        /// Inputs of the key.
        found: usize,
    },
}

/// A key whose points are all good.
#[derive(Clone, Debug)]
pub struct VerificationKey {
    pub(super) alpha: blst_p1_affine,
    pub(super) beta: blst_p2_affine,
    pub(super) gamma: blst_p2_affine,
    pub(super) delta: blst_p2_affine,
    /// The constant's point, then one for each input.
    pub(super) ic: Vec<blst_p1_affine>,
    check: CheckValue,
}

impl VerificationKey {
    /// Reads a `.vk` file, on all threads of the current pool: a window key has 25 840 points to check.
    pub fn from_file(bytes: &[u8], trust: Trust) -> Result<Self, KeyError> {
        let check = check_value(bytes);
        check_trust(trust, check)?;
        let mut rest = Reader(bytes);
        let (Some(alpha), Some(beta_g1), Some(beta), Some(gamma), Some(delta_g1), Some(delta), Some(points)) = (
            rest.take::<G1>(),
            rest.take::<G1>(),
            rest.take::<G2>(),
            rest.take::<G2>(),
            rest.take::<G1>(),
            rest.take::<G2>(),
            rest.take::<4>(),
        ) else {
            return Err(KeyError::Short { found: bytes.len() });
        };
        let points = u32::from_be_bytes(*points);
        let expected = HEADER as u64 + G1 as u64 * u64::from(points);
        if expected != bytes.len() as u64 {
            return Err(KeyError::Size { points, expected, found: bytes.len() });
        }
        if points == 0 {
            return Err(KeyError::NoPoints);
        }
        let at = |point| move |fault| KeyError::Point { point, fault };
        let alpha = g1_uncompressed(alpha).map_err(at(KeyPoint::AlphaG1))?;
        // Verification does without these two, but a file with a bad point is none to trust.
        g1_uncompressed(beta_g1).map_err(at(KeyPoint::BetaG1))?;
        g1_uncompressed(delta_g1).map_err(at(KeyPoint::DeltaG1))?;
        let beta = g2_uncompressed(beta).map_err(at(KeyPoint::BetaG2))?;
        let gamma = g2_uncompressed(gamma).map_err(at(KeyPoint::GammaG2))?;
        let delta = g2_uncompressed(delta).map_err(at(KeyPoint::DeltaG2))?;
        let key = Self { alpha, beta, gamma, delta, ic: input_points(rest.0.as_chunks().0)?, check };
        match key.published() {
            Some(published) if published.inputs() != key.inputs() => {
                Err(KeyError::Inputs { expected: published.inputs(), found: key.inputs() })
            }
            _ => Ok(key),
        }
    }

    /// Inputs that a proof under this key has.
    pub fn inputs(&self) -> usize {
        self.ic.len().saturating_sub(1)
    }

    /// The file's check value.
    pub const fn check_value(&self) -> CheckValue {
        self.check
    }

    /// Which of the network's keys this is.
    pub fn published(&self) -> Option<&'static PublishedKey> {
        PublishedKey::with_check_value(&self.check)
    }
}

/// Check value of a file.
pub fn check_value(bytes: &[u8]) -> CheckValue {
    blake2b::<64>(&[bytes]).first_chunk().copied().unwrap_or_default()
}

/// The points of the constant and the inputs.
fn input_points(bytes: &[[u8; G1]]) -> Result<Vec<blst_p1_affine>, KeyError> {
    let on_curve: Option<Vec<_>> = bytes.par_iter().map(|bytes| on_g1_curve(bytes).ok()).collect();
    if let Some(points) = on_curve.filter(|points| are_in_g1(points)) {
        return Ok(points);
    }
    // One by one and in order, so that the first bad point is the one that is named.
    let points: Vec<_> = bytes.par_iter().map(g1_uncompressed).collect();
    (points.into_iter().enumerate())
        .map(|(index, point)| point.map_err(|fault| KeyError::Point { point: KeyPoint::Input(index), fault }))
        .collect()
}

fn check_trust(trust: Trust, found: CheckValue) -> Result<(), KeyError> {
    match trust {
        Trust::Published if PublishedKey::with_check_value(&found).is_none() => {
            Err(KeyError::NotPublished { found })
        }
        Trust::Pinned(expected) if expected != found => Err(KeyError::NotPinned { expected, found }),
        _ => Ok(()),
    }
}

/// What is left of a file.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(taken)
    }
}

#[cfg(test)]
#[path = "verification_key_tests.rs"]
mod tests;
