//! Ed25519 profiles against the libraries whose verdicts they name, on signatures made to be difficult.

use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;
use depinverify_core::signature::{
    ByteColumn, Ed25519Profile, Items, ItemsError, KeyRegistry, Rules, Scheme, SignatureVerdict,
    residue_order, verify_items, verify_one,
};
use proptest::prelude::*;
use sha2::{Digest, Sha512};

/// l, little endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

#[derive(Clone, Copy, Debug)]
enum Change {
    None,
    FlipKey(usize),
    FlipSignature(usize),
    FlipMessage(usize),
    AddOrderToS,
    OtherKey,
    Cut(usize),
    Grow,
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        3 => Just(Change::None),
        1 => (0..256_usize).prop_map(Change::FlipKey),
        2 => (0..512_usize).prop_map(Change::FlipSignature),
        1 => (0..64_usize).prop_map(Change::FlipMessage),
        1 => Just(Change::AddOrderToS),
        1 => Just(Change::OtherKey),
        1 => (0..64_usize).prop_map(Change::Cut),
        1 => Just(Change::Grow),
    ]
}

/// Encodings of a point: canonical, and the non-canonical one where y < 19 leaves room for it.
fn encode(point: EdwardsPoint, canonical: bool, flip_sign_of_zero: bool) -> [u8; 32] {
    let mut bytes = point.compress().to_bytes();
    let is_small = bytes[1..31].iter().all(|&byte| byte == 0) && matches!(bytes[31], 0 | 0x80);
    if !canonical && is_small && bytes[0] < 19 {
        let sign = bytes[31] & 0x80;
        let low = bytes[0];
        bytes = [0xff; 32];
        bytes[0] = 0xed + low;
        bytes[31] = 0x7f | sign;
    }
    // x is zero for y = 1 and y = -1 only.
    if flip_sign_of_zero && (point == EIGHT_TORSION[0] || point == EIGHT_TORSION[4]) {
        bytes[31] ^= 0x80;
    }
    bytes
}

#[derive(Clone, Debug)]
struct Input {
    key: Vec<u8>,
    message: Vec<u8>,
    signature: Vec<u8>,
}

prop_compose! {
    fn input()(
        secret in prop_oneof![1 => Just([0_u8; 32]), 3 => any::<[u8; 32]>()],
        nonce in prop_oneof![1 => Just([0_u8; 32]), 3 => any::<[u8; 32]>()],
        key_torsion in prop_oneof![2 => Just(0_usize), 2 => 0..8_usize],
        nonce_torsion in prop_oneof![2 => Just(0_usize), 2 => 0..8_usize],
        canonical in any::<bool>(),
        flip_sign_of_zero in any::<bool>(),
        message in prop::collection::vec(any::<u8>(), 0..200),
        change in change(),
    ) -> Input {
        let (a, r) = (Scalar::from_bytes_mod_order(secret), Scalar::from_bytes_mod_order(nonce));
        let key = encode(a * ED25519_BASEPOINT_POINT + EIGHT_TORSION[key_torsion], canonical, flip_sign_of_zero);
        let commitment =
            encode(r * ED25519_BASEPOINT_POINT + EIGHT_TORSION[nonce_torsion], canonical, flip_sign_of_zero);
        let hash = Sha512::new().chain_update(commitment).chain_update(key).chain_update(&message).finalize();
        let s = r + Scalar::from_bytes_mod_order_wide(&hash.into()) * a;
        let signature = [commitment, s.to_bytes()].concat();
        apply(Input { key: key.to_vec(), message, signature }, change)
    }
}

fn apply(mut input: Input, change: Change) -> Input {
    match change {
        Change::None => {}
        Change::FlipKey(bit) => input.key[bit / 8] ^= 1 << (bit % 8),
        Change::FlipSignature(bit) => input.signature[bit / 8] ^= 1 << (bit % 8),
        Change::FlipMessage(bit) => {
            if let Some(byte) = input.message.get_mut(bit) {
                *byte ^= 1;
            }
        }
        Change::AddOrderToS => {
            let mut carry = 0;
            for (byte, order) in input.signature[32..].iter_mut().zip(ORDER) {
                carry += u16::from(*byte) + u16::from(order);
                *byte = carry.to_le_bytes()[0];
                carry >>= 8;
            }
        }
        Change::OtherKey => input.key = ED25519_BASEPOINT_POINT.compress().to_bytes().to_vec(),
        Change::Cut(length) => input.signature.truncate(length),
        Change::Grow => input.signature.push(0),
    }
    input
}

