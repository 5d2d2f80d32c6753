use proptest::prelude::*;

use super::super::bls::{bls_public_key, bls_secret_key, bls_sign, bls_verify};
use super::super::columns::ByteColumn;
use super::super::keys::KeyId;
use super::*;

const TAG: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_";
const VARIANTS: [BlsVariant; 2] = [BlsVariant::MinPk, BlsVariant::MinSig];

/// What the tests build batches of.
#[derive(Clone, Debug)]
struct Item {
    key: Vec<u8>,
    message: Vec<u8>,
    signature: Vec<u8>,
}

fn item(variant: BlsVariant, key: u8, message: u8) -> Item {
    let secret = bls_secret_key(&[key; 32]).unwrap();
    let message = vec![message; 9];
    Item {
        key: bls_public_key(variant, &secret).unwrap(),
        signature: bls_sign(variant, TAG, &secret, &message).unwrap(),
        message,
    }
}

fn single(variant: BlsVariant, item: &Item) -> SignatureVerdict {
    bls_verify(variant, TAG, &item.key, &item.message, &item.signature)
}

/// The verdicts of all items as one call, with the given coefficients.
fn verdicts(
    variant: BlsVariant,
    items: &[Item],
    coefficients: fn(usize) -> Option<Vec<u8>>,
) -> Vec<SignatureVerdict> {
    let mut registry = BlsKeyRegistry::new(variant);
    let ids: Vec<KeyId> = items.iter().map(|item| registry.register(&item.key)).collect();
    let messages: Vec<&[u8]> = items.iter().map(|item| item.message.as_slice()).collect();
    let signatures: Vec<&[u8]> = items.iter().map(|item| item.signature.as_slice()).collect();
    let columns = Items::new(&ids, ByteColumn::slices(&messages), ByteColumn::slices(&signatures)).unwrap();
    let rows: Vec<usize> = (0..items.len()).collect();
    let mut out = vec![SignatureVerdict::UnknownKeyId; items.len()];
    match variant {
        BlsVariant::MinPk => verify_batch::<MinPk>(&registry, TAG, &columns, &rows, &mut out, coefficients),
        BlsVariant::MinSig => verify_batch::<MinSig>(&registry, TAG, &columns, &rows, &mut out, coefficients),
    }
    out
}

/// Coefficients that an attacker knows: all one.
#[allow(clippy::unnecessary_wraps, reason = "it stands where secret ones may be absent")]
fn ones(count: usize) -> Option<Vec<u8>> {
    let mut one = [0; COEFFICIENT];
    one[0] = 1;
    Some(one.repeat(count))
}

/// Two signatures whose errors cancel in a plain sum: each is the other's, under one key.
fn swapped(variant: BlsVariant) -> [Item; 3] {
    let (mut first, mut second) = (item(variant, 1, 1), item(variant, 1, 2));
    std::mem::swap(&mut first.signature, &mut second.signature);
    [first, second, item(variant, 1, 3)]
}

/// How often of `times` the two bad ones among three are both refused, and the third accepted.
fn times_refused(times: usize, coefficients: fn(usize) -> Option<Vec<u8>>) -> usize {
    let bad = swapped(BlsVariant::MinSig);
    let expected = [SignatureVerdict::Equation, SignatureVerdict::Equation, SignatureVerdict::Good];
    (0..times).filter(|_| verdicts(BlsVariant::MinSig, &bad, coefficients) == expected).count()
}

#[test]
fn errors_that_cancel_are_refused_every_time() {
    assert_eq!(times_refused(1000, secret_coefficients), 1000);
    // Were the coefficients known, the same two would pass: the test above can see.
    assert_eq!(times_refused(10, ones), 0);
    let all_good = [SignatureVerdict::Good; 3];
    assert_eq!(verdicts(BlsVariant::MinPk, &swapped(BlsVariant::MinPk), ones), all_good);
}

