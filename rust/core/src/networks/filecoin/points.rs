//! Points of the two groups of BLS12-381, as keys and proofs write them.
//!
//! In: 48, 96 or 192 bytes. Out: a point, or the first thing that is wrong with it. Rule: Filecoin, B5.
//! Invariant: a point that comes out lies in the prime-order subgroup and is not infinite.

use blst::{BLST_ERROR, blst_p1, blst_p1_affine, blst_p2_affine, min_pk, p1_affines};
use blstrs::{G1Affine, G1Projective};

/// Bytes of a coordinate, half of it in G2.
pub const COORDINATE: usize = 48;

const COMPRESSED: u8 = 0x80;
const INFINITY: u8 = 0x40;
const LARGER_Y: u8 = 0x20;
const FLAGS: u8 = COMPRESSED | INFINITY | LARGER_Y;

/// The prime of the field that coordinates are in, big endian.
pub(super) const PRIME: [u8; COORDINATE] = [
    0x1a, 0x01, 0x11, 0xea, 0x39, 0x7f, 0xe6, 0x9a, 0x4b, 0x1b, 0xa7, 0xb6, 0x43, 0x4b, 0xac, 0xd7, 0x64,
    0x77, 0x4b, 0x84, 0xf3, 0x85, 0x12, 0xbf, 0x67, 0x30, 0xd2, 0xa0, 0xf6, 0xb0, 0xf6, 0x24, 0x1e, 0xab,
    0xff, 0xfe, 0xb1, 0x53, 0xff, 0xff, 0xb9, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xaa, 0xab,
];

/// Why bytes are no point of the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PointFault {
    /// The first byte's highest bit says compressed where it is not, or the other way round.
    #[error("its flags name the other form: compressed instead of uncompressed, or the reverse")]
    Form,
    /// The flag of infinity is set.
    #[error("it is the point at infinity")]
    Infinity,
    /// The flag of the larger y is set where y is written out.
    #[error("it has the flag of the larger y, although y is written out")]
    SignFlag,
    /// A coordinate is not below the field's prime.
    #[error("a coordinate is not below the prime of the field")]
    Coordinate,
    /// No point of the curve has these coordinates.
    #[error("it does not lie on the curve")]
    NotOnCurve,
    /// The point's order is not the group's.
    #[error("it lies outside the subgroup of prime order")]
    NotInSubgroup,
}

/// A point of G1: its x and the sign of its y.
pub fn g1_compressed(bytes: &[u8; COORDINATE]) -> Result<blst_p1_affine, PointFault> {
    check_encoding(bytes, COMPRESSED)?;
    in_g1(min_pk::PublicKey::uncompress(bytes))
}

/// A point of G1: x, then y.
pub fn g1_uncompressed(bytes: &[u8; 2 * COORDINATE]) -> Result<blst_p1_affine, PointFault> {
    check_encoding(bytes, 0)?;
    in_g1(min_pk::PublicKey::deserialize(bytes))
}

/// A point of the curve, whose order is still to be found out.
pub(super) fn on_g1_curve(bytes: &[u8; 2 * COORDINATE]) -> Result<blst_p1_affine, PointFault> {
    check_encoding(bytes, 0)?;
    min_pk::PublicKey::deserialize(bytes).map(blst_p1_affine::from).map_err(fault)
}

/// Whether a finite point of the curve lies in the subgroup.
pub(super) fn is_in_g1(point: blst_p1_affine) -> bool {
    min_pk::PublicKey::from(point).validate().is_ok()
}

/// A point of G2: its x and the sign of its y.
pub fn g2_compressed(bytes: &[u8; 2 * COORDINATE]) -> Result<blst_p2_affine, PointFault> {
    check_encoding(bytes, COMPRESSED)?;
    in_g2(min_pk::Signature::uncompress(bytes))
}

/// A point of G2: x, then y.
pub fn g2_uncompressed(bytes: &[u8; 4 * COORDINATE]) -> Result<blst_p2_affine, PointFault> {
    check_encoding(bytes, 0)?;
    in_g2(min_pk::Signature::deserialize(bytes))
}

/// Flags first, then the size of every coordinate, so that each has its own fault.
fn check_encoding(bytes: &[u8], form: u8) -> Result<(), PointFault> {
    let flags = bytes.first().map_or(0, |first| first & FLAGS);
    if flags & COMPRESSED != form {
        return Err(PointFault::Form);
    }
    if flags & INFINITY != 0 {
        return Err(PointFault::Infinity);
    }
    if flags & LARGER_Y != 0 && form != COMPRESSED {
        return Err(PointFault::SignFlag);
    }
    let too_large = bytes.chunks(COORDINATE).enumerate().any(|(place, coordinate)| {
        let unflagged = coordinate.first().map(|first| if place == 0 { first & !FLAGS } else { *first });
        unflagged.into_iter().chain(coordinate.iter().skip(1).copied()).ge(PRIME)
    });
    if too_large { Err(PointFault::Coordinate) } else { Ok(()) }
}

fn in_g1(read: Result<min_pk::PublicKey, BLST_ERROR>) -> Result<blst_p1_affine, PointFault> {
    let point = read.map_err(fault)?;
    point.validate().map_err(fault)?;
    Ok(point.into())
}

fn in_g2(read: Result<min_pk::Signature, BLST_ERROR>) -> Result<blst_p2_affine, PointFault> {
    let point = read.map_err(fault)?;
    point.validate(true).map_err(fault)?;
    Ok(point.into())
}

/// Flags and sizes are checked before the library reads a point, so that two reasons are left.
fn fault(error: BLST_ERROR) -> PointFault {
    match error {
        BLST_ERROR::BLST_POINT_NOT_IN_GROUP => PointFault::NotInSubgroup,
        BLST_ERROR::BLST_PK_IS_INFINITY => PointFault::Infinity,
        _ => PointFault::NotOnCurve,
    }
}

/// The sum of no points.
pub(super) fn nothing() -> G1Projective {
    G1Projective::from(G1Affine::default())
}

/// The same point with the operators that the library's own type lacks.
pub(super) fn with_operators(point: blst_p1) -> G1Projective {
    let mut same = nothing();
    *same.as_mut() = point;
    same
}

/// The same point as an operand of those operators.
pub(super) fn operand(point: &blst_p1_affine) -> G1Affine {
    let mut same = G1Affine::default();
    *same.as_mut() = *point;
    same
}

/// The point's coordinates; `None` if it is infinite.
pub(super) fn finite(point: &G1Projective) -> Option<blst_p1_affine> {
    let affine = *p1_affines::from(&[*point.as_ref()]).as_slice().first()?;
    (affine != blst_p1_affine::default()).then_some(affine)
}

#[cfg(test)]
#[path = "points_tests.rs"]
mod tests;
