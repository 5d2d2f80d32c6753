//! The sum of a key's points, each times a public input: what a check costs, but for its pairings.
//!
//! In: the points of a key, inputs below the order of the field. Out: a point. Rule: Filecoin, B4 and B5. Read [`tables`]
//! first, then [`group_sums`], where the time goes, then [`base_field`].
//! Invariant: the sum is that of the plain definition, whatever the lengths of the inputs and whatever tables there are.
//! Nothing here starts a thread but the making of tables.

mod base_field;
mod field_28;
mod field_52;
mod group_sums;
mod subgroup;
mod tables;

use blst::{MultiPoint, blst_p1_affine};
use blstrs::{G1Projective, Scalar};

use self::field_28::Field28;
use self::field_52::Field52;
pub(super) use self::subgroup::are_in_g1;
use self::tables::{Summed, WindowTables};
use super::points::{nothing, operand, with_operators};
use super::window_post::{Input, SectorSize};
use crate::signature::Simd;

/// What is worked out once for a key, so that each proof costs less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tables {
    /// Nothing: for keys of few inputs.
    None,
    /// Multiples of the points of a window key for this sector size: 11 MB for 32 GiB sectors, made in less than a second of
    /// processor time; each proof then takes a quarter to a half of the time. Made only where the processor has a vector unit
    /// (AVX2 with FMA, or AVX-512 with IFMA), since elsewhere they would gain nothing. Proofs under any other key come out
    /// right, but not faster.
    Window(SectorSize),
}

/// Lengths, in bytes, by which inputs are told apart: leaf numbers; those times a factor of 128 bits; all others.
const LENGTHS: [usize; 3] = [4, 24, 32];

/// With tables, so few proofs are summed one by one: merged inputs are all long.
const FEW: usize = 10;

/// The points of a key.
#[derive(Debug)]
pub(super) struct InputSum {
    constant: G1Projective,
    points: Vec<blst_p1_affine>,
    tables: Option<FittingTables>,
}

/// Tables in the field that suits the processor.
#[derive(Debug)]
enum FittingTables {
    Eight(WindowTables<Field52>),
    Four(WindowTables<Field28>),
}

impl FittingTables {
    /// `None` where tables would gain nothing.
    fn new(points: &[blst_p1_affine], size: SectorSize, unit: Simd) -> Option<Self> {
        match unit {
            Simd::Portable => None,
            Simd::Avx2 => Some(Self::Four(WindowTables::new(points, size))),
            Simd::Avx512 => Some(Self::Eight(WindowTables::new(points, size))),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Eight(tables) => tables.bytes(),
            Self::Four(tables) => tables.bytes(),
        }
    }

    fn sum(&self, inputs: &[Input]) -> Option<Summed> {
        match self {
            Self::Eight(tables) => tables.sum(inputs, Simd::chosen()),
            Self::Four(tables) => tables.sum(inputs, Simd::chosen()),
        }
    }
}

impl InputSum {
    /// From the point of the constant and those of the inputs.
    pub(super) fn new(ic: &[blst_p1_affine], tables: Tables) -> Self {
        let mut constant = nothing();
        let points = ic.split_first().map_or(ic, |(first, points)| {
            constant += &operand(first);
            points
        });
        let tables = match tables {
            Tables::Window(size) => FittingTables::new(points, size, Simd::chosen()),
            Tables::None => None,
        };
        Self { constant, points: points.to_vec(), tables }
    }

    pub(super) fn table_bytes(&self) -> usize {
        self.tables.as_ref().map_or(0, FittingTables::bytes)
    }

    /// The sum for one proof.
    pub(super) fn of_one(&self, inputs: &[Input]) -> G1Projective {
        self.constant + self.sum(inputs)
    }

    /// The sum for many proofs, each times its factor.
    pub(super) fn of_many(&self, weighted: &[(Scalar, &[Input])]) -> G1Projective {
        if self.tables.is_some() && weighted.len() <= FEW {
            return weighted.iter().map(|(factor, inputs)| self.of_one(inputs) * factor).sum();
        }
        let zero = Scalar::from(0);
        let mut factors = zero;
        let mut merged = vec![zero; self.points.len()];
        for (factor, inputs) in weighted {
            factors += factor;
            for (sum, input) in merged.iter_mut().zip(*inputs) {
                // Inputs are below the order of the field.
                *sum += Option::from(Scalar::from_bytes_le(input)).unwrap_or(zero) * factor;
            }
        }
        let merged: Vec<Input> = merged.iter().map(Scalar::to_bytes_le).collect();
        self.constant * factors + self.sum(&merged)
    }

    fn sum(&self, inputs: &[Input]) -> G1Projective {
        let pairs = self.points.iter().zip(inputs);
        match self.tables.as_ref().and_then(|tables| tables.sum(inputs)) {
            Some(summed) if summed.left.is_empty() => summed.sum,
            Some(summed) => {
                summed.sum + sum_by_length(summed.left.iter().filter_map(|place| pairs.clone().nth(*place)))
            }
            None => sum_by_length(pairs),
        }
    }
}

/// The sum of points times inputs, shorter ones apart from longer ones.
fn sum_by_length<'a>(pairs: impl Iterator<Item = (&'a blst_p1_affine, &'a Input)>) -> G1Projective {
    let mut lengths = LENGTHS.map(|length| (length, Vec::new(), Vec::new()));
    for (point, input) in pairs {
        let used = input.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let fitting = lengths.iter_mut().find(|(length, ..)| used <= *length);
        if let Some((length, points, scalars)) = fitting.filter(|_| used > 0) {
            points.push(*point);
            scalars.extend(input.iter().take(*length));
        }
    }
    let mut sum = nothing();
    for (length, points, scalars) in lengths {
        if !points.is_empty() {
            sum += with_operators(points.mult(&scalars, 8 * length));
        }
    }
    sum
}

#[cfg(test)]
#[path = "mod_tests.rs"]
mod tests;
