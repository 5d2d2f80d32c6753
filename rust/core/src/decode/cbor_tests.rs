use data_encoding::HEXLOWER_PERMISSIVE as HEX;
use proptest::prelude::*;

use super::*;

fn bytes(hex: &str) -> Vec<u8> {
    HEX.decode(hex.replace(' ', "").as_bytes()).unwrap()
}

fn is_accepted(hex: &str) -> bool {
    check(&bytes(hex), 8).is_ok()
}

fn first(hex: &str) -> f64 {
    let input = bytes(hex);
    let mut names = Distinct::new();
    match Reader::new(&input, 8, &mut names).unwrap().item() {
        Ok(Item::Float(value)) => value,
        other => panic!("{hex}: {other:?}"),
    }
}

#[test]
fn examples_of_the_standard_are_read() {
    for hex in [
        "00",
        "17",
        "1818",
        "1903e8",
        "1a000f4240",
        "1b000000e8d4a51000",
        "1bffffffffffffffff",
        "20",
        "3903e7",
        "3bffffffffffffffff",
        "c249010000000000000000",
        "f90000",
        "f97c00",
        "fb3ff199999999999a",
        "fa47c35000",
        "f4",
        "f5",
        "f6",
        "f7",
        "f0",
        "f8ff",
        "c074323031332d30332d32315432303a30343a30305a",
        "c1fb41d452d9e8000000",
        "40",
        "4401020304",
        "60",
        "6161",
        "62225c",
        "62c3bc",
        "64f0908591",
        "80",
        "83010203",
        "8301820203820405",
        "98190102030405060708090a0b0c0d0e0f101112131415161718181819",
        "a0",
        "a201020304",
        "a26161016162820203",
        "a56161614161626142616361436164614461656145",
    ] {
        assert!(is_accepted(hex), "{hex}");
    }
}

#[test]
fn longer_forms_than_needed_are_accepted() {
    for hex in [
        "1800",
        "190000",
        "1a00000000",
        "1b0000000000000000",
        "5800",
        "7b0000000000000000",
        "9800",
        "b800",
        "d802 00",
        "3817",
    ] {
        assert!(is_accepted(hex), "{hex}");
    }
}

#[test]
fn indefinite_and_ill_formed_items_are_refused() {
    for hex in [
        "",
        "18",
        "19",
        "1900",
        "1a000000",
        "1b00000000000000",
        "1c",
        "1d",
        "1e",
        "3c",
        "5d",
        "7e",
        "9c",
        "bd",
        "dc",
        "fc",
        "fd",
        "fe", // reserved
        "1f",
        "3f",
        "5f",
        "7f",
        "9f",
        "bf",
        "df",
        "5f4100ff",
        "7f6161ff",
        "9fff",
        "bfff",
        "ff",
        "81ff", // indefinite, break
        "f800",
        "f818",
        "f81f",
        "f8", // simple values below 32 in two bytes
        "f900",
        "fa000000",
        "fb00000000000000", // cut floats
        "41",
        "6261",
        "5affffffff00",
        "5bffffffffffffffff010203",
        "7bffffffffffffffff", // strings beyond the end
        "81",
        "8201",
        "9bffffffffffffffff",
        "a1",
        "a101",
        "a20102",
        "bbffffffffffffffff0102",
        "c0", // containers beyond the end
        "0000",
        "8000",
        "f600", // bytes after the item
        "61ff",
        "62c328",
        "63eda080", // no UTF-8
    ] {
        assert!(!is_accepted(hex), "{hex}");
    }
}

