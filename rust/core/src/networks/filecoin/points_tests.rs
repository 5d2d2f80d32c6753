//! Every way in which bytes can fail to be a point.

#![allow(clippy::unwrap_used)]

use blstrs::{G1Affine, G1Projective, G2Affine, G2Projective};
use proptest::prelude::*;

use super::{
    PRIME, PointFault, finite, g1_compressed, g1_uncompressed, g2_compressed, g2_uncompressed, nothing,
    operand,
};

fn g1() -> G1Affine {
    G1Affine::from(G1Projective::hash_to_curve(b"points", b"test", &[]))
}

fn g2() -> G2Affine {
    G2Affine::from(G2Projective::hash_to_curve(b"points", b"test", &[]))
}

#[test]
fn good_points() {
    assert_eq!(g1_compressed(&g1().to_compressed()).unwrap(), *g1().as_ref());
    assert_eq!(g1_uncompressed(&g1().to_uncompressed()).unwrap(), *g1().as_ref());
    assert_eq!(g2_compressed(&g2().to_compressed()).unwrap(), *g2().as_ref());
    assert_eq!(g2_uncompressed(&g2().to_uncompressed()).unwrap(), *g2().as_ref());
}

#[test]
fn flags() {
    let with = |flags: u8| {
        let mut bytes = g1().to_uncompressed();
        bytes[0] |= flags;
        g1_uncompressed(&bytes).unwrap_err()
    };
    assert_eq!(with(0x80), PointFault::Form);
    assert_eq!(with(0x40), PointFault::Infinity);
    assert_eq!(with(0x20), PointFault::SignFlag);
    assert_eq!(with(0xe0), PointFault::Form);
    let mut bytes = g2().to_compressed();
    bytes[0] &= 0x7f;
    assert_eq!(g2_compressed(&bytes), Err(PointFault::Form));
    assert_eq!(g1_compressed(&G1Affine::default().to_compressed()), Err(PointFault::Infinity));
    assert_eq!(g2_compressed(&G2Affine::default().to_compressed()), Err(PointFault::Infinity));
    assert_eq!(g1_uncompressed(&G1Affine::default().to_uncompressed()), Err(PointFault::Infinity));
    assert_eq!(g2_uncompressed(&G2Affine::default().to_uncompressed()), Err(PointFault::Infinity));
    // Infinity with something after it is infinity all the same, and no point.
    let mut bytes = [7; 48];
    bytes[0] = 0xc0;
    assert_eq!(g1_compressed(&bytes), Err(PointFault::Infinity));
}

#[test]
fn coordinates_from_the_prime_on() {
    for place in 0..4 {
        let mut bytes = g2().to_uncompressed();
        bytes[48 * place..48 * (place + 1)].copy_from_slice(&PRIME);
        assert_eq!(g2_uncompressed(&bytes), Err(PointFault::Coordinate), "{place}");
        bytes[48 * place + 47] -= 1;
        assert_eq!(g2_uncompressed(&bytes), Err(PointFault::NotOnCurve), "{place}");
        // Flags count in the first coordinate alone.
        if place > 0 {
            bytes[48 * place] |= 0xe0;
            assert_eq!(g2_uncompressed(&bytes), Err(PointFault::Coordinate), "{place}");
        }
    }
    let mut bytes = PRIME;
    bytes[0] |= 0x80;
    assert_eq!(g1_compressed(&bytes), Err(PointFault::Coordinate));
}

#[test]
fn points_outside_the_subgroup() {
    let faults: Vec<_> = (0..64)
        .filter_map(|x| {
            let mut bytes = [0; 48];
            (bytes[0], bytes[47]) = (0x80, x);
            g1_compressed(&bytes).err()
        })
        .collect();
    // Hardly any small x belongs to a point of the subgroup, and half belong to a point.
    assert!(faults.len() > 60);
    assert!(faults.contains(&PointFault::NotOnCurve) && faults.contains(&PointFault::NotInSubgroup));
    // (0, 2) is on the curve and of order 3.
    let mut bytes = [0; 96];
    bytes[95] = 2;
    assert_eq!(g1_uncompressed(&bytes), Err(PointFault::NotInSubgroup));
}

#[test]
fn the_infinite_sum() {
    assert!(finite(&nothing()).is_none());
    let sum = nothing() + operand(g1().as_ref());
    assert_eq!(finite(&sum), Some(*g1().as_ref()));
    assert!(finite(&(sum - operand(g1().as_ref()))).is_none());
}

proptest! {
    #[test]
    fn any_bytes(bytes in any::<[u8; 32]>(), flags in any::<u8>()) {
        let mut compressed = [0; 48];
        compressed[16..].copy_from_slice(&bytes);
        compressed[0] = flags;
        if let Ok(point) = g1_compressed(&compressed) {
            prop_assert_eq!(operand(&point).to_compressed(), compressed);
        }
    }
}
