//! Groth16 proofs over BLS12-381: one at a time, or many under one key.
//!
//! In: a [`Verifier`], proofs of 192 bytes, their public inputs. Out: for each proof nothing, or the reason of its
//! [`Rejection`]. Rule: Filecoin, B5. A proof (A, B, C) holds where e(A, B) = e(alpha, beta) e(S, gamma) e(C, delta), with S
//! the sum of the key's points times the inputs. A batch multiplies the equations, each to the power of its own secret
//! 128-bit factor; one that fails is halved until the bad entries are named.
//! Invariant: an entry's answer does not depend on its neighbours, and answers come in the order of the entries. A wrong yes
//! has a probability below 2^-120, a wrong no is impossible. Nothing here starts a thread.

use std::ops::Range;

use blst::{MultiPoint, blst_fp12, blst_p1_affine, blst_p2_affine};
use blstrs::{G1Projective, G2Affine, Scalar};
use ruint::aliases::U256;

use super::input_sum::InputSum;
pub use super::input_sum::Tables;
use super::points::{COORDINATE, PointFault, finite, g1_compressed, g2_compressed, nothing, with_operators};
use super::verification_key::VerificationKey;
use super::window_post::{Input, PARTITION_PROOF, is_canonical};

/// So few entries are checked one by one.
const LEAF: usize = 2;

/// Bytes of a factor.
const FACTOR: usize = 16;

/// A point of a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofPoint {
    /// The first, in G1.
    A,
    /// The second, in G2.
    B,
    /// The third, in G1.
    C,
}

impl std::fmt::Display for ProofPoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
        })
    }
}

/// Why a proof does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// It has another length.
    #[error("proof: expected {PARTITION_PROOF} bytes, found {found}")]
    Length {
        /// Its bytes.
        found: usize,
    },
    /// A point is not good.
    #[error("proof: point {point}: {fault}")]
    Point {
        /// The first bad point.
        point: ProofPoint,
        /// What is wrong with it.
        fault: PointFault,
    },
    /// There are more or fewer inputs than the key has points for.
    #[error("public inputs: expected {expected} for this key, found {found}")]
    InputCount {
        /// Inputs under this key.
        expected: usize,
        /// Inputs given.
        found: usize,
    },
    /// An input is no element of the field.
    #[error("public input {index}: it is not below the order of the field")]
    InputTooLarge {
        /// Place of the first such input, from 0.
        index: usize,
    },
    /// All is well-formed, and the equation does not hold.
    #[error("the pairing equation does not hold")]
    Equation,
}

/// A well-formed proof.
#[derive(Clone, Copy, Debug)]
pub struct Proof {
    a: blst_p1_affine,
    b: blst_p2_affine,
    c: blst_p1_affine,
}

impl Proof {
    /// Reads the proof of one partition.
    pub fn decode(bytes: &[u8]) -> Result<Self, Rejection> {
        let length = Rejection::Length { found: bytes.len() };
        let bytes: &[u8; PARTITION_PROOF] = bytes.try_into().map_err(|_| length)?;
        let at = |point| move |fault| Rejection::Point { point, fault };
        let (a, rest) = bytes.split_first_chunk::<COORDINATE>().ok_or(length)?;
        let (b, rest) = rest.split_first_chunk::<{ 2 * COORDINATE }>().ok_or(length)?;
        let c: &[u8; COORDINATE] = rest.try_into().map_err(|_| length)?;
        Ok(Self {
            a: g1_compressed(a).map_err(at(ProofPoint::A))?,
            b: g2_compressed(b).map_err(at(ProofPoint::B))?,
            c: g1_compressed(c).map_err(at(ProofPoint::C))?,
        })
    }
}

/// A proof with what it is about.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// The proof's bytes.
    pub proof: &'a [u8],
    /// Its public inputs, without the constant.
    pub inputs: &'a [Input],
}

/// A key, made ready for many proofs.
#[derive(Debug)]
pub struct Verifier {
    key: VerificationKey,
    sum: InputSum,
    alpha_beta: blst_fp12,
    minus_gamma: blst_p2_affine,
    minus_delta: blst_p2_affine,
}