#[test]
fn keys_are_duplicates_if_equal_as_values() {
    for hex in [
        "a2 0a00 0a00",
        "a2 0a00 180a00",
        "a2 190100 00 1a00000100 00",
        "a2 2000 380000",
        "a2 6161 00 780161 00",
        "a2 4101 00 580101 00",
        "a2 f93c00 00 fa3f800000 00",
        "a2 fa3f800000 00 fb3ff0000000000000 00",
        "a2 f97e00 00 fb7ff8000000000000 00",
        "a2 f600 f600",
        "a2 f8ff00 f8ff00",
        "a2 80 00 9800 00",
        "a2 8101 00 811801 00",
        "a2 c101 00 d80101 00",
        "a3 0100 0200 180100",
        "a3 0100 0200 0100",
        "a3 0100 2000 0100",
        "a3 2000 0100 2000",
        "a4 0100 2000 2100 380100",
        "a2 a201020304 00 a203040102 00", // a map as a key, its pairs in another order
        "a2 a2 01 02 03 a2 05060708 00 a2 1803 a2 07080506 01 02 00",
        "a1 a2 0100 180100 00", // inside a key
        "a1 00 a1 00 a2 0000 0000",
        "a1 81 a2 0000 0000 00",
        "a1 c1 a2 0000 0000 00",
    ] {
        let fault = check(&bytes(hex), 8).expect_err(hex);
        assert_eq!(fault.found, Found::Named("a key twice"), "{hex}");
    }
    for hex in [
        "a2 0100 2000",
        "a2 2000 0100",
        "a4 0100 180200 2000 2100",
        "a2 0100 613100",
        "a2 6161 00 4161 00",
        "a2 0100 f93c0000", // an integer and a float are two values
        "a2 f90000 00 f98000 00",
        "a2 c10100 c20100",
        "a2 0100 c10100",
        "a2 f400 0000",
        "a2 8101 00 8102 00",
        "a2 f97e00 00 f97e01 00",
        "a2 a10102 00 a10103 00",
        "a1 00 a1 00 a1 0000",
        "a2 00 a10000 01 a10000",
    ] {
        assert!(is_accepted(hex), "{hex}");
    }
    assert_eq!(check(&bytes("a3 0200 0100 180200"), 8).unwrap_err().offset, 5);
}

#[test]
fn many_keys_out_of_order_are_told_apart() {
    let map = |keys: &[u64]| {
        let mut out = Vec::new();
        write_head(5, keys.len() as u64, &mut out);
        for key in keys {
            write_head(0, *key, &mut out);
            out.push(0xf6);
        }
        out
    };
    let mut keys: Vec<u64> = (0..50_000).map(|number| number * 7919 % 50_021).collect();
    assert!(check(&map(&keys), 8).is_ok());
    keys.push(4_711);
    assert_eq!(check(&map(&keys), 8).unwrap_err().found, Found::Named("a key twice"));
}

#[test]
fn depth_counts_arrays_maps_and_tags_inside_the_outermost() {
    let nested = |head: u8, depth: usize, inner: u8| [vec![head; depth], vec![inner]].concat();
    assert!(check(&nested(0x81, 7, 0x80), 8).is_ok());
    assert_eq!(check(&nested(0x81, 8, 0x80), 8), Err(Fault::number(9, "less nesting", 9)));
    assert!(check(&nested(0x81, 8, 0x00), 8).is_ok());
    assert!(check(&nested(0x81, 8, 0xc1), 8).is_err(), "a tag is a level");
    assert!(is_accepted("8181818181818181 00") && !is_accepted("81818181818181c1 c100"));
    assert!(is_accepted("d83d d2 8181818181818181 00"), "tags around the outermost array are outside");
    assert!(is_accepted("c1c1c1c1c1c1c1c1c1c1 00"));
    assert!(is_accepted("a1 a1 a1 a1 a1 a1 a1 a1 00 00 00 00 00 00 00 00 00"), "keys nest as well");
    assert!(!is_accepted("a1 a1 a1 a1 a1 a1 a1 a1 a0 00 00 00 00 00 00 00 00 00"));
    // Hostile nesting of any length neither overflows the stack nor takes long.
    for head in [0x81, 0xa1, 0xc1, 0xd8] {
        assert!(check(&vec![head; 1 << 20], 8).is_err());
        assert!(check(&vec![head; 4096], 8).is_err());
    }
}

#[test]
fn lengths_that_lie_cost_nothing() {
    assert!(!is_accepted("9a7fffffff"));
    assert!(!is_accepted("ba7fffffff 00"));
    assert!(!is_accepted("5b7fffffffffffffff 00"));
    assert!(!is_accepted("a1 9a7fffffff 00"), "an array as a key");
}