#[test]
fn coefficients_differ_and_are_not_zero() {
    let all = secret_coefficients(9).unwrap();
    let mut different: Vec<&[u8]> = all.chunks_exact(COEFFICIENT).collect();
    assert_eq!(different.len(), 9);
    different.sort_unstable();
    different.dedup();
    assert_eq!(different.len(), 9);
    assert!(!different.contains(&[0; COEFFICIENT].as_slice()));
    assert_ne!(all, secret_coefficients(9).unwrap());
}

#[test]
fn without_random_numbers_every_item_is_checked_singly() {
    for variant in VARIANTS {
        let items = swapped(variant);
        let expected: Vec<_> = items.iter().map(|item| single(variant, item)).collect();
        assert_eq!(verdicts(variant, &items, |_| None), expected);
    }
}

/// A compressed point of the signatures' group that is on the curve and outside the subgroup.
fn outside_the_subgroup(variant: BlsVariant) -> Vec<u8> {
    let width = if variant == BlsVariant::MinPk { 96 } else { 48 };
    (0..=u8::MAX)
        .map(|x| {
            let mut bytes = vec![0; width];
            bytes[0] = 0x80;
            bytes[width - 1] = x;
            bytes
        })
        .find(|bytes| match variant {
            BlsVariant::MinPk => blst::min_pk::Signature::uncompress(bytes)
                .is_ok_and(|point| point.validate(true) == Err(blst::BLST_ERROR::BLST_POINT_NOT_IN_GROUP)),
            BlsVariant::MinSig => blst::min_sig::Signature::uncompress(bytes)
                .is_ok_and(|point| point.validate(true) == Err(blst::BLST_ERROR::BLST_POINT_NOT_IN_GROUP)),
        })
        .unwrap()
}

fn infinity(width: usize) -> Vec<u8> {
    let mut bytes = vec![0; width];
    bytes[0] = 0xc0;
    bytes
}

/// One way to be bad, by number; 0 leaves the item good.
fn spoilt(variant: BlsVariant, mut item: Item, way: u8) -> Item {
    let (key_width, width) = (item.key.len(), item.signature.len());
    match way {
        1 => item.message.push(0),
        2 => item.signature[0] ^= 0x20,
        3 => item.signature = outside_the_subgroup(variant),
        4 => item.signature = infinity(width),
        5 => item.signature.truncate(width - 1),
        6 => item.signature[0] &= 0x7f,
        7 => item.signature.fill(0xff),
        8 => item.key = infinity(key_width),
        9 => item.key.push(0),
        10 => item.signature = bls_sign(variant, b"another tag", &[7; 32], &item.message).unwrap(),
        _ => {}
    }
    item
}

#[test]
fn every_way_to_be_bad_is_named_among_good_ones() {
    use SignatureVerdict::{BadEncoding, BadKey, Equation, Good};
    let expected = [
        Good,
        Equation,
        Equation,
        BadEncoding,
        BadEncoding,
        BadEncoding,
        BadEncoding,
        BadEncoding,
        BadKey,
        BadKey,
        Equation,
    ];
    for variant in VARIANTS {
        let items: Vec<Item> =
            (0..=10).map(|way| spoilt(variant, item(variant, 1 + way % 3, way), way)).collect();
        let alone: Vec<_> = items.iter().map(|item| single(variant, item)).collect();
        assert_eq!(alone, expected);
        assert_eq!(verdicts(variant, &items, secret_coefficients), expected);
    }
}

#[test]
fn one_bad_item_is_found_wherever_it_is_and_whichever_way_items_are_grouped() {
    for (variant, keys, messages) in [(BlsVariant::MinPk, 2, 20), (BlsVariant::MinSig, 20, 2)] {
        let good: Vec<Item> = (0..40).map(|at| item(variant, 1 + at % keys, at % messages)).collect();
        assert!(verdicts(variant, &good, secret_coefficients).iter().all(|verdict| verdict.is_good()));
        for bad in [0, 1, 19, 20, 38, 39] {
            let mut items = good.clone();
            items[bad].signature = good[(bad + 1) % 40].signature.clone();
            let found = verdicts(variant, &items, secret_coefficients);
            for (at, verdict) in found.into_iter().enumerate() {
                assert_eq!(verdict.is_good(), at != bad, "item {at}, bad is {bad}");
            }
        }
    }
}