impl Verifier {
    /// Makes a key ready; see [`Tables`] for what time and memory that takes.
    pub fn new(key: VerificationKey, tables: Tables) -> Self {
        Self {
            sum: InputSum::new(&key.ic, tables),
            alpha_beta: blst_fp12::miller_loop(&key.beta, &key.alpha).final_exp(),
            minus_gamma: minus(key.gamma),
            minus_delta: minus(key.delta),
            key,
        }
    }

    /// The key.
    pub const fn key(&self) -> &VerificationKey {
        &self.key
    }

    /// Bytes of the tables that were made for this key.
    pub fn table_bytes(&self) -> usize {
        self.sum.table_bytes()
    }

    /// Checks one proof.
    pub fn verify(&self, entry: Entry<'_>) -> Result<(), Rejection> {
        let proof = self.read(entry)?;
        self.check(&proof, entry.inputs)
    }

    /// Checks many proofs together; answers come in the order of the entries.
    pub fn verify_batch(&self, entries: &[Entry<'_>]) -> Vec<Result<(), Rejection>> {
        let mut answers = Vec::with_capacity(entries.len());
        let mut open = Vec::new();
        for (place, &entry) in entries.iter().enumerate() {
            let read = self.read(entry);
            answers.push(read.map(|_| ()));
            open.extend(read.ok().map(|proof| Open { place, proof, inputs: entry.inputs }));
        }
        match secret_factors(open.len()) {
            Some(factors) if open.len() > LEAF => {
                let batch = Batch { verifier: self, open, factors };
                let all = 0..batch.open.len();
                let sums = batch.sums(all.clone());
                batch.resolve(all, &sums, false, &mut answers);
            }
            // Few entries, or no random numbers and so no sound combination.
            _ => {
                for entry in open {
                    entry.answer(self, &mut answers);
                }
            }
        }
        answers
    }

    /// All checks that come before the equation.
    fn read(&self, entry: Entry<'_>) -> Result<Proof, Rejection> {
        let (expected, found) = (self.key.inputs(), entry.inputs.len());
        if expected != found {
            return Err(Rejection::InputCount { expected, found });
        }
        if let Some(index) = entry.inputs.iter().position(|input| !is_canonical(input)) {
            return Err(Rejection::InputTooLarge { index });
        }
        Proof::decode(entry.proof)
    }

    fn check(&self, proof: &Proof, inputs: &[Input]) -> Result<(), Rejection> {
        let mut product = Product::with_room(3);
        product.push(Some(proof.a), proof.b);
        product.push(finite(&self.sum.of_one(inputs)), self.minus_gamma);
        product.push(Some(proof.c), self.minus_delta);
        if product.is(&self.alpha_beta) { Ok(()) } else { Err(Rejection::Equation) }
    }
}

/// An entry that came as far as the equation.
struct Open<'a> {
    place: usize,
    proof: Proof,
    inputs: &'a [Input],
}

impl Open<'_> {
    fn answer(&self, verifier: &Verifier, answers: &mut [Result<(), Rejection>]) -> bool {
        let answer = verifier.check(&self.proof, self.inputs);
        if let Some(place) = answers.get_mut(self.place) {
            *place = answer;
        }
        answer.is_ok()
    }
}

struct Batch<'a> {
    verifier: &'a Verifier,
    open: Vec<Open<'a>>,
    factors: Vec<[u8; FACTOR]>,
}

/// What the entries of a range add up to, each times its factor.
#[derive(Clone, Copy)]
struct Sums {
    /// The key's points times the inputs.
    inputs: G1Projective,
    /// The points C.
    c: G1Projective,
}

