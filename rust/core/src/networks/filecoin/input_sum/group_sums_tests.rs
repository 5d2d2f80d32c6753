//! Sums of groups against sums one by one.

#![allow(clippy::unwrap_used)]

use blst::{blst_p1_affine, p1_affines};
use blstrs::{G1Affine, G1Projective};
use proptest::prelude::*;

use super::{Addend, GroupSums, Point};
use crate::networks::filecoin::groth16::made::secret;
use crate::networks::filecoin::points::{nothing, operand};
use crate::signature::Simd;

fn points(count: usize) -> (Vec<blst_p1_affine>, Vec<Point>) {
    let base = G1Projective::hash_to_curve(b"group sums", b"test", &[]);
    let points: Vec<_> = (0..count).map(|place| *(base * secret("point", place)).as_ref()).collect();
    let affine = if count == 0 { vec![] } else { p1_affines::from(&points).as_slice().to_vec() };
    let rows = affine.iter().map(Point::from).collect();
    (affine, rows)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn as_one_by_one(sizes in prop::collection::vec(0_u32..40, 0..12), signs in any::<u64>()) {
        let (affine, rows) = points(sizes.iter().sum::<u32>() as usize);
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
        for unit in [Simd::Portable, Simd::Avx512].into_iter().filter(|unit| unit.is_available()) {
            let work = GroupSums { points: &rows, addends: addends.clone(), bounds: bounds.clone() };
            let sums = unit.run(work).unwrap();
            prop_assert_eq!(sums.len(), sizes.len());
            for ((sum, expected), size) in sums.iter().zip(&expected).zip(&sizes) {
                prop_assert_eq!(sum.is_some(), *size > 0);
                prop_assert_eq!(sum.as_ref().map_or_else(G1Affine::default, G1Affine::from), G1Affine::from(expected));
            }
        }
    }
}

#[test]
fn equal_x_has_no_answer() {
    let (_, rows) = points(3);
    for (one, other) in [(false, false), (false, true)] {
        let addends = vec![Addend::new(0, one), Addend::new(0, other), Addend::new(1, false)];
        let work = GroupSums { points: &rows, addends, bounds: vec![0, 3] };
        assert!(Simd::chosen().run(work).is_none());
    }
}
