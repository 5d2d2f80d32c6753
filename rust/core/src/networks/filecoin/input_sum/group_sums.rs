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

use blst::{blst_fp, blst_p1_affine};
use blstrs::G1Affine;

use super::base_field::{
    Element, enter, invert, leave, load, multiply, multiply_subtract, multiply_to_factor, negate, one,
    square_subtract, subtract_to_factor,
};
use crate::networks::filecoin::points::operand;
use crate::simd::dispatch::{Job, prefetch_line};
use crate::simd::vector::{MAX_LANES, Mask, Portable, Row, Vector};

/// Products that are multiplied side by side, so that one does not wait for the other.
const CHAINS: usize = 4;
/// Pairs whose denominators are inverted together: as many as the cache holds.
const BLOCK: usize = 4096;
/// Vectors between the one that is added and the one whose points are fetched.
const AHEAD: usize = 2;

/// A point that is not infinite.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Point {
    x: Row,
    y: Row,
}

impl From<&blst_p1_affine> for Point {
    fn from(point: &blst_p1_affine) -> Self {
        Self { x: enter(point.x.l), y: enter(point.y.l) }
    }
}

impl From<&Point> for G1Affine {
    fn from(point: &Point) -> Self {
        let (x, y) = (blst_fp { l: leave(&point.x) }, blst_fp { l: leave(&point.y) });
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
pub(super) struct GroupSums<'a> {
    points: &'a [Point],
    addends: Vec<Addend>,
    bounds: Vec<u32>,
}

impl<'a> GroupSums<'a> {
    /// Puts addends, each with the number of its group, in the order of the groups; numbers are below `count`.
    pub(super) fn new(points: &'a [Point], count: usize, members: &[(u32, Addend)]) -> Self {
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
impl Job for GroupSums<'_> {
    type Output = Option<Vec<Option<Point>>>;

    #[inline(always)]
    fn run<V: Vector>(self) -> Self::Output {
        let mut level = Level { addends: self.addends, bounds: self.bounds };
        let mut sums = level.add::<V>(self.points)?;
        while level.next() {
            sums = level.add::<V>(&sums)?;
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

    fn results(&self, sums: &[Point]) -> Vec<Option<Point>> {
        self.groups()
            .map(|group| group.first().and_then(|addend| sums.get(addend.place()).copied()))
            .collect()
    }

    /// Adds the addends of each group in pairs; one that is left over is carried to the next level.
    #[inline(always)]
    fn add<V: Vector>(&self, points: &[Point]) -> Option<Vec<Point>> {
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
        let mut scratch = Scratch::<V> { differences: Vec::new(), prefixes: Vec::new() };
        for block in pairs.chunks(BLOCK) {
            scratch.add_pairs(points, block, &mut sums)?;
        }
        Some(sums)
    }
}

fn signed(point: Point, addend: Addend) -> Point {
    let y = negate::<Portable>(&point.y.0.map(Portable), Mask::from(addend.is_negative()));
    Point { x: point.x, y: Row(y.map(|limb| limb.0)) }
}

/// Differences of x, and for each the product of those before it in its chain.
struct Scratch<V> {
    differences: Vec<Element<V>>,
    prefixes: Vec<Element<V>>,
}

impl<V: Vector> Scratch<V> {
    /// Puts the sums of some pairs in their places; `None` if two points have the same x.
    #[inline(always)]
    fn add_pairs(&mut self, points: &[Point], pairs: &[Pair], sums: &mut [Point]) -> Option<()> {
        let mut inverted = invert_chains(&self.multiply_differences(points, pairs))?;
        for (at, pairs) in pairs.chunks(V::LANES).enumerate().rev() {
            let chain = at % CHAINS;
            let inverse = multiply_to_factor(&inverted[chain], &self.prefixes[at]);
            inverted[chain] = multiply_to_factor(&inverted[chain], &self.differences[at]);
            let lanes = Lanes::new(points, pairs);
            let ([ax, bx], [ay, by]) = (lanes.x::<V>(), lanes.y::<V>());
            let slope = multiply_to_factor(&subtract_to_factor(&by, &ay), &inverse);
            let x = square_subtract(&slope, &ax, &bx);
            let y = multiply_subtract(&slope, &subtract_to_factor(&ax, &x), &ay);
            let (x, y) = (V::to_rows(x), V::to_rows(y));
            for (lane, pair) in pairs.iter().enumerate() {
                sums[pair.sum] = Point { x: x[lane], y: y[lane] };
            }
        }
        Some(())
    }

    #[inline(always)]
    fn multiply_differences(&mut self, points: &[Point], pairs: &[Pair]) -> [Element<V>; CHAINS] {
        self.differences.clear();
        self.prefixes.clear();
        let mut products = [one::<V>(); CHAINS];
        for (at, vector) in pairs.chunks(V::LANES).enumerate() {
            for pair in pairs.iter().skip((at + AHEAD) * V::LANES).take(V::LANES) {
                prefetch_line(&points[pair.a.place()].x);
                prefetch_line(&points[pair.b.place()].x);
            }
            let [ax, bx] = Lanes::new(points, vector).x::<V>();
            let difference = subtract_to_factor(&bx, &ax);
            self.prefixes.push(products[at % CHAINS]);
            products[at % CHAINS] = multiply_to_factor(&products[at % CHAINS], &difference);
            self.differences.push(difference);
        }
        products
    }
}

/// The points of a pair in each lane; the last pair once more where there are more lanes than pairs.
struct Lanes<'a> {
    a: [&'a Point; MAX_LANES],
    b: [&'a Point; MAX_LANES],
    a_negative: Mask,
    b_negative: Mask,
}

impl<'a> Lanes<'a> {
    #[inline(always)]
    fn new(points: &'a [Point], pairs: &[Pair]) -> Self {
        let first = &points[pairs[0].a.place()];
        let (mut a, mut b) = ([first; MAX_LANES], [first; MAX_LANES]);
        let (mut a_negative, mut b_negative) = (0, 0);
        for lane in 0..MAX_LANES {
            let pair = &pairs[lane.min(pairs.len() - 1)];
            a[lane] = &points[pair.a.place()];
            b[lane] = &points[pair.b.place()];
            a_negative |= Mask::from(pair.a.is_negative()) << lane;
            b_negative |= Mask::from(pair.b.is_negative()) << lane;
        }
        Self { a, b, a_negative, b_negative }
    }

    #[inline(always)]
    fn x<V: Vector>(&self) -> [Element<V>; 2] {
        let (mut a, mut b) = ([&self.a[0].x; MAX_LANES], [&self.b[0].x; MAX_LANES]);
        for lane in 0..MAX_LANES {
            a[lane] = &self.a[lane].x;
            b[lane] = &self.b[lane].x;
        }
        [load(&a), load(&b)]
    }

    #[inline(always)]
    fn y<V: Vector>(&self) -> [Element<V>; 2] {
        let (mut a, mut b) = ([&self.a[0].y; MAX_LANES], [&self.b[0].y; MAX_LANES]);
        for lane in 0..MAX_LANES {
            a[lane] = &self.a[lane].y;
            b[lane] = &self.b[lane].y;
        }
        let (mut a, mut b) = (load(&a), load(&b));
        if self.a_negative | self.b_negative != 0 {
            a = negate::<V>(&a, self.a_negative);
            b = negate::<V>(&b, self.b_negative);
        }
        [a, b]
    }
}

/// The inverse of each chain's product.
#[inline(always)]
fn invert_chains<V: Vector>(products: &[Element<V>; CHAINS]) -> Option<[Element<V>; CHAINS]> {
    let [a, b, c, d] = products;
    let (ab, cd) = (multiply(a, b), multiply(c, d));
    let all = invert(&multiply(&ab, &cd))?;
    let (of_ab, of_cd) = (multiply(&all, &cd), multiply(&all, &ab));
    Some([multiply(&of_ab, b), multiply(&of_ab, a), multiply(&of_cd, d), multiply(&of_cd, c)])
}

#[cfg(test)]
#[path = "group_sums_tests.rs"]
mod tests;
