//! Why something is no address.
//!
//! In: what a reader of bytes or text found. Out: one sentence with what was expected and what was found. Rule:
//! Filecoin, E1.
//! Invariant: each rule has its own reason, and no reason repeats more of the input than a character or a checksum.

use std::fmt;

use super::Protocol;
use super::text::{CHECKSUM, Network};

/// Which number of an address a fault is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// The actor's number, in protocol 0.
    Id,
    /// The namespace, in protocol 4.
    Namespace,
}

impl fmt::Display for Number {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Id => "actor id",
            Self::Namespace => "namespace",
        })
    }
}

/// Why something is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// The text has too few or too many characters.
    #[error("address: expected 3 to 115 characters, found {found} bytes")]
    TextLength {
        /// Bytes of the text.
        found: usize,
    },
    /// The first letter names no network.
    #[error("address: expected the network letter f or t, found {found:?}")]
    Network {
        /// The first letter.
        found: char,
    },
    /// The address is for another network than the one asked for.
    #[error("address: expected one of the network {}, found {}", .expected.letter(), .found.letter())]
    WrongNetwork {
        /// The network asked for.
        expected: Network,
        /// The network of the text.
        found: Network,
    },
    /// The second letter of a text names no protocol.
    #[error("address: expected a protocol from 0 to 4, found {found:?}")]
    Protocol {
        /// The second letter.
        found: char,
    },
    /// The first byte names no protocol.
    #[error("address: expected a protocol byte from 0 to 4, found {found}")]
    ProtocolByte {
        /// The first byte.
        found: u8,
    },
    /// There are no bytes.
    #[error("address: expected a protocol byte, found no bytes")]
    Empty,
    /// A number is missing or has too many digits.
    #[error("{number}: expected 1 to 19 decimal digits, found {found}")]
    Digits {
        /// Which number.
        number: Number,
        /// Characters where it should stand.
        found: usize,
    },
    /// A number has a character that is no digit.
    #[error("{number}: expected decimal digits, found {found:?}")]
    NotDecimal {
        /// Which number.
        number: Number,
        /// The character.
        found: char,
    },
    /// A number does not fit 63 bits.
    #[error("{number}: expected less than 2^63, found more")]
    Range {
        /// Which number.
        number: Number,
    },
    /// The bytes end inside a number.
    #[error("{number}: expected the end of a uvarint, found the end of the address")]
    UvarintEnd {
        /// Which number.
        number: Number,
    },
    /// A number is written with more bytes than it needs.
    #[error("{number}: expected the shortest uvarint, found one that ends with a zero byte")]
    UvarintNotShortest {
        /// Which number.
        number: Number,
    },
    /// There are bytes after an id.
    #[error("actor id: expected the end of the address, found {found} bytes more")]
    AfterId {
        /// Bytes after the id.
        found: usize,
    },
    /// The payload has not the length of its protocol.
    #[error("address of protocol {protocol}: expected {expected} bytes of payload, found {found}")]
    PayloadLength {
        /// The protocol.
        protocol: Protocol,
        /// Bytes of its payload.
        expected: usize,
        /// Bytes found.
        found: usize,
    },
    /// The text has not the length of its protocol.
    #[error("address of protocol {protocol}: expected {expected} characters of base32, found {found}")]
    BodyLength {
        /// The protocol.
        protocol: Protocol,
        /// Characters of payload and checksum.
        expected: usize,
        /// Bytes found.
        found: usize,
    },
    /// No `f` ends the namespace.
    #[error("delegated address: expected an f after the namespace, found none")]
    Separator,
    /// A delegated address is too long, or its text too short for a checksum.
    #[error(
        "delegated address: expected at most 54 bytes and, in text, a checksum of 4; found {found} bytes"
    )]
    SubaddressLength {
        /// Bytes found, in text with the checksum.
        found: usize,
    },
    /// A capital letter.
    #[error("address: expected lower case, found {found:?} as character {at} of the base32 part")]
    UpperCase {
        /// Which character, from 1.
        at: usize,
        /// The character.
        found: char,
    },
    /// A character outside the alphabet.
    #[error(
        "address: expected a letter or a digit from 2 to 7, found {found:?} as character {at} of the base32 part"
    )]
    Character {
        /// Which character, from 1.
        at: usize,
        /// The character.
        found: char,
    },
    /// So many characters of base32 stand for no whole number of bytes.
    #[error("address: expected base32 for whole bytes, found {found} characters")]
    Base32Length {
        /// Characters found.
        found: usize,
    },
    /// The last character has bits that stand for nothing and are not zero.
    #[error("address: expected zero bits after the last byte of base32, found others")]
    TailBits,
    /// The checksum is another.
    #[error("address: expected checksum {expected:02x?}, found {found:02x?}")]
    Checksum {
        /// What the address hashes to.
        expected: [u8; CHECKSUM],
        /// What the text says.
        found: [u8; CHECKSUM],
    },
}
