use num_bigint::BigUint;
use proptest::prelude::*;

use super::*;

const ROOT_BYTES: Hash = [0x5a; 32];

/// Version 2 with these bytes behind the prefix, and the root behind them.
fn version_2(middle: &[u8]) -> Vec<u8> {
    [VERSION_2, middle, &ROOT_BYTES].concat()
}

fn piece(padding: U256, height: u8) -> SizedPiece {
    SizedPiece { root: ROOT_BYTES, height, padding }
}

fn wrong(bytes: &[u8]) -> PieceIdError {
    let error = PieceId::from_bytes(bytes).unwrap_err();
    if bytes.starts_with(VERSION_2) {
        assert_eq!(SizedPiece::from_bytes(bytes), Err(error.clone()));
    }
    error
}

fn uvarint(at: usize, field: Field, wrong: UvarintError) -> PieceIdError {
    PieceIdError::Uvarint { at, field, wrong }
}

#[test]
fn each_kind_is_read_and_printed() {
    let texts = [
        (PieceId::Version1(ROOT_BYTES), "baga6ea4seaq"),
        (PieceId::SealedSector(ROOT_BYTES), "bagboea4b5abc"),
        (PieceId::Version2(piece(U256::ZERO, 4)), "bafkzcibc"),
        (PieceId::Version2(piece(U256::MAX, u8::MAX)), "bafkzci"),
    ];
    for (id, begins) in texts {
        assert_eq!(PieceId::from_bytes(&id.to_bytes()), Ok(id));
        let text = id.to_string();
        assert!(text.starts_with(begins), "{text}");
        assert_eq!(text.parse(), Ok(id));
    }
    assert_eq!(piece(U256::MAX, 0).to_bytes().len(), MAX_BYTES);
    assert_eq!(PieceId::Version2(piece(U256::MAX, 0)).to_string().len(), MAX_TEXT);
}

#[test]
fn prefixes() {
    for prefix in [VERSION_1, SEALED_SECTOR, VERSION_2] {
        for found in 0..prefix.len() {
            assert_eq!(wrong(&prefix[..found]), PieceIdError::TooShort { found });
        }
        for at in 0..prefix.len() {
            let mut bytes = [prefix, &[0x22, 0, 4], &ROOT_BYTES].concat();
            bytes[at] ^= 0x40;
            assert!(matches!(wrong(&bytes), PieceIdError::Prefix { .. }), "{at}");
        }
    }
    let error = SizedPiece::from_bytes(&PieceId::Version1(ROOT_BYTES).to_bytes()).unwrap_err();
    assert_eq!(error.to_string(), "expected the prefix of a piece of version 2, found 0181e203");
}

#[test]
fn roots_of_another_length() {
    for prefix in [VERSION_1, SEALED_SECTOR] {
        for found in [0, 31, 33] {
            assert_eq!(wrong(&[prefix, &vec![1; found]].concat()), PieceIdError::Root { found });
        }
    }
    // The stated length is right each time.
    assert_eq!(wrong(&version_2(&[0x23, 0, 4, 0])), PieceIdError::Root { found: 33 });
    assert_eq!(
        wrong(&version_2(&[0x22, 0x80, 0x01])[..38]),
        PieceIdError::Length { stated: U256::from(34), left: 33 }
    );
    assert_eq!(wrong(&version_2(&[0x22, 0x80, 0x01, 4])[..39]), PieceIdError::Root { found: 31 });
    let padding = [&[0x22], &[0xff; 33][..], &[0x7f]].concat();
    assert_eq!(wrong(&[VERSION_2, &padding].concat()), PieceIdError::NoHeight);
}

#[test]
fn multihash_lengths() {
    let found = |length: u8| wrong(&version_2(&[length, 0, 4]));
    for length in [0, 1, 33] {
        assert_eq!(found(length), PieceIdError::LengthTooSmall { found: U256::from(length) });
    }
    for length in [35, 127] {
        assert_eq!(found(length), PieceIdError::Length { stated: U256::from(length), left: 34 });
    }
    let longer = version_2(&[0x22, 0x80, 0x01, 4]);
    assert_eq!(wrong(&longer), PieceIdError::Length { stated: U256::from(34), left: 35 });
    let mut most = vec![0xff; 36];
    most.extend([0x0f, 0, 4]);
    assert_eq!(wrong(&version_2(&most)), PieceIdError::Length { stated: U256::MAX, left: 34 });
}