impl Batch<'_> {
    /// Decides a range of entries and says whether all hold; `is_bad` says that at least one is known not to.
    fn resolve(
        &self,
        range: Range<usize>,
        sums: &Sums,
        is_bad: bool,
        answers: &mut [Result<(), Rejection>],
    ) -> bool {
        if range.len() <= LEAF {
            let mut all_hold = true;
            for entry in self.open.get(range).into_iter().flatten() {
                all_hold &= entry.answer(self.verifier, answers);
            }
            return all_hold;
        }
        if !is_bad && self.holds(range.clone(), sums) {
            return true;
        }
        let middle = range.start + range.len() / 2;
        let first = self.sums(range.start..middle);
        // What the whole has and the first half has not is the second half's, without another sum.
        let second = Sums { inputs: sums.inputs - first.inputs, c: sums.c - first.c };
        let first_holds = self.resolve(range.start..middle, &first, false, answers);
        // Where the whole fails and the first half holds, the second cannot.
        let second_holds = self.resolve(middle..range.end, &second, first_holds, answers);
        first_holds && second_holds
    }

    fn range(&self, range: Range<usize>) -> impl Iterator<Item = (&Open<'_>, &[u8; FACTOR])> {
        self.open.iter().zip(&self.factors).skip(range.start).take(range.len())
    }

    fn sums(&self, range: Range<usize>) -> Sums {
        let (mut points, mut factors, mut weighted) = (Vec::new(), Vec::new(), Vec::new());
        for (entry, factor) in self.range(range) {
            points.push(entry.proof.c);
            factors.extend_from_slice(factor);
            weighted.push((scalar(factor), entry.inputs));
        }
        let c = if points.is_empty() { nothing() } else { with_operators(points.mult(&factors, 8 * FACTOR)) };
        Sums { inputs: self.verifier.sum.of_many(&weighted), c }
    }

    /// Whether the product of the equations of these entries holds.
    fn holds(&self, range: Range<usize>, sums: &Sums) -> bool {
        let mut product = Product::with_room(range.len() + 2);
        let mut exponent = U256::ZERO;
        for (entry, factor) in self.range(range) {
            let a = [entry.proof.a].mult(factor, 8 * FACTOR);
            product.push(finite(&with_operators(a)), entry.proof.b);
            exponent += U256::from(u128::from_le_bytes(*factor));
        }
        product.push(finite(&sums.inputs), self.verifier.minus_gamma);
        product.push(finite(&sums.c), self.verifier.minus_delta);
        product.is(&power(&self.verifier.alpha_beta, exponent))
    }
}

/// Pairs of points whose pairings are multiplied.
struct Product {
    g1: Vec<blst_p1_affine>,
    g2: Vec<blst_p2_affine>,
}

impl Product {
    fn with_room(count: usize) -> Self {
        Self { g1: Vec::with_capacity(count), g2: Vec::with_capacity(count) }
    }

    /// Adds a pair; the pairing of an infinite point is one.
    fn push(&mut self, g1: Option<blst_p1_affine>, g2: blst_p2_affine) {
        if let Some(g1) = g1 {
            self.g1.push(g1);
            self.g2.push(g2);
        }
    }

    fn is(&self, expected: &blst_fp12) -> bool {
        if self.g1.is_empty() {
            return *expected == blst_fp12::default();
        }
        blst_fp12::miller_loop_n(&self.g2, &self.g1).final_exp() == *expected
    }
}

/// A factor for each entry, none of them zero; `None` if the operating system gives no random numbers.
fn secret_factors(count: usize) -> Option<Vec<[u8; FACTOR]>> {
    let mut factors = vec![[0; FACTOR]; count];
    getrandom::fill(factors.as_flattened_mut()).ok()?;
    for factor in &mut factors {
        if *factor == [0; FACTOR] {
            factor[0] = 1;
        }
    }
    Some(factors)
}

fn scalar(factor: &[u8; FACTOR]) -> Scalar {
    let mut bytes = [0; 32];
    bytes[..FACTOR].copy_from_slice(factor);
    // 128 bits are below the order of the field.
    Option::from(Scalar::from_bytes_le(&bytes)).unwrap_or_else(|| Scalar::from(0))
}

fn power(base: &blst_fp12, exponent: U256) -> blst_fp12 {
    let mut result = blst_fp12::default();
    for bit in (0..exponent.bit_len()).rev() {
        result *= result;
        if exponent.bit(bit) {
            result *= *base;
        }
    }
    result
}

fn minus(point: blst_p2_affine) -> blst_p2_affine {
    let mut same = G2Affine::default();
    *same.as_mut() = point;
    *(-same).as_ref()
}

#[cfg(test)]
#[path = "groth16_made.rs"]
pub(super) mod made;

#[cfg(test)]
#[path = "groth16_tests.rs"]
mod tests;
