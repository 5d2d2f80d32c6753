use super::*;

/// Keys of the did:key method's own examples (W3C CCG, did:key method, test vectors).
const ED25519: &str = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
const P256: &str = "did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169";
const SECP256K1: &str = "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme";

#[test]
fn did_keys_are_read_and_written() {
    for (text, scheme) in [(ED25519, Scheme::Ed25519), (P256, Scheme::P256), (SECP256K1, Scheme::Secp256k1)] {
        let key = parse_did_key(text).unwrap();
        assert_eq!((key.scheme(), key.did().as_str()), (Some(scheme), text));
        let raw = parse_raw_key(key.kind(), key.as_bytes()).unwrap();
        assert_eq!(raw, key);
        assert_eq!(key.kid(), sha256(&[&key.kind().prefix()[..], key.as_bytes()].concat())[..16]);
    }
}

#[test]
fn what_is_no_did_key_is_refused() {
    let with = |prefix: [u8; 2], key: &[u8]| {
        format!("did:key:z{}", bs58::encode([&prefix[..], key].concat()).into_string())
    };
    for text in [
        "",
        "did:key:",
        "did:key:z",
        "did:key:z6",
        "did:web:example.org",
        &ED25519[1..],
        &ED25519[..50],
        &format!("{ED25519}1"),
        &ED25519.replace(":z", ":f"),
        &with([0xed, 1], &[1; 31]),
        &with([0xed, 1], &[1; 33]),
        &with([0x80, 0x24], &[4; 65]),
        &with([0x80, 0x24], &[5; 33]),
        &with([0xec, 1], &[1; 32]),
        &with([0xea, 1], &[0; 48]),
        &format!("did:key:z{}", "1".repeat(100_000)),
        &ED25519.replace('6', "0"),
    ] {
        assert!(parse_did_key(text).is_err(), "{}", &text[..text.len().min(80)]);
    }
    let bls = parse_did_key(&with([0xeb, 1], &[0x80; 96])).unwrap();
    assert_eq!((bls.kind(), bls.scheme()), (KeyKind::BlsG2, None));
}

#[test]
fn points_are_compressed_and_must_be_on_the_curve() {
    use p256::elliptic_curve::sec1::ToSec1Point;
    let compressed = parse_did_key(P256).unwrap();
    let point = p256::PublicKey::from_sec1_bytes(compressed.as_bytes()).unwrap().to_sec1_point(false);
    let kind = KeyKind::Signing(Scheme::P256);
    assert_eq!(parse_raw_key(kind, point.as_bytes()).unwrap(), compressed);
    let mut off_curve = point.as_bytes().to_vec();
    off_curve[64] ^= 1;
    for wrong in [off_curve.as_slice(), &[0], &[], &point.as_bytes()[..64], &[2; 32]] {
        assert!(parse_raw_key(kind, wrong).is_err());
    }
    let hybrid = [&[6], &point.as_bytes()[1..]].concat();
    assert!(parse_raw_key(kind, &hybrid).is_err());
}
