use data_encoding::HEXLOWER;
use ruint::aliases::U256;

use super::super::scheme::{EcdsaDigest, SPolicy};
use super::*;

fn verify(rule: EcdsaRule, key: &PublicKey, message: &[u8], signature: &[u8]) -> SignatureVerdict {
    match open(rule, message, signature) {
        Ok(opened) => check(rule, key, &opened),
        Err(refused) => refused,
    }
}

/// RFC 6979, A.2.5.
const KEY: &str = "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6\
                   7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
const SAMPLE: &str = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716\
                      f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";

fn unhex(hex: &str) -> Vec<u8> {
    HEXLOWER.decode(hex.as_bytes()).unwrap()
}

#[test]
fn half_is_half() {
    let n = U256::from_be_bytes(ORDER.n);
    assert_eq!(U256::from_be_bytes(ORDER.half), (n - U256::from(1)) / U256::from(2));
}

#[test]
fn keys_are_points_in_two_forms() {
    let key = unhex(KEY);
    assert!(PublicKey::parse(&key).is_some());
    for (form, good) in [(2, false), (3, true), (6, false), (7, false)] {
        // The y of this key is odd.
        let compressed = [&[form], &key[1..33]].concat();
        let parsed = PublicKey::parse(&compressed);
        assert_eq!(parsed.is_some(), form < 4);
        let verdict = parsed.map(|key| verify(EcdsaRule::P1363_ANY_S, &key, b"sample", &unhex(SAMPLE)));
        assert_eq!(verdict == Some(SignatureVerdict::Good), good);
        assert!(PublicKey::parse(&[&[form], &key[1..]].concat()).is_none());
    }
    // x = 5 is a coordinate of this curve; 5 + p is the same one and is refused.
    let p = U256::MAX >> 32 << 32 | U256::from(u32::MAX);
    let p = p - (U256::from(1) << 224) + (U256::from(1) << 192) + (U256::from(1) << 96);
    let five = |x: U256| [&[2], x.to_be_bytes::<32>().as_slice()].concat();
    assert!(PublicKey::parse(&five(U256::from(5))).is_some());
    assert!(PublicKey::parse(&five(p + U256::from(5))).is_none());
    for bad in [&[0][..], &[], &[0; 33], &[0; 65], &key[..64], &[&key[..], &[0]].concat()] {
        assert!(PublicKey::parse(bad).is_none());
    }
}

#[test]
fn rules_and_digests() {
    let key = PublicKey::parse(&unhex(KEY)).unwrap();
    let signature = unhex(SAMPLE);
    let rule = EcdsaRule::P1363_ANY_S;
    assert_eq!(verify(rule, &key, b"sample", &signature), SignatureVerdict::Good);
    assert_eq!(verify(rule, &key, b"Sample", &signature), SignatureVerdict::Equation);
    let low = EcdsaRule { s: SPolicy::LowS, ..rule };
    assert_eq!(verify(low, &key, b"sample", &signature), SignatureVerdict::HighS);
    let given = EcdsaRule { digest: EcdsaDigest::Given, ..rule };
    let digest = crate::hash::sha256(b"sample");
    assert_eq!(verify(given, &key, &digest, &signature), SignatureVerdict::Good);
    assert_eq!(verify(given, &key, &digest[1..], &signature), SignatureVerdict::BadEncoding);
    let recoverable = EcdsaRule { encoding: EcdsaEncoding::Recoverable, ..rule };
    let with_v = [signature.as_slice(), &[0]].concat();
    assert_eq!(verify(recoverable, &key, b"sample", &with_v), SignatureVerdict::BadEncoding);
}
