use proptest::option;
use proptest::prelude::*;

use super::{DIGITS, decimal, write_line, write_record};
use crate::spill::Key;

type Row = ([u8; 32], Option<Vec<u8>>, Option<u32>, Option<u64>);

fn record((id, address, asn, rtt_ns): &Row) -> (Vec<u8>, Vec<u8>) {
    let (mut key, mut payload) = (Key::new(), Vec::new());
    write_record(id, address.as_deref(), *asn, *rtt_ns, &mut key, &mut payload);
    (key.as_slice().to_vec(), payload)
}

fn line(row: &Row) -> String {
    let (key, payload) = record(row);
    let mut out = Vec::new();
    write_line(&key, &payload, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn rows() -> impl Strategy<Value = Row> {
    let byte = prop_oneof![Just(0), Just(1), Just(10), Just(0xff), any::<u8>()];
    let address =
        prop_oneof![proptest::collection::vec(byte.clone(), 4), proptest::collection::vec(byte, 16)];
    let asn = prop_oneof![0..20_u32, Just(100), any::<u32>()];
    let rtt = prop_oneof![0..1000_u64, (1 << 53) - 1..(1_u64 << 53) + 2, any::<u64>()];
    (any::<[u8; 32]>(), option::of(address), option::of(asn), option::of(rtt))
}

proptest! {
    #[test]
    fn the_line_is_canonical_json_of_the_row(row in rows()) {
        let text = line(&row);
        let (id, address, asn, rtt_ns) = &row;
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
        let rtt = match rtt_ns {
            Some(large) if *large >= 1 << 53 => serde_json::json!(large.to_string()),
            other => serde_json::json!(other),
        };
        let expected = serde_json::json!({
            "address": address.as_deref().map(hex), "asn": asn, "row_id": hex(id), "rtt_ns": rtt,
        });
        prop_assert_eq!(&value, &expected);
        // serde_json keeps members sorted and writes no spaces.
        prop_assert_eq!(text, expected.to_string());
    }

    #[test]
    fn records_sort_as_their_lines_do(a in rows(), b in rows()) {
        prop_assert_eq!(record(&a).cmp(&record(&b)), line(&a).cmp(&line(&b)));
    }

    #[test]
    fn records_that_differ_late_sort_as_their_lines_do(a in rows(), b in rows()) {
        let b = (b.0, a.1.clone(), b.2, b.3);
        prop_assert_eq!(record(&a).cmp(&record(&b)), line(&a).cmp(&line(&b)));
    }

    #[test]
    fn decimal_is_the_number_as_text(value: u64) {
        let mut digits = [0; DIGITS];
        prop_assert_eq!(decimal(value, &mut digits).to_vec(), value.to_string().into_bytes());
    }
}

#[test]
fn decimal_of_the_ends() {
    assert_eq!(decimal(0, &mut [0; DIGITS]), b"0");
    assert_eq!(decimal(u64::MAX, &mut [0; DIGITS]), b"18446744073709551615");
}