#[test]
fn uvarints() {
    use Field::{MultihashLength, Padding};
    use UvarintError::{NotMinimal, TooLarge, TooLong, Unterminated};

    assert_eq!(wrong(VERSION_2), uvarint(4, MultihashLength, Unterminated));
    assert_eq!(wrong(&version_2(&[0xa2, 0, 0, 4])), uvarint(4, MultihashLength, NotMinimal));
    assert_eq!(wrong(&version_2(&[0x23, 0x80, 0, 4])), uvarint(5, Padding, NotMinimal));
    assert_eq!(wrong(&[VERSION_2, &[0x22], &[0x80; 34]].concat()), uvarint(5, Padding, Unterminated));

    // 37 bytes hold 259 bits, of which 256 may be used; the length of the rest is right each time.
    let padded = |uvarint: &[u8]| {
        let length = u8::try_from(uvarint.len() + HEIGHT_AND_ROOT).unwrap();
        version_2(&[&[length], uvarint, &[4]].concat())
    };
    let long = |marked: usize, last: u8| [&vec![0x80; marked][..], &[last]].concat();
    let expected = piece(U256::ONE << 252, 4);
    assert_eq!(SizedPiece::from_bytes(&padded(&long(36, 1))), Ok(expected));
    assert_eq!(wrong(&padded(&long(36, 0x10))), uvarint(5, Padding, TooLarge));
    assert_eq!(wrong(&padded(&long(36, 0))), uvarint(5, Padding, NotMinimal));
    assert_eq!(wrong(&padded(&long(37, 1))), uvarint(5, Padding, TooLong));
    assert_eq!(wrong(&version_2(&long(36, 0x10))), uvarint(4, MultihashLength, TooLarge));
    assert_eq!(wrong(&version_2(&long(37, 1))), uvarint(4, MultihashLength, TooLong));
}

#[test]
fn texts() {
    let wrong = |text: &str| text.parse::<PieceId>().unwrap_err();
    let text = PieceId::Version1(ROOT_BYTES).to_string();
    assert_eq!(wrong(""), PieceIdError::Base { found: None });
    assert!(wrong("").to_string().ends_with("found no text"));
    assert!(wrong("z2Dr").to_string().ends_with("found 'z'"));
    assert_eq!(wrong("z2Dr"), PieceIdError::Base { found: Some('z') });
    assert_eq!(wrong("ä"), PieceIdError::Base { found: Some('ä') });
    assert_eq!(wrong(&text.to_ascii_uppercase()), PieceIdError::Base { found: Some('B') });
    assert_eq!(wrong("b"), PieceIdError::TooShort { found: 0 });
    assert_eq!(
        wrong(&text.replace("ga", "g1")).to_string(),
        "letter 3: expected base32 in lower case without padding, found invalid symbol"
    );
    assert!(matches!(wrong(&text.replace("ga", "gA")), PieceIdError::Base32 { at: 3, .. }));
    assert!(matches!(wrong(&format!("{text}=")), PieceIdError::Base32 { .. }));
    assert!(matches!(wrong(&format!("{text}\n")), PieceIdError::Base32 { .. }));
    // The last letter holds bits that no byte has.
    let (rest, last) = text.split_at(text.len() - 1);
    assert_eq!(last, "q");
    assert!(matches!(wrong(&format!("{rest}r")), PieceIdError::Base32 { .. }));
    assert_eq!(wrong(&"b".repeat(MAX_TEXT + 1)), PieceIdError::TextTooLong { found: MAX_TEXT + 1 });
}

#[test]
fn what_a_set_takes() {
    assert_eq!(piece(U256::ZERO, 50).admit(), Ok(()));
    assert_eq!(piece(U256::ZERO, 51).admit(), Err(NotAdmitted::Height { found: 51 }));
    let full = U256::from(127_u64 << 48);
    assert_eq!(piece(full - U256::ONE, 50).admit(), Ok(()));
    let error = Err(NotAdmitted::ExcessivePadding { height: 50, found: full });
    assert_eq!(piece(full, 50).admit(), error);
    // A single leaf takes 31 bytes of padding, and still counts.
    assert_eq!(piece(U256::from(31), 0).admit(), Ok(()));
    assert_eq!(piece(U256::from(31), 0).leaf_count(), Some(1));
    assert_eq!(piece(U256::from(31), 0).raw_size(), None);
    assert!(piece(U256::from(32), 0).admit().is_err());
}

