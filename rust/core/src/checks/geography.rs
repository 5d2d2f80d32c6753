//! Geography: how far a claimed place lies from the registered one.
//!
//! In: places in 10^-7 degrees. Out: the straight chord between them in whole metres, and whether check 15 fails. Rule:
//! uptime proof, 4.1, check 15. Invariant: the distance is an integer that any exact method reproduces; no floating
//! point.
//!
//! The check asks for the integers nearest to `10^18 cos a` and `10^18 sin a`. They are computed in fixed point with 127
//! fraction bits by Taylor series on [0, 45 degrees]; each is off by less than 2^-122 (see [`Octant::new`]), so by less
//! than 2^-62 once multiplied by 10^18. A wrong rounding would need a value that lies within 2^-62 of a half. The octant
//! has 450,000,001 angles: a run over both values of all of them (the test `no_angle_is_near_a_tie`) found none nearer to
//! a half than 2^-30, so the rounding is right for every angle.

use ruint::aliases::{U256, U320};

/// Radius of the sphere, metres.
const RADIUS_M: u64 = 6_371_007;
/// 10^-7 degrees in an eighth of a turn.
const EIGHTH: u32 = 450_000_000;
/// Scale of `cos18` and `sin18`.
const SCALE: u128 = 1_000_000_000_000_000_000;
/// One with 127 fraction bits.
const ONE: u128 = 1 << 127;
/// `floor(pi / (1.8 * 10^9) * 2^156)`: one unit of angle in radians.
const UNIT_RADIANS: u128 = 159_425_097_466_952_045_881_416_847_213_309_414_182;
/// Terms of each series; the next one is below 2^-128 on the octant.
const TERMS: usize = 16;
/// Accuracy above which a location says nothing, metres.
pub const MAX_ACCURACY_M: u64 = 1000;

/// `floor(2^127 / (2i + first)!)`, the series' coefficients without their signs.
const fn coefficients(first: usize) -> [u128; TERMS] {
    let mut values = [0; TERMS];
    let mut factorial: u128 = 1;
    let mut i = 0;
    while i < TERMS {
        values[i] = ONE / factorial;
        let next = (2 * i + first) as u128;
        factorial *= (next + 1) * (next + 2);
        i += 1;
    }
    values
}

const COSINE: [u128; TERMS] = coefficients(0);
const SINE: [u128; TERMS] = coefficients(1);

/// The 256 bits of `a * b`, upper and lower half.
const fn wide(a: u128, b: u128) -> (u128, u128) {
    const LOW: u128 = u64::MAX as u128;
    let (a1, a0, b1, b0) = (a >> 64, a & LOW, b >> 64, b & LOW);
    let low = a0 * b0;
    let middle = a1 * b0 + (low >> 64);
    let crossed = a0 * b1 + (middle & LOW);
    (a1 * b1 + (middle >> 64) + (crossed >> 64), (crossed << 64) | (low & LOW))
}

/// `floor(a * b)` of numbers with 127 fraction bits.
const fn times(a: u128, b: u128) -> u128 {
    let (high, low) = wide(a, b);
    high << 1 | low >> 127
}

/// Cosine and sine of an angle of 0 to 45 degrees, with 127 fraction bits.
struct Octant {
    cosine: u128,
    sine: u128,
}

impl Octant {
    /// For `angle` units of 10^-7 degrees, at most [`EIGHTH`].
    ///
    /// Errors in units of 2^-127. `x` is low by less than 2: the constant by less than one part in 2^127 of the angle, one
    /// more for the shift. `u = x^2 < 0.617` is low by less than 5. A step `c - u * t` adds 1 for the coefficient, 1 for
    /// the product and 5 t <= 2.5 for `u` to 0.617 of the step before, so no step is off by more than 12. The terms left
    /// out are below 1. The sine's last product adds 2 for `x` and 1 for itself to 12 x: both results are within 16.
    fn new(angle: u32) -> Self {
        let x = ((u128::from(angle) * (UNIT_RADIANS >> 64)) << 35)
            + ((u128::from(angle) * (UNIT_RADIANS & u128::from(u64::MAX))) >> 29);
        let u = times(x, x);
        Self { cosine: Self::series(u, &COSINE), sine: times(x, Self::series(u, &SINE)) }
    }

    /// `c_0 - u (c_1 - u (c_2 - ...))`; each step stays positive, because coefficients fall and `u < 1`.
    fn series(u: u128, coefficients: &[u128; TERMS]) -> u128 {
        coefficients.iter().rev().fold(0, |sum, coefficient| coefficient - times(u, sum))
    }
}

/// The integer nearest to `10^18 value`.
fn nearest(value: u128) -> i128 {
    let (high, low) = wide(value, SCALE);
    let (low, carry) = low.overflowing_add(1 << 126);
    // Below 10^18, so that the cast to a signed number keeps it.
    (((high + u128::from(carry)) << 1) | (low >> 127)).cast_signed()
}

/// `cos18` and `sin18`: the integers nearest to `10^18 cos a` and `10^18 sin a`, for `a` in 10^-7 degrees.
pub fn cos_sin_18(angle_e7: i32) -> (i128, i128) {
    let size = angle_e7.unsigned_abs();
    let (eighths, rest) = (size / EIGHTH, size % EIGHTH);
    // In odd eighths the angle is measured back from the next multiple of 90 degrees.
    let octant = Octant::new(if eighths % 2 == 0 { rest } else { EIGHTH - rest });
    let (near, far) = (nearest(octant.cosine), nearest(octant.sine));
    let (cosine, sine) = match eighths {
        0 => (near, far),
        1 => (far, near),
        2 => (-far, near),
        3 => (-near, far),
        _ => (-near, -far),
    };
    (cosine, if angle_e7 < 0 { -sine } else { sine })
}

