//! What the two ECDSA curves share: encodings of signatures, ranges of r and s, digests, encodings of keys.
//!
//! In: signature bytes and a rule. Out: r and s as 64 bytes, checked, or the reason why not. Rule: signature verification,
//! section 3.
//! Invariant: a signature that leaves this file has 1 <= r, s < n, and s <= (n-1)/2 where the rule says so.

use sha2::Sha256;
use sha3::{Digest, Keccak256};

use super::scheme::{EcdsaDigest, EcdsaEncoding, EcdsaRule, SPolicy, SignatureVerdict};

/// The largest DER signature: two 33-byte integers with their headers.
const MAX_DER: usize = 72;

/// r and s, big endian, and the recovery bit where the encoding has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scalars {
    pub(super) rs: [u8; 64],
    pub(super) y_is_odd: Option<bool>,
}

impl Scalars {
    /// r, big endian.
    pub(super) fn r(&self) -> [u8; 32] {
        let mut r = [0; 32];
        r.copy_from_slice(&self.rs[..32]);
        r
    }

    /// s, big endian.
    pub(super) fn s(&self) -> [u8; 32] {
        let mut s = [0; 32];
        s.copy_from_slice(&self.rs[32..]);
        s
    }
}

/// A signature whose encoding and ranges are right, and what it is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opened<'a> {
    pub(super) scalars: Scalars,
    pub(super) message: &'a [u8],
}

/// A big-endian number in words, the lowest first.
pub(super) fn words(bytes: &[u8; 32]) -> [u64; 4] {
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().rev().zip(bytes.chunks_exact(8)) {
        *word = bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    }
    words
}

/// Both coordinates of an uncompressed point.
pub(super) fn coordinates(uncompressed: &[u8; 65]) -> [[u64; 4]; 2] {
    let mut halves = [[0; 32]; 2];
    for (half, bytes) in halves.iter_mut().zip(uncompressed[1..].chunks_exact(32)) {
        half.copy_from_slice(bytes);
    }
    halves.map(|half| words(&half))
}

/// The order of a curve's group, and half of it rounded down, big endian.
pub(super) struct Order {
    pub(super) n: [u8; 32],
    pub(super) half: [u8; 32],
}

/// Decodes a signature, and checks the ranges of its two numbers and the length of a digest that is given.
pub(super) fn open<'a>(
    rule: EcdsaRule,
    order: &Order,
    message: &'a [u8],
    signature: &[u8],
) -> Result<Opened<'a>, SignatureVerdict> {
    let scalars = open_scalars(rule, order, signature)?;
    if rule.digest == EcdsaDigest::Given && message.len() != 32 {
        return Err(SignatureVerdict::BadEncoding);
    }
    Ok(Opened { scalars, message })
}

/// Decodes a signature and checks the ranges of its two numbers.
pub(super) fn open_scalars(
    rule: EcdsaRule,
    order: &Order,
    signature: &[u8],
) -> Result<Scalars, SignatureVerdict> {
    let scalars = match rule.encoding {
        EcdsaEncoding::Der => Scalars { rs: read_der(signature)?, y_is_odd: None },
        EcdsaEncoding::P1363 => {
            Scalars { rs: signature.try_into().map_err(|_| SignatureVerdict::BadEncoding)?, y_is_odd: None }
        }
        EcdsaEncoding::Recoverable => read_recoverable(signature)?,
    };
    let (r, s) = scalars.rs.split_at(32);
    let in_range = |number: &[u8]| number < order.n.as_slice() && number.iter().any(|&byte| byte != 0);
    if !in_range(r) || !in_range(s) {
        return Err(SignatureVerdict::ScalarRange);
    }
    if rule.s == SPolicy::LowS && s > order.half.as_slice() {
        return Err(SignatureVerdict::HighS);
    }
    Ok(scalars)
}

fn read_recoverable(signature: &[u8]) -> Result<Scalars, SignatureVerdict> {
    let (rs, v) = match signature.split_last_chunk::<1>() {
        Some((rs, [v])) => (rs, *v),
        None => return Err(SignatureVerdict::BadEncoding),
    };
    let y_is_odd = match v {
        0 | 27 => false,
        1 | 28 => true,
        _ => return Err(SignatureVerdict::BadEncoding),
    };
    let rs = rs.try_into().map_err(|_| SignatureVerdict::BadEncoding)?;
    Ok(Scalars { rs, y_is_odd: Some(y_is_odd) })
}

