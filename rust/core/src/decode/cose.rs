//! The binary envelope: `COSE_Sign1` (RFC 9052).
//!
//! In: the envelope's bytes. Out: its four parts and what its headers say. Rule: "uptime proof", section 1.2: an array of
//! four, bare or as `18(..)` or `61(18(..))`; alg protected; kid protected or not, but never both.
//! Invariant: what is signed is written from the protected and payload bytes as they were received.

use super::cbor::{self, Item, write_head};
use super::claims::MAX_DEPTH;
use super::distinct::Distinct;
use super::fault::Fault;
use crate::signature::Scheme;

/// Longest key id.
pub const MAX_KID: usize = 64;

/// The parts of an envelope whose shape is right.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// Content of the protected header's byte string.
    pub protected: &'a [u8],
    /// Content of the payload's byte string.
    pub payload: &'a [u8],
    /// Where the payload's content begins in the envelope.
    pub payload_offset: usize,
    /// Content of the signature's byte string.
    pub signature: &'a [u8],
    /// Bytes of the unprotected header, a well-formed map.
    pub unprotected: &'a [u8],
    /// Where the protected header's content begins in the envelope.
    protected_offset: usize,
    /// Where the unprotected header begins in the envelope.
    unprotected_offset: usize,
}

/// What the two headers say.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    /// The algorithm; `None` for one that this format does not have.
    pub algorithm: Option<Scheme>,
    /// The key id.
    pub kid: &'a [u8],
    /// Whether a `crit` entry stands in either header.
    pub has_crit: bool,
}

/// The scheme of a COSE algorithm number.
fn scheme(alg: i64) -> Option<Scheme> {
    match alg {
        -8 | -19 => Some(Scheme::Ed25519),
        -7 | -9 => Some(Scheme::P256),
        -47 => Some(Scheme::Secp256k1),
        _ => None,
    }
}

/// Takes an envelope apart.
pub fn parts<'a>(envelope: &'a [u8], names: &mut Distinct) -> Result<Parts<'a>, Fault> {
    const SHAPE: &str = "COSE_Sign1: an array of four, or 18(..) or 61(18(..)) around one";
    let mut reader = cbor::Reader::new(envelope, MAX_DEPTH, names)?;
    let mut item = reader.item()?;
    if item == Item::Tag(61) {
        item = reader.item()?;
        if item != Item::Tag(18) {
            return Err(Fault::named(0, SHAPE, item.kind()));
        }
    }
    if item == Item::Tag(18) {
        item = reader.item()?;
    }
    if item != Item::Array(4) {
        return Err(Fault::named(0, SHAPE, item.kind()));
    }
    reader.enter_array()?;
    let protected = bytes(&mut reader, "a protected header in a byte string")?;
    let protected_offset = reader.offset() - protected.len();
    let unprotected_offset = reader.offset();
    let unprotected = reader.item()?;
    if !matches!(unprotected, Item::Map(_)) {
        return Err(Fault::named(
            unprotected_offset,
            "an unprotected header that is a map",
            unprotected.kind(),
        ));
    }
    reader.skip_content(unprotected)?;
    let unprotected = envelope.get(unprotected_offset..reader.offset()).unwrap_or_default();
    let payload = bytes(&mut reader, "a payload in a byte string")?;
    let payload_offset = reader.offset() - payload.len();
    let signature = bytes(&mut reader, "a signature in a byte string")?;
    reader.leave();
    reader.finish()?;
    Ok(Parts {
        protected,
        payload,
        payload_offset,
        signature,
        unprotected,
        protected_offset,
        unprotected_offset,
    })
}

fn bytes<'a>(reader: &mut cbor::Reader<'a, '_>, expected: &'static str) -> Result<&'a [u8], Fault> {
    let offset = reader.offset();
    match reader.item()? {
        Item::Bytes(bytes) => Ok(bytes),
        other => Err(Fault::named(offset, expected, other.kind())),
    }
}

/// The labels of one header: small integers as bits, any others as they are, one after the other.
#[derive(Default)]
struct Labels {
    small: u128,
    others: Vec<Box<[u8]>>,
}

