use proptest::prelude::*;

use super::*;

fn message() -> Message {
    Message {
        to: Address::from_id(0).unwrap(),
        from: Address::from_id(150).unwrap(),
        nonce: 1,
        value: BigInt::from(100_000),
        gas_limit: 25_000,
        gas_fee_cap: BigInt::from(1),
        gas_premium: BigInt::ZERO,
        method: 0,
        params: vec![],
    }
}

/// The message above, written by hand.
const ENCODED: &[u8] = &[
    0x8a, 0x00, 0x42, 0x00, 0x00, 0x43, 0x00, 0x96, 0x01, 0x01, 0x44, 0x00, 0x01, 0x86, 0xa0, 0x19, 0x61,
    0xa8, 0x42, 0x00, 0x01, 0x40, 0x00, 0x40,
];

/// The encoding with the bytes in `range` replaced.
fn with(range: std::ops::Range<usize>, bytes: &[u8]) -> Vec<u8> {
    [&ENCODED[..range.start], bytes, &ENCODED[range.end..]].concat()
}

#[test]
fn a_message_by_hand() {
    assert_eq!(message().encode(), ENCODED);
    assert_eq!(Message::decode(ENCODED), Ok(message()));
    assert_eq!(message().cid(), cid_of(ENCODED));
    assert_eq!(message().cid()[..6], CID_PREFIX);
}

#[test]
fn longer_encodings_are_refused_where_they_begin() {
    for (range, longer) in [
        (0..1, &[0x98, 10][..]),
        (1..2, &[0x18, 0]),
        (2..3, &[0x58, 2]),
        (9..10, &[0x18, 1]),
        (10..11, &[0x59, 0, 4]),
        (15..18, &[0x1a, 0, 0, 0x61, 0xa8]),
        (22..23, &[0x1b, 0, 0, 0, 0, 0, 0, 0, 0]),
        (23..24, &[0x5b, 0, 0, 0, 0, 0, 0, 0, 0]),
    ] {
        let offset = range.start;
        assert_eq!(Message::decode(&with(range, longer)), Err(MessageError::NotShortest { offset }));
    }
}

#[test]
fn big_integers_have_one_form() {
    let value = |bytes: &[u8]| {
        let mut out = Vec::new();
        write_bytes(bytes, &mut out);
        Message::decode(&with(10..15, &out)).map(|message| message.value)
    };
    assert_eq!(value(&[]), Ok(BigInt::ZERO));
    assert_eq!(value(&[1, 5]), Ok(BigInt::from(-5)));
    assert_eq!(value(&[2, 5]), Err(MessageError::Sign { member: "value", found: 2 }));
    for zero in [&[0][..], &[1], &[0, 0], &[0, 0, 5], &[1, 0, 5]] {
        assert_eq!(value(zero), Err(MessageError::LeadingZero { member: "value" }), "{zero:?}");
    }
    let longest = [vec![0], vec![0xff; 127]].concat();
    assert_eq!(value(&longest), Ok((BigInt::from(1) << 1016) - 1));
    let longer = [longest, vec![0]].concat();
    assert_eq!(value(&longer), Err(MessageError::BigIntegerLength { member: "value", found: 129 }));
}

#[test]
fn the_shape_is_checked() {
    let says = |bytes: &[u8]| Message::decode(bytes).unwrap_err().to_string();
    assert_eq!(says(&with(0..1, &[0x88])), "message, array: expected an array of 10, found 8 at byte 0");
    assert_eq!(
        says(&with(0..1, &[0x9f])),
        "message, array: expected a definite length, found an indefinite one at byte 0"
    );
    assert_eq!(says(&with(1..2, &[1])), "message, version: expected version 0, found 1 at byte 1");
    assert_eq!(says(&with(2..3, &[0x62])), "message, to: expected a byte string, found a text at byte 2");
    assert_eq!(says(&with(2..5, &[0x40])), "message, to: address: expected a protocol byte, found no bytes");
    assert_eq!(
        says(&with(9..10, &[0x20])),
        "message, nonce: expected an integer from 0 on, found a negative integer at byte 9"
    );
    assert_eq!(
        says(&with(15..18, &[0x1b, 0x80, 0, 0, 0, 0, 0, 0, 0])),
        "message, gas limit: expected an integer of 64 signed bits, found 9223372036854775808 at byte 15"
    );
    assert_eq!(
        says(&[ENCODED, &[0]].concat()),
        "message, end: expected the end of the CBOR item, found byte 0x00 at byte 24"
    );
    for end in 0..ENCODED.len() {
        assert!(matches!(Message::decode(&ENCODED[..end]), Err(MessageError::Cbor { .. })), "{end}");
    }
}

#[test]
fn a_negative_gas_limit_has_its_encoding() {
    for (gas_limit, bytes) in [
        (-1, &[0x20][..]),
        (-25_000, &[0x39, 0x61, 0xa7]),
        (i64::MIN, &[0x3b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    ] {
        let negative = Message { gas_limit, ..message() };
        assert_eq!(negative.encode(), with(15..18, bytes));
        assert_eq!(Message::decode(&negative.encode()), Ok(negative));
    }
}

proptest! {
    #[test]
    fn any_message_is_read_back(
        nonce: u64, method: u64, gas_limit: i64, value: i128, cap: u128, id in 0_u64..1 << 63, account: [u8; 20],
        params in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let written = Message {
            to: Address::from_ethereum(&account),
            from: Address::from_id(id).unwrap(),
            nonce, method, gas_limit, params,
            value: value.into(),
            gas_fee_cap: cap.into(),
            gas_premium: BigInt::from(cap) * value,
        };
        prop_assert_eq!(Message::decode(&written.encode()), Ok(written));
    }

    /// No two encodings of one message: what is accepted is what would be written.
    #[test]
    fn a_changed_byte_gives_another_message_or_none(at in 0..24_usize, to: u8, cut in 0..3_usize) {
        let mut bytes = ENCODED.to_vec();
        bytes[at] = to;
        bytes.truncate(ENCODED.len() - cut);
        if let Ok(read) = Message::decode(&bytes) {
            prop_assert_eq!(read.encode(), bytes);
        }
    }
}
