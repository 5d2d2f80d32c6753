use ruint::aliases::U256;
use secp256k1::SecretKey;

use super::*;

fn verify(rule: EcdsaRule, key: &PublicKey, message: &[u8], signature: &[u8]) -> SignatureVerdict {
    match open(rule, message, signature) {
        Ok(opened) => check(rule, key, &opened),
        Err(refused) => refused,
    }
}

fn signer(secret: u8) -> (SecretKey, Vec<u8>) {
    let mut bytes = [0; 32];
    bytes[31] = secret;
    let secret = SecretKey::from_secret_bytes(bytes).unwrap();
    (secret, Point::from_secret_key(&secret).serialize().to_vec())
}

fn rule(encoding: EcdsaEncoding, s: SPolicy) -> EcdsaRule {
    EcdsaRule { encoding, s, digest: EcdsaDigest::Given }
}

/// The same signature with n - s, and the other recovery byte.
fn other_half(signature: &[u8]) -> Vec<u8> {
    let s = U256::from_be_slice(&signature[32..64]);
    let mut other = signature.to_vec();
    other[32..64].copy_from_slice(&(U256::from_be_bytes(ORDER.n) - s).to_be_bytes::<32>());
    if let Some(v) = other.get_mut(64) {
        *v ^= 1;
    }
    other
}

#[test]
fn half_is_half() {
    let n = U256::from_be_bytes(ORDER.n);
    assert_eq!(U256::from_be_bytes(ORDER.half), (n - U256::from(1)) / U256::from(2));
}

#[test]
fn both_halves_of_s() {
    let (secret, key) = signer(7);
    let key = PublicKey::parse(&key).unwrap();
    let digest = [0x5a; 32];
    let low = secp256k1::ecdsa::sign(Message::from_digest(digest), &secret).serialize_compact();
    let high = other_half(&low);
    let (any, only_low) =
        (rule(EcdsaEncoding::P1363, SPolicy::AnyS), rule(EcdsaEncoding::P1363, SPolicy::LowS));
    assert_eq!(verify(any, &key, &digest, &low), SignatureVerdict::Good);
    assert_eq!(verify(any, &key, &digest, &high), SignatureVerdict::Good);
    assert_eq!(verify(only_low, &key, &digest, &low), SignatureVerdict::Good);
    assert_eq!(verify(only_low, &key, &digest, &high), SignatureVerdict::HighS);
    assert_eq!(verify(any, &key, &[0; 32], &high), SignatureVerdict::Equation);
}

#[test]
fn recovery_equals_verification_with_the_key_known() {
    let digest = [0xc3; 32];
    for secret in 1..20 {
        let (secret, compressed) = signer(secret);
        let known = PublicKey::parse(&compressed).unwrap();
        let made = RecoverableSignature::sign_ecdsa_recoverable(Message::from_digest(digest), &secret);
        let (v, rs) = made.serialize_compact();
        let mut signature = [rs.as_slice(), &[v.to_u8()]].concat();
        let any = rule(EcdsaEncoding::Recoverable, SPolicy::AnyS);
        for form in [signature.clone(), other_half(&signature)] {
            assert_eq!(verify(any, &known, &digest, &form), SignatureVerdict::Good);
            let recovered = recover_key(digest, &form, SPolicy::AnyS).unwrap();
            assert_eq!(PublicKey::parse(&recovered).unwrap().0, known.0);
        }
        signature[64] ^= 1;
        assert_eq!(verify(any, &known, &digest, &signature), SignatureVerdict::Equation);
        assert_ne!(
            recover_key(digest, &signature, SPolicy::AnyS).ok(),
            Some(known.0.serialize_uncompressed())
        );
        let low = rule(EcdsaEncoding::Recoverable, SPolicy::LowS);
        signature[64] ^= 1;
        assert_eq!(verify(low, &known, &digest, &other_half(&signature)), SignatureVerdict::HighS);
        assert_eq!(recover_key(digest, &other_half(&signature), SPolicy::LowS), Err(SignatureVerdict::HighS));
    }
}

#[test]
fn keys_are_points_in_two_forms() {
    let (_, compressed) = signer(3);
    let point = Point::from_slice(&compressed).unwrap().serialize_uncompressed();
    assert!(PublicKey::parse(&point).is_some());
    for form in [0, 1, 5, 6, 7] {
        assert!(PublicKey::parse(&[&[form], &point[1..]].concat()).is_none());
        assert!(PublicKey::parse(&[&[form], &point[1..33]].concat()).is_none());
    }
    for bad in
        [&[0][..], &[], &[0; 33], &[0; 65], &point[..64], &[0xff; 33], &[&[2], &[0xff; 32][..]].concat()]
    {
        assert!(PublicKey::parse(bad).is_none());
    }
    // A hybrid form with the right parity is what the library itself would take.
    let hybrid = [&[6 + (point[64] & 1)], &point[1..]].concat();
    assert!(Point::from_slice(&hybrid).is_ok());
    assert!(PublicKey::parse(&hybrid).is_none());
}
