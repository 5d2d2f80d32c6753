//! Sums against double-and-add by an independent library, and every branch of exceptional additions.

use k256::elliptic_curve::sec1::ToSec1Point;
use k256::{ProjectivePoint, Scalar};

use super::super::curve::Secp256k1;
use super::super::ecdsa::digits_of;
use super::super::field::to_limbs;
use super::super::groups::gather;
use super::super::table::Builder;
use super::*;
use crate::simd::dispatch::{Job, Simd};
use crate::simd::vector::MAX_LANES;

/// Affine words of a point, lowest first; `None` at infinity.
fn words(point: &ProjectivePoint) -> Option<[[u64; 4]; 2]> {
    let encoded = point.to_affine().to_sec1_point(false);
    let half = |bytes: &[u8]| {
        let mut words = [0; 4];
        for (word, bytes) in words.iter_mut().rev().zip(bytes.chunks_exact(8)) {
            *word = u64::from_be_bytes(bytes.try_into().unwrap());
        }
        words
    };
    (encoded.as_bytes().len() == 65)
        .then(|| [half(&encoded.as_bytes()[1..33]), half(&encoded.as_bytes()[33..])])
}

fn scalar_words(scalar: &Scalar) -> [u64; 4] {
    let bytes = scalar.to_bytes();
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().rev().zip(bytes.chunks_exact(8)) {
        *word = u64::from_be_bytes(bytes.try_into().unwrap());
    }
    words
}

/// Sums of `a G + b Q` for each pair of factors and key factor, with the counts of exceptional lanes.
struct Sums<'a> {
    cases: &'a [(Scalar, Scalar, Scalar)],
    generator: Windows,
    key: Windows,
}

type Found = (Vec<Option<[[u64; 4]; 2]>>, (u64, u64));

impl Job for Sums<'_> {
    type Output = Found;

    #[inline(always)]
    fn run<V: Vector>(self) -> Found {
        let mut builder = Builder::<V>::default();
        let mut generator = vec![Vec::new()];
        assert!(builder.build::<Secp256k1>(&[Secp256k1::GENERATOR], self.generator, &mut generator));
        let mut tables = Vec::new();
        for (_, _, key) in self.cases {
            let mut table = vec![Vec::new()];
            let point = words(&(ProjectivePoint::GENERATOR * key)).unwrap();
            assert!(builder.build::<Secp256k1>(&[point], self.key, &mut table));
            tables.append(&mut table);
        }
        let groups = self.cases.len().div_ceil(V::LANES).next_multiple_of(CHAINS);
        let mut rows = Vec::new();
        for group in 0..groups {
            let mut keys: [&[Row]; MAX_LANES] = [&[]; MAX_LANES];
            let mut factors = [[[0; 4]; MAX_LANES]; 2];
            for lane in 0..V::LANES {
                let at = (group * V::LANES + lane) % self.cases.len();
                keys[lane] = &tables[at];
                factors[0][lane] = scalar_words(&self.cases[at].0);
                factors[1][lane] = scalar_words(&self.cases[at].1);
            }
            let number = |which: usize| to_limbs(&gather::<V, _>(&factors[which], |words| words), 52);
            rows.push(Group {
                generator: digits_of::<Secp256k1, V>(&number(0), self.generator),
                key: digits_of::<Secp256k1, V>(&number(1), self.key),
                tables: keys,
                correction: (V::splat(0), 0),
            });
        }
        let mut tree = Tree::<V>::default();
        let shapes = Tables {
            generator: &generator[0],
            generator_windows: self.generator,
            key_windows: self.key,
            has_keys: true,
        };
        tree.sum::<Secp256k1>(&rows, &shapes, true);
        let mut found = Vec::new();
        for at in 0..self.cases.len() {
            let (group, lane) = (at / V::LANES, at % V::LANES);
            let number = |element: &Element<V>| {
                let words = <Secp256k1 as Curve>::Field::words(&<Secp256k1 as Curve>::Field::leave(element));
                super::super::field::lane_words(&words, lane)
            };
            let is_infinite = tree.infinite[group] >> lane & 1 == 1;
            found.push((!is_infinite).then(|| [number(&tree.x[group]), number(&tree.y[group])]));
        }
        (found, tree.exceptional)
    }
}

fn check(cases: &[(Scalar, Scalar, Scalar)]) -> (u64, u64) {
    let mut reached = (0, 0);
    for (generator, key) in [(8, 8), (12, 6), (7, 4), (5, 3), (3, 3)] {
        let (generator, key) = (Windows { width: generator }, Windows { width: key });
        let expected: Vec<_> = cases
            .iter()
            .map(|(a, b, k)| words(&(ProjectivePoint::GENERATOR * a + ProjectivePoint::GENERATOR * (*b * k))))
            .collect();
        let mut both = Vec::new();
        for unit in Simd::ALL {
            let (found, exceptional) = unit.run(Sums { cases, generator, key });
            assert_eq!(found, expected, "{} {generator:?} {key:?}", unit.name());
            reached.0 += exceptional.0;
            reached.1 += exceptional.1;
            both.push(found);
        }
        assert_eq!(both[0], both[1]);
    }
    reached
}

/// A scalar that is spread over all bits.
fn spread(seed: u64) -> Scalar {
    let mut value = Scalar::from(seed);
    for _ in 0..8 {
        value = value * value + Scalar::from(0x9e37_79b9_7f4a_7c15_u64);
    }
    value
}

#[test]
fn sums_are_those_of_double_and_add() {
    let cases: Vec<_> = (0..40).map(|at| (spread(at), spread(at + 100), spread(at + 200))).collect();
    check(&cases);
}

#[test]
fn equal_and_opposite_points_are_added_in_their_lane() {
    let small = |value: u64| Scalar::from(value);
    let mut cases = Vec::new();
    for at in 1..9 {
        let (factor, key) = (spread(at), spread(at + 50));
        // a G = b Q and a G = -b Q.
        cases.push((factor * key, factor, key));
        cases.push((-(factor * key), factor, key));
        // Factors at the ends of their range, keys that are small multiples of the generator.
        cases.push((Scalar::ZERO, factor, key));
        cases.push((factor, Scalar::ZERO, key));
        cases.push((Scalar::ZERO, Scalar::ZERO, key));
        cases.push((small(at), small(at), small(at)));
        cases.push((-small(at), small(at), -small(at)));
        cases.push((small(at), -small(1), small(at)));
        cases.push((-small(1), small(at), small(1)));
    }
    let (doubled, infinite) = check(&cases);
    assert!(doubled > 20 && infinite > 20, "doubled {doubled}, infinite {infinite}");
}
