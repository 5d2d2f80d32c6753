//! Values of a leaf, and the bytes that are hashed for them.
//!
//! In: type names and values as they stand in a tree's file. Out: the ABI encoding of the tuple. Rule: scoring
//! specification, section 11.3: static values in 32 bytes inline; a dynamic value as an offset in the head and
//! length and content in the tail. Invariant: a value has one encoding; a value out of its type's range is an
//! error and never cut to size.

use std::fmt;

use ruint::aliases::U256;

/// Arrays nest at most this deep.
const DEEPEST_ARRAY: usize = 8;
/// Bytes of a word.
const WORD: usize = 32;

/// Type of one value of a leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AbiType {
    /// 20 bytes, written as `0x` and 40 hex digits.
    Address,
    /// Unsigned integer of this many bits.
    Uint(usize),
    /// Signed integer of this many bits.
    Int(usize),
    /// `true` or `false`.
    Bool,
    /// This many bytes, 1 to 32.
    FixedBytes(usize),
    /// Text.
    Text,
    /// Bytes of any length.
    Bytes,
    /// Any number of values of one type.
    Array(Box<AbiType>),
}

/// One value of a leaf, in the form in which files carry it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AbiValue {
    /// An integer in decimal, which a file writes as text so that no reader rounds it.
    Integer(String),
    /// `true` or `false`.
    Bool(bool),
    /// Text; also an address or bytes, as `0x` and hex.
    Text(String),
    /// Several values.
    Array(Vec<AbiValue>),
}

/// A type or value without an encoding.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AbiError {
    /// The type's name is not one of the specification.
    #[error("unknown type {0:?}")]
    UnknownType(String),
    /// There are more or fewer values than types.
    #[error("expected {expected} values, found {found}")]
    Count {
        /// Number of types.
        expected: usize,
        /// Number of values.
        found: usize,
    },
    /// The value is not one of its type.
    #[error("expected a value of type {expected}, found {found}")]
    Value {
        /// The type.
        expected: String,
        /// The value.
        found: String,
    },
}

impl AbiType {
    /// The type with this name.
    pub fn parse(name: &str) -> Result<Self, AbiError> {
        Self::parse_nested(name, DEEPEST_ARRAY).ok_or_else(|| AbiError::UnknownType(shortened(name)))
    }

    fn parse_nested(name: &str, arrays_left: usize) -> Option<Self> {
        if let Some(element) = name.strip_suffix("[]") {
            let inner = Self::parse_nested(element, arrays_left.checked_sub(1)?)?;
            return Some(Self::Array(Box::new(inner)));
        }
        Some(match name {
            "address" => Self::Address,
            "bool" => Self::Bool,
            "string" => Self::Text,
            "bytes" => Self::Bytes,
            _ => {
                if let Some(bits) = name.strip_prefix("uint") {
                    Self::Uint(width(bits, 8, 256)?)
                } else if let Some(bits) = name.strip_prefix("int") {
                    Self::Int(width(bits, 8, 256)?)
                } else {
                    Self::FixedBytes(width(name.strip_prefix("bytes")?, 1, 32)?)
                }
            }
        })
    }

    /// Whether its values are written into the tail.
    fn is_dynamic(&self) -> bool {
        matches!(self, Self::Text | Self::Bytes | Self::Array(_))
    }

    fn refuse(&self, value: &AbiValue) -> AbiError {
        AbiError::Value { expected: self.to_string(), found: shortened(&value.to_string()) }
    }

    /// The word of a static value.
    fn word(&self, value: &AbiValue) -> Option<[u8; WORD]> {
        match (self, value) {
            (Self::Address, AbiValue::Text(text)) => address_from_text(text).map(|payee| left_padded(&payee)),
            (Self::Bool, AbiValue::Bool(flag)) => Some(left_padded(&[u8::from(*flag)])),
            (Self::Uint(bits), AbiValue::Integer(text) | AbiValue::Text(text)) => {
                unsigned_from_text(text).filter(|number| number.bit_len() <= *bits).map(|n| n.to_be_bytes())
            }
            (Self::Int(bits), AbiValue::Integer(text) | AbiValue::Text(text)) => signed_word(text, *bits),
            (Self::FixedBytes(length), AbiValue::Text(text)) => {
                bytes_from_hex(text).filter(|bytes| bytes.len() == *length).map(|bytes| right_padded(&bytes))
            }
            _ => None,
        }
    }

    /// Length and content of a dynamic value.
    fn tail(&self, value: &AbiValue) -> Result<Vec<u8>, AbiError> {
        match (self, value) {
            (Self::Text, AbiValue::Text(text)) => Ok(with_length(text.as_bytes())),
            (Self::Bytes, AbiValue::Text(text)) => {
                bytes_from_hex(text).map(|bytes| with_length(&bytes)).ok_or_else(|| self.refuse(value))
            }
            (Self::Array(element), AbiValue::Array(values)) => {
                let mut out = word_of(values.len()).to_vec();
                out.extend(encode_all(values.iter().map(|inner| (element.as_ref(), inner)))?);
                Ok(out)
            }
            _ => Err(self.refuse(value)),
        }
    }
}

