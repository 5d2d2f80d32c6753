use secp256k1::{PublicKey, SecretKey};

use super::*;
use crate::signature::{bls_public_key, bls_secret_key, bls_sign};

fn secp_signer() -> (SecretKey, Address) {
    let secret = SecretKey::from_secret_bytes([7; 32]).unwrap();
    let key = PublicKey::from_secret_key(&secret).serialize_uncompressed();
    (secret, Address::of_secp256k1_key(&key))
}

fn secp_sign(secret: &SecretKey, signed: &[u8]) -> [u8; 65] {
    let digest = Digest::from_digest(blake2b(&[signed]));
    let (id, scalars) = RecoverableSignature::sign_ecdsa_recoverable(digest, secret).serialize_compact();
    let mut signature = [0; 65];
    signature[..64].copy_from_slice(&scalars);
    signature[64] = id.to_u8();
    signature
}

fn bls_signer(seed: u8) -> ([u8; 32], [u8; 48]) {
    let secret = bls_secret_key(&[seed; 32]).unwrap();
    (secret, bls_public_key(BlsVariant::MinPk, &secret).unwrap().try_into().unwrap())
}

fn bls(secret: &[u8; 32], signed: &[u8]) -> [u8; 96] {
    bls_sign(BlsVariant::MinPk, BLS_TAG, secret, signed).unwrap().try_into().unwrap()
}

#[test]
fn a_secp256k1_signature_is_its_signers_alone() {
    let (secret, signer) = secp_signer();
    let good = secp_sign(&secret, b"signed");
    assert_eq!(verify(&signer, b"signed", &Signature::Secp256k1(good)), Verdict::Valid);
    let of = |signed: &[u8], signature| verify(&signer, signed, &Signature::Secp256k1(signature));
    assert!(matches!(of(b"Signed", good), Verdict::OtherSigner { .. }));

    let mut other_id = good;
    other_id[64] ^= 1;
    assert!(matches!(of(b"signed", other_id), Verdict::OtherSigner { .. }));
    for id in [4, 27, 28, 255] {
        other_id[64] = id;
        assert_eq!(of(b"signed", other_id), Verdict::Encoding);
    }
    // r + n is hardly ever an x of the curve: nobody made such a signature.
    other_id[64] = 2;
    assert_eq!(of(b"signed", other_id), Verdict::Encoding);
    assert_eq!(of(b"signed", [0; 65]), Verdict::Encoding);
    assert_eq!(of(b"signed", [0xff; 65]), Verdict::Encoding);
}

#[test]
fn a_signature_with_a_high_s_recovers_the_same_key() {
    let (secret, signer) = secp_signer();
    let mut high = secp_sign(&secret, b"signed");
    let s = SecretKey::from_secret_bytes(high[32..64].try_into().unwrap()).unwrap();
    high[32..64].copy_from_slice(&s.negate().to_secret_bytes());
    high[64] ^= 1;
    assert_eq!(verify(&signer, b"signed", &Signature::Secp256k1(high)), Verdict::Valid);
}

#[test]
fn a_bls_signature_is_its_signers_alone() {
    let (secret, key) = bls_signer(1);
    let (signer, good) = (Address::of_bls_key(&key), bls(&secret, b"signed"));
    let of = |signer: &Address, signed: &[u8], signature| verify(signer, signed, &Signature::Bls(signature));
    assert_eq!(of(&signer, b"signed", good), Verdict::Valid);
    assert_eq!(of(&signer, b"Signed", good), Verdict::NotSigned);
    let (_, other) = bls_signer(2);
    assert_eq!(of(&Address::of_bls_key(&other), b"signed", good), Verdict::NotSigned);
    assert_eq!(of(&Address::of_bls_key(&[0xff; 48]), b"signed", good), Verdict::Key);
    let mut infinity = [0; 96];
    infinity[0] = 0xc0;
    assert_eq!(of(&signer, b"signed", infinity), Verdict::Encoding);
    let mut no_key = [0; 48];
    no_key[0] = 0xc0;
    assert_eq!(of(&Address::of_bls_key(&no_key), b"signed", infinity), Verdict::Key);
}

