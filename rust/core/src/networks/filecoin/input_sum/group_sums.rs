//! Sums of many groups of points at once.
//!
//! In: points, and for each group which of them it adds, with which sign. Out: a sum for each group. Rule: Filecoin, B5.
//! Points of a group are added in pairs, level by level; all groups' pairs stand side by side in the lanes, and their
//! denominators are inverted together.
//! Invariant: an answer is right or absent: where a pair has equal x, which a sound key does not bring about, there is none.

#![allow(
    clippy::inline_always,
    reason = "a kernel gets the vector unit's instructions only by being inlined into the function that enables them"
)]
#![allow(
    clippy::needless_range_loop,
    reason = "lanes and chains are indexed together; closures would not be inlined"
)]

use std::marker::PhantomData;

use blst::{blst_fp, blst_p1_affine};
use blstrs::G1Affine;

use super::base_field::Field;
use crate::networks::filecoin::points::operand;
use crate::simd::dispatch::{Job, prefetch_line};
use crate::simd::vector::{MAX_LANES, Mask, Row, Vector};

/// Products that are multiplied side by side, so that one does not wait for the other.
const CHAINS: usize = 4;
/// Vectors between the one that is added and the one whose points are fetched.
const AHEAD: usize = 2;

/// A point that is not infinite.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Point<F> {
    x: Row,
    y: Row,
    field: PhantomData<F>,
}

impl<F: Field> From<&blst_p1_affine> for Point<F> {
    fn from(point: &blst_p1_affine) -> Self {
        Self { x: F::enter(point.x.l), y: F::enter(point.y.l), field: PhantomData }
    }
}

impl<F: Field> From<&Point<F>> for G1Affine {
    fn from(point: &Point<F>) -> Self {
        let (x, y) = (blst_fp { l: F::leave(&point.x) }, blst_fp { l: F::leave(&point.y) });
        operand(&blst_p1_affine { x, y })
    }
}

/// A point to add: its place, and in the lowest bit whether it is taken away instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Addend(u32);

impl Addend {
    /// Places are below 2^31.
    pub(super) const fn new(place: u32, negative: bool) -> Self {
        Self(place << 1 | negative as u32)
    }

    const fn place(self) -> usize {
        (self.0 >> 1) as usize
    }

    const fn is_negative(self) -> bool {
        self.0 & 1 == 1
    }
}

/// The work: group g adds what stands from `bounds[g]` to `bounds[g + 1]`.
pub(super) struct GroupSums<'a, F> {
    points: &'a [Point<F>],
    addends: Vec<Addend>,
    bounds: Vec<u32>,
}

impl<'a, F> GroupSums<'a, F> {
    /// Puts addends, each with the number of its group, in the order of the groups; numbers are below `count`.
    pub(super) fn new(points: &'a [Point<F>], count: usize, members: &[(u32, Addend)]) -> Self {
        let mut bounds = vec![0; count + 1];
        for (group, _) in members {
            bounds[*group as usize + 1] += 1;
        }
        for group in 0..count {
            bounds[group + 1] += bounds[group];
        }
        let mut next = bounds.clone();
        let mut addends = vec![Addend(0); members.len()];
        for (group, addend) in members {
            let place = &mut next[*group as usize];
            addends[*place as usize] = *addend;
            *place += 1;
        }
        Self { points, addends, bounds }
    }
}

/// A sum for each group, `None` for a group of none; or nothing at all.
impl<F: Field> Job for GroupSums<'_, F> {
    type Output = Option<Vec<Option<Point<F>>>>;

    #[inline(always)]
    fn run<V: Vector>(self) -> Self::Output {
        if !F::suits::<V>() {
            return None;
        }
        let mut level = Level { addends: self.addends, bounds: self.bounds };
        let mut sums = level.add::<V, F>(self.points)?;
        while level.next() {
            sums = level.add::<V, F>(&sums)?;
        }
        Some(level.results(&sums))
    }
}

/// Two points to add, and the place of their sum.
struct Pair {
    a: Addend,
    b: Addend,
    sum: usize,
}