impl fmt::Display for AbiType {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address => out.write_str("address"),
            Self::Uint(bits) => write!(out, "uint{bits}"),
            Self::Int(bits) => write!(out, "int{bits}"),
            Self::Bool => out.write_str("bool"),
            Self::FixedBytes(length) => write!(out, "bytes{length}"),
            Self::Text => out.write_str("string"),
            Self::Bytes => out.write_str("bytes"),
            Self::Array(element) => write!(out, "{element}[]"),
        }
    }
}

impl fmt::Display for AbiValue {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(text) => out.write_str(text),
            Self::Bool(flag) => write!(out, "{flag}"),
            Self::Text(text) => write!(out, "{text:?}"),
            Self::Array(values) => write!(out, "an array of {}", values.len()),
        }
    }
}

/// The encoding of one leaf's values as a tuple.
pub fn encode(types: &[AbiType], values: &[AbiValue]) -> Result<Vec<u8>, AbiError> {
    if types.len() != values.len() {
        return Err(AbiError::Count { expected: types.len(), found: values.len() });
    }
    encode_all(types.iter().zip(values))
}

/// Heads first, then tails; offsets count from the start of the tuple.
fn encode_all<'a>(
    pairs: impl ExactSizeIterator<Item = (&'a AbiType, &'a AbiValue)>,
) -> Result<Vec<u8>, AbiError> {
    let head_length = pairs.len().saturating_mul(WORD);
    let (mut head, mut tails) = (Vec::with_capacity(head_length), Vec::new());
    for (kind, value) in pairs {
        if kind.is_dynamic() {
            head.extend(word_of(head_length.saturating_add(tails.len())));
            tails.extend(kind.tail(value)?);
        } else {
            head.extend(kind.word(value).ok_or_else(|| kind.refuse(value))?);
        }
    }
    head.extend(tails);
    Ok(head)
}

/// The 20 bytes of `0x` and 40 hex digits in any letter case.
pub fn address_from_text(text: &str) -> Option<[u8; 20]> {
    bytes_from_hex(text)?.try_into().ok()
}

/// A number below 2^256 in decimal digits; a sign is refused.
pub fn unsigned_from_text(text: &str) -> Option<U256> {
    /// Digits of 2^256.
    const LONGEST: usize = 78;
    let digits = text.trim_start_matches('0');
    if text.is_empty() || digits.len() > LONGEST || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    if digits.is_empty() { Some(U256::ZERO) } else { U256::from_str_radix(digits, 10).ok() }
}

/// Two's complement in 32 bytes of a number that fits `bits` bits.
fn signed_word(text: &str, bits: usize) -> Option<[u8; WORD]> {
    let half = U256::ONE.checked_shl(bits.checked_sub(1)?)?;
    match text.strip_prefix('-') {
        Some(digits) => {
            unsigned_from_text(digits).filter(|n| *n <= half && !n.is_zero()).map(U256::wrapping_neg)
        }
        None => unsigned_from_text(text).filter(|n| *n < half),
    }
    .map(|number| number.to_be_bytes())
}

fn bytes_from_hex(text: &str) -> Option<Vec<u8>> {
    data_encoding::HEXLOWER_PERMISSIVE.decode(text.strip_prefix("0x")?.as_bytes()).ok()
}

/// A width in a type's name: canonical decimal, a multiple of `step` up to `largest`.
fn width(digits: &str, step: usize, largest: usize) -> Option<usize> {
    let number: usize = digits.parse().ok()?;
    let fits = number > 0 && number <= largest && number.is_multiple_of(step) && number.to_string() == digits;
    fits.then_some(number)
}

fn word_of(number: usize) -> [u8; WORD] {
    U256::from(number).to_be_bytes()
}

fn left_padded(bytes: &[u8]) -> [u8; WORD] {
    let mut word = [0; WORD];
    word[WORD.saturating_sub(bytes.len())..].copy_from_slice(bytes);
    word
}

fn right_padded(bytes: &[u8]) -> [u8; WORD] {
    let mut word = [0; WORD];
    word[..bytes.len()].copy_from_slice(bytes);
    word
}

fn with_length(content: &[u8]) -> Vec<u8> {
    let mut out = word_of(content.len()).to_vec();
    out.extend(content);
    out.resize(out.len().next_multiple_of(WORD), 0);
    out
}

/// Foreign text for a message.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 100;
    match text.char_indices().nth(LONGEST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}...", &text[..end]),
    }
}

#[cfg(test)]
#[path = "abi_tests.rs"]
mod tests;
