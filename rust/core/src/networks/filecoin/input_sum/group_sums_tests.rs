//! Sums of groups against sums one by one.

#![allow(clippy::unwrap_used)]

use blst::{blst_p1_affine, p1_affines};
use blstrs::{G1Affine, G1Projective};
use proptest::prelude::*;

use super::super::base_field::Field;
use super::super::base_field::tests::units;
use super::super::field_28::Field28;
use super::super::field_52::Field52;
use super::{Addend, GroupSums, Point};
use crate::networks::filecoin::groth16::made::secret;
use crate::networks::filecoin::points::{nothing, operand};
use crate::signature::Simd;

fn points(count: usize) -> Vec<blst_p1_affine> {
    let base = G1Projective::hash_to_curve(b"group sums", b"test", &[]);
    let points: Vec<_> = (0..count).map(|place| *(base * secret("point", place)).as_ref()).collect();
    if count == 0 { vec![] } else { p1_affines::from(&points).as_slice().to_vec() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn as_one_by_one(sizes in prop::collection::vec(0_u32..40, 0..12), signs in any::<u64>()) {
        let affine = points(sizes.iter().sum::<u32>() as usize);
        let mut bounds = vec![0];
        let mut addends = Vec::new();
        for size in &sizes {
            for _ in 0..*size {
                let place = u32::try_from(addends.len()).unwrap();
                addends.push(Addend::new(place, signs >> (place % 64) & 1 == 1));
            }
            bounds.push(u32::try_from(addends.len()).unwrap());
        }
        let expected: Vec<_> = bounds
            .windows(2)
            .map(|bounds| {
                (bounds[0]..bounds[1]).fold(nothing(), |sum, place| {
                    let point = operand(&affine[place as usize]);
                    if signs >> (place % 64) & 1 == 1 { sum - point } else { sum + point }
                })
            })
            .collect();
        let expected = expected.iter().zip(&sizes).map(|(sum, size)| (*size > 0).then(|| G1Affine::from(sum)));
        let expected: Option<Vec<_>> = Some(expected.collect());
        let work = (affine.as_slice(), addends.as_slice(), bounds.as_slice());
        for unit in units::<Field28>() {
            prop_assert_eq!(&sums::<Field28>(work, unit), &expected);
        }
        for unit in units::<Field52>() {
            prop_assert_eq!(&sums::<Field52>(work, unit), &expected);
        }
    }
}

type Work<'a> = (&'a [blst_p1_affine], &'a [Addend], &'a [u32]);

fn sums<F: Field>((points, addends, bounds): Work<'_>, unit: Simd) -> Option<Vec<Option<G1Affine>>> {
    let points: Vec<Point<F>> = points.iter().map(Point::from).collect();
    let sums = unit.run(GroupSums { points: &points, addends: addends.to_vec(), bounds: bounds.to_vec() })?;
    Some(sums.iter().map(|sum| sum.as_ref().map(G1Affine::from)).collect())
}

#[test]
fn more_pairs_than_a_block() {
    pairs::<Field28>();
    pairs::<Field52>();
}

fn pairs<F: Field>() {
    let count = F::BLOCK + 3;
    let points = points(2 * count);
    let addends: Vec<_> =
        (0..).take(points.len()).map(|place| Addend::new(place, place.is_multiple_of(3))).collect();
    let bounds: Vec<_> = (0..).step_by(2).take(count + 1).collect();
    let signed = |place: usize| {
        let point = operand(&points[place]);
        if place.is_multiple_of(3) { -point } else { point }
    };
    let expected = (0..count).map(|pair| {
        let sum = G1Projective::from(signed(2 * pair)) + signed(2 * pair + 1);
        Some(G1Affine::from(sum))
    });
    let expected = Some(expected.collect());
    for unit in units::<F>() {
        assert_eq!(sums::<F>((&points, &addends, &bounds), unit), expected);
    }
}

#[test]
fn equal_x_has_no_answer() {
    let points = points(3);
    for (one, other) in [(false, false), (false, true)] {
        let addends = [Addend::new(0, one), Addend::new(0, other), Addend::new(1, false)];
        let work = (points.as_slice(), addends.as_slice(), [0, 3].as_slice());
        assert!(units::<Field28>().into_iter().all(|unit| sums::<Field28>(work, unit).is_none()));
        assert!(units::<Field52>().into_iter().all(|unit| sums::<Field52>(work, unit).is_none()));
    }
}
