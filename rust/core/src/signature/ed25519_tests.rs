use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};

use super::*;

fn verify(profile: Ed25519Profile, key: &PublicKey, message: &[u8], signature: &[u8]) -> SignatureVerdict {
    match open(profile, key, message, signature) {
        Ok(opened) => check(profile, key, &key.minus_a(), &opened),
        Err(refused) => refused,
    }
}

const STRICT: Ed25519Profile = Ed25519Profile::Strict;

/// A signature of `message` by the scalar `secret`, with torsion added to key and commitment.
fn signed(secret: u64, torsion: (usize, usize), message: &[u8]) -> (PublicKey, [u8; 64]) {
    let (a, r) = (Scalar::from(secret), Scalar::from(secret + 77));
    let key = (a * ED25519_BASEPOINT_POINT + EIGHT_TORSION[torsion.0]).compress();
    let commitment = (r * ED25519_BASEPOINT_POINT + EIGHT_TORSION[torsion.1]).compress();
    let key = PublicKey::parse(key.as_bytes()).unwrap();
    let s = r + key.challenge(commitment.as_bytes(), message) * a;
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(commitment.as_bytes());
    signature[32..].copy_from_slice(s.as_bytes());
    (key, signature)
}

#[test]
fn the_table_holds_every_encoding_of_every_small_point() {
    let mut canonical = 0;
    for y in SMALL_ORDER_Y {
        for sign in [0, 0x80] {
            let mut encoded = y;
            encoded[31] |= sign;
            let point = CompressedEdwardsY(encoded).decompress().unwrap();
            assert!(point.is_small_order());
            assert!(is_small_order(&encoded));
            canonical += usize::from(point.compress().0 == encoded);
        }
    }
    assert_eq!(canonical, 8);
    for point in EIGHT_TORSION {
        assert!(is_small_order(&point.compress().0));
    }
    assert!(!is_small_order(&ED25519_BASEPOINT_POINT.compress().0));
}

#[test]
fn keys_know_what_they_are() {
    let base = PublicKey::parse(&ED25519_BASEPOINT_POINT.compress().0).unwrap();
    assert!(!base.is_small_order && base.is_canonical && !base.is_zero_or_neutral());
    let neutral_with_sign = {
        let mut bytes = [0; 32];
        (bytes[0], bytes[31]) = (1, 0x80);
        PublicKey::parse(&bytes).unwrap()
    };
    assert!(neutral_with_sign.is_small_order);
    assert!(!neutral_with_sign.is_canonical && neutral_with_sign.is_zero_or_neutral());
    let zero_with_sign = {
        let mut bytes = [0; 32];
        bytes[31] = 0x80;
        PublicKey::parse(&bytes).unwrap()
    };
    assert!(zero_with_sign.is_small_order && zero_with_sign.is_canonical);
    assert!(!zero_with_sign.is_zero_or_neutral());
    let p_plus_one = PublicKey::parse(&SMALL_ORDER_Y[4]).unwrap();
    assert!(!p_plus_one.is_canonical && !p_plus_one.is_zero_or_neutral());
    assert!(PublicKey::parse(&[2; 31]).is_none());
    assert!(PublicKey::parse(&[0; 33]).is_none());
}

#[test]
fn each_refusal_has_its_reason() {
    let message = b"message";
    let (key, good) = signed(5, (0, 0), message);
    for profile in Ed25519Profile::ALL {
        assert_eq!(verify(profile, &key, message, &good), SignatureVerdict::Good);
        assert_eq!(verify(profile, &key, b"another", &good), SignatureVerdict::Equation);
        assert_eq!(verify(profile, &key, message, &good[..63]), SignatureVerdict::BadEncoding);
        let mut high = good;
        high[63] |= 0x20;
        assert_eq!(verify(profile, &key, message, &high), SignatureVerdict::ScalarRange);
        let mut no_point = good;
        no_point[..32].fill(0);
        no_point[0] = 2;
        let expected = match profile {
            Ed25519Profile::Strict | Ed25519Profile::Cofactorless => SignatureVerdict::Equation,
            _ => SignatureVerdict::BadEncoding,
        };
        assert_eq!(verify(profile, &key, message, &no_point), expected);
    }
    let mut small_r = good;
    small_r[..32].copy_from_slice(&SMALL_ORDER_Y[0]);
    assert_eq!(verify(STRICT, &key, message, &small_r), SignatureVerdict::SmallOrder);
    let non_canonical = PublicKey::parse(&SMALL_ORDER_Y[4]).unwrap();
    let canonical_points = Ed25519Profile::Compact { canonical_points: true };
    assert_eq!(verify(canonical_points, &non_canonical, message, &good), SignatureVerdict::BadKey);
    assert_eq!(verify(STRICT, &non_canonical, message, &good), SignatureVerdict::SmallOrder);
}

#[test]
fn torsion_is_forgiven_by_the_cofactor_only() {
    let message = b"torsion";
    for (key_torsion, r_torsion) in [(0, 1), (0, 2), (0, 4), (3, 0), (1, 7)] {
        let (key, signature) = signed(9, (key_torsion, r_torsion), message);
        let order = residue_order(&key.bytes, message, &signature).unwrap();
        assert!(verify(Ed25519Profile::Zip215, &key, message, &signature).is_good());
        for profile in [STRICT, Ed25519Profile::Cofactorless] {
            assert_eq!(verify(profile, &key, message, &signature).is_good(), order == 1);
        }
        if key_torsion == 0 {
            assert_eq!(order, [1, 8, 4, 8, 2, 8, 4, 8][r_torsion]);
        }
    }
    let (key, mut signature) = signed(9, (0, 0), message);
    assert_eq!(residue_order(&key.bytes, message, &signature), Some(1));
    signature[32] ^= 1;
    assert_eq!(residue_order(&key.bytes, message, &signature), None);
}
