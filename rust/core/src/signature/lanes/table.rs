//! Tables of a point's odd multiples.
//!
//! In: affine points, one per lane, and the windows' width. Out: per point the rows d 2^(w j) P for every window j and odd d
//! below 2^w, affine, canonical, in the field's domain; on curves with a cofactor followed by P and 2P. Rule: signature
//! verification, 5.3. Invariant: a row is a function of the point and its place alone.

use super::curve::{Curve, one, splat_words};
use super::digits::Windows;
use super::field::{Arithmetic, Element, Field};
use super::tree::invert_all;
use crate::simd::vector::{MAX_LANES, Mask, Row, Vector};

/// Rows behind the windows.
pub const fn extra_rows<C: Curve>() -> usize {
    if C::HAS_COFACTOR { 2 } else { 0 }
}

/// What the bases of all windows cost, counted in rows: 256 doublings.
const BASES_COST: usize = 400;

/// A point in Jacobian coordinates, x = X / Z^2 and y = Y / Z^3, with a Z^4.
#[derive(Clone, Copy)]
struct Jacobian<V> {
    x: Element<V>,
    y: Element<V>,
    z: Element<V>,
    az4: Element<V>,
}

impl<V: Vector> Jacobian<V> {
    /// Twice the point.
    #[inline(always)]
    fn doubled<C: Curve>(&self) -> Self {
        let yy = C::Field::square(&self.y);
        let xyy = C::Field::multiply(&self.x, &yy);
        let xyy2 = C::Field::add(&xyy, &xyy);
        let s = C::Field::add(&xyy2, &xyy2);
        let xx = C::Field::square(&self.x);
        let m = C::Field::add(&C::Field::add(&C::Field::add(&xx, &xx), &xx), &self.az4);
        let zero = [V::splat(0); 5];
        let x = C::Field::square_add(&m, &C::Field::minus_double_and(&s, &zero));
        let yyyy = C::Field::square(&yy);
        let twice = C::Field::add(&yyyy, &yyyy);
        let four = C::Field::add(&twice, &twice);
        let eight = C::Field::add(&four, &four);
        let y = C::Field::multiply_add(&m, &C::Field::subtract_to_factor(&s, &x), &C::Field::minus(&eight));
        let yz = C::Field::multiply(&self.y, &self.z);
        let z = C::Field::add(&yz, &yz);
        let product = C::Field::multiply(&eight, &self.az4);
        Self { x, y, z, az4: C::Field::add(&product, &product) }
    }
}

/// An affine point in each lane.
#[derive(Clone, Copy)]
struct Affine<V> {
    x: Element<V>,
    y: Element<V>,
}

impl<V: Vector> Affine<V> {
    /// `on` in the lanes of the mask.
    #[inline(always)]
    fn replace<C: Curve>(&self, mask: Mask, on: &Self) -> Self {
        Self { x: C::Field::replace(&self.x, mask, &on.x), y: C::Field::replace(&self.y, mask, &on.y) }
    }

    /// As rows of a table.
    #[inline(always)]
    fn rows<C: Curve>(&self) -> [Row; MAX_LANES] {
        let x = C::Field::words(&C::Field::canonical(&self.x));
        let y = C::Field::words(&C::Field::canonical(&self.y));
        V::to_rows([x[0], x[1], x[2], x[3], y[0], y[1], y[2], y[3]])
    }
}

/// The sum of two points, given the inverse of their difference in x.
#[inline(always)]
fn sum<C: Curve, V: Vector>(a: &Affine<V>, b: &Affine<V>, inverse: &Element<V>) -> Affine<V> {
    let slope = C::Field::multiply_to_factor(inverse, &C::Field::subtract_to_factor(&b.y, &a.y));
    chord::<C, V>(a, &slope, &C::Field::minus_double_and(&a.x, &C::Field::subtract(&b.x, &a.x)))
}

