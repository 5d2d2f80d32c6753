//! What is wrong with some bytes, and where.
//!
//! In: a decoder's finding. Out: one sentence with what was expected, what was found and the byte offset.
//! Invariant: a fault is small and owns no bytes of the input, so that millions of bad proofs cost no memory.

use std::fmt;

/// What stood where something else was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The input ended.
    End,
    /// A byte that cannot stand there.
    Byte(u8),
    /// Something that has a name.
    Named(&'static str),
    /// A number out of its range, for instance a length.
    Number(u64),
}

impl fmt::Display for Found {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::End => out.write_str("the end"),
            Self::Byte(byte) if byte.is_ascii_graphic() => write!(out, "\"{}\"", char::from(*byte)),
            Self::Byte(byte) => write!(out, "byte 0x{byte:02x}"),
            Self::Named(name) => out.write_str(name),
            Self::Number(number) => write!(out, "{number}"),
        }
    }
}

/// A decoder's refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found {found} at byte {offset}")]
pub struct Fault {
    /// Where, in bytes from the start of the item that was decoded.
    pub offset: usize,
    /// What the rule asks for.
    pub expected: &'static str,
    /// What stands there.
    pub found: Found,
}

impl Fault {
    /// A fault at `offset` of `bytes`, which found the byte there or the end.
    pub fn at(bytes: &[u8], offset: usize, expected: &'static str) -> Self {
        let found = bytes.get(offset).map_or(Found::End, |byte| Found::Byte(*byte));
        Self { offset, expected, found }
    }

    /// A fault whose finding has a name.
    pub const fn named(offset: usize, expected: &'static str, found: &'static str) -> Self {
        Self { offset, expected, found: Found::Named(found) }
    }

    /// A fault that found a number.
    pub const fn number(offset: usize, expected: &'static str, found: u64) -> Self {
        Self { offset, expected, found: Found::Number(found) }
    }
}
