//! One bad point among many.

#![allow(clippy::unwrap_used)]

use blst::{blst_fp, blst_p1_affine, p1_affines};
use blstrs::{G1Affine, G1Projective};
use ruint::aliases::U384;

use super::super::field_28::Field28;
use super::{FEWEST, Point, are_in_g1, holds};
use crate::networks::filecoin::points::{PRIME, is_in_g1, operand};
use crate::signature::Simd;

fn points(count: usize) -> Vec<blst_p1_affine> {
    let step = G1Affine::from(G1Projective::hash_to_curve(b"subgroup", b"test", &[]));
    let mut point = G1Projective::hash_to_curve(b"start", b"test", &[]);
    let points: Vec<_> = (0..count)
        .map(|_| {
            point += &step;
            *point.as_ref()
        })
        .collect();
    p1_affines::from(&points).as_slice().to_vec()
}

/// The point (0, 2), whose order is 3: the smallest that a point outside can differ by.
fn of_order_three() -> G1Affine {
    let prime = U384::from_be_bytes(PRIME);
    // One in the library's form.
    let one = U384::ZERO.wrapping_sub(prime) % prime;
    let y = blst_fp { l: one.add_mod(one, prime).into_limbs() };
    operand(&blst_p1_affine { x: blst_fp { l: [0; 6] }, y })
}

#[test]
fn the_point_of_order_three() {
    let point = of_order_three();
    assert!(bool::from(point.is_on_curve()) && !bool::from(point.is_torsion_free()));
    assert_eq!(G1Affine::from(G1Projective::from(point) + point), -point);
}

#[test]
fn good_points() {
    let expected = Simd::chosen() != Simd::Portable;
    assert_eq!(are_in_g1(&points(FEWEST + 7)), expected);
    assert!(!are_in_g1(&points(FEWEST - 1)));
}

#[test]
fn one_bad_point() {
    let mut points = points(FEWEST);
    for place in [0, 500, FEWEST - 1] {
        let good = points[place];
        let bad = G1Affine::from(operand(&good) + G1Projective::from(of_order_three()));
        points[place] = *bad.as_ref();
        assert!(!is_in_g1(points[place]) && !are_in_g1(&points));
        points[place] = good;
    }
    // Three of them cancel where they are together, and coins part them.
    for place in [1, 2, 3] {
        let bad = G1Affine::from(operand(&points[place]) + G1Projective::from(of_order_three()));
        points[place] = *bad.as_ref();
    }
    assert!(!are_in_g1(&points));
}

#[test]
fn a_sum_is_of_the_points_whose_coin_is_set() {
    let mut points: Vec<_> = points(16);
    let bad = G1Affine::from(operand(&points[5]) + G1Projective::from(of_order_three()));
    points[5] = *bad.as_ref();
    let rows: Vec<Point<Field28>> = points.iter().map(Point::from).collect();
    let mut coins = [0xff; 16];
    coins[5] = 0;
    assert!(holds(&rows, &coins, Simd::Portable));
    for coin in 0..8 {
        coins[5] = 1 << coin;
        assert!(!holds(&rows, &coins, Simd::Portable));
    }
}
