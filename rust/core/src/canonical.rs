//! Canonical JSON: the one spelling of a value, for every hash of JSON.
//!
//! In: a JSON value. Out: its bytes. Rule: "scoring and rewards", section 11.1: UTF-8, member names sorted by code point, no
//! white space, the short escapes where they exist and `\u00xx` for the other control characters, everything else literal;
//! numbers are integers within +-(2^53-1). Invariant: equal values give equal bytes, whatever text they were read from.

use std::borrow::Cow;

use crate::decode::json::{self, JsonError, Value};
use crate::hash::{Hash, sha256};

/// The largest integer that every JSON reader keeps exactly.
pub const MAX_INTEGER: i64 = (1 << 53) - 1;

/// Nesting that documents of this project may have.
pub const MAX_DEPTH: usize = 64;

/// A value that has no canonical spelling, or a text that is no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CanonicalError {
    /// A number with a fraction, an exponent, a negative zero, or beyond +-(2^53-1).
    #[error(
        "expected an integer within +-(2^53-1), found {0}; larger and fractional values are written as text"
    )]
    Number(String),
    /// A member name twice in one object.
    #[error("expected distinct member names, found \"{0}\" twice")]
    DuplicateName(String),
    /// The text is not strict JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
}

/// The canonical bytes of `value`.
pub fn write(value: &Value<'_>) -> Result<Vec<u8>, CanonicalError> {
    let mut out = Vec::new();
    append(value, &mut out)?;
    Ok(out)
}

/// Reads a JSON text and gives its canonical bytes.
pub fn canonicalize(text: &[u8]) -> Result<Vec<u8>, CanonicalError> {
    write(&json::parse(text, MAX_DEPTH)?)
}

/// SHA-256 of the canonical bytes of `value`.
pub fn hash(value: &Value<'_>) -> Result<Hash, CanonicalError> {
    write(value).map(|bytes| sha256(&bytes))
}

/// Appends the canonical bytes of `value`.
pub fn append(value: &Value<'_>, out: &mut Vec<u8>) -> Result<(), CanonicalError> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(text) => match json::integer(text) {
            Some(number) if (-MAX_INTEGER..=MAX_INTEGER).contains(&number) => {
                out.extend_from_slice(text.as_bytes());
            }
            _ => return Err(CanonicalError::Number((*text).to_owned())),
        },
        Value::Text(text) => append_text(text, out),
        Value::Array(elements) => {
            out.push(b'[');
            for (index, element) in elements.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                append(element, out)?;
            }
            out.push(b']');
        }
        Value::Object(members) => append_object(members, |_| true, out)?,
    }
    Ok(())
}

/// Appends the canonical object of those `members` whose name `keep` accepts.
pub fn append_object(
    members: &[(Cow<'_, str>, Value<'_>)],
    keep: impl Fn(&str) -> bool,
    out: &mut Vec<u8>,
) -> Result<(), CanonicalError> {
    let mut order: Vec<&(Cow<'_, str>, Value<'_>)> = members.iter().filter(|(name, _)| keep(name)).collect();
    // Code point order is the byte order of UTF-8.
    order.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    if let Some(pair) = order.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(CanonicalError::DuplicateName(pair[0].0.clone().into_owned()));
    }
    out.push(b'{');
    for (index, (name, value)) in order.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        append_text(name, out);
        out.push(b':');
        append(value, out)?;
    }
    out.push(b'}');
    Ok(())
}

/// Appends a text with its quotes.
pub fn append_text(text: &str, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut written = 0;
    for (index, byte) in bytes.iter().enumerate() {
        let escape: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            0x08 => b"\\b",
            0x09 => b"\\t",
            0x0a => b"\\n",
            0x0c => b"\\f",
            0x0d => b"\\r",
            0x00..0x20 => {
                &[b'\\', b'u', b'0', b'0', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]
            }
            _ => continue,
        };
        out.extend_from_slice(&bytes[written..index]);
        out.extend_from_slice(escape);
        written = index + 1;
    }
    out.extend_from_slice(&bytes[written..]);
    out.push(b'"');
}

#[cfg(test)]
#[path = "canonical_tests.rs"]
mod tests;
