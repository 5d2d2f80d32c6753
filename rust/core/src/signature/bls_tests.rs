use super::*;

const TAG: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_";

#[test]
fn what_is_signed_verifies_under_its_own_tag_only() {
    let secret = bls_secret_key(&[1; 32]).unwrap();
    for (variant, key_bytes, signature_bytes) in [(BlsVariant::MinPk, 48, 96), (BlsVariant::MinSig, 96, 48)] {
        let key = bls_public_key(variant, &secret).unwrap();
        let signature = bls_sign(variant, TAG, &secret, b"message").unwrap();
        assert_eq!((key.len(), signature.len()), (key_bytes, signature_bytes));
        let parsed = BlsPublicKey::parse(variant, &key).unwrap();
        assert_eq!(parsed.verify(TAG, b"message", &signature), SignatureVerdict::Good);
        assert_eq!(parsed.verify(TAG, b"massage", &signature), SignatureVerdict::Equation);
        assert_eq!(parsed.verify(b"another tag", b"message", &signature), SignatureVerdict::Equation);
        assert_eq!(parsed.verify(TAG, b"message", &key), SignatureVerdict::BadEncoding);

        let other = if variant == BlsVariant::MinPk { BlsVariant::MinSig } else { BlsVariant::MinPk };
        assert_eq!(bls_verify(other, TAG, &key, b"message", &signature), SignatureVerdict::BadKey);
    }
}

#[test]
fn infinity_and_other_encodings_are_refused() {
    let secret = bls_secret_key(&[2; 32]).unwrap();
    for variant in [BlsVariant::MinPk, BlsVariant::MinSig] {
        let key = bls_public_key(variant, &secret).unwrap();
        let signature = bls_sign(variant, TAG, &secret, b"").unwrap();
        let mut infinity = vec![0; signature.len()];
        infinity[0] = 0xc0;
        let mut infinite_key = vec![0; key.len()];
        infinite_key[0] = 0xc0;
        assert!(BlsPublicKey::parse(variant, &infinite_key).is_none());
        let mut uncompressed = signature.clone();
        uncompressed[0] &= 0x7f;
        let mut other_sign = signature.clone();
        other_sign[0] ^= 0x20;
        let mut too_large = signature.clone();
        too_large.fill(0xff);
        too_large[0] = 0x9f;
        let verdict = |signature: &[u8]| bls_verify(variant, TAG, &key, b"", signature);
        assert_eq!(verdict(&signature), SignatureVerdict::Good);
        assert_eq!(verdict(&other_sign), SignatureVerdict::Equation);
        for bad in [&infinity, &uncompressed, &too_large, &signature[1..].to_vec(), &Vec::new()] {
            assert_eq!(verdict(bad), SignatureVerdict::BadEncoding);
        }
    }
}

#[test]
fn secrets_are_in_range() {
    assert_eq!(bls_public_key(BlsVariant::MinPk, &[0; 32]), None);
    assert_eq!(bls_sign(BlsVariant::MinSig, TAG, &[0xff; 32], b""), None);
    assert_eq!(bls_secret_key(&[3; 32]), bls_secret_key(&[3; 32]));
    assert_ne!(bls_secret_key(&[3; 32]), bls_secret_key(&[4; 32]));
}