/// One level of all groups' trees.
struct Level {
    addends: Vec<Addend>,
    bounds: Vec<u32>,
}

impl Level {
    /// Makes the sums of this level the addends of the next; says whether there is one.
    fn next(&mut self) -> bool {
        let mut end = 0;
        let mut most = 0;
        let mut start = self.bounds.first().copied().unwrap_or(0);
        for bound in self.bounds.iter_mut().skip(1) {
            let count = (*bound - start).div_ceil(2);
            start = *bound;
            end += count;
            most = most.max(count);
            *bound = end;
        }
        self.addends.clear();
        self.addends.extend((0..end).map(|place| Addend::new(place, false)));
        most > 1
    }

    fn groups(&self) -> impl Iterator<Item = &[Addend]> {
        self.bounds
            .windows(2)
            .map(|bounds| self.addends.get(bounds[0] as usize..bounds[1] as usize).unwrap_or_default())
    }

    fn results<F: Field>(&self, sums: &[Point<F>]) -> Vec<Option<Point<F>>> {
        self.groups()
            .map(|group| group.first().and_then(|addend| sums.get(addend.place()).copied()))
            .collect()
    }

    /// Adds the addends of each group in pairs; one that is left over is carried to the next level.
    #[inline(always)]
    fn add<V: Vector, F: Field>(&self, points: &[Point<F>]) -> Option<Vec<Point<F>>> {
        let mut pairs = Vec::with_capacity(self.addends.len() / 2);
        let mut sums = Vec::with_capacity(self.addends.len() / 2 + self.bounds.len());
        for group in self.groups() {
            for addends in group.chunks(2) {
                match *addends {
                    [a, b] => {
                        pairs.push(Pair { a, b, sum: sums.len() });
                        sums.push(Point::default());
                    }
                    [alone] => sums.push(signed(points[alone.place()], alone)),
                    _ => {}
                }
            }
        }
        let mut scratch = Scratch::<V, F>::new();
        for block in pairs.chunks(F::BLOCK) {
            scratch.add_pairs(points, block, &mut sums)?;
        }
        Some(sums)
    }
}

fn signed<F: Field>(point: Point<F>, addend: Addend) -> Point<F> {
    if addend.is_negative() { Point { y: F::negate_row(&point.y), ..point } } else { point }
}

/// What is worked out for each vector of pairs.
struct Scratch<'a, V: Vector, F: Field> {
    lanes: Vec<Lanes<'a, F>>,
    /// Differences of x.
    differences: Vec<F::Element<V>>,
    /// Products of the differences before it in its chain, later the difference's inverse.
    products: Vec<F::Element<V>>,
}

impl<'a, V: Vector, F: Field> Scratch<'a, V, F> {
    fn new() -> Self {
        Self { lanes: Vec::new(), differences: Vec::new(), products: Vec::new() }
    }

    /// Puts the sums of some pairs in their places; `None` if two points have the same x.
    ///
    /// In passes, so that the code of each fits into the processor's cache of instructions.
    #[inline(always)]
    fn add_pairs(&mut self, points: &'a [Point<F>], pairs: &[Pair], sums: &mut [Point<F>]) -> Option<()> {
        let mut inverted = invert_chains::<V, F>(&self.multiply_differences(points, pairs))?;
        for at in (0..self.lanes.len()).rev() {
            let chain = at % CHAINS;
            self.products[at] = F::multiply_to_factor(&inverted[chain], &self.products[at]);
            inverted[chain] = F::multiply_to_factor(&self.differences[at], &inverted[chain]);
        }
        for (at, pairs) in pairs.chunks(V::LANES).enumerate() {
            let ([ax, bx], [ay, by]) = (self.lanes[at].x::<V>(), self.lanes[at].y::<V>());
            let slope = F::multiply_to_factor(&F::subtract_to_factor(&by, &ay), &self.products[at]);
            let x = F::square_subtract(&slope, &ax, &bx);
            let y = F::multiply_subtract(&F::subtract_to_factor(&ax, &x), &slope, &ay);
            let (x, y) = (F::store(x), F::store(y));
            for (lane, pair) in pairs.iter().enumerate() {
                sums[pair.sum] = Point { x: x[lane], y: y[lane], field: PhantomData };
            }
        }
        Some(())
    }

