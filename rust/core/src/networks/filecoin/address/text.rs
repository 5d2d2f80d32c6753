//! Addresses as text.
//!
//! In: a text, or an address and a network. Out: the [`Address`] with the text's network, or the text. Rule: Filecoin,
//! E1.
//! Invariant: what is written is read back as the same address. The only other text that is read is one whose number
//! has leading zeros, and it is marked.

use std::fmt;

use data_encoding::{BASE32_NOPAD, DecodeKind};

use super::super::blake2b::blake2b;
use super::error::{AddressError, Number};
use super::{Address, Payload, Protocol, below_2_63, exactly};

/// Bytes of a checksum at the end of a text.
pub(super) const CHECKSUM: usize = 4;
/// Characters of the longest text.
const MAX_TEXT: usize = 115;
/// Decimal digits of the largest number below 2^63.
const MAX_DIGITS: usize = 19;

/// The network that a text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Network {
    /// The main network, `f`.
    Main,
    /// Any test network, `t`.
    Test,
}

impl Network {
    /// The letter in front of an address.
    pub const fn letter(self) -> char {
        match self {
            Self::Main => 'f',
            Self::Test => 't',
        }
    }

    /// The network of a letter.
    pub const fn from_letter(letter: char) -> Option<Self> {
        match letter {
            'f' => Some(Self::Main),
            't' => Some(Self::Test),
            _ => None,
        }
    }
}

/// An address that was read from a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// The address.
    pub address: Address,
    /// The network that the text is for.
    pub network: Network,
    /// Whether a number in the text has leading zeros: the same address has a shorter text.
    pub has_leading_zeros: bool,
}

impl Address {
    /// Reads a text of either network.
    pub fn parse(text: &str) -> Result<Parsed, AddressError> {
        if !(3..=MAX_TEXT).contains(&text.len()) {
            return Err(AddressError::TextLength { found: text.len() });
        }
        let mut letters = text.chars();
        let too_short = AddressError::TextLength { found: text.len() };
        let letter = letters.next().ok_or(too_short)?;
        let network = Network::from_letter(letter).ok_or(AddressError::Network { found: letter })?;
        let letter = letters.next().ok_or(too_short)?;
        let protocol = letter
            .to_digit(10)
            .and_then(|digit| u8::try_from(digit).ok())
            .and_then(Protocol::from_number)
            .ok_or(AddressError::Protocol { found: letter })?;
        let body = letters.as_str();
        let (address, has_leading_zeros) = match protocol {
            Protocol::Id => {
                let id = Decimal::read(body, Number::Id)?;
                (Self(Payload::Id(id.value)), id.has_leading_zeros)
            }
            Protocol::Secp256k1 => (parse_fixed(protocol, body, Payload::Secp256k1)?, false),
            Protocol::Actor => (parse_fixed(protocol, body, Payload::Actor)?, false),
            Protocol::Bls => (parse_fixed(protocol, body, Payload::Bls)?, false),
            Protocol::Delegated => parse_delegated(body)?,
        };
        Ok(Parsed { address, network, has_leading_zeros })
    }

    /// Reads a text of this network only.
    pub fn parse_in(network: Network, text: &str) -> Result<Parsed, AddressError> {
        let parsed = Self::parse(text)?;
        if parsed.network == network {
            Ok(parsed)
        } else {
            Err(AddressError::WrongNetwork { expected: network, found: parsed.network })
        }
    }

    /// The text for a network; [`Display`](fmt::Display) writes that of the main network.
    pub const fn in_network(&self, network: Network) -> AddressText<'_> {
        AddressText { address: self, network }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.in_network(Network::Main).fmt(out)
    }
}

/// Writes an address as the text of one network.
#[derive(Clone, Copy, Debug)]
pub struct AddressText<'a> {
    address: &'a Address,
    network: Network,
}

impl fmt::Display for AddressText<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}{}", self.network.letter(), self.address.protocol())?;
        let payload: &[u8] = match &self.address.0 {
            Payload::Id(id) => return write!(out, "{id}"),
            Payload::Secp256k1(hash) | Payload::Actor(hash) => hash,
            Payload::Bls(key) => key,
            Payload::Delegated { namespace, subaddress } => {
                write!(out, "{namespace}f")?;
                subaddress
            }
        };
        let body = [payload, &checksum(self.address)].concat();
        out.write_str(&BASE32_NOPAD.encode(&body).to_ascii_lowercase())
    }
}

fn check_sum(address: Address, found: [u8; CHECKSUM]) -> Result<Address, AddressError> {
    let expected = checksum(&address);
    if expected == found { Ok(address) } else { Err(AddressError::Checksum { expected, found }) }
}

fn checksum(address: &Address) -> [u8; CHECKSUM] {
    blake2b(&[&address.to_bytes()])
}

/// The address behind `f1`, `f2` or `f3`: a payload of `LENGTH` bytes and a checksum.
fn parse_fixed<const LENGTH: usize>(
    protocol: Protocol,
    body: &str,
    payload: fn([u8; LENGTH]) -> Payload,
) -> Result<Address, AddressError> {
    let expected = (8 * (LENGTH + CHECKSUM)).div_ceil(5);
    let wrong_length = AddressError::BodyLength { protocol, expected, found: body.len() };
    if body.len() != expected {
        return Err(wrong_length);
    }
    let bytes = decode_base32(body)?;
    let (bytes, sum) = bytes.split_last_chunk().ok_or(wrong_length)?;
    check_sum(Address(payload(exactly(protocol, bytes)?)), *sum)
}

/// The address behind `f4`, and whether its namespace has leading zeros.
fn parse_delegated(body: &str) -> Result<(Address, bool), AddressError> {
    // An f is no digit, so that the first one ends the namespace.
    let (namespace, body) = body.split_once('f').ok_or(AddressError::Separator)?;
    let namespace = Decimal::read(namespace, Number::Namespace)?;
    let bytes = decode_base32(body)?;
    let (subaddress, sum) =
        bytes.split_last_chunk().ok_or(AddressError::SubaddressLength { found: bytes.len() })?;
    let address = check_sum(Address::delegated(namespace.value, subaddress)?, *sum)?;
    Ok((address, namespace.has_leading_zeros))
}

fn decode_base32(body: &str) -> Result<Vec<u8>, AddressError> {
    for (at, found) in (1..).zip(body.chars()) {
        match found {
            'a'..='z' | '2'..='7' => {}
            'A'..='Z' => return Err(AddressError::UpperCase { at, found }),
            _ => return Err(AddressError::Character { at, found }),
        }
    }
    BASE32_NOPAD.decode(body.to_ascii_uppercase().as_bytes()).map_err(|error| match error.kind {
        DecodeKind::Trailing => AddressError::TailBits,
        _ => AddressError::Base32Length { found: body.len() },
    })
}

/// A number in a text.
struct Decimal {
    value: u64,
    has_leading_zeros: bool,
}

impl Decimal {
    fn read(text: &str, number: Number) -> Result<Self, AddressError> {
        if !(1..=MAX_DIGITS).contains(&text.len()) {
            return Err(AddressError::Digits { number, found: text.len() });
        }
        let mut value = 0_u64;
        for found in text.chars() {
            let digit = found.to_digit(10).ok_or(AddressError::NotDecimal { number, found })?;
            // 19 digits are less than 2^64.
            value = value * 10 + u64::from(digit);
        }
        let value = below_2_63(value, number)?;
        Ok(Self { value, has_leading_zeros: text.len() > 1 && text.starts_with('0') })
    }
}
