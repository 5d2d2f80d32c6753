//! Identifiers of pieces, as bytes and as text.
//!
//! In: the bytes of an identifier, or their text: the letter `b` and base32 in lower case. Out: the root, and for version
//! 2 the padding and the height, from which follow the sizes; or which rule the identifier breaks. Rule: Filecoin, A3.
//! Invariant: every identifier that is read is printed as it was: no two byte strings, and no two texts, say the same.

use std::fmt;
use std::str::FromStr;

use data_encoding::{BASE32_NOPAD, DecodeError, DecodeKind, HEXLOWER};
use ruint::aliases::U256;

use super::node::MAX_HEIGHT;
use crate::hash::Hash;

const VERSION_1: &[u8] = &[0x01, 0x81, 0xe2, 0x03, 0x92, 0x20, 0x20];
const SEALED_SECTOR: &[u8] = &[0x01, 0x82, 0xe2, 0x03, 0x81, 0xe8, 0x02, 0x20];
const VERSION_2: &[u8] = &[0x01, 0x55, 0x91, 0x20];

const ROOT: usize = 32;
/// A leaf has two to this power bytes.
const LEAF_BITS: usize = 5;
/// Bytes behind the padding of version 2: height and root.
const HEIGHT_AND_ROOT: usize = 1 + ROOT;
/// Bytes of the longest uvarint below 2^256.
const MAX_UVARINT: usize = 37;
/// The longest identifier: version 2 with a padding of 256 bits, whose multihash length takes one byte.
const MAX_BYTES: usize = VERSION_2.len() + 1 + MAX_UVARINT + HEIGHT_AND_ROOT;
/// The longest text: five bits a letter, and the letter in front.
const MAX_TEXT: usize = 1 + (8 * MAX_BYTES).div_ceil(5);

/// An identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PieceId {
    /// Version 1: the root of a piece alone.
    Version1(Hash),
    /// The root of a sealed sector, `CommR`.
    SealedSector(Hash),
    /// Version 2: the root of a piece with its size.
    Version2(SizedPiece),
}

/// What version 2 says about a piece. Whether a set takes it is [`SizedPiece::admit`]'s to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SizedPiece {
    /// Root of the piece's tree, `CommP`.
    pub root: Hash,
    /// Height of the tree.
    pub height: u8,
    /// Zero bytes between the payload and the end of the tree, before Fr32.
    pub padding: U256,
}

/// Why bytes or a text are no identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PieceIdError {
    /// The text is longer than that of any identifier.
    #[error("expected at most {MAX_TEXT} letters, found {found}")]
    TextTooLong {
        /// Bytes of the text.
        found: usize,
    },
    /// The text is in another base.
    #[error("expected the letter b in front, which stands for base32 in lower case, found {}", found.map_or("no text".to_owned(), |letter| format!("{letter:?}")))]
    Base {
        /// The first letter; none where the text is empty.
        found: Option<char>,
    },
    /// The text is not base32 in lower case without padding.
    #[error("letter {at}: expected base32 in lower case without padding, found {wrong}")]
    Base32 {
        /// Place of the letter in the text.
        at: usize,
        /// What is wrong there.
        wrong: DecodeKind,
    },
    /// The bytes end inside a prefix.
    #[error("the identifier ends inside its prefix, after {found} bytes")]
    TooShort {
        /// Bytes of the identifier.
        found: usize,
    },
    /// The prefix is that of another thing.
    #[error("expected the prefix of {expected}, found {found}")]
    Prefix {
        /// What the prefix may say.
        expected: &'static str,
        /// The first bytes, in hex.
        found: String,
    },
    /// A number cannot be read.
    #[error("byte {at}, {field}: {wrong}")]
    Uvarint {
        /// Where the number begins.
        at: usize,
        /// What the number is.
        field: Field,
        /// What is wrong with it.
        wrong: UvarintError,
    },
    /// The multihash length leaves no room for a padding, a height and a root.
    #[error("multihash length: expected at least {}, found {found}", HEIGHT_AND_ROOT + 1)]
    LengthTooSmall {
        /// The length that is stated.
        found: U256,
    },
    /// The multihash length is not that of the rest.
    #[error("multihash length: states {stated} bytes, {left} are left")]
    Length {
        /// The length that is stated.
        stated: U256,
        /// Bytes behind it.
        left: usize,
    },
    /// The bytes end before the height.
    #[error("expected a byte of height and {ROOT} bytes of root behind the padding, found nothing")]
    NoHeight,
    /// The root has another length.
    #[error("root: expected {ROOT} bytes, found {found}")]
    Root {
        /// Bytes where the root should be.
        found: usize,
    },
}