#[test]
fn a_plan_keeps_together_what_is_paired_together() {
    let ids = [KeyId(1), KeyId(0), KeyId(1), KeyId(0)];
    let different: [&[u8]; 4] = [b"a", b"b", b"c", b"d"];
    let same: [&[u8]; 4] = [b"a"; 4];
    let signatures: [&[u8]; 4] = [b""; 4];
    for (messages, order) in [(different, [0, 2, 1, 3]), (same, [0, 2, 1, 3])] {
        let items = Items::new(&ids, ByteColumn::slices(&messages), ByteColumn::slices(&signatures)).unwrap();
        assert_eq!(BlsPlan::new(&items).rows(), order);
    }
    let three_keys = [KeyId(0), KeyId(1), KeyId(2), KeyId(0)];
    let two: [&[u8]; 4] = [b"a", b"b", b"a", b"b"];
    let items = Items::new(&three_keys, ByteColumn::slices(&two), ByteColumn::slices(&signatures)).unwrap();
    assert_eq!(BlsPlan::new(&items).rows(), [0, 2, 3, 1]);
}

#[test]
fn more_items_than_a_batch_and_columns_that_do_not_fit() {
    let variant = BlsVariant::MinSig;
    let kinds = [item(variant, 1, 1), item(variant, 2, 1), spoilt(variant, item(variant, 1, 2), 2)];
    let mut registry = BlsKeyRegistry::new(variant);
    let count = BLS_BATCH + 50;
    let kind = |at: usize| &kinds[if at % 97 == 96 { 2 } else { at % 2 }];
    let ids: Vec<KeyId> =
        (0..count).map(|at| if at == 5 { KeyId::NONE } else { registry.register(&kind(at).key) }).collect();
    let messages: Vec<&[u8]> = (0..count).map(|at| kind(at).message.as_slice()).collect();
    let signatures: Vec<&[u8]> = (0..count).map(|at| kind(at).signature.as_slice()).collect();
    let items = Items::new(&ids, ByteColumn::slices(&messages), ByteColumn::slices(&signatures)).unwrap();
    let mut out = vec![SignatureVerdict::BadKey; count];
    bls_verify_items(&registry, TAG, &items, &mut out).unwrap();
    for (at, verdict) in out.iter().enumerate() {
        let expected = match at {
            5 => SignatureVerdict::UnknownKeyId,
            _ if at % 97 == 96 => SignatureVerdict::Equation,
            _ => SignatureVerdict::Good,
        };
        assert_eq!(*verdict, expected, "item {at}");
    }
    assert!(bls_verify_items(&registry, TAG, &items, &mut out[1..]).is_err());
    assert!(bls_verify_rows(&registry, TAG, &items, &[0], &mut []).is_err());
    // A row that does not exist is nobody's.
    bls_verify_rows(&registry, TAG, &items, &[count], &mut out[..1]).unwrap();
    assert_eq!(out[0], SignatureVerdict::UnknownKeyId);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Any mixture: few keys, few messages, repetitions, every way to be bad, signatures swapped at will.
    #[test]
    fn a_batch_gives_the_verdicts_of_single_checks(
        is_min_pk: bool,
        shapes in prop::collection::vec((0_u8..3, 0_u8..4, prop::option::weighted(0.2, 1_u8..=10)), 0..24),
        swaps in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..3),
    ) {
        let variant = if is_min_pk { BlsVariant::MinPk } else { BlsVariant::MinSig };
        let mut items: Vec<Item> = shapes
            .iter()
            .map(|&(key, message, way)| spoilt(variant, item(variant, key, message), way.unwrap_or(0)))
            .collect();
        if !items.is_empty() {
            for (one, other) in &swaps {
                let (one, other) = (one.index(items.len()), other.index(items.len()));
                let signature = items[one].signature.clone();
                items[one].signature = std::mem::replace(&mut items[other].signature, signature);
            }
        }
        let alone: Vec<_> = items.iter().map(|item| single(variant, item)).collect();
        prop_assert_eq!(verdicts(variant, &items, secret_coefficients), alone);
    }
}
