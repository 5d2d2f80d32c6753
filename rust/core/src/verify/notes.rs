//! Annotations of a row as a canonical line.
//!
//! In: a row id and what the validator noted about the connection. Out: one line of canonical JSON without its LF. Rule:
//! scoring and rewards, 11.9 (`annotations`). Invariant: members are sorted and nothing needs escaping, so the text is
//! canonical by construction.

use data_encoding::HEXLOWER;

use crate::hash::Hash;

/// The first integer that canonical JSON has no number for.
const MAX_INTEGER: u64 = 1 << 53;

/// `{"address","asn","row_id","rtt_ns"}`, absent values null.
pub fn annotation_line(id: &Hash, address: Option<&[u8]>, asn: Option<u32>, rtt_ns: Option<u64>) -> String {
    let number = |value: Option<u64>| match value {
        None => "null".to_owned(),
        // Canonical JSON writes larger integers as text.
        Some(large @ MAX_INTEGER..) => format!("\"{large}\""),
        Some(value) => value.to_string(),
    };
    let address = address.map_or("null".to_owned(), |address| format!("\"{}\"", HEXLOWER.encode(address)));
    format!(
        r#"{{"address":{address},"asn":{},"row_id":"{}","rtt_ns":{}}}"#,
        number(asn.map(u64::from)),
        HEXLOWER.encode(id),
        number(rtt_ns),
    )
}
