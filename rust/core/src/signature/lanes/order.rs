//! Numbers modulo the order of a group, in five limbs of 52 bits per lane, in Montgomery products with factor R = 2^260.
//!
//! In: numbers below 2^256. Out: numbers below the order. Rule: signature verification, 5.3. Invariant: a [`Order::product`]
//! is below 1.07 times the order for factors of which one is below 2^256 and the other below the order; it may be above
//! 2^256, so it becomes words only by way of [`Order::canonical`].

use super::field::{Element, below_modulus, limbs_of, power_of_two, ripple, ripple_signed, splat};
use super::modular_inverse::{Modulus, inverse};
use crate::simd::vector::{LIMB, Vector};

/// The order of a group, odd and above 2^252.
pub struct Order {
    /// The order in words, lowest first.
    pub words: [u64; 4],
    modulus: Modulus,
    limbs: [u64; 5],
    /// -1/n modulo 2^52.
    factor: u64,
    /// R^2.
    square: [u64; 5],
    /// R.
    one: [u64; 5],
    /// R 2^256.
    upper: [u64; 5],
}

impl Order {
    /// Everything that the products need, from the order.
    pub const fn new(words: [u64; 4]) -> Self {
        let mut inverted = 1_u64;
        let mut step = 0;
        while step < 6 {
            inverted = inverted.wrapping_mul(2_u64.wrapping_sub(words[0].wrapping_mul(inverted)));
            step += 1;
        }
        Self {
            words,
            modulus: Modulus::new(words),
            limbs: limbs_of(words, 52),
            factor: inverted.wrapping_neg() & LIMB,
            square: limbs_of(power_of_two(words, 520), 52),
            one: limbs_of(power_of_two(words, 260), 52),
            upper: limbs_of(power_of_two(words, 516), 52),
        }
    }

    /// `a b / R`.
    #[inline(always)]
    pub fn product<V: Vector>(&self, a: &Element<V>, b: &Element<V>) -> Element<V> {
        let n = splat::<V>(&self.limbs);
        let factor = V::splat(self.factor);
        let zero = V::splat(0);
        let mut t = [zero; 6];
        for i in 0..5 {
            for j in 0..5 {
                t[j] = t[j].add_low(a[i], b[j]);
            }
            let q = zero.add_low(t[0], factor);
            for j in 0..5 {
                t[j] = t[j].add_low(q, n[j]);
            }
            t[0] = t[1].add(t[0].shr(52));
            for j in 1..5 {
                t[j] = t[j + 1];
            }
            t[5] = zero;
            for j in 0..5 {
                t[j] = t[j].add_high(a[i], b[j]).add_high(q, n[j]);
            }
        }
        ripple([t[0], t[1], t[2], t[3], t[4]])
    }

    /// The representative below the order, of a number below twice the order.
    #[inline(always)]
    pub fn canonical<V: Vector>(&self, number: &Element<V>) -> Element<V> {
        below_modulus(number, &self.limbs)
    }

    /// `n - number`, for a number up to the order.
    #[inline(always)]
    pub fn negated<V: Vector>(&self, number: &Element<V>) -> Element<V> {
        let mut result = splat::<V>(&self.limbs);
        for k in 0..5 {
            result[k] = result[k].sub(number[k]);
        }
        ripple_signed(result)
    }

    /// A number of 512 bits, lower and upper half, below the order.
    #[inline(always)]
    pub fn reduce_wide<V: Vector>(&self, low: &Element<V>, high: &Element<V>) -> Element<V> {
        let low = self.product(low, &splat(&self.one));
        let mut sum = self.product(high, &splat(&self.upper));
        for k in 0..5 {
            sum[k] = sum[k].add(low[k]);
        }
        // Below 2.14 times the order.
        self.canonical(&self.canonical(&ripple(sum)))
    }

    /// `R / number` of each number, in place, by one inversion; `scratch` is overwritten. No number may be zero.
    ///
    /// A zero is a defect of the caller; every number is then left as it is.
    #[inline(always)]
    pub fn invert_all<V: Vector>(&self, numbers: &mut [Element<V>], scratch: &mut Vec<Element<V>>) {
        scratch.clear();
        let mut product = splat::<V>(&[1, 0, 0, 0, 0]);
        for number in numbers.iter() {
            scratch.push(product);
            product = self.product(&product, number);
        }
        let Some(mut inverted) = self.invert(&product) else { return };
        for (number, before) in numbers.iter_mut().zip(scratch.iter()).rev() {
            let result = self.product(&inverted, before);
            inverted = self.product(&inverted, number);
            *number = result;
        }
    }

    /// `R / number` in each lane.
    #[inline(always)]
    fn invert<V: Vector>(&self, number: &Element<V>) -> Option<Element<V>> {
        let mut others = [*number; 3];
        let mut all = *number;
        let mut steps = 0;
        let mut distance = V::LANES / 2;
        while distance > 0 {
            let mut other = all;
            for limb in &mut other {
                *limb = limb.exchange(distance);
            }
            others[steps] = other;
            all = self.product(&all, &other);
            steps += 1;
            distance /= 2;
        }
        let canonical = self.canonical(&all);
        let mut limbs = [0; 5];
        for k in 0..5 {
            limbs[k] = canonical[k].to_lanes()[0];
        }
        let inverted = inverse(&words_of(&limbs), &self.modulus)?;
        let mut result = self.product(&splat(&limbs_of(inverted, 52)), &splat(&self.square));
        for step in (0..steps).rev() {
            result = self.product(&result, &others[step]);
        }
        Some(result)
    }
}

/// Limbs of 52 bits to words.
const fn words_of(limbs: &[u64; 5]) -> [u64; 4] {
    [
        limbs[0] | limbs[1] << 52,
        limbs[1] >> 12 | limbs[2] << 40,
        limbs[2] >> 24 | limbs[3] << 28,
        limbs[3] >> 36 | limbs[4] << 16,
    ]
}