impl Labels {
    fn add(&mut self, label: Item<'_>, value: &[u8]) {
        match label {
            Item::Unsigned(number @ 0..64) => self.small |= 1 << number,
            Item::Negative(number @ 0..64) => self.small |= 1 << (number + 64),
            _ => self.others.push(value.into()),
        }
    }

    fn meets(mut self, mut other: Self) -> bool {
        if self.small & other.small != 0 {
            return true;
        }
        self.others.sort_unstable();
        other.others.sort_unstable();
        self.others.iter().any(|label| other.others.binary_search(label).is_ok())
    }
}

/// What one of the two headers says.
#[derive(Default)]
struct Entries<'a> {
    labels: Labels,
    has_alg: bool,
    algorithm: Option<Scheme>,
    kid: Option<&'a [u8]>,
    has_crit: bool,
}

fn entries<'a>(header: &'a [u8], is_protected: bool, names: &mut Distinct) -> Result<Entries<'a>, Fault> {
    let mut reader = cbor::Reader::new(header, MAX_DEPTH, names)?;
    let pairs = match reader.item()? {
        Item::Map(pairs) if pairs > 0 || !is_protected => pairs,
        Item::Map(_) => return Err(Fault::named(0, "a header with entries", "an empty map")),
        other => return Err(Fault::named(0, "a header that is a map", other.kind())),
    };
    let mut found = Entries::default();
    // A broken rule waits until the header is known to be well-formed; which of the two is named changes no verdict.
    let mut refusal = None;
    let mut map = reader.enter_map(pairs)?;
    while let Some(label) = reader.next_key(&mut map)? {
        found.labels.add(label, reader.last_key());
        let offset = reader.offset();
        let item = reader.item()?;
        match (label, item) {
            (Item::Unsigned(1), Item::Unsigned(_) | Item::Negative(_)) => {
                found.has_alg = true;
                found.algorithm = item.as_i64().and_then(scheme);
            }
            (Item::Unsigned(1), Item::Text(_)) => found.has_alg = true,
            (Item::Unsigned(1), _) => {
                refusal.get_or_insert(Fault::named(offset, "alg, an integer or a text", item.kind()));
            }
            (Item::Unsigned(2), _) => found.has_crit = true,
            (Item::Unsigned(4), Item::Bytes(kid)) if (1..=MAX_KID).contains(&kid.len()) => {
                found.kid = Some(kid);
            }
            (Item::Unsigned(4), _) => {
                refusal.get_or_insert(Fault::named(offset, "kid of 1 to 64 bytes", item.kind()));
            }
            _ => {}
        }
        reader.skip_content(item)?;
    }
    reader.finish()?;
    refusal.map_or(Ok(found), Err)
}

/// Reads both headers.
pub fn header<'a>(parts: &Parts<'a>, names: &mut Distinct) -> Result<Header<'a>, Fault> {
    let shift = |by: usize| move |fault: Fault| Fault { offset: fault.offset + by, ..fault };
    let protected = entries(parts.protected, true, names).map_err(shift(parts.protected_offset))?;
    let unprotected = entries(parts.unprotected, false, names).map_err(shift(parts.unprotected_offset))?;
    let missing = |expected, found| Fault::named(parts.protected_offset, expected, found);
    if !protected.has_alg {
        return Err(missing("alg in the protected header", "none"));
    }
    let kid = protected.kid.or(unprotected.kid).ok_or_else(|| missing("kid in a header", "none"))?;
    let has_crit = protected.has_crit || unprotected.has_crit;
    if protected.labels.meets(unprotected.labels) {
        return Err(Fault::named(parts.unprotected_offset, "a label in one of the headers", "one in both"));
    }
    Ok(Header { algorithm: protected.algorithm, kid, has_crit })
}

/// Appends the bytes that a `COSE_Sign1` signature covers.
pub fn write_signed_bytes(protected: &[u8], payload: &[u8], out: &mut Vec<u8>) {
    out.reserve(protected.len() + payload.len() + 32);
    out.extend_from_slice(b"\x84\x6aSignature1");
    write_head(2, protected.len() as u64, out);
    out.extend_from_slice(protected);
    out.push(0x40);
    write_head(2, payload.len() as u64, out);
    out.extend_from_slice(payload);
}

#[cfg(test)]
#[path = "cose_tests.rs"]
mod tests;