#[test]
fn floats_are_widened_without_loss() {
    for (hex, value) in [
        ("f90000", 0.0),
        ("f93c00", 1.0),
        ("f93e00", 1.5),
        ("f97bff", 65504.0),
        ("f90001", 5.960_464_477_539_063e-8),
        ("f90400", 0.000_061_035_156_25),
        ("f9c400", -4.0),
        ("f903ff", 6.097_555_160_522_461e-5),
        ("fa47c35000", 100_000.0),
        ("fa7f7fffff", 3.402_823_466_385_288_6e38),
        ("fa00000001", 1.401_298_464_324_817e-45),
        ("fb7e37e43c8800759c", 1.0e300),
        ("f97c00", f64::INFINITY),
        ("f9fc00", f64::NEG_INFINITY),
        ("fa7f800000", f64::INFINITY),
    ] {
        assert_eq!(first(hex).to_bits(), value.to_bits(), "{hex}");
    }
    assert_eq!(first("f98000").to_bits(), (-0.0_f64).to_bits());
    assert_eq!(first("f97e01").to_bits(), 0x7ff8_0400_0000_0000);
    assert_eq!(first("fa7f800001").to_bits(), 0x7ff0_0000_2000_0000, "a signalling NaN stays one");
    for bits in 0..=u16::MAX {
        let value = widen_half(bits);
        if bits & 0x7c00 != 0x7c00 {
            let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
            let size = if exponent == 0 {
                fraction * 2_f64.powi(-24)
            } else {
                (1024.0 + fraction) * 2_f64.powi(exponent - 25)
            };
            assert_eq!(value.abs().to_bits(), size.to_bits());
            assert_eq!(value.is_sign_negative(), bits >> 15 == 1);
        }
    }
}

/// Any well-formed item with distinct keys, in any length of heads.
fn any_item() -> impl Strategy<Value = Vec<u8>> {
    let head = |major: u8, value: u64, wide: bool| {
        let mut out = Vec::new();
        if wide {
            out.push(major << 5 | 0x1b);
            out.extend_from_slice(&value.to_be_bytes());
        } else {
            write_head(major, value, &mut out);
        }
        out
    };
    let leaf = prop_oneof![
        (0..2_u8, any::<u64>(), any::<bool>()).prop_map(move |(major, value, wide)| head(major, value, wide)),
        any::<Vec<u8>>().prop_map(move |bytes| [head(2, bytes.len() as u64, false), bytes].concat()),
        any::<String>().prop_map(move |text| [head(3, text.len() as u64, true), text.into_bytes()].concat()),
        any::<f64>().prop_map(|value| [vec![0xfb], value.to_bits().to_be_bytes().to_vec()].concat()),
        (20..24_u8).prop_map(|value| vec![0xe0 | value]),
    ];
    leaf.prop_recursive(3, 24, 5, move |inner| {
        prop_oneof![
            (prop::collection::vec(inner.clone(), 0..5), any::<bool>()).prop_map(move |(items, wide)| [
                head(4, items.len() as u64, wide),
                items.concat()
            ]
            .concat()),
            prop::collection::vec(inner.clone(), 0..5).prop_map(move |items| {
                let pairs = items.iter().enumerate().rev();
                let pairs =
                    pairs.map(|(index, item)| [head(0, index as u64, index % 2 == 0), item.clone()].concat());
                [head(5, items.len() as u64, false), pairs.collect::<Vec<_>>().concat()].concat()
            }),
            (0..1000_u64, inner).prop_map(move |(tag, item)| [head(6, tag, false), item].concat()),
        ]
    })
}

proptest! {
    #[test]
    fn well_formed_items_are_accepted_and_their_parts_refused(item in any_item()) {
        prop_assert!(check(&item, 8).is_ok(), "{:02x?}", item);
        prop_assert!(check(&item[..item.len() - 1], 8).is_err());
        prop_assert!(check(&[item.as_slice(), &[0]].concat(), 8).is_err());
    }

    #[test]
    fn one_value_twice_as_a_key_is_found(item in any_item()) {
        let map = [vec![0xa2], item.clone(), vec![0], item, vec![0]].concat();
        prop_assert_eq!(check(&map, 16).unwrap_err().found, Found::Named("a key twice"));
    }

    #[test]
    fn never_panics(input in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = check(&input, 8);
    }
}
