//! Addresses of actors, as bytes and as text.
//!
//! In: the bytes of an address, its text, or a key. Out: an [`Address`], or the one reason why it is none. Rule:
//! Filecoin, E1.
//! Invariant: an address has one form in bytes and, per network, one in text, and both are read back as the same
//! address. Which network is meant stands in the text alone.

mod error;
mod text;

use std::fmt;

pub use error::{AddressError, Number};
pub use text::{AddressText, Network, Parsed};

use super::blake2b::blake2b;

/// Bytes of the longest uvarint below 2^63.
const MAX_UVARINT: usize = 9;
/// Bytes of the longest address below a namespace.
const MAX_SUBADDRESS: usize = 54;
/// The namespace of Ethereum's addresses.
const ETHEREUM: u64 = 10;

/// What the bytes behind an address's first byte are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// The number that the chain has given to an actor.
    Id = 0,
    /// The hash of a secp256k1 key.
    Secp256k1 = 1,
    /// The hash of what an actor was made from.
    Actor = 2,
    /// A BLS key.
    Bls = 3,
    /// An address below a namespace, which an actor manages.
    Delegated = 4,
}

impl Protocol {
    const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Id,
            1 => Self::Secp256k1,
            2 => Self::Actor,
            3 => Self::Bls,
            4 => Self::Delegated,
            _ => return None,
        })
    }

    /// The address's first byte, and the digit in its text.
    pub const fn number(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.number())
    }
}

/// The address of an actor.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(Payload);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Payload {
    Id(u64),
    Secp256k1([u8; 20]),
    Actor([u8; 20]),
    Bls([u8; 48]),
    Delegated { namespace: u64, subaddress: Box<[u8]> },
}

impl Address {
    /// The address of the actor with this number.
    pub fn from_id(id: u64) -> Result<Self, AddressError> {
        below_2_63(id, Number::Id).map(|id| Self(Payload::Id(id)))
    }

    /// The address of an uncompressed secp256k1 key: `04`, x, y.
    pub fn of_secp256k1_key(key: &[u8; 65]) -> Self {
        Self(Payload::Secp256k1(blake2b(&[key])))
    }

    /// The address of an actor that was made from `data`.
    pub fn of_actor(data: &[u8]) -> Self {
        Self(Payload::Actor(blake2b(&[data])))
    }

    /// The address of a compressed BLS key. Whether it is a point is seen when a signature is checked.
    pub const fn of_bls_key(key: &[u8; 48]) -> Self {
        Self(Payload::Bls(*key))
    }

    /// The address `subaddress` in a namespace.
    pub fn delegated(namespace: u64, subaddress: &[u8]) -> Result<Self, AddressError> {
        if subaddress.len() > MAX_SUBADDRESS {
            return Err(AddressError::SubaddressLength { found: subaddress.len() });
        }
        let namespace = below_2_63(namespace, Number::Namespace)?;
        Ok(Self(Payload::Delegated { namespace, subaddress: subaddress.into() }))
    }

    /// The address of an Ethereum account.
    pub fn from_ethereum(address: &[u8; 20]) -> Self {
        Self(Payload::Delegated { namespace: ETHEREUM, subaddress: Box::from(address.as_slice()) })
    }

    /// Reads an address from all of `bytes`.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AddressError> {
        let (&number, payload) = bytes.split_first().ok_or(AddressError::Empty)?;
        let protocol = Protocol::from_number(number).ok_or(AddressError::ProtocolByte { found: number })?;
        Ok(Self(match protocol {
            Protocol::Id => match read_uvarint(payload, Number::Id)? {
                (id, []) => Payload::Id(id),
                (_, rest) => return Err(AddressError::AfterId { found: rest.len() }),
            },
            Protocol::Secp256k1 => Payload::Secp256k1(exactly(protocol, payload)?),
            Protocol::Actor => Payload::Actor(exactly(protocol, payload)?),
            Protocol::Bls => Payload::Bls(exactly(protocol, payload)?),
            Protocol::Delegated => {
                let (namespace, subaddress) = read_uvarint(payload, Number::Namespace)?;
                return Self::delegated(namespace, subaddress);
            }
        }))
    }

    /// The bytes: protocol and payload.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.protocol().number()];
        match &self.0 {
            Payload::Id(id) => write_uvarint(*id, &mut bytes),
            Payload::Secp256k1(hash) | Payload::Actor(hash) => bytes.extend_from_slice(hash),
            Payload::Bls(key) => bytes.extend_from_slice(key),
            Payload::Delegated { namespace, subaddress } => {
                write_uvarint(*namespace, &mut bytes);
                bytes.extend_from_slice(subaddress);
            }
        }
        bytes
    }

    /// The protocol.
    pub const fn protocol(&self) -> Protocol {
        match self.0 {
            Payload::Id(_) => Protocol::Id,
            Payload::Secp256k1(_) => Protocol::Secp256k1,
            Payload::Actor(_) => Protocol::Actor,
            Payload::Bls(_) => Protocol::Bls,
            Payload::Delegated { .. } => Protocol::Delegated,
        }
    }

    /// The actor's number, in protocol 0.
    pub const fn id(&self) -> Option<u64> {
        match self.0 {
            Payload::Id(id) => Some(id),
            _ => None,
        }
    }

    /// The BLS key, in protocol 3.
    pub const fn bls_key(&self) -> Option<&[u8; 48]> {
        match &self.0 {
            Payload::Bls(key) => Some(key),
            _ => None,
        }
    }

    /// The Ethereum account, in namespace 10 of protocol 4.
    pub fn ethereum(&self) -> Option<[u8; 20]> {
        match &self.0 {
            Payload::Delegated { namespace: ETHEREUM, subaddress } => subaddress.as_ref().try_into().ok(),
            _ => None,
        }
    }
}

fn exactly<const LENGTH: usize>(protocol: Protocol, payload: &[u8]) -> Result<[u8; LENGTH], AddressError> {
    payload.try_into().map_err(|_| AddressError::PayloadLength {
        protocol,
        expected: LENGTH,
        found: payload.len(),
    })
}

fn below_2_63(value: u64, number: Number) -> Result<u64, AddressError> {
    if i64::try_from(value).is_ok() { Ok(value) } else { Err(AddressError::Range { number }) }
}

/// A number below 2^63 in its shortest form, and what follows it.
fn read_uvarint(bytes: &[u8], number: Number) -> Result<(u64, &[u8]), AddressError> {
    let mut value = 0;
    for (place, byte) in bytes.iter().take(MAX_UVARINT).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * place);
        if *byte == 0 && place > 0 {
            return Err(AddressError::UvarintNotShortest { number });
        }
        if byte & 0x80 == 0 {
            return Ok((value, bytes.get(place + 1..).unwrap_or_default()));
        }
    }
    Err(if bytes.len() < MAX_UVARINT {
        AddressError::UvarintEnd { number }
    } else {
        AddressError::Range { number }
    })
}

fn write_uvarint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

#[cfg(test)]
#[path = "address_tests.rs"]
mod tests;
