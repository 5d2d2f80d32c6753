//! Sums of table rows for many items at once, in a tree of affine additions.
//!
//! In: for every group of lanes the digits of two scalars, the generator's table and a table per lane. Out: per group the
//! affine sum, and the lanes in which it is the point at infinity. Rule: signature verification, 5.3: the rows of an item
//! are added pairwise, level by level, and all denominators of a level are inverted together.
//! Invariant: the sum is right for every input. Equal points are doubled in their lane, opposite points give infinity, and
//! infinity is neutral; such lanes are found because the product of the denominators is zero, and cost little more than
//! others, since anybody who holds a key can make them.

use super::curve::{Curve, one};
use super::digits::{Digits, Windows};
use super::field::{Arithmetic, Element, Field, splat};
use crate::simd::dispatch::prefetch_line;
use crate::simd::vector::{MAX_LANES, Mask, Row, Vector};

/// Groups that are worked on side by side, to hide latencies; the groups of a call are a multiple.
pub const CHAINS: usize = 4;

/// A table without rows, for lanes that a vector does not have.
static NO_ROW: Row = Row([0; 8]);

/// One item in each lane.
#[derive(Clone, Copy)]
pub struct Group<'a, V> {
    /// Digits of the generator's factor.
    pub generator: Digits<V>,
    /// Digits of the key's factor.
    pub key: Digits<V>,
    /// The key's table, lane by lane.
    pub tables: [&'a [Row]; MAX_LANES],
    /// Which of the two rows behind the windows is added, and where it is taken away, on curves with a cofactor.
    pub correction: (V, Mask),
}

/// The tables' shapes.
#[derive(Clone, Copy)]
pub struct Tables<'a> {
    /// The generator's rows.
    pub generator: &'a [Row],
    /// The generator's windows.
    pub generator_windows: Windows,
    /// The windows of the keys' digits.
    pub key_windows: Windows,
    /// Whether keys have tables; without, the generator's rows alone are summed.
    pub has_keys: bool,
}

/// Which row of an item stands at a leaf.
#[derive(Clone, Copy)]
enum Leaf {
    Generator(usize),
    Key(usize),
    Correction,
}

/// Rows of a group's leaf, and the lanes in which they are taken away.
#[derive(Clone, Copy)]
struct Address<'a> {
    rows: [&'a Row; MAX_LANES],
    negative: Mask,
}

/// A lane whose sum is not that of the ordinary addition.
struct Patch<V> {
    pair: usize,
    mask: Mask,
    x: Element<V>,
    y: Element<V>,
}

/// Memory for sums, used again from call to call.
pub struct Tree<V> {
    /// Affine points, all groups of one leaf together; after [`Tree::sum`] one per group at the start.
    pub x: Vec<Element<V>>,
    /// The same.
    pub y: Vec<Element<V>>,
    /// Lanes that are the point at infinity.
    pub infinite: Vec<Mask>,
    prefix: Vec<Element<V>>,
    doubled: Vec<Mask>,
    patches: Vec<Patch<V>>,
    leaves: Vec<Leaf>,
    /// Lanes that needed doubling, and lanes that were infinite or became so: shows tests that they were reached.
    pub exceptional: (u64, u64),
}

impl<V: Vector> Default for Tree<V> {
    fn default() -> Self {
        Self {
            x: Vec::new(),
            y: Vec::new(),
            infinite: Vec::new(),
            prefix: Vec::new(),
            doubled: Vec::new(),
            patches: Vec::new(),
            leaves: Vec::new(),
            exceptional: (0, 0),
        }
    }
}

/// The order of the leaves: generator and key in turn, so that partial sums of one meet those of the other late.
fn order_leaves(leaves: &mut Vec<Leaf>, tables: &Tables<'_>, has_correction: bool) {
    leaves.clear();
    let generator = tables.generator_windows.count();
    let key = if tables.has_keys { tables.key_windows.count() } else { 0 };
    for window in 0..generator.max(key) {
        if window < generator {
            leaves.push(Leaf::Generator(window));
        }
        if window < key {
            leaves.push(Leaf::Key(window));
        }
    }
    if has_correction && tables.has_keys {
        // The correction is a small multiple of the key, as are rows of its lowest window: it must not meet one of those
        // on the first level, where equal points would be common. Where it has no partner there, it stands in the middle.
        let count = leaves.len();
        if count.is_multiple_of(2) {
            leaves.insert(count / 2, Leaf::Correction);
        } else {
            leaves.push(Leaf::Correction);
            let partner = leaves.len() / 2 - 1;
            if matches!(leaves[partner], Leaf::Key(_)) {
                let other =
                    leaves.iter().position(|leaf| matches!(leaf, Leaf::Generator(_))).unwrap_or(partner);
                leaves.swap(partner, other);
            }
        }
    }
}