fn ours(profile: Ed25519Profile, input: &Input) -> bool {
    let rules = Rules { ed25519: profile, ..Rules::UPTIME_PROOF };
    verify_one(Scheme::Ed25519, &rules, &input.key, &input.message, &input.signature).is_good()
}

fn zebra(input: &Input) -> bool {
    let key = ed25519_zebra::VerificationKey::try_from(input.key.as_slice());
    let signature = ed25519_zebra::Signature::from_slice(&input.signature);
    matches!((key, signature), (Ok(key), Ok(signature)) if key.verify(&signature, &input.message).is_ok())
}

fn dalek(input: &Input, strict: bool) -> bool {
    let key = <[u8; 32]>::try_from(input.key.as_slice())
        .ok()
        .and_then(|bytes| ed25519_dalek::VerifyingKey::from_bytes(&bytes).ok());
    let signature = ed25519_dalek::Signature::from_slice(&input.signature);
    match (key, signature) {
        (Some(key), Ok(signature)) if strict => key.verify_strict(&input.message, &signature).is_ok(),
        (Some(key), Ok(signature)) => {
            ed25519_dalek::Verifier::verify(&key, &input.message, &signature).is_ok()
        }
        _ => false,
    }
}

/// Verdicts of a column in which every input stands as many times: a few for a check without a table, more for one with it.
fn engine(profile: Ed25519Profile, inputs: &[Input], times: usize) -> Result<Vec<bool>, ItemsError> {
    let rules = Rules { ed25519: profile, ..Rules::UPTIME_PROOF };
    let mut registry = KeyRegistry::new();
    let ids: Vec<_> = inputs.iter().map(|input| registry.register(Scheme::Ed25519, &input.key)).collect();
    let messages: Vec<&[u8]> = inputs.iter().map(|input| input.message.as_slice()).collect();
    let signatures: Vec<&[u8]> = inputs.iter().map(|input| input.signature.as_slice()).collect();
    let (ids, messages, signatures) = (ids.repeat(times), messages.repeat(times), signatures.repeat(times));
    let items = Items::new(&ids, ByteColumn::slices(&messages), ByteColumn::slices(&signatures))?;
    let mut verdicts = vec![SignatureVerdict::UnknownKeyId; items.len()];
    verify_items(&registry, &rules, &items, &mut verdicts)?;
    Ok(verdicts.into_iter().map(SignatureVerdict::is_good).collect())
}

/// Cases of each law: `DIFFERENTIAL_CASES`, or so many.
fn config(cases: u32) -> ProptestConfig {
    let wanted = std::env::var("DIFFERENTIAL_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig { cases: wanted.unwrap_or(cases), failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(100))]

    #[test]
    fn columns_equal_the_libraries(inputs in prop::collection::vec(input(), 1..48), times in 1..16_usize) {
        let by_zebra: Vec<bool> = inputs.iter().map(zebra).collect();
        let by_dalek = |strict| inputs.iter().map(|input| dalek(input, strict)).collect::<Vec<bool>>();
        for (profile, expected) in [
            (Ed25519Profile::Zip215, by_zebra),
            (Ed25519Profile::Cofactorless, by_dalek(false)),
            (Ed25519Profile::Strict, by_dalek(true)),
        ] {
            prop_assert_eq!(engine(profile, &inputs, times), Ok(expected.repeat(times)), "{:?}", profile);
        }
    }
}

proptest! {
    #![proptest_config(config(2000))]

    #[test]
    fn ed25519_profiles_equal_their_libraries(input in input()) {
        let zip215 = ours(Ed25519Profile::Zip215, &input);
        let cofactorless = ours(Ed25519Profile::Cofactorless, &input);
        let strict = ours(Ed25519Profile::Strict, &input);
        prop_assert_eq!(zip215, zebra(&input), "zip215");
        prop_assert_eq!(cofactorless, dalek(&input, false), "cofactorless");
        prop_assert_eq!(strict, dalek(&input, true), "strict");

        // Each profile accepts a part of what the next one does.
        let compact = ours(Ed25519Profile::Compact { canonical_points: false }, &input);
        let canonical = ours(Ed25519Profile::Compact { canonical_points: true }, &input);
        prop_assert!(!strict || cofactorless);
        prop_assert!(!cofactorless || zip215);
        prop_assert!(!strict || compact);
        prop_assert!(!canonical || compact);
        prop_assert!(!compact || zip215);

        // A torsion residue is exactly what only the cofactored equation forgives.
        let residue = residue_order(&input.key, &input.message, &input.signature);
        prop_assert_eq!(residue.is_some(), zip215);
        prop_assert!(!cofactorless || residue == Some(1));
    }
}