#[test]
fn a_signer_makes_signatures_of_his_kind_only() {
    let (secret, secp) = secp_signer();
    let (bls_secret, key) = bls_signer(1);
    let signatures =
        [Signature::Secp256k1(secp_sign(&secret, b"signed")), Signature::Bls(bls(&bls_secret, b"signed"))];
    for signer in [secp, Address::of_bls_key(&key), Address::from_id(9).unwrap(), Address::of_actor(b"")] {
        for signature in &signatures {
            let found = signer.protocol();
            let is_his = matches!(
                (found, signature.kind()),
                (Protocol::Secp256k1, Kind::Secp256k1) | (Protocol::Bls, Kind::Bls)
            );
            let expected = if is_his { Verdict::Valid } else { Verdict::SignerProtocol { found } };
            assert_eq!(verify(&signer, b"signed", signature), expected);
        }
    }
    let account = Address::from_ethereum(&[1; 20]);
    assert_eq!(verify(&account, b"signed", &Signature::Delegated(vec![0; 65])), Verdict::NotChecked);
}

#[test]
fn many_signatures_are_judged_as_each_alone() {
    let (secret, secp) = secp_signer();
    let messages: Vec<Vec<u8>> = (0..40).map(|number| vec![number; usize::from(number)]).collect();
    let mut rows = Vec::new();
    for (number, message) in (0_u8..).zip(&messages) {
        let (bls_secret, key) = bls_signer(number % 7);
        let mut signature = bls(&bls_secret, message);
        let mut signer = Address::of_bls_key(&key);
        match number {
            3 => signature = bls(&bls_secret, b"another"),
            8 => signature[95] ^= 1,
            13 => signer = Address::of_bls_key(&[0xff; 48]),
            21 => signer = Address::of_bls_key(&bls_signer(100).1),
            34 => signer = secp.clone(),
            _ => {}
        }
        rows.push((signer, message, Signature::Bls(signature)));
        let other = if number == 5 { b"other".as_slice() } else { message };
        rows.push((secp.clone(), message, Signature::Secp256k1(secp_sign(&secret, other))));
    }
    rows.push((secp, &messages[0], Signature::Delegated(vec![1])));
    let signed: Vec<_> =
        rows.iter().map(|(signer, bytes, signature)| Signed { signer, bytes, signature }).collect();
    let alone: Vec<_> = signed.iter().map(|row| verify(row.signer, row.bytes, row.signature)).collect();
    assert_eq!(alone.iter().filter(|verdict| !verdict.is_valid()).count(), 7);
    for count in [0, 1, 2, 3, 7, signed.len()] {
        assert_eq!(verify_many(&signed[..count]), alone[..count]);
    }
}

#[test]
fn wire_forms() {
    for signature in
        [Signature::Secp256k1([1; 65]), Signature::Bls([2; 96]), Signature::Delegated(vec![3; 65])]
    {
        let wire = signature.to_wire();
        assert_eq!(wire[0], signature.kind() as u8);
        assert_eq!(Signature::from_wire(&wire), Ok(signature));
    }
    assert_eq!(Signature::from_wire(&[]), Err(SignatureError::Empty));
    for found in [0, 4, 0x41] {
        assert_eq!(
            Signature::from_wire(&[&[found], [0; 65].as_slice()].concat()),
            Err(SignatureError::Kind { found })
        );
    }
    for (kind, lengths) in [
        (Kind::Secp256k1, [0, 64, 66, 96]),
        (Kind::Bls, [0, 95, 97, 65]),
        (Kind::Delegated, [0, 201, 202, 1000]),
    ] {
        for found in lengths {
            let wire = [vec![kind as u8], vec![0; found]].concat();
            let error = Signature::from_wire(&wire);
            assert!(matches!(error, Err(SignatureError::Length { found: n, .. }) if n == found), "{error:?}");
        }
    }
}