/// DER exactly; an integer of more than 32 bytes is well encoded and out of range.
fn read_der(signature: &[u8]) -> Result<[u8; 64], SignatureVerdict> {
    let body = match signature {
        [0x30, length, body @ ..] if signature.len() <= MAX_DER && usize::from(*length) == body.len() => body,
        _ => return Err(SignatureVerdict::BadEncoding),
    };
    let (r, rest) = read_integer(body)?;
    let (s, rest) = read_integer(rest)?;
    if !rest.is_empty() {
        return Err(SignatureVerdict::BadEncoding);
    }
    let mut rs = [0; 64];
    for (number, field) in [r, s].into_iter().zip(rs.chunks_exact_mut(32)) {
        let start = field.len().checked_sub(number.len()).ok_or(SignatureVerdict::ScalarRange)?;
        field[start..].copy_from_slice(number);
    }
    Ok(rs)
}

/// One non-negative INTEGER, minimal, without its leading zero; and what follows it.
fn read_integer(input: &[u8]) -> Result<(&[u8], &[u8]), SignatureVerdict> {
    let (number, rest) = match input {
        [0x02, length, rest @ ..] => {
            rest.split_at_checked(usize::from(*length)).ok_or(SignatureVerdict::BadEncoding)?
        }
        _ => return Err(SignatureVerdict::BadEncoding),
    };
    match number {
        [0, second, ..] if *second >= 0x80 => Ok((&number[1..], rest)),
        [0] => Ok((number, rest)),
        [first, ..] if (1..0x80).contains(first) => Ok((number, rest)),
        _ => Err(SignatureVerdict::BadEncoding),
    }
}

/// Writes r and s as DER; returns how many bytes of the buffer are used.
pub(super) fn write_der(rs: &[u8; 64], out: &mut [u8; MAX_DER]) -> usize {
    let mut at = 2;
    for number in rs.chunks_exact(32) {
        let zeros = number.iter().take(31).take_while(|&&byte| byte == 0).count();
        let digits = &number[zeros..];
        let sign = usize::from(digits[0] >= 0x80);
        let length = sign + digits.len();
        out[at] = 0x02;
        out[at + 1] = short_length(length);
        out[at + 2] = 0;
        out[at + 2 + sign..at + 2 + length].copy_from_slice(digits);
        at += 2 + length;
    }
    out[0] = 0x30;
    out[1] = short_length(at - 2);
    at
}

/// Lengths here are at most 70, so that the short form always holds them.
fn short_length(length: usize) -> u8 {
    u8::try_from(length).unwrap_or(0x7f)
}

/// Whether `key` has the form of a SEC1 point that is not infinity and not hybrid.
pub(super) fn is_sec1_form(key: &[u8]) -> bool {
    matches!((key.first(), key.len()), (Some(2 | 3), 33) | (Some(4), 65))
}

/// The digest of a message; `None` if the message should be one and is not 32 bytes long.
pub(super) fn digest(how: EcdsaDigest, message: &[u8]) -> Option<[u8; 32]> {
    match how {
        EcdsaDigest::Sha256 => Some(Sha256::digest(message).into()),
        EcdsaDigest::Keccak256 => Some(Keccak256::digest(message).into()),
        EcdsaDigest::EthereumMessage => Some(ethereum_message_digest(message)),
        EcdsaDigest::Given => message.try_into().ok(),
    }
}

/// What stands before the decimal length of a message that Ethereum's wallets sign.
pub(super) const ETHEREUM_PREFIX: &[u8] = b"\x19Ethereum Signed Message:\n";

/// Keccak-256 of a message behind Ethereum's prefix, which holds the message's length in decimal.
pub fn ethereum_message_digest(message: &[u8]) -> [u8; 32] {
    Keccak256::new()
        .chain_update(ETHEREUM_PREFIX)
        .chain_update(message.len().to_string())
        .chain_update(message)
        .finalize()
        .into()
}

#[cfg(test)]
#[path = "ecdsa_tests.rs"]
mod tests;