#[inline(always)]
fn address<'a, V: Vector>(leaf: Leaf, group: &Group<'a, V>, tables: &Tables<'a>) -> Address<'a> {
    let mut rows = [&NO_ROW; MAX_LANES];
    let negative = match leaf {
        Leaf::Generator(window) => {
            let (row, negative) = group.generator.get(tables.generator_windows, window);
            let start = window * tables.generator_windows.rows();
            let places = row.to_lanes();
            for lane in 0..V::LANES {
                rows[lane] = tables.generator.get(start + places[lane] as usize).unwrap_or(&NO_ROW);
            }
            negative
        }
        Leaf::Key(window) => {
            let (row, negative) = group.key.get(tables.key_windows, window);
            let start = window * tables.key_windows.rows();
            let places = row.to_lanes();
            for lane in 0..V::LANES {
                rows[lane] = group.tables[lane].get(start + places[lane] as usize).unwrap_or(&NO_ROW);
            }
            negative
        }
        Leaf::Correction => {
            let start = tables.key_windows.size();
            let places = group.correction.0.to_lanes();
            for lane in 0..V::LANES {
                rows[lane] = group.tables[lane].get(start + places[lane] as usize).unwrap_or(&NO_ROW);
            }
            group.correction.1
        }
    };
    for row in &rows[..V::LANES] {
        prefetch_line(*row);
    }
    Address { rows, negative }
}

/// Loads rows; y may be a term where it is taken away.
#[inline(always)]
fn load<C: Curve, V: Vector>(from: &Address<'_>) -> (Element<V>, Element<V>) {
    let words = V::from_rows(&from.rows);
    let x = C::Field::limbs(&[words[0], words[1], words[2], words[3]]);
    let mut y = C::Field::limbs(&[words[4], words[5], words[6], words[7]]);
    let twice = splat::<V>(&<C::Field as Field>::MULTIPLES[0]);
    for k in 0..5 {
        y[k] = y[k].replace(from.negative, twice[k].sub(y[k]));
    }
    (x, y)
}

/// Inverts all elements in place with one inversion; false, and no element changed, if a lane of one is zero.
#[inline(always)]
pub fn invert_all<C: Curve, V: Vector>(elements: &mut [Element<V>], scratch: &mut Vec<Element<V>>) -> bool {
    scratch.clear();
    let mut products = [one::<C, V>(); CHAINS];
    for (at, element) in elements.iter().enumerate() {
        scratch.push(products[at % CHAINS]);
        products[at % CHAINS] = C::Field::multiply_to_factor(&products[at % CHAINS], element);
    }
    let Some(mut inverted) = invert_chains::<C, V>(&products) else { return false };
    for (at, element) in elements.iter_mut().enumerate().rev() {
        let result = C::Field::multiply(&inverted[at % CHAINS], &scratch[at]);
        inverted[at % CHAINS] = C::Field::multiply_to_factor(&inverted[at % CHAINS], element);
        *element = result;
    }
    true
}

/// The inverse of each chain's product.
#[inline(always)]
fn invert_chains<C: Curve, V: Vector>(products: &[Element<V>; CHAINS]) -> Option<[Element<V>; CHAINS]> {
    let [a, b, c, d] = products;
    let ab = C::Field::multiply(a, b);
    let cd = C::Field::multiply(c, d);
    let all = C::Field::invert(&C::Field::multiply(&ab, &cd))?;
    let of_ab = C::Field::multiply(&all, &cd);
    let of_cd = C::Field::multiply(&all, &ab);
    Some([
        C::Field::multiply(&of_ab, b),
        C::Field::multiply(&of_ab, a),
        C::Field::multiply(&of_cd, d),
        C::Field::multiply(&of_cd, c),
    ])
}

