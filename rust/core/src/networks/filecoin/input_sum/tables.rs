//! Tables of a window key's points, with which the sum for one proof is a few additions for each input.
//!
//! In: the points of a key, the size of the sectors that it is for; inputs. Out: the sum of the points, each times its input.
//! Rule: Filecoin, B4: of eleven inputs the first is a commitment of 255 bits, the others are numbers of leaves.
//! Every input is written in signed digits, two for a leaf's number. The tables have every point times every power of the
//! base, so that all points with the same digit are added first, and that sum is multiplied once.
//! Invariant: an answer is right or absent.

use blst::{blst_p1, blst_p1_affine, p1_affines};
use blstrs::{G1Affine, G1Projective};
use rayon::prelude::*;
use ruint::aliases::U256;

use super::base_field::Field;
use super::group_sums::{Addend, GroupSums, Point};
use crate::networks::filecoin::points::{nothing, operand};
use crate::networks::filecoin::window_post::{Input, ORDER, SectorSize, WINDOW_CHALLENGES};
use crate::signature::Simd;

/// Inputs of a sector.
const BLOCK: usize = 1 + WINDOW_CHALLENGES;
/// Bits of a commitment, with its sign once it is brought near zero.
const COMMITMENT_BITS: u32 = 255;
/// Digits of a leaf's number.
const LEAF_DIGITS: u32 = 2;
/// Points whose coordinates are worked out together.
const CHUNK: usize = 1024;

/// A point for each digit of each input.
#[derive(Debug)]
pub(super) struct WindowTables<F> {
    /// Bits of a digit.
    width: u32,
    points: Vec<Point<F>>,
    /// Leaf numbers are moved down by half of their range, so that two signed digits hold them; this is what that takes away.
    moved: G1Projective,
}

/// The sum over all inputs that the tables' digits can hold, and the places of those that they cannot.
pub(super) struct Summed {
    pub(super) sum: G1Projective,
    pub(super) left: Vec<usize>,
}

impl<F: Field> WindowTables<F> {
    /// Makes the tables, on all threads of the current pool.
    pub(super) fn new(points: &[blst_p1_affine], size: SectorSize) -> Self {
        let width = size.leaves().ilog2().div_ceil(LEAF_DIGITS);
        let powers: Vec<Vec<blst_p1>> = (points.par_iter().enumerate())
            .map(|(place, point)| powers(point, width, digits_of(place, width)))
            .collect();
        let points_of_digits = powers.concat().par_chunks(CHUNK).flat_map_iter(coordinates).collect();
        let mut leaves = nothing();
        for (place, point) in points.iter().enumerate() {
            if place % BLOCK > 0 {
                leaves += &operand(point);
            }
        }
        let moved = times_power_of_two(leaves, 2 * width - 1);
        Self { width, points: points_of_digits, moved }
    }

    pub(super) fn bytes(&self) -> usize {
        self.points.len() * size_of::<Point<F>>()
    }

    /// The sum of the points, each times its input; `None` where two points have the same x, as no sound key's have.
    pub(super) fn sum(&self, inputs: &[Input], unit: Simd) -> Option<Summed> {
        let mut digits = Digits { width: self.width, place: 0, found: Vec::with_capacity(self.points.len()) };
        let mut left = Vec::new();
        for (place, input) in inputs.iter().enumerate() {
            let count = digits_of(place, self.width);
            let value = U256::from_le_bytes(*input);
            if place % BLOCK == 0 {
                digits.write_commitment(value, count);
            } else if value.bit_len() <= 2 * self.width as usize {
                digits.write_leaf(value.as_limbs()[0].cast_signed());
            } else {
                digits.write_leaf(0);
                left.push(place);
            }
        }
        let largest = 1_usize << (self.width - 1);
        let sums = unit.run(GroupSums::new(&self.points, largest + 1, &digits.found))?;
        Some(Summed { sum: weighted_sum(&sums, self.width / 2, unit)? + self.moved, left })
    }
}