    #[inline(always)]
    fn multiply_differences(&mut self, points: &'a [Point<F>], pairs: &[Pair]) -> [F::Element<V>; CHAINS] {
        self.lanes.clear();
        self.differences.clear();
        self.products.clear();
        let mut products = [F::one::<V>(); CHAINS];
        for (at, vector) in pairs.chunks(V::LANES).enumerate() {
            for pair in pairs.iter().skip((at + AHEAD) * V::LANES).take(V::LANES) {
                for point in [&points[pair.a.place()], &points[pair.b.place()]] {
                    prefetch_line(&point.x);
                    prefetch_line(&point.y);
                }
            }
            let lanes = Lanes::new::<V>(points, vector);
            let [ax, bx] = lanes.x::<V>();
            self.lanes.push(lanes);
            let difference = F::subtract_to_factor(&bx, &ax);
            self.products.push(products[at % CHAINS]);
            products[at % CHAINS] = F::multiply_to_factor(&difference, &products[at % CHAINS]);
            self.differences.push(difference);
        }
        products
    }
}

/// The points of a pair in each lane; the last pair once more where there are more lanes than pairs.
struct Lanes<'a, F> {
    a: [&'a Point<F>; MAX_LANES],
    b: [&'a Point<F>; MAX_LANES],
    a_negative: Mask,
    b_negative: Mask,
}

impl<'a, F: Field> Lanes<'a, F> {
    #[inline(always)]
    fn new<V: Vector>(points: &'a [Point<F>], pairs: &[Pair]) -> Self {
        let first = &points[pairs[0].a.place()];
        let mut lanes = Self { a: [first; MAX_LANES], b: [first; MAX_LANES], a_negative: 0, b_negative: 0 };
        for lane in 0..V::LANES {
            let pair = &pairs[lane.min(pairs.len() - 1)];
            lanes.a[lane] = &points[pair.a.place()];
            lanes.b[lane] = &points[pair.b.place()];
            lanes.a_negative |= Mask::from(pair.a.is_negative()) << lane;
            lanes.b_negative |= Mask::from(pair.b.is_negative()) << lane;
        }
        lanes
    }

    #[inline(always)]
    fn x<V: Vector>(&self) -> [F::Element<V>; 2] {
        let (mut a, mut b) = ([&self.a[0].x; MAX_LANES], [&self.b[0].x; MAX_LANES]);
        for lane in 0..V::LANES {
            a[lane] = &self.a[lane].x;
            b[lane] = &self.b[lane].x;
        }
        [F::load(&a), F::load(&b)]
    }

    #[inline(always)]
    fn y<V: Vector>(&self) -> [F::Element<V>; 2] {
        let (mut a, mut b) = ([&self.a[0].y; MAX_LANES], [&self.b[0].y; MAX_LANES]);
        for lane in 0..V::LANES {
            a[lane] = &self.a[lane].y;
            b[lane] = &self.b[lane].y;
        }
        let (mut a, mut b) = (F::load(&a), F::load(&b));
        if self.a_negative | self.b_negative != 0 {
            a = F::negate::<V>(&a, self.a_negative);
            b = F::negate::<V>(&b, self.b_negative);
        }
        [a, b]
    }
}

/// The inverse of each chain's product.
#[inline(always)]
fn invert_chains<V: Vector, F: Field>(products: &[F::Element<V>; CHAINS]) -> Option<[F::Element<V>; CHAINS]> {
    let [a, b, c, d] = products;
    let (ab, cd) = (F::multiply(a, b), F::multiply(c, d));
    let all = F::invert(&F::multiply(&ab, &cd))?;
    let (of_ab, of_cd) = (F::multiply(&all, &cd), F::multiply(&all, &ab));
    Some([F::multiply(&of_ab, b), F::multiply(&of_ab, a), F::multiply(&of_cd, d), F::multiply(&of_cd, c)])
}

#[cfg(test)]
#[path = "group_sums_tests.rs"]
mod tests;