impl<V: Vector> Tree<V> {
    /// Sums the rows of every group; their number must be a multiple of [`CHAINS`].
    ///
    /// The sums' y is left out where `needs_y` is false.
    #[inline(always)]
    pub fn sum<C: Curve>(&mut self, groups: &[Group<'_, V>], tables: &Tables<'_>, needs_y: bool) {
        order_leaves(&mut self.leaves, tables, C::HAS_COFACTOR);
        let zero = [V::splat(0); 5];
        let mut count = self.leaves.len();
        self.x.resize(count * groups.len(), zero);
        self.y.resize(count * groups.len(), zero);
        self.prefix.resize(count.div_ceil(2) * groups.len(), zero);
        self.infinite.clear();
        self.infinite.resize(count * groups.len(), 0);
        let mut products = self.look_up::<C>(groups, tables);
        while count > 1 {
            let (upper, pairs) = (count.div_ceil(2) * groups.len(), count / 2 * groups.len());
            self.combine::<C>(upper, pairs, products, needs_y || count > 2);
            count = count.div_ceil(2);
            if count > 1 {
                products = self.denominators::<C>(count.div_ceil(2) * groups.len(), count / 2 * groups.len());
            }
        }
    }

    /// Loads all leaves, puts differences of x in the place of the second of each pair, and multiplies them.
    #[inline(always)]
    fn look_up<C: Curve>(&mut self, groups: &[Group<'_, V>], tables: &Tables<'_>) -> [Element<V>; CHAINS] {
        let m = groups.len();
        let pairs = self.leaves.len() / 2;
        let first = self.leaves.len().div_ceil(2);
        let mut products = [one::<C, V>(); CHAINS];
        let nowhere = Address { rows: [&NO_ROW; MAX_LANES], negative: 0 };
        let mut addresses = [[[nowhere; 2]; CHAINS]; 2];
        let blocks = first * m / CHAINS;
        for block in 0..=blocks {
            // The rows of this block are on their way into the cache while those of the last one are used.
            let [now, next] = {
                let [even, odd] = &mut addresses;
                if block % 2 == 0 { [odd, even] } else { [even, odd] }
            };
            if block < blocks {
                let (leaf, group) = (block * CHAINS / m, block * CHAINS % m);
                for chain in 0..CHAINS {
                    next[chain][0] = address(self.leaves[leaf], &groups[group + chain], tables);
                    if leaf < pairs {
                        next[chain][1] = address(self.leaves[leaf + first], &groups[group + chain], tables);
                    }
                }
            }
            if block > 0 {
                let start = (block - 1) * CHAINS;
                let has_pair = start / m < pairs;
                for chain in 0..CHAINS {
                    let at = start + chain;
                    let (x, y) = load::<C, V>(&now[chain][0]);
                    self.x[at] = x;
                    self.y[at] = y;
                    if has_pair {
                        let (other, y) = load::<C, V>(&now[chain][1]);
                        let difference = C::Field::subtract_loosely(&other, &x);
                        self.x[at + first * m] = difference;
                        self.y[at + first * m] = y;
                        self.prefix[at] = products[chain];
                        products[chain] = C::Field::multiply_to_factor(&products[chain], &difference);
                    }
                }
            }
        }
        products
    }

    /// Puts differences of x in the place of the second point of each pair, and multiplies them.
    #[inline(always)]
    fn denominators<C: Curve>(&mut self, upper: usize, pairs: usize) -> [Element<V>; CHAINS] {
        let mut products = [one::<C, V>(); CHAINS];
        let (low, high) = self.x.split_at_mut(upper);
        let low = low[..pairs].chunks_exact(CHAINS);
        let high = high[..pairs].chunks_exact_mut(CHAINS);
        for ((a, b), prefix) in low.zip(high).zip(self.prefix.chunks_exact_mut(CHAINS)) {
            for chain in 0..CHAINS {
                let difference = C::Field::subtract_loosely(&b[chain], &a[chain]);
                b[chain] = difference;
                prefix[chain] = products[chain];
                products[chain] = C::Field::multiply_to_factor(&products[chain], &difference);
            }
        }
        products
    }

    /// Adds the second point of each pair to the first.
    #[inline(always)]
    fn combine<C: Curve>(
        &mut self,
        upper: usize,
        pairs: usize,
        products: [Element<V>; CHAINS],
        needs_y: bool,
    ) {
        let ordinary = if self.infinite[..upper + pairs].iter().any(|mask| *mask != 0) {
            None
        } else {
            invert_chains::<C, V>(&products)
        };
        let is_ordinary = ordinary.is_some();
        let mut inverted = match ordinary {
            Some(inverted) => inverted,
            None => self.set_apart::<C>(upper, pairs),
        };
        let (low_x, high_x) = self.x.split_at_mut(upper);
        let (low_y, high_y) = self.y.split_at_mut(upper);
        let blocks = pairs / CHAINS;
        // Written anew for every block, and made outside so that nothing is copied for it.
        let (mut slope, mut sum) = (inverted, inverted);
        let points = low_x[..pairs].chunks_exact_mut(CHAINS).zip(low_y[..pairs].chunks_exact_mut(CHAINS));
        let others = high_x[..pairs].chunks_exact(CHAINS).zip(high_y[..pairs].chunks_exact(CHAINS));
        let work = points.zip(others).zip(self.prefix[..pairs].chunks_exact(CHAINS));
        for (block, (((ax, ay), (dx, by)), prefix)) in work.enumerate().rev() {
            for chain in 0..CHAINS {
                slope[chain] = C::Field::multiply_to_factor(&inverted[chain], &prefix[chain]);
                inverted[chain] = C::Field::multiply_to_factor(&inverted[chain], &dx[chain]);
            }
            for chain in 0..CHAINS {
                let rise = C::Field::subtract_to_factor(&by[chain], &ay[chain]);
                slope[chain] = C::Field::multiply_to_factor(&slope[chain], &rise);
            }
            for chain in 0..CHAINS {
                let mut run = dx[chain];
                if !is_ordinary {
                    // A tangent's denominator is no difference of x.
                    run = C::Field::replace(&run, self.doubled[block * CHAINS + chain], &[V::splat(0); 5]);
                }
                // x3 = slope^2 - x1 - x2, and x2 = x1 + dx.
                sum[chain] =
                    C::Field::square_add(&slope[chain], &C::Field::minus_double_and(&ax[chain], &run));
            }
            if needs_y {
                for chain in 0..CHAINS {
                    let back = C::Field::subtract_to_factor(&ax[chain], &sum[chain]);
                    ay[chain] = C::Field::multiply_add(&slope[chain], &back, &C::Field::minus(&ay[chain]));
                }
            }
            ax.copy_from_slice(&sum);
        }
        debug_assert_eq!(blocks * CHAINS, pairs);
        for patch in self.patches.drain(..) {
            self.x[patch.pair] = C::Field::replace(&self.x[patch.pair], patch.mask, &patch.x);
            self.y[patch.pair] = C::Field::replace(&self.y[patch.pair], patch.mask, &patch.y);
        }
    }

    /// Finds the lanes of a level that no ordinary addition sums, and gives them other numbers to invert; multiplies anew.
    #[inline(always)]
    fn set_apart<C: Curve>(&mut self, upper: usize, pairs: usize) -> [Element<V>; CHAINS] {
        let one = one::<C, V>();
        self.doubled.clear();
        self.doubled.resize(pairs, 0);
        let mut products = [one; CHAINS];
        for at in 0..pairs {
            let (ax, dx) = (self.x[at], self.x[at + upper]);
            let (a_infinite, b_infinite) = (self.infinite[at], self.infinite[at + upper]);
            let lone = (a_infinite | b_infinite) & V::ALL;
            let same_x = if lone == V::ALL { 0 } else { C::Field::is_zero(&dx) & !lone };
            let (mut denominator, mut doubled) = (dx, 0);
            if lone | same_x != 0 {
                let (ay, by) = (C::Field::carry(self.y[at]), C::Field::carry(self.y[at + upper]));
                if same_x != 0 {
                    // Tangent: (3 x^2 + a) / 2 y; a point with y = 0 is its own opposite.
                    let same = same_x & C::Field::is_zero(&C::Field::subtract(&by, &ay));
                    let rising = C::Field::add(&ay, &ay);
                    doubled = same & !C::Field::is_zero(&rising);
                    let square = C::Field::square(&ax);
                    let thrice = C::Field::add(&C::Field::add(&square, &square), &square);
                    let tangent = C::Field::add(&C::Field::add(&thrice, &C::a()), &ay);
                    self.y[at + upper] = C::Field::replace(&self.y[at + upper], doubled, &tangent);
                    self.doubled[at] = doubled;
                    denominator = C::Field::replace(&dx, doubled, &rising);
                }
                if lone & !(a_infinite & b_infinite) != 0 {
                    let bx = C::Field::add(&ax, &dx);
                    let x = C::Field::replace(&ax, a_infinite, &bx);
                    let y = C::Field::replace(&ay, a_infinite, &by);
                    self.patches.push(Patch { pair: at, mask: lone, x, y });
                }
            }
            let vanished = same_x & !doubled;
            let denominator = C::Field::replace(&denominator, lone | vanished, &one);
            self.infinite[at] = (a_infinite & b_infinite) | vanished;
            self.exceptional.0 += u64::from(doubled.count_ones());
            self.exceptional.1 += u64::from((lone | vanished).count_ones());
            self.x[at + upper] = denominator;
            self.prefix[at] = products[at % CHAINS];
            products[at % CHAINS] = C::Field::multiply_to_factor(&products[at % CHAINS], &denominator);
        }
        // Every denominator is now other than zero.
        invert_chains::<C, V>(&products).unwrap_or([one; CHAINS])
    }
}

#[cfg(test)]
#[path = "tree_tests.rs"]
mod tests;