/// Twice a point, given the inverse of 2 y.
#[inline(always)]
fn doubled<C: Curve, V: Vector>(a: &Affine<V>, inverse: &Element<V>) -> Affine<V> {
    let xx = C::Field::square(&a.x);
    let tangent = C::Field::add(&C::Field::add(&C::Field::add(&xx, &xx), &xx), &C::a());
    let slope = C::Field::multiply_to_factor(inverse, &tangent);
    chord::<C, V>(a, &slope, &C::Field::minus_double_and(&a.x, &[V::splat(0); 5]))
}

#[inline(always)]
fn chord<C: Curve, V: Vector>(a: &Affine<V>, slope: &Element<V>, minus_x: &Element<V>) -> Affine<V> {
    let x = C::Field::square_add(slope, minus_x);
    let back = C::Field::subtract_to_factor(&a.x, &x);
    Affine { x, y: C::Field::multiply_add(slope, &back, &C::Field::minus(&a.y)) }
}

/// Memory for building, used again from call to call.
pub struct Builder<V> {
    bases: Vec<Jacobian<V>>,
    denominators: Vec<Element<V>>,
    scratch: Vec<Element<V>>,
    steps: Vec<Affine<V>>,
    rows: Vec<Affine<V>>,
}

impl<V: Vector> Default for Builder<V> {
    fn default() -> Self {
        Self {
            bases: Vec::new(),
            denominators: Vec::new(),
            scratch: Vec::new(),
            steps: Vec::new(),
            rows: Vec::new(),
        }
    }
}

impl<V: Vector> Builder<V> {
    /// Appends each point's rows to its table; as many points as lanes, or fewer.
    ///
    /// False, with the tables as they were, if some point is of so small an order that a multiple has no ordinary sum.
    #[inline(always)]
    pub fn build<C: Curve>(
        &mut self,
        points: &[[[u64; 4]; 2]],
        windows: Windows,
        tables: &mut [Vec<Row>],
    ) -> bool {
        let Some(bases) = self.affine_bases::<C>(points, windows) else { return false };
        let height = windows.rows();
        self.rows.clear();
        self.rows.resize(windows.size() + 2, bases[0]);
        self.steps.clear();
        for (window, [base, step]) in bases.as_chunks().0.iter().enumerate() {
            self.rows[window * height] = *base;
            self.steps.push(*step);
        }
        self.rows[windows.size()] = bases[0];
        self.rows[windows.size() + 1] = bases[1];
        if !self.grow::<C>(height) {
            return false;
        }
        self.store::<C>(points.len(), windows.size() + extra_rows::<C>(), tables);
        true
    }

    /// Whether a few points are done sooner one by one than side by side in lanes that are mostly idle.
    #[inline(always)]
    pub const fn is_sooner_alone(points: usize, windows: Windows) -> bool {
        let strips = windows.count().div_ceil(V::LANES);
        points * (BASES_COST + strips * windows.rows()) < BASES_COST + windows.size()
    }

    /// The rows of a single point: each lane makes those of other windows.
    ///
    /// `None` if the point is of so small an order that a multiple has no ordinary sum.
    #[inline(always)]
    pub fn build_one<C: Curve>(&mut self, point: &[[u64; 4]; 2], windows: Windows) -> Option<Vec<Row>> {
        // Every lane of a base is the same.
        let bases = self.affine_bases::<C>(&[*point], windows)?;
        let height = windows.rows();
        let strips = windows.count().div_ceil(V::LANES);
        self.rows.clear();
        self.rows.resize(strips * height, bases[0]);
        self.steps.clear();
        self.steps.resize(strips, bases[1]);
        for (window, [base, step]) in bases.as_chunks().0.iter().enumerate() {
            let (strip, lane) = (window / V::LANES, 1 << (window % V::LANES));
            self.rows[strip * height] = self.rows[strip * height].replace::<C>(lane, base);
            self.steps[strip] = self.steps[strip].replace::<C>(lane, step);
        }
        if !self.grow::<C>(height) {
            return None;
        }
        let mut table = vec![Row([0; 8]); windows.size() + extra_rows::<C>()];
        for (at, point) in self.rows.iter().enumerate() {
            let (strip, row) = (at / height, at % height);
            for (lane, made) in point.rows::<C>()[..V::LANES].iter().enumerate() {
                let window = strip * V::LANES + lane;
                if window < windows.count() {
                    table[window * height + row] = *made;
                }
            }
        }
        for (place, base) in table[windows.size()..].iter_mut().zip(&bases) {
            *place = base.rows::<C>()[0];
        }
        Some(table)
    }

