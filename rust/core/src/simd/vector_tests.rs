//! Products of limbs on every unit against integers of 128 bits.

use proptest::prelude::*;

use super::super::dispatch::{Job, Simd};
use super::*;

/// Limbs at the ends of what is exact in a double, in halves of a limb and in words.
const ENDS: [u64; 12] = [
    0,
    1,
    3,
    (1 << 26) - 1,
    1 << 26,
    (1 << 26) + 1,
    (1 << 32) - 1,
    (1 << 51) - 1,
    1 << 51,
    (1 << 51) + (1 << 15),
    LIMB - 1,
    LIMB,
];

/// What a limb of radix 51 is at most.
const LARGEST_51: u64 = (1 << 51) + (1 << 15);

/// Two numbers in every lane, the second shifted so that lanes differ.
struct Products<'a>(&'a [u64]);

/// `low + high 2^radix`, where the words are signed.
fn joined(low: u64, high: u64, radix: u32) -> i128 {
    i128::from(low.cast_signed()) + (i128::from(high.cast_signed()) << radix)
}

/// Five equal products, two of them by doubling, as `low` and `high` without their bias.
#[inline(always)]
fn five<V: Vector, const RADIX: u32>(a: V, b: V) -> (V, V) {
    let mut sum = V::wide_double(V::wide_add::<RADIX>(V::wide(), a, b));
    for _ in 0..3 {
        sum = V::wide_add::<RADIX>(sum, a, b);
    }
    let (low, high) = V::wide_split::<RADIX>(sum);
    let (below, above) = V::bias::<RADIX>();
    (low.sub(V::splat(below.wrapping_mul(5))), high.sub(V::splat(above.wrapping_mul(5))))
}

impl Job for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let numbers = self.0;
        for shift in 0..numbers.len() {
            for start in 0..numbers.len() {
                let (mut a, mut b) = ([0; MAX_LANES], [0; MAX_LANES]);
                for lane in 0..V::LANES {
                    a[lane] = numbers[(start + lane) % numbers.len()];
                    b[lane] = numbers[(start + 3 * lane + shift) % numbers.len()];
                }
                check::<V>(a, b);
            }
        }
    }
}

#[inline(always)]
fn check<V: Vector>(a: [u64; MAX_LANES], b: [u64; MAX_LANES]) {
    let (first, second) = (V::from_lanes(&a), V::from_lanes(&b));
    // As much as a column has, so that nothing that is taken away goes below zero.
    let before = 1 << EXCESS_BIT;
    let column = V::splat(before);
    let stray = first.or(V::splat(0xfff << 52));
    let (low, high) = V::add_product(column, column, stray, second);
    let (power_low, power_high) = V::add_powers::<48, 16>(column, column, first);
    let (low_52, high_52) = five::<V, 52>(first, second);
    let short = |limbs: [u64; MAX_LANES]| V::from_lanes(&limbs.map(|limb| limb.min(LARGEST_51)));
    let (low_51, high_51) = five::<V, 51>(short(a), short(b));
    let halves = (column.add_low(first, second), column.add_high(first, second));
    let shifted = column.add_shifted::<36>(first);
    let small = column.add_small(first.shr(45), second.shr(8));
    let lanes = |vector: V| vector.to_lanes();
    for lane in 0..V::LANES {
        let (a, b) = (a[lane], b[lane]);
        let product = i128::from(a) * i128::from(b);
        let place = joined(before, before, 52);
        assert_eq!(joined(lanes(low)[lane], lanes(high)[lane], 52), place + product, "{a} {b}");
        assert!(lanes(low)[lane] - before < 1 << 53, "{a} {b}");
        let powers = i128::from(a) * ((1 << 48) - (1 << 16));
        assert_eq!(joined(lanes(power_low)[lane], lanes(power_high)[lane], 52), place + powers, "{a}");
        assert!(lanes(power_low)[lane] + (1 << 52) >= before, "{a}");
        assert_eq!(joined(lanes(low_52)[lane], lanes(high_52)[lane], 52), 5 * product, "{a} {b}");
        let product_51 = i128::from(a.min(LARGEST_51)) * i128::from(b.min(LARGEST_51));
        assert_eq!(joined(lanes(low_51)[lane], lanes(high_51)[lane], 51), 5 * product_51, "{a} {b}");
        let limb = i128::from(LIMB);
        assert_eq!(i128::from(lanes(halves.0)[lane] - before), product & limb, "{a} {b}");
        assert_eq!(i128::from(lanes(halves.1)[lane] - before), product >> 52, "{a} {b}");
        assert_eq!(i128::from(lanes(shifted)[lane] - before), (i128::from(a) << 36) & limb, "{a}");
        assert_eq!(lanes(small)[lane] - before, (a >> 45) * (b >> 8), "{a} {b}");
    }
}

#[test]
fn products_at_the_ends_of_limbs_are_exact() {
    for unit in Simd::ALL {
        unit.run(Products(&ENDS));
    }
}

proptest! {
    #[test]
    fn products_of_any_limbs_are_exact(numbers in prop::collection::vec(0..=LIMB, 16)) {
        for unit in Simd::ALL {
            unit.run(Products(&numbers));
        }
    }
}