/// A number in an identifier of version 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Bytes from the padding to the end.
    MultihashLength,
    /// See [`SizedPiece::padding`].
    Padding,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MultihashLength => "multihash length",
            Self::Padding => "padding",
        })
    }
}

/// Why a set takes no piece of this size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAdmitted {
    /// The tree is too high.
    #[error("height: expected at most {MAX_HEIGHT}, found {found}")]
    Height {
        /// The height that is stated.
        found: u8,
    },
    /// The padding fills the whole tree.
    #[error("padding: expected less than the bytes of a tree of height {height}, found {found}")]
    ExcessivePadding {
        /// The height that is stated.
        height: u8,
        /// The padding that is stated.
        found: U256,
    },
}

impl PieceId {
    /// Reads the bytes of an identifier.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PieceIdError> {
        if let Some(root) = bytes.strip_prefix(VERSION_1) {
            return read_root(root).map(Self::Version1);
        }
        if let Some(root) = bytes.strip_prefix(SEALED_SECTOR) {
            return read_root(root).map(Self::SealedSector);
        }
        if let Some(rest) = bytes.strip_prefix(VERSION_2) {
            return SizedPiece::read(rest).map(Self::Version2);
        }
        let expected = "a piece of version 1 or 2 or of a sealed sector";
        Err(wrong_prefix(bytes, &[VERSION_1, SEALED_SECTOR, VERSION_2], expected))
    }

    /// The identifier's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Version1(root) => [VERSION_1, root].concat(),
            Self::SealedSector(root) => [SEALED_SECTOR, root].concat(),
            Self::Version2(piece) => piece.to_bytes(),
        }
    }
}

impl FromStr for PieceId {
    type Err = PieceIdError;

    fn from_str(text: &str) -> Result<Self, PieceIdError> {
        if text.len() > MAX_TEXT {
            return Err(PieceIdError::TextTooLong { found: text.len() });
        }
        let base32 =
            text.strip_prefix('b').ok_or_else(|| PieceIdError::Base { found: text.chars().next() })?;
        let wrong = |DecodeError { position, kind }| PieceIdError::Base32 { at: position + 1, wrong: kind };
        if let Some(position) = base32.bytes().position(|letter| letter.is_ascii_uppercase()) {
            return Err(wrong(DecodeError { position, kind: DecodeKind::Symbol }));
        }
        let bytes = BASE32_NOPAD.decode(base32.to_ascii_uppercase().as_bytes()).map_err(wrong)?;
        Self::from_bytes(&bytes)
    }
}

impl fmt::Display for PieceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b{}", BASE32_NOPAD.encode(&self.to_bytes()).to_ascii_lowercase())
    }
}

impl SizedPiece {
    /// Reads the bytes of an identifier that must be one of version 2.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PieceIdError> {
        let rest = bytes.strip_prefix(VERSION_2);
        rest.map_or_else(|| Err(wrong_prefix(bytes, &[VERSION_2], "a piece of version 2")), Self::read)
    }

    /// Reads what lies behind the prefix.
    fn read(bytes: &[u8]) -> Result<Self, PieceIdError> {
        let uvarint = |field, rest: &[u8]| {
            let at = VERSION_2.len() + bytes.len() - rest.len();
            read_uvarint(rest).map_err(|wrong| PieceIdError::Uvarint { at, field, wrong })
        };
        let (stated, used) = uvarint(Field::MultihashLength, bytes)?;
        let rest = &bytes[used..];
        if stated <= U256::from(HEIGHT_AND_ROOT) {
            return Err(PieceIdError::LengthTooSmall { found: stated });
        }
        if stated != U256::from(rest.len()) {
            return Err(PieceIdError::Length { stated, left: rest.len() });
        }
        let (padding, used) = uvarint(Field::Padding, rest)?;
        let (height, root) = rest[used..].split_first().ok_or(PieceIdError::NoHeight)?;
        Ok(Self { root: read_root(root)?, height: *height, padding })
    }

    /// The identifier's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut padding = Vec::with_capacity(MAX_UVARINT);
        write_uvarint(self.padding, &mut padding);
        let mut bytes = Vec::with_capacity(MAX_BYTES);
        bytes.extend(VERSION_2);
        write_uvarint(U256::from(padding.len() + HEIGHT_AND_ROOT), &mut bytes);
        bytes.extend(padding);
        bytes.push(self.height);
        bytes.extend(self.root);
        bytes
    }

    /// Whether a set takes a piece of this size.
    pub fn admit(&self) -> Result<(), NotAdmitted> {
        let (height, found) = (self.height, self.padding);
        if height > MAX_HEIGHT {
            return Err(NotAdmitted::Height { found: height });
        }
        if self.has_excessive_padding() {
            return Err(NotAdmitted::ExcessivePadding { height, found });
        }
        Ok(())
    }

    /// Whether the padding leaves no byte of the tree to the payload.
    pub fn has_excessive_padding(&self) -> bool {
        // 128/127 of a number of 256 bits has at most 257 of them.
        let bits = self.expanded_padding().map_or(U256::BITS + 1, |padding| padding.bit_len());
        bits > usize::from(self.height) + LEAF_BITS
    }

    /// Leaves that the payload reaches into. As with the other sizes: none where the padding is longer than the tree, or
    /// where the number exceeds 64 bits.
    pub fn leaf_count(&self) -> Option<u64> {
        power_of_two(self.height.into())?.checked_sub(narrow(self.expanded_padding()? >> LEAF_BITS)?)
    }

    /// Bytes of the tree's leaves, less those of the padding.
    pub fn padded_size(&self) -> Option<u64> {
        power_of_two(usize::from(self.height) + LEAF_BITS)?.checked_sub(narrow(self.expanded_padding()?)?)
    }

    /// Bytes of the payload; none also where the tree has fewer than four leaves.
    pub fn raw_size(&self) -> Option<u64> {
        let quads = power_of_two(usize::from(self.height).checked_sub(2)?)?;
        quads.checked_mul(127)?.checked_sub(narrow(self.padding)?)
    }

    /// `floor(128 * padding / 127)`; none beyond 256 bits.
    fn expanded_padding(&self) -> Option<U256> {
        self.padding.checked_add(self.padding / U256::from(127))
    }
}

