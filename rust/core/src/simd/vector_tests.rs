//! Products of limbs on every unit against integers of 128 bits, and all else against plain Rust.

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

/// Runs a job on every unit that the processor has, and in eight lanes on any.
fn on_every_unit<J: Job + Copy>(job: J) {
    for unit in Simd::ALL {
        unit.run(job);
    }
    #[cfg(target_arch = "x86_64")]
    super::super::x86::model::avx512::run(job);
}

/// Two numbers in every lane, the second shifted so that lanes differ.
#[derive(Clone, Copy)]
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
    on_every_unit(Products(&ENDS));
}

proptest! {
    #[test]
    fn products_of_any_limbs_are_exact(numbers in prop::collection::vec(0..=LIMB, 16)) {
        on_every_unit(Products(&numbers));
    }
}

/// A word that is other bits from either end.
const SPLAT: u64 = 0x8123_4567_89ab_cdee;

/// Any words in every lane.
#[derive(Clone, Copy)]
struct Words<'a>(&'a [[u64; MAX_LANES]; 8]);

impl Job for Words<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let [a, b, c, ..] = self.0;
        let vectors = self.0.map(|words| V::from_lanes(&words));
        let [x, y, z, ..] = vectors;
        let each = |name, vector: V, word: fn(Portable, Portable, Portable) -> Portable| {
            let lanes = vector.to_lanes();
            for lane in 0..MAX_LANES {
                let expected = word(Portable(a[lane]), Portable(b[lane]), Portable(c[lane])).0;
                let expected = if lane < V::LANES { expected } else { 0 };
                assert_eq!(lanes[lane], expected, "{name} in lane {lane} of {}", V::LANES);
            }
        };
        each("the words", x, |a, _, _| a);
        each("splat", V::splat(SPLAT), |_, _, _| Portable(SPLAT));
        each("add", x.add(y), |a, b, _| a.add(b));
        each("sub", x.sub(y), |a, b, _| a.sub(b));
        each("mul", x.mul(y), |a, b, _| a.mul(b));
        each("mul_32", x.mul_32(y), |a, b, _| a.mul_32(b));
        each("and", x.and(y), |a, b, _| a.and(b));
        each("or", x.or(y), |a, b, _| a.or(b));
        each("xor", x.xor(y), |a, b, _| a.xor(b));
        each("shl", x.shl(13), |a, _, _| a.shl(13));
        each("shl by a word", x.shl(64), |_, _, _| Portable(0));
        each("shr", x.shr(51), |a, _, _| a.shr(51));
        each("shr by a word", x.shr(64), |_, _, _| Portable(0));
        each("sar", x.sar(12), |a, _, _| a.sar(12));
        each("rotate", x.rotate::<28>(), |a, _, _| a.rotate::<28>());
        each("swap_bytes", x.swap_bytes(), |a, _, _| a.swap_bytes());
        each("add_halves", x.add_halves(y), |a, b, _| {
            Portable((a.0.wrapping_add(b.0) & 0xffff_ffff) | (a.0 >> 32).wrapping_add(b.0 >> 32) << 32)
        });
        each("shr_halves", x.shr_halves(10), |a, _, _| Portable(a.0 >> 10 & 0x003f_ffff_003f_ffff));
        each("rotate_halves", x.rotate_halves::<7>(), |a, _, _| {
            Portable((a.0 >> 7 & 0x01ff_ffff_01ff_ffff) | (a.0 << 25 & 0xfe00_0000_fe00_0000))
        });
        each("xor3", x.xor3(y, z), Vector::xor3);
        each("choose", x.choose(y, z), Vector::choose);
        each("majority", x.majority(y, z), Vector::majority);

        let lanes = || 0..V::LANES;
        let mask =
            |lane: &dyn Fn(usize) -> bool| lanes().fold(0, |mask, at| mask | Mask::from(lane(at)) << at);
        assert_eq!(V::ALL, mask(&|_| true));
        let odd = mask(&|lane| a[lane] & 1 == 1);
        let mixed = x.replace(odd, y);
        each("replace", mixed, |a, b, _| if a.0 & 1 == 1 { b } else { a });
        assert_eq!(mixed.equal(y), mask(&|lane| a[lane] & 1 == 1 || a[lane] == b[lane]));
        assert_eq!(x.common(y), mask(&|lane| a[lane] & b[lane] != 0));
        assert_eq!(x.common(V::splat(1)), odd);
        assert_eq!(x.negative(), mask(&|lane| a[lane] >> 63 == 1));
        for distance in [1, 2, 4].into_iter().filter(|distance| *distance < V::LANES) {
            let exchanged = x.exchange(distance).to_lanes();
            assert!(lanes().all(|lane| exchanged[lane] == a[lane ^ distance]), "{distance}");
        }

        // Eight words of each lane, as the rows of a table.
        let rows = V::to_rows(vectors);
        for (lane, row) in rows.iter().enumerate() {
            let expected = |word: usize| if lane < V::LANES { self.0[word][lane] } else { 0 };
            assert_eq!(row.0, std::array::from_fn(expected), "lane {lane} of {}", V::LANES);
        }
        let columns = V::from_rows(&rows.each_ref()).map(V::to_lanes);
        for (column, words) in columns.iter().zip(self.0) {
            assert_eq!(column[..V::LANES], words[..V::LANES]);
        }
    }
}

proptest! {
    #[test]
    fn every_unit_does_with_words_what_plain_rust_does(words in any::<[[u64; MAX_LANES]; 8]>()) {
        on_every_unit(Words(&words));
    }
}