    /// For every window its base, 2^(w j) P, and twice that.
    #[inline(always)]
    fn affine_bases<C: Curve>(
        &mut self,
        points: &[[[u64; 4]; 2]],
        windows: Windows,
    ) -> Option<Vec<Affine<V>>> {
        self.find_bases::<C>(points, windows);
        self.denominators.clear();
        for base in &self.bases {
            self.denominators.push(base.z);
        }
        if !invert_all::<C, V>(&mut self.denominators, &mut self.scratch) {
            return None;
        }
        let mut bases = Vec::with_capacity(self.bases.len());
        for (base, inverse) in self.bases.iter().zip(&self.denominators) {
            let square = C::Field::square(inverse);
            let cube = C::Field::multiply(&square, inverse);
            bases.push(Affine {
                x: C::Field::multiply(&base.x, &square),
                y: C::Field::multiply(&base.y, &cube),
            });
        }
        Some(bases)
    }

    /// From the first row of every window, and twice it as its step, to `height` rows.
    #[inline(always)]
    fn grow<C: Curve>(&mut self, height: usize) -> bool {
        let count = self.steps.len();
        // Rows k to 2k are rows 0 to k plus 2k times the base.
        let mut done = 1;
        while done < height {
            self.denominators.clear();
            for window in 0..count {
                let step = self.steps[window];
                for row in &self.rows[window * height..window * height + done] {
                    self.denominators.push(C::Field::subtract(&step.x, &row.x));
                }
            }
            for step in &self.steps {
                self.denominators.push(C::Field::add(&step.y, &step.y));
            }
            if !invert_all::<C, V>(&mut self.denominators, &mut self.scratch) {
                return false;
            }
            let (for_rows, for_steps) = self.denominators.split_at(count * done);
            for (window, step) in self.steps.iter_mut().enumerate() {
                let rows = &mut self.rows[window * height..window * height + 2 * done];
                let (from, to) = rows.split_at_mut(done);
                for ((from, to), inverse) in from.iter().zip(to).zip(&for_rows[window * done..]) {
                    *to = sum::<C, V>(from, step, inverse);
                }
                *step = doubled::<C, V>(step, &for_steps[window]);
            }
            done *= 2;
        }
        true
    }

    /// 2^(w j) P and its double for every window.
    #[inline(always)]
    fn find_bases<C: Curve>(&mut self, points: &[[[u64; 4]; 2]], windows: Windows) {
        let mut words = [[[0; MAX_LANES]; 4]; 2];
        for lane in 0..V::LANES {
            let Some(point) = points.get(lane).or(points.first()) else { return };
            for coordinate in 0..2 {
                for k in 0..4 {
                    words[coordinate][k][lane] = point[coordinate][k];
                }
            }
        }
        let mut coordinates = [[V::splat(0); 5]; 2];
        for coordinate in 0..2 {
            let mut lanes = splat_words::<V>(&[0; 4]);
            for k in 0..4 {
                lanes[k] = V::from_lanes(&words[coordinate][k]);
            }
            coordinates[coordinate] = C::Field::enter(&C::Field::limbs(&lanes));
        }
        let [x, y] = coordinates;
        let mut point = Jacobian { x, y, z: one::<C, V>(), az4: C::a() };
        self.bases.clear();
        for _ in 0..windows.count() {
            self.bases.push(point);
            point = point.doubled::<C>();
            self.bases.push(point);
            for _ in 1..windows.width {
                point = point.doubled::<C>();
            }
        }
    }

    #[inline(always)]
    fn store<C: Curve>(&self, keys: usize, rows: usize, tables: &mut [Vec<Row>]) {
        for point in &self.rows[..rows] {
            for (table, row) in tables.iter_mut().zip(&point.rows::<C>()[..keys]) {
                table.push(*row);
            }
        }
    }
}