fn power_of_two(exponent: usize) -> Option<u64> {
    1_u64.checked_shl(u32::try_from(exponent).ok()?)
}

fn narrow(number: U256) -> Option<u64> {
    u64::try_from(number).ok()
}

/// The most bytes of payload that so many leaves can hold; none where the product exceeds 256 bits.
pub fn raw_upper_bound(leaves: U256) -> Option<U256> {
    Some(leaves.checked_mul(U256::from(32 * 127))? / U256::from(128))
}

/// Why bytes do not begin with a uvarint: groups of seven bits, the lowest first, with a mark on all but the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UvarintError {
    /// The last byte promises another one.
    #[error("the number does not end")]
    Unterminated,
    /// The last byte adds nothing.
    #[error("the number ends with a byte of zero that it does not need")]
    NotMinimal,
    /// More bytes than any number of 256 bits needs.
    #[error("the number is longer than {MAX_UVARINT} bytes")]
    TooLong,
    /// More than 256 bits.
    #[error("the number exceeds 256 bits")]
    TooLarge,
}

/// The number that `bytes` begin with, and how many of them it takes.
fn read_uvarint(bytes: &[u8]) -> Result<(U256, usize), UvarintError> {
    let mut number = U256::ZERO;
    for (at, byte) in bytes.iter().take(MAX_UVARINT).enumerate() {
        let group = U256::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            if *byte == 0 && at > 0 {
                return Err(UvarintError::NotMinimal);
            }
            let group = group.checked_shl(7 * at).ok_or(UvarintError::TooLarge)?;
            return Ok((number | group, at + 1));
        }
        number |= group << (7 * at);
    }
    Err(if bytes.len() < MAX_UVARINT { UvarintError::Unterminated } else { UvarintError::TooLong })
}

fn write_uvarint(mut number: U256, out: &mut Vec<u8>) {
    loop {
        let group = number.byte(0) & 0x7f;
        number >>= 7;
        if number.is_zero() {
            out.push(group);
            return;
        }
        out.push(group | 0x80);
    }
}

fn read_root(bytes: &[u8]) -> Result<Hash, PieceIdError> {
    bytes.try_into().map_err(|_| PieceIdError::Root { found: bytes.len() })
}

/// What is wrong with bytes that begin with none of these prefixes.
fn wrong_prefix(bytes: &[u8], prefixes: &[&[u8]], expected: &'static str) -> PieceIdError {
    if prefixes.iter().any(|prefix| prefix.starts_with(bytes)) {
        return PieceIdError::TooShort { found: bytes.len() };
    }
    let shown = prefixes.iter().map(|prefix| prefix.len()).max().unwrap_or(0).min(bytes.len());
    PieceIdError::Prefix { expected, found: HEXLOWER.encode(&bytes[..shown]) }
}

#[cfg(test)]
#[path = "piece_id_tests.rs"]
mod tests;
