use blst::{min_pk, min_sig};

use super::super::bls::{bls_public_key, bls_secret_key, bls_sign};
use super::*;

const TAG: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

fn sum(variant: BlsVariant, signatures: &[Vec<u8>]) -> Vec<u8> {
    let signatures: Vec<&[u8]> = signatures.iter().map(Vec::as_slice).collect();
    match variant {
        BlsVariant::MinPk => {
            let sum = min_pk::AggregateSignature::aggregate_serialized(&signatures, true).unwrap();
            sum.to_signature().compress().to_vec()
        }
        BlsVariant::MinSig => {
            let sum = min_sig::AggregateSignature::aggregate_serialized(&signatures, true).unwrap();
            sum.to_signature().compress().to_vec()
        }
    }
}

#[test]
fn aggregates_of_different_and_of_equal_messages() {
    use BlsAggregation::{DistinctMessages, KeysAreProven};
    for variant in [BlsVariant::MinPk, BlsVariant::MinSig] {
        let secrets: Vec<[u8; 32]> = (1..=3).map(|seed| bls_secret_key(&[seed; 32]).unwrap()).collect();
        let mut registry = BlsKeyRegistry::new(variant);
        let ids: Vec<KeyId> =
            secrets.iter().map(|key| registry.register(&bls_public_key(variant, key).unwrap())).collect();
        let messages: [&[u8]; 3] = [b"one", b"two", b"three"];
        let all: Vec<Vec<u8>> = secrets
            .iter()
            .zip(messages)
            .map(|(key, message)| bls_sign(variant, TAG, key, message).unwrap())
            .collect();
        let signature = sum(variant, &all);
        let verdict = |ids: &[KeyId], messages: &[&[u8]], signature: &[u8], how| {
            bls_aggregate_verify(&registry, TAG, ids, ByteColumn::slices(messages), signature, how)
        };
        assert_eq!(verdict(&ids, &messages, &signature, DistinctMessages), SignatureVerdict::Good);
        assert_eq!(verdict(&ids[..1], &messages[..1], &all[0], DistinctMessages), SignatureVerdict::Good);
        let other_order = [ids[1], ids[0], ids[2]];
        for (ids, messages) in [
            (&ids[..], &messages[..2]),
            (&ids[..2], &messages[..]),
            (&ids[..2], &messages[..2]),
            (&other_order[..], &messages[..]),
            (&[], &[]),
        ] {
            assert_eq!(verdict(ids, messages, &signature, DistinctMessages), SignatureVerdict::Equation);
        }
        let unknown = [ids[0], KeyId(9), ids[2]];
        assert_eq!(
            verdict(&unknown, &messages, &signature, DistinctMessages),
            SignatureVerdict::UnknownKeyId
        );
        let short = &signature[1..];
        assert_eq!(verdict(&ids, &messages, short, DistinctMessages), SignatureVerdict::BadEncoding);

        let same: Vec<Vec<u8>> =
            secrets.iter().map(|key| bls_sign(variant, TAG, key, b"same").unwrap()).collect();
        let same = sum(variant, &same);
        let repeated: [&[u8]; 3] = [b"same"; 3];
        assert_eq!(verdict(&ids, &repeated, &same, DistinctMessages), SignatureVerdict::Equation);
        assert_eq!(verdict(&ids, &repeated, &same, KeysAreProven), SignatureVerdict::Good);
        let fast = |ids: &[KeyId], message: &[u8], signature: &[u8]| {
            bls_fast_aggregate_verify(&registry, TAG, ids, message, signature, PossessionProven)
        };
        assert_eq!(fast(&ids, b"same", &same), SignatureVerdict::Good);
        assert_eq!(fast(&ids, b"other", &same), SignatureVerdict::Equation);
        assert_eq!(fast(&ids[..2], b"same", &same), SignatureVerdict::Equation);
        assert_eq!(fast(&[], b"same", &same), SignatureVerdict::Equation);
        assert_eq!(fast(&ids, b"same", short), SignatureVerdict::BadEncoding);
        assert_eq!(fast(&unknown, b"same", &same), SignatureVerdict::UnknownKeyId);
    }
}

#[test]
fn keys_that_cancel_are_no_key() {
    let secret = bls_secret_key(&[5; 32]).unwrap();
    let key = bls_public_key(BlsVariant::MinPk, &secret).unwrap();
    let mut opposite = key.clone();
    opposite[0] ^= 0x20;
    let mut registry = BlsKeyRegistry::new(BlsVariant::MinPk);
    let ids = [registry.register(&key), registry.register(&opposite)];
    assert_eq!((registry.is_usable(ids[1]), registry.is_usable(KeyId(2))), (Some(true), None));
    let signature = bls_sign(BlsVariant::MinPk, TAG, &secret, b"m").unwrap();
    let verdict = bls_fast_aggregate_verify(&registry, TAG, &ids, b"m", &signature, PossessionProven);
    assert_eq!(verdict, SignatureVerdict::BadKey);
    let bad = registry.register(&[0; 48]);
    assert_eq!(
        (registry.is_usable(bad), registry.find(&[0; 48]), registry.len()),
        (Some(false), Some(bad), 3)
    );
    let verdict = bls_fast_aggregate_verify(&registry, TAG, &[bad], b"m", &signature, PossessionProven);
    assert_eq!(verdict, SignatureVerdict::BadKey);
}

#[test]
fn keys_registered_together_have_the_ids_of_their_first_appearance() {
    let keys: Vec<Vec<u8>> = (1..=2)
        .map(|seed| bls_public_key(BlsVariant::MinSig, &bls_secret_key(&[seed; 32]).unwrap()).unwrap())
        .collect();
    let mut registry = BlsKeyRegistry::new(BlsVariant::MinSig);
    assert!(registry.is_empty());
    registry.register(&keys[1]);
    let ids = registry.register_many(&[&keys[0], &keys[1], b"no key", &keys[0]]);
    assert_eq!(ids, [KeyId(1), KeyId(0), KeyId(2), KeyId(1)]);
    assert_eq!((registry.is_usable(KeyId(1)), registry.is_usable(KeyId(2))), (Some(true), Some(false)));
}
