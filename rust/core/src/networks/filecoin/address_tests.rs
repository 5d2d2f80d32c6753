use proptest::prelude::*;

use super::*;

const HASHED: &str = "f24vg6ut43yw2h2jqydgbg2xq7x6f4kub3bg6as6i";

fn parse(text: &str) -> Result<Address, AddressError> {
    Address::parse(text).map(|parsed| parsed.address)
}

fn any_address() -> impl Strategy<Value = Address> {
    let id = 0..=i64::MAX.unsigned_abs();
    prop_oneof![
        id.clone().prop_map(|id| Address::from_id(id).unwrap()),
        any::<[u8; 20]>().prop_map(|hash| Address(Payload::Secp256k1(hash))),
        any::<[u8; 20]>().prop_map(|hash| Address(Payload::Actor(hash))),
        prop::array::uniform32(any::<u8>()).prop_map(|half| {
            let mut key = [0; 48];
            key[..32].copy_from_slice(&half);
            Address::of_bls_key(&key)
        }),
        (id, prop::collection::vec(any::<u8>(), 0..=MAX_SUBADDRESS))
            .prop_map(|(namespace, subaddress)| Address::delegated(namespace, &subaddress).unwrap()),
        any::<[u8; 20]>().prop_map(|account| Address::from_ethereum(&account)),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(address in any_address()) {
        prop_assert_eq!(&Address::from_bytes(&address.to_bytes()).unwrap(), &address);
        for network in [Network::Main, Network::Test] {
            let text = address.in_network(network).to_string();
            prop_assert!(text.len() <= 115);
            let parsed = Parsed { address: address.clone(), network, has_leading_zeros: false };
            prop_assert_eq!(Address::parse(&text), Ok(parsed));
        }
        prop_assert_eq!(address.to_string(), address.in_network(Network::Main).to_string());
    }

    #[test]
    fn what_is_read_is_written_back(bytes in prop::collection::vec(any::<u8>(), 0..70), protocol in 0_u8..5) {
        for bytes in [bytes.clone(), [vec![protocol], bytes].concat()] {
            if let Ok(address) = Address::from_bytes(&bytes) {
                prop_assert_eq!(address.to_bytes(), bytes);
            }
        }
    }

    #[test]
    fn any_text_has_an_answer(text in "\\PC{0,120}", body in "[ft][0-4][a-zA-Z0-9]{0,113}") {
        let _ = Address::parse(&text);
        let _ = Address::parse(&body);
    }

    #[test]
    fn any_changed_character_is_refused(address in any_address(), at: prop::sample::Index, to in "[a-z2-7]") {
        // An id has no checksum.
        if address.id().is_none() {
            let text = address.to_string();
            let at = 2 + at.index(text.len() - 2);
            let changed = [&text[..at], &to, &text[at + 1..]].concat();
            prop_assert_eq!(changed == text, parse(&changed).is_ok());
        }
    }
}

#[test]
fn lengths_of_texts() {
    for text in ["", "f", "f0"] {
        assert_eq!(parse(text), Err(AddressError::TextLength { found: text.len() }));
    }
    let longest = Address::delegated(i64::MAX.unsigned_abs(), &[0xff; 54]).unwrap().to_string();
    assert_eq!(longest.len(), 115);
    assert!(parse(&longest).is_ok());
    assert_eq!(parse(&(longest + "a")), Err(AddressError::TextLength { found: 116 }));
    let wrong = |found| AddressError::BodyLength { protocol: Protocol::Actor, expected: 39, found };
    assert_eq!(parse(&HASHED[..40]), Err(wrong(38)));
    assert_eq!(parse(&format!("{HASHED}a")), Err(wrong(40)));
}

#[test]
fn letters_in_front() {
    assert_eq!(parse(&HASHED.replacen('f', "Q", 1)), Err(AddressError::Network { found: 'Q' }));
    assert_eq!(parse(&HASHED.replacen('f', "F", 1)), Err(AddressError::Network { found: 'F' }));
    assert_eq!(parse("é00"), Err(AddressError::Network { found: 'é' }));
    assert_eq!(parse(&HASHED.replacen('2', "5", 1)), Err(AddressError::Protocol { found: '5' }));
    assert_eq!(parse("fx0"), Err(AddressError::Protocol { found: 'x' }));
    assert_eq!(parse("f²0"), Err(AddressError::Protocol { found: '²' }));
    // The same payload under another protocol has another checksum.
    assert!(matches!(parse(&HASHED.replacen('2', "1", 1)), Err(AddressError::Checksum { .. })));
}

#[test]
fn a_text_of_another_network_is_refused_where_one_is_asked_for() {
    let test = HASHED.replacen('f', "t", 1);
    let wrong = AddressError::WrongNetwork { expected: Network::Main, found: Network::Test };
    assert_eq!(Address::parse_in(Network::Main, &test), Err(wrong));
    assert_eq!(Address::parse_in(Network::Test, &test), Address::parse(&test));
    assert_eq!(parse(&test), parse(HASHED));
    assert_eq!(wrong.to_string(), "address: expected one of the network f, found t");
}

#[test]
fn characters_of_base32() {
    let upper = HASHED.replace("4vg", "4Vg");
    assert_eq!(parse(&upper), Err(AddressError::UpperCase { at: 2, found: 'V' }));
    let one = HASHED.replace("4vg", "41g");
    assert_eq!(parse(&one), Err(AddressError::Character { at: 2, found: '1' }));
    // 39 characters hold 24 bytes and 3 bits; those of `i` are zero, and those of `j` are not.
    assert_eq!(parse(&format!("{}j", &HASHED[..40])), Err(AddressError::TailBits));
    // 9 characters hold 5 bytes and 5 bits: no number of bytes needs so many.
    assert_eq!(parse("f40faaaaaaaaa"), Err(AddressError::Base32Length { found: 9 }));
    assert_eq!(parse("f40faa"), Err(AddressError::SubaddressLength { found: 1 }));
}

#[test]
fn a_wrong_checksum_says_both() {
    let Err(AddressError::Checksum { expected, found }) = parse(&HASHED.replace("as6i", "as6a")) else {
        panic!("accepted");
    };
    assert_eq!(expected[..3], found[..3]);
    assert_ne!(expected, found);
}

#[test]
fn ids() {
    let leading = Address::parse("f00001").unwrap();
    assert!(leading.has_leading_zeros);
    assert_eq!((leading.address.id(), leading.address.to_string()), (Some(1), "f01".to_owned()));
    assert!(!Address::parse("f00").unwrap().has_leading_zeros);
    assert_eq!(parse("f09223372036854775807").unwrap().id(), Some(i64::MAX.unsigned_abs()));
    let number = Number::Id;
    assert_eq!(parse("f09223372036854775808"), Err(AddressError::Range { number }));
    assert_eq!(parse("f010000000000000000000"), Err(AddressError::Digits { number, found: 20 }));
    assert_eq!(parse("f000000000000000000001"), Err(AddressError::Digits { number, found: 20 }));
    assert_eq!(parse("f01a"), Err(AddressError::NotDecimal { number, found: 'a' }));
    assert_eq!(parse("f0-1"), Err(AddressError::NotDecimal { number, found: '-' }));
    assert_eq!(parse("f0+1"), Err(AddressError::NotDecimal { number, found: '+' }));
    assert_eq!(Address::from_id(1 << 63), Err(AddressError::Range { number }));
}

#[test]
fn ids_in_bytes() {
    let read = Address::from_bytes;
    let number = Number::Id;
    assert_eq!(read(&[]), Err(AddressError::Empty));
    assert_eq!(read(&[5, 1]), Err(AddressError::ProtocolByte { found: 5 }));
    assert_eq!(read(&[0]), Err(AddressError::UvarintEnd { number }));
    assert_eq!(read(&[0, 0x80]), Err(AddressError::UvarintEnd { number }));
    assert_eq!(read(&[0, 0x80, 0]), Err(AddressError::UvarintNotShortest { number }));
    assert_eq!(read(&[0, 1, 2]), Err(AddressError::AfterId { found: 1 }));
    let largest = [&[0], [0xff; 8].as_slice(), &[0x7f]].concat();
    assert_eq!(read(&largest).unwrap().id(), Some(i64::MAX.unsigned_abs()));
    let beyond = [&[0], [0xff; 9].as_slice(), &[1]].concat();
    assert_eq!(read(&beyond), Err(AddressError::Range { number }));
    assert_eq!(read(&[[0].as_slice(), &[0x80; 9], &[0]].concat()), Err(AddressError::Range { number }));
}

#[test]
fn payloads_in_bytes() {
    for (protocol, expected) in [(Protocol::Secp256k1, 20), (Protocol::Actor, 20), (Protocol::Bls, 48)] {
        for found in [0, expected - 1, expected + 1] {
            let bytes = [vec![protocol.number()], vec![7; found]].concat();
            let wrong = AddressError::PayloadLength { protocol, expected, found };
            assert_eq!(Address::from_bytes(&bytes), Err(wrong));
        }
    }
}

#[test]
fn delegated_addresses() {
    let number = Number::Namespace;
    assert_eq!(parse("f432"), Err(AddressError::Separator));
    assert_eq!(parse("f4faaaaaaaa"), Err(AddressError::Digits { number, found: 0 }));
    assert_eq!(parse("f4xf77777777x32lpna"), Err(AddressError::NotDecimal { number, found: 'x' }));
    assert_eq!(parse("f49223372036854775808f77777777x32lpna"), Err(AddressError::Range { number }));
    assert!(matches!(parse("f433f77777777x32lpna"), Err(AddressError::Checksum { .. })));
    let leading = Address::parse("f4032f77777777x32lpna").unwrap();
    assert!(leading.has_leading_zeros);
    assert_eq!(leading.address.to_string(), "f432f77777777x32lpna");

    let too_long = Err(AddressError::SubaddressLength { found: 55 });
    assert_eq!(Address::delegated(10, &[0; 55]), too_long);
    assert_eq!(Address::from_bytes(&[[4, 10].as_slice(), &[0; 55]].concat()), too_long);
    assert_eq!(Address::delegated(1 << 63, &[]), Err(AddressError::Range { number }));
    let beyond = [[4].as_slice(), &[0xff; 9], &[1]].concat();
    assert_eq!(Address::from_bytes(&beyond), Err(AddressError::Range { number }));
}

#[test]
fn only_twenty_bytes_in_namespace_ten_are_an_ethereum_account() {
    assert_eq!(Address::from_ethereum(&[7; 20]).ethereum(), Some([7; 20]));
    assert_eq!(Address::delegated(10, &[7; 19]).unwrap().ethereum(), None);
    assert_eq!(Address::delegated(11, &[7; 20]).unwrap().ethereum(), None);
    assert_eq!(parse(HASHED).unwrap().ethereum(), None);
}