/// Digits of the input at a place.
const fn digits_of(place: usize, width: u32) -> u32 {
    if place.is_multiple_of(BLOCK) { COMMITMENT_BITS.div_ceil(width) } else { LEAF_DIGITS }
}

/// The point times powers of `2^width`, from the first.
fn powers(point: &blst_p1_affine, width: u32, count: u32) -> Vec<blst_p1> {
    let mut power = G1Projective::from(operand(point));
    let mut powers = vec![*power.as_ref()];
    for _ in 1..count {
        power = times_power_of_two(power, width);
        powers.push(*power.as_ref());
    }
    powers
}

fn times_power_of_two(point: G1Projective, power: u32) -> G1Projective {
    (0..power).fold(point, |point, _| point + point)
}

fn coordinates<F: Field>(points: &[blst_p1]) -> Vec<Point<F>> {
    let affine = p1_affines::from(points);
    affine.as_slice().iter().map(Point::from).collect()
}

/// Digits that are not zero, each with the place of its point in the tables.
struct Digits {
    width: u32,
    /// Where the next digit's point is.
    place: u32,
    found: Vec<(u32, Addend)>,
}

impl Digits {
    fn write(&mut self, digit: i64, negative: bool) {
        if digit != 0 {
            let size = u32::try_from(digit.unsigned_abs()).unwrap_or(0);
            self.found.push((size, Addend::new(self.place, (digit < 0) != negative)));
        }
        self.place += 1;
    }

    /// Two digits of a number below `2^(2 width)`.
    fn write_leaf(&mut self, leaf: i64) {
        let moved = leaf - (1 << (2 * self.width - 1));
        let low = self.lowest(moved);
        self.write(low, false);
        self.write((moved - low) >> self.width, false);
    }

    /// Digits of a number below the order of the field, or of what it lacks to that.
    fn write_commitment(&mut self, value: U256, count: u32) {
        let order = U256::from_le_bytes(ORDER);
        let negative = value > order >> 1;
        let mut rest = if negative { order - value } else { value };
        let mut carry = 0;
        for place in (0..count).rev() {
            let chunk = (rest.as_limbs()[0] & ((1 << self.width) - 1)).cast_signed() + carry;
            rest >>= self.width as usize;
            // Half of the order leaves so little for the last digit that it is the largest at most.
            let digit = if place == 0 { chunk } else { self.lowest(chunk) };
            carry = (chunk - digit) >> self.width;
            self.write(digit, negative);
        }
    }

    /// What is congruent to a number modulo `2^width` and nearest to zero.
    const fn lowest(&self, number: i64) -> i64 {
        let half = 1 << (self.width - 1);
        ((number + half) & ((1 << self.width) - 1)) - half
    }
}

/// The sum of all points, each times its index.
///
/// With an index in two halves that is the sum of all rows, each times the upper half, and of all columns, each times the lower
/// one: two additions for each point, and few multiples.
fn weighted_sum<F: Field>(points: &[Option<Point<F>>], lower_bits: u32, unit: Simd) -> Option<G1Projective> {
    let columns = 1 << lower_bits;
    let rows = points.len().div_ceil(columns);
    let mut present = Vec::with_capacity(points.len());
    let mut members = Vec::with_capacity(2 * points.len());
    for ((index, point), place) in points.iter().enumerate().filter_map(|(i, p)| Some((i, (*p)?))).zip(0..) {
        present.push(point);
        for group in [index % columns, columns + index / columns] {
            members.push((u32::try_from(group).ok()?, Addend::new(place, false)));
        }
    }
    let sums = unit.run(GroupSums::new(&present, columns + rows, &members))?;
    let (columns, rows) = sums.split_at(columns);
    Some(times_power_of_two(times_index(rows), lower_bits) + times_index(columns))
}

/// The same by adding up what stands at and above each index.
fn times_index<F: Field>(points: &[Option<Point<F>>]) -> G1Projective {
    let (mut above, mut sum) = (nothing(), nothing());
    for point in points.iter().skip(1).rev() {
        if let Some(point) = point {
            above += &G1Affine::from(point);
        }
        sum += &above;
    }
    sum
}
