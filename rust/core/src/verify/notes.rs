//! Annotations of a row as a canonical line, and as a shorter record that sorts as the line does.
//!
//! In: a row id and what the validator noted about the connection. Out: key and payload of a record, and from them one
//! line of canonical JSON without its LF: `{"address","asn","row_id","rtt_ns"}`, absent values null. Rule: scoring and
//! rewards, 11.9 (`annotations`). Invariant: members are sorted and nothing needs escaping, so the text is canonical by
//! construction; ascending keys are ascending lines, because in both a value ends before a longer one that it begins,
//! null comes last, numbers are compared as text, and no two rows agree in what stands before `rtt_ns`.

use data_encoding::HEXLOWER;

use crate::hash::Hash;
use crate::spill::{Key, KeyReader};

/// The first integer that canonical JSON has no number for.
const MAX_INTEGER: u64 = 1 << 53;

/// Writes the record of a row; both buffers are cleared first.
pub fn write_record(
    id: &Hash,
    address: Option<&[u8]>,
    asn: Option<u32>,
    rtt_ns: Option<u64>,
    key: &mut Key,
    payload: &mut Vec<u8>,
) {
    key.clear()
        .nullable(address, |key, address| _ = key.bytes(address))
        .nullable(asn, |key, asn| _ = key.bytes(decimal(u64::from(asn), &mut [0; DIGITS])))
        .fixed(id);
    payload.clear();
    payload.extend(rtt_ns.iter().flat_map(|rtt| rtt.to_be_bytes()));
}

/// Appends the line of a record; `None` where it is none.
pub fn write_line(key: &[u8], payload: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let mut reader = KeyReader::new(key);
    out.extend_from_slice(br#"{"address":"#);
    if reader.is_present()? {
        let mut address = Vec::with_capacity(16);
        reader.bytes(&mut address)?;
        out.push(b'"');
        write_hex(&address, out);
        out.push(b'"');
    } else {
        out.extend_from_slice(b"null");
    }
    out.extend_from_slice(br#","asn":"#);
    if reader.is_present()? {
        reader.bytes(out)?;
    } else {
        out.extend_from_slice(b"null");
    }
    out.extend_from_slice(br#","row_id":""#);
    write_hex(&reader.fixed::<32>()?, out);
    out.extend_from_slice(br#"","rtt_ns":"#);
    match payload.first_chunk::<8>().map(|rtt| u64::from_be_bytes(*rtt)) {
        None => out.extend_from_slice(b"null"),
        // Canonical JSON writes larger integers as text.
        Some(large @ MAX_INTEGER..) => {
            out.push(b'"');
            out.extend_from_slice(decimal(large, &mut [0; DIGITS]));
            out.push(b'"');
        }
        Some(rtt) => out.extend_from_slice(decimal(rtt, &mut [0; DIGITS])),
    }
    out.push(b'}');
    Some(())
}

fn write_hex(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + 2 * bytes.len(), 0);
    if let Some(text) = out.get_mut(start..) {
        HEXLOWER.encode_mut(bytes, text);
    }
}

/// Digits of the largest 64-bit integer.
pub const DIGITS: usize = 20;

/// An integer as text; millions of them are written, which `format!` is slow at.
pub fn decimal(value: u64, digits: &mut [u8; DIGITS]) -> &[u8] {
    let mut rest = value;
    let mut start = DIGITS;
    for (at, digit) in digits.iter_mut().enumerate().rev() {
        // A remainder of ten fits.
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        start = at;
        if rest == 0 {
            break;
        }
    }
    digits.get(start..).unwrap_or_default()
}

#[cfg(test)]
#[path = "notes_tests.rs"]
mod tests;