#[test]
fn bounds_from_leaves_alone() {
    assert_eq!(raw_upper_bound(U256::from(u64::MAX)), Some(U256::from(585_684_124_340_278_263_776_u128)));
    assert_eq!(raw_upper_bound(U256::MAX), None);
}

fn exact(number: Option<u64>) -> Option<BigUint> {
    number.map(BigUint::from)
}

/// Numbers of all lengths up to 256 bits.
fn any_padding() -> impl Strategy<Value = U256> {
    (any::<[u64; 4]>(), 0..256_usize).prop_map(|(limbs, shift)| U256::from_limbs(limbs) >> shift)
}

proptest! {
    #[test]
    fn read_as_written(padding in any_padding(), height: u8, root: Hash) {
        for id in [
            PieceId::Version1(root),
            PieceId::SealedSector(root),
            PieceId::Version2(SizedPiece { root, height, padding }),
        ] {
            prop_assert_eq!(&PieceId::from_bytes(&id.to_bytes()), &Ok(id));
            prop_assert_eq!(&id.to_string().parse(), &Ok(id));
        }
    }

    /// What is read is printed as it was, whatever it was.
    #[test]
    fn one_form_each(
        prefix in prop::sample::select(vec![VERSION_1, SEALED_SECTOR, VERSION_2]),
        length in 0x20..0x2a_u8,
        rest in prop::collection::vec(prop_oneof![Just(0x80), Just(0), any::<u8>()], 31..44),
    ) {
        let bytes = [prefix, &[length], &rest].concat();
        if let Ok(id) = PieceId::from_bytes(&bytes) {
            prop_assert_eq!(id.to_bytes(), bytes);
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..90), text in "b?[a-z2-7]{0,140}|\\PC{0,140}") {
        let _ = PieceId::from_bytes(&bytes);
        let _ = PieceId::from_bytes(&[VERSION_2, &bytes].concat());
        let _ = text.parse::<PieceId>();
    }

    /// The formulas of A3 without any bound on numbers.
    #[test]
    fn sizes_as_exact_integers(padding in any_padding(), height: u8) {
        let big = BigUint::from_bytes_le(&padding.to_le_bytes::<32>());
        let piece = piece(padding, height);
        let padded = &big * 128_u32 / 127_u32;
        let size = BigUint::from(32_u32) << height;
        prop_assert_eq!(piece.has_excessive_padding(), padded >= size);
        let minus = |whole: BigUint, part: BigUint| {
            (whole >= part).then(|| whole - part).filter(|left| left.bits() <= 64)
        };
        let leaves = minus(BigUint::from(1_u32) << height, &padded / 32_u32);
        let raw = height.checked_sub(2).and_then(|quads| minus(BigUint::from(127_u32) << quads, big));
        let padded_size = minus(size, padded);
        // Where the whole exceeds 64 bits there is no answer either, though a difference might fit.
        if height <= 56 {
            prop_assert_eq!(exact(piece.leaf_count()), leaves);
            prop_assert_eq!(exact(piece.padded_size()), padded_size);
            prop_assert_eq!(exact(piece.raw_size()), raw);
        }
    }

    /// The leaves into which the payload reaches are those that its bits fill, 254 each.
    #[test]
    fn leaves_are_those_of_the_payload(height in 2..=50_u8, share: u64) {
        let size = 127_u64 << (height - 2);
        let raw = share % size + 1;
        let piece = piece(U256::from(size - raw), height);
        prop_assert_eq!(piece.admit(), Ok(()));
        prop_assert_eq!(piece.raw_size(), Some(raw));
        let leaves = piece.leaf_count().unwrap();
        prop_assert_eq!(u128::from(leaves), (8 * u128::from(raw)).div_ceil(254));
        let bound = raw_upper_bound(U256::from(leaves)).unwrap();
        prop_assert!((raw..raw + 32).contains(&u64::try_from(bound).unwrap()));
    }
}