/// A place as a unit vector at scale 10^36: the form to keep for a registered centre.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitVector([i128; 3]);

impl UnitVector {
    /// The place at a latitude and longitude in 10^-7 degrees.
    pub fn new(lat_e7: i32, lon_e7: i32) -> Self {
        let (cos_lat, sin_lat) = cos_sin_18(lat_e7);
        let (cos_lon, sin_lon) = cos_sin_18(lon_e7);
        Self([cos_lat * cos_lon, cos_lat * sin_lon, sin_lat * SCALE.cast_signed()])
    }

    /// The smaller coordinate on each axis.
    pub(super) fn lower(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|axis| self.0[axis].min(other.0[axis])))
    }

    /// The larger coordinate on each axis.
    pub(super) fn upper(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|axis| self.0[axis].max(other.0[axis])))
    }

    /// The axis on which another point is farthest.
    pub(super) fn widest_axis(&self, other: &Self) -> usize {
        (0..3).max_by_key(|axis| self.0[*axis].abs_diff(other.0[*axis])).unwrap_or(0)
    }

    /// A coordinate.
    pub(super) fn on_axis(&self, axis: usize) -> i128 {
        self.0[axis]
    }

    /// The corner of a box from which no point of the box is farther; it need not lie on the sphere.
    pub(super) fn farthest_corner(&self, low: &Self, high: &Self) -> Self {
        Self(std::array::from_fn(|axis| {
            let (low, high, own) = (low.0[axis], high.0[axis], self.0[axis]);
            if own.abs_diff(low) > own.abs_diff(high) { low } else { high }
        }))
    }

    /// Earth-centred coordinates: the integers nearest to metres. The first axis leaves the equator at longitude 0, the
    /// second one 90 degrees east of it, the third one leaves the north pole.
    pub fn metres(&self) -> [i64; 3] {
        let scale = U256::from(SCALE) * U256::from(SCALE);
        self.0.map(|coordinate| {
            let scaled = U256::from(coordinate.unsigned_abs()) * U256::from(RADIUS_M);
            // At most the radius, whatever the rounding of the unit vector.
            let size = i64::try_from((scaled + scale / U256::from(2)) / scale).unwrap_or(i64::MAX);
            if coordinate < 0 { -size } else { size }
        })
    }

    /// Whole metres of the chord to another place.
    pub fn chord_metres(&self, other: &Self) -> u64 {
        let mut sum = U256::ZERO;
        for (a, b) in self.0.iter().zip(other.0) {
            // At most 2 * 10^36, whose square has 242 bits.
            let difference = (a - b).unsigned_abs();
            let (high, low) = wide(difference, difference);
            sum += (U256::from(high) << 128) | U256::from(low);
        }
        let scale = U320::from(SCALE).pow(U320::from(4));
        let square = U320::from(sum) * U320::from(RADIUS_M * RADIUS_M) / scale;
        // A chord is at most the diameter: its square has 48 bits.
        u64::try_from(square).unwrap_or(u64::MAX).isqrt()
    }
}

/// Whole metres of the chord between two places, each (latitude, longitude) in 10^-7 degrees.
pub fn chord_metres(a: (i32, i32), b: (i32, i32)) -> u64 {
    UnitVector::new(a.0, a.1).chord_metres(&UnitVector::new(b.0, b.1))
}

/// A device's registered place, ready for one comparison per proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Centre {
    place: (i32, i32),
    vector: UnitVector,
    radius_m: u64,
}

/// Where a proof says it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Latitude, 10^-7 degrees.
    pub lat_e7: i32,
    /// Longitude, 10^-7 degrees.
    pub lon_e7: i32,
    /// Stated accuracy, whole metres.
    pub accuracy_m: u64,
}

/// Why check 15 fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misplaced {
    /// Distance in metres; `None` where a location is required and there is none.
    pub metres: Option<u64>,
    /// How far it may be, metres.
    pub limit_m: u64,
}

impl Centre {
    /// The registered centre and radius of a device.
    pub fn new(lat_e7: i32, lon_e7: i32, radius_m: u64) -> Self {
        Self { place: (lat_e7, lon_e7), vector: UnitVector::new(lat_e7, lon_e7), radius_m }
    }

    /// Check 15: `None` where it does not fail.
    pub fn check(&self, claim: Option<Claim>, tolerance_m: u64, require_location: bool) -> Option<Misplaced> {
        let reach = self.radius_m.saturating_add(tolerance_m);
        let Some(claim) = claim.filter(|claim| claim.accuracy_m <= MAX_ACCURACY_M) else {
            return require_location.then_some(Misplaced { metres: None, limit_m: reach });
        };
        let limit_m = reach.saturating_add(claim.accuracy_m);
        // Most devices send exactly what they are registered with.
        if (claim.lat_e7, claim.lon_e7) == self.place {
            return None;
        }
        let metres = self.vector.chord_metres(&UnitVector::new(claim.lat_e7, claim.lon_e7));
        (metres > limit_m).then_some(Misplaced { metres: Some(metres), limit_m })
    }
}

#[cfg(test)]
#[path = "geography_tests.rs"]
mod tests;
