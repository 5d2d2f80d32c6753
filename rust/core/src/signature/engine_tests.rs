use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use curve25519_dalek::scalar::Scalar;
use sha2::{Digest, Sha512};

use super::super::columns::ByteColumn;
use super::super::keys::KeyId;
use super::*;

#[test]
fn schemes_mix_and_every_verdict_stands_at_its_place() {
    let mut registry = KeyRegistry::new();
    let mut ids = Vec::new();
    let mut signatures: Vec<Vec<u8>> = Vec::new();
    for at in 0..70_u8 {
        let message = [at; 3];
        let (scheme, key, signature) = match at % 3 {
            0 => {
                let signer = ed25519_dalek::SigningKey::from_bytes(&[1 + at % 2; 32]);
                let signature = ed25519_dalek::Signer::sign(&signer, &message);
                (Scheme::Ed25519, signer.verifying_key().to_bytes().to_vec(), signature.to_bytes().to_vec())
            }
            1 => {
                let secret = ::secp256k1::SecretKey::from_secret_bytes([1 + at % 2; 32]).unwrap();
                let digest = ::secp256k1::Message::from_digest(crate::hash::sha256(&message));
                let signature = ::secp256k1::ecdsa::sign(digest, &secret).serialize_compact();
                let key = ::secp256k1::PublicKey::from_secret_key(&secret).serialize();
                (Scheme::Secp256k1, key.to_vec(), signature.to_vec())
            }
            // y = 2 is no point.
            _ => (Scheme::Ed25519, [&[2][..], &[0; 31]].concat(), vec![0; 64]),
        };
        ids.push(if at % 11 == 10 { KeyId(1000) } else { registry.register(scheme, &key) });
        signatures.push(signature);
        if at % 7 == 6 {
            signatures[usize::from(at)][40] ^= 1;
        }
    }
    let messages: Vec<u8> = (0..70).flat_map(|at| [at; 3]).collect();
    let slices: Vec<&[u8]> = signatures.iter().map(Vec::as_slice).collect();
    let messages = ByteColumn::fixed(&messages, 3, 70).unwrap();
    let items = Items::new(&ids, messages, ByteColumn::slices(&slices)).unwrap();
    let mut out = vec![SignatureVerdict::Good; 70];
    verify_items(&registry, &Rules::UPTIME_PROOF, &items, &mut out).unwrap();
    for (at, verdict) in out.into_iter().enumerate() {
        let expected = match (at % 11, at % 3, at % 7) {
            (10, _, _) => SignatureVerdict::UnknownKeyId,
            (_, 2, _) => SignatureVerdict::BadKey,
            (_, _, 6) => SignatureVerdict::Equation,
            _ => SignatureVerdict::Good,
        };
        assert_eq!(verdict, expected, "{at}");
    }
}

#[test]
fn verdicts_need_as_many_places_as_items() {
    let items = Items::new(&[KeyId(0)], ByteColumn::slices(&[b""]), ByteColumn::slices(&[b""])).unwrap();
    let answer = verify_items(&KeyRegistry::new(), &Rules::UPTIME_PROOF, &items, &mut []);
    assert_eq!(answer, Err(ItemsError::Rows { column: "verdicts", expected: 1, found: 0 }));
}