/// Keys and the sum of their signatures for these messages.
fn aggregate(rows: &[(u8, &[u8])]) -> (Vec<[u8; 48]>, [u8; 96]) {
    let signatures: Vec<_> = rows.iter().map(|(seed, message)| bls(&bls_signer(*seed).0, message)).collect();
    let parsed: Vec<_> =
        signatures.iter().map(|bytes| blst::min_pk::Signature::from_bytes(bytes).unwrap()).collect();
    let references: Vec<_> = parsed.iter().collect();
    let sum = blst::min_pk::AggregateSignature::aggregate(&references, false).unwrap().to_signature();
    (rows.iter().map(|(seed, _)| bls_signer(*seed).1).collect(), sum.to_bytes())
}

fn judge(rows: &[(u8, &[u8])], signature: &[u8]) -> Aggregate {
    let keys: Vec<_> = rows.iter().map(|(seed, _)| bls_signer(*seed).1).collect();
    let keys: Vec<&[u8]> = keys.iter().map(<[u8; 48]>::as_slice).collect();
    let messages: Vec<&[u8]> = rows.iter().map(|(_, message)| *message).collect();
    verify_aggregate(&keys, &messages, signature).unwrap()
}

#[test]
fn aggregates_of_different_messages() {
    let rows: [(u8, &[u8]); 3] = [(1, b"a"), (2, b"b"), (1, b"c")];
    let (_, signature) = aggregate(&rows);
    let good = judge(&rows, &signature);
    assert_eq!(good, Aggregate { verdict: Verdict::Valid, equal: vec![] });
    assert!(!good.has_rogue_key_risk());
    let swapped: [(u8, &[u8]); 3] = [(2, b"a"), (1, b"b"), (1, b"c")];
    assert_eq!(judge(&swapped, &signature).verdict, Verdict::NotSigned);
    assert_eq!(judge(&rows[..2], &signature).verdict, Verdict::NotSigned);
    assert_eq!(judge(&rows, &signature[..95]).verdict, Verdict::Encoding);
    assert_eq!(judge(&[], &signature).verdict, Verdict::NotSigned);
    let wrong = verify_aggregate(&[b"key"], &[], &signature);
    assert_eq!(wrong, Err(AggregateError { keys: 1, messages: 0 }));
    assert_eq!(verify_aggregate(&[b"key"], &[b"a"], &signature).unwrap().verdict, Verdict::Key);
}

#[test]
fn equal_messages_count_each_and_are_reported() {
    let rows: [(u8, &[u8]); 5] = [(3, b"z"), (1, b"b"), (2, b"z"), (1, b"b"), (1, b"c")];
    let found = judge(&rows, &aggregate(&rows).1);
    let of = |rows: &[usize], has_different_keys| EqualMessages { rows: rows.to_vec(), has_different_keys };
    assert_eq!(
        found,
        Aggregate { verdict: Verdict::Valid, equal: vec![of(&[0, 2], true), of(&[1, 3], false)] }
    );
    assert!(found.has_rogue_key_risk());
    assert!(!judge(&rows[1..], &aggregate(&rows[1..]).1).has_rogue_key_risk());
}

/// The attack that the report is about: a key that cancels the victim's, and a signature without the victim.
#[test]
fn a_rogue_key_is_valid_and_reported() {
    let (secret, own) = bls_signer(5);
    let (_, victim) = bls_signer(6);
    let mut negated = victim;
    negated[0] ^= 0x20;
    let points = [own, negated].map(|bytes| blst::min_pk::PublicKey::from_bytes(&bytes).unwrap());
    let rogue = blst::min_pk::AggregatePublicKey::aggregate(&[&points[0], &points[1]], false).unwrap();
    let rogue = rogue.to_public_key().to_bytes();
    let signature = bls(&secret, b"never seen by the victim");
    let message: &[u8] = b"never seen by the victim";
    let found = verify_aggregate(&[&rogue, &victim], &[message, message], &signature).unwrap();
    assert_eq!(found.verdict, Verdict::Valid);
    assert!(found.has_rogue_key_risk());
}