#[test]
fn keys_without_tables_have_the_verdicts_of_single_checks() {
    let mut registry = KeyRegistry::new();
    let (mut ids, mut signatures, mut keys) = (Vec::new(), Vec::new(), Vec::new());
    let message = b"checked once";
    for at in 0..64_usize {
        // Keys and commitments with every part of small order; every third signature is spoilt.
        let (a, r) = (Scalar::from(at as u64 + 5), Scalar::from(at as u64 * at as u64 + 3));
        let key = (a * ED25519_BASEPOINT_POINT + EIGHT_TORSION[at % 8]).compress().0;
        let commitment = (r * ED25519_BASEPOINT_POINT + EIGHT_TORSION[at / 8]).compress().0;
        let k = Sha512::new().chain_update(commitment).chain_update(key).chain_update(message).finalize();
        let s = r + Scalar::from_bytes_mod_order_wide(&k.into()) * a;
        let mut signature = [commitment, s.to_bytes()].concat();
        signature[at % 40] ^= u8::from(at % 3 == 2);
        ids.push(registry.register(Scheme::Ed25519, &key));
        keys.push(key);
        signatures.push(signature);
    }
    let slices: Vec<&[u8]> = signatures.iter().map(Vec::as_slice).collect();
    let messages = vec![&message[..]; 64];
    let items = Items::new(&ids, ByteColumn::slices(&messages), ByteColumn::slices(&slices)).unwrap();
    let compact = |canonical_points| Ed25519Profile::Compact { canonical_points };
    for ed25519 in [
        Ed25519Profile::Strict,
        Ed25519Profile::Cofactorless,
        Ed25519Profile::Zip215,
        compact(false),
        compact(true),
    ] {
        let rules = Rules { ed25519, ..Rules::UPTIME_PROOF };
        // Nobody has counted how often its keys are used.
        let registry = registry.clone();
        let mut out = vec![SignatureVerdict::UnknownKeyId; 64];
        verify_items(&registry, &rules, &items, &mut out).unwrap();
        let single = keys
            .iter()
            .zip(&slices)
            .map(|(key, signature)| verify_one(Scheme::Ed25519, &rules, key, message, signature));
        assert_eq!(out, single.collect::<Vec<_>>(), "{ed25519:?}");
        assert!(out.contains(&SignatureVerdict::Good) && out.contains(&SignatureVerdict::Equation));
        assert_eq!(registry.table_bytes(), 0);
    }
}

#[test]
fn keys_of_small_order_have_the_verdicts_of_single_checks() {
    let mut registry = KeyRegistry::new();
    let (mut ids, mut signatures, mut keys, mut messages) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    // Every point of small order, and second encodings of those that have one, under hashes of every remainder.
    let mut encodings: Vec<[u8; 32]> = EIGHT_TORSION.iter().map(|point| point.compress().0).collect();
    for y in [0, 1] {
        let mut encoding = [0xff; 32];
        (encoding[0], encoding[31]) = (0xed + y, 0x7f);
        encodings.push(encoding);
        encoding[31] = 0xff;
        encodings.push(encoding);
    }
    for at in 0..encodings.len() * 8 * 8 {
        let key = encodings[at % encodings.len()];
        let r = Scalar::from(at as u64 * at as u64);
        let torsion = EIGHT_TORSION[at / encodings.len() % 8];
        let mut signature = [(r * ED25519_BASEPOINT_POINT + torsion).compress().0, r.to_bytes()].concat();
        signature[at % 40] ^= u8::from(at % 5 == 4);
        ids.push(registry.register(Scheme::Ed25519, &key));
        keys.push(key);
        signatures.push(signature);
        messages.push((at as u64).to_le_bytes());
    }
    let slices: Vec<&[u8]> = signatures.iter().map(Vec::as_slice).collect();
    let messages: Vec<&[u8]> = messages.iter().map(|message| &message[..]).collect();
    let items = Items::new(&ids, ByteColumn::slices(&messages), ByteColumn::slices(&slices)).unwrap();
    for ed25519 in Ed25519Profile::ALL {
        let rules = Rules { ed25519, ..Rules::UPTIME_PROOF };
        let mut out = vec![SignatureVerdict::UnknownKeyId; keys.len()];
        verify_items(&registry, &rules, &items, &mut out).unwrap();
        for (at, verdict) in out.iter().enumerate() {
            let single = verify_one(Scheme::Ed25519, &rules, &keys[at], messages[at], slices[at]);
            assert_eq!(*verdict, single, "{ed25519:?} {at}");
        }
        if ed25519 == Ed25519Profile::Cofactorless {
            // The plain equation holds where the remainder of k fits: for some of each kind.
            assert!(out.contains(&SignatureVerdict::Good) && out.contains(&SignatureVerdict::Equation));
        }
    }
    assert_eq!(registry.table_bytes(), 0);
}
