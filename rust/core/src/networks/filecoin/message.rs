//! Messages of the chain: their one encoding, and the id that is signed.
//!
//! In: a [`Message`], or bytes that claim to be one. Out: bytes, an id, or what is wrong and where. Rule: Filecoin, E2:
//! DAG-CBOR, an array of version 0, to, from, nonce, value, gas limit, gas fee cap, gas premium, method, parameters.
//! Invariant: what is decoded encodes to the same bytes; every other spelling of the same message is refused, because
//! it would have another id.

use num_bigint::{BigInt, Sign};

use super::address::{Address, AddressError};
use super::blake2b::blake2b;
use crate::decode::cbor::{Item, Reader, write_head};
use crate::decode::distinct::Distinct;
use crate::decode::fault::Fault;

/// The id of a message, in binary.
pub type MessageCid = [u8; 38];

/// What stands before the digest in a CID: version 1, DAG-CBOR, `BLAKE2b-256`, 32 bytes.
const CID_PREFIX: [u8; 6] = [0x01, 0x71, 0xa0, 0xe4, 0x02, 0x20];
/// Members of a message.
const MEMBERS: u64 = 10;
/// Bytes of the longest big integer that the chain takes.
const MAX_BIG_INTEGER: usize = 128;

/// A message that is sent to an actor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Whom it is sent to.
    pub to: Address,
    /// Who sends it.
    pub from: Address,
    /// Which message of its sender it is.
    pub nonce: u64,
    /// `attoFIL` that go with it.
    pub value: BigInt,
    /// Gas that it may use.
    pub gas_limit: i64,
    /// `attoFIL` at most for a unit of gas.
    pub gas_fee_cap: BigInt,
    /// `attoFIL` on top of the base fee for a unit of gas.
    pub gas_premium: BigInt,
    /// What the actor is to do.
    pub method: u64,
    /// With what.
    pub params: Vec<u8>,
}

/// Why bytes are no message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// They are not CBOR of the right shape.
    #[error("message, {member}: {fault}")]
    Cbor {
        /// The member that was read.
        member: &'static str,
        /// Expected and found.
        fault: Fault,
    },
    /// An address is none.
    #[error("message, {member}: {error}")]
    Address {
        /// The member that was read.
        member: &'static str,
        /// What is wrong with it.
        error: AddressError,
    },
    /// The sign is neither 0 nor 1.
    #[error("message, {member}: expected the sign byte 00 or 01, found {found:02x}")]
    Sign {
        /// The member that was read.
        member: &'static str,
        /// The byte in place of the sign.
        found: u8,
    },
    /// A big integer has a zero in front, or is a zero that is not the empty string.
    #[error("message, {member}: expected no leading zero in a big integer, found one")]
    LeadingZero {
        /// The member that was read.
        member: &'static str,
    },
    /// A big integer is too long.
    #[error("message, {member}: expected at most 128 bytes of a big integer, found {found}")]
    BigIntegerLength {
        /// The member that was read.
        member: &'static str,
        /// Bytes found.
        found: usize,
    },
    /// The bytes say the same as others, which are shorter.
    #[error("message: expected the shortest encoding, found a longer one at byte {offset}")]
    NotShortest {
        /// The first byte that differs from the shortest encoding.
        offset: usize,
    },
}

impl Message {
    /// The encoding.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(128 + self.params.len());
        write_head(4, MEMBERS, &mut out);
        write_head(0, 0, &mut out);
        write_bytes(&self.to.to_bytes(), &mut out);
        write_bytes(&self.from.to_bytes(), &mut out);
        write_head(0, self.nonce, &mut out);
        write_bytes(&big_integer_bytes(&self.value), &mut out);
        match u64::try_from(self.gas_limit) {
            Ok(limit) => write_head(0, limit, &mut out),
            // -1 - n stands as n, which is what inverting all bits gives.
            Err(_) => write_head(1, (!self.gas_limit).unsigned_abs(), &mut out),
        }
        write_bytes(&big_integer_bytes(&self.gas_fee_cap), &mut out);
        write_bytes(&big_integer_bytes(&self.gas_premium), &mut out);
        write_head(0, self.method, &mut out);
        write_bytes(&self.params, &mut out);
        out
    }

    /// Reads a message from all of `bytes`.
    pub fn decode(bytes: &[u8]) -> Result<Self, MessageError> {
        let mut names = Distinct::new();
        let mut members = Members::open(bytes, &mut names)?;
        let version = "version";
        members.expect(version, "version 0", |item| matches!(item, Item::Unsigned(0)).then_some(()))?;
        let message = Self {
            to: members.address("to")?,
            from: members.address("from")?,
            nonce: members.unsigned("nonce")?,
            value: members.big_integer("value")?,
            gas_limit: members.expect("gas limit", "an integer of 64 signed bits", Item::as_i64)?,
            gas_fee_cap: members.big_integer("gas fee cap")?,
            gas_premium: members.big_integer("gas premium")?,
            method: members.unsigned("method")?,
            params: members.bytes("parameters")?.to_vec(),
        };
        members.finish()?;
        let shortest = message.encode();
        if shortest != bytes {
            let differs = shortest.iter().zip(bytes).position(|(expected, found)| expected != found);
            return Err(MessageError::NotShortest { offset: differs.unwrap_or(shortest.len()) });
        }
        Ok(message)
    }

    /// The id: that of its encoding.
    pub fn cid(&self) -> MessageCid {
        cid_of(&self.encode())
    }
}

/// The id of an encoded message, whether or not it can be read.
pub fn cid_of(encoded: &[u8]) -> MessageCid {
    let mut cid = [0; 38];
    let (prefix, digest) = cid.split_at_mut(CID_PREFIX.len());
    prefix.copy_from_slice(&CID_PREFIX);
    digest.copy_from_slice(&blake2b::<32>(&[encoded]));
    cid
}

fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    write_head(2, bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// Nothing for zero, else a sign byte and the magnitude, big endian.
fn big_integer_bytes(value: &BigInt) -> Vec<u8> {
    let (sign, magnitude) = value.to_bytes_be();
    match sign {
        Sign::NoSign => vec![],
        Sign::Plus => [&[0], magnitude.as_slice()].concat(),
        Sign::Minus => [&[1], magnitude.as_slice()].concat(),
    }
}

fn read_big_integer(member: &'static str, bytes: &[u8]) -> Result<BigInt, MessageError> {
    if bytes.len() > MAX_BIG_INTEGER {
        return Err(MessageError::BigIntegerLength { member, found: bytes.len() });
    }
    let Some((sign, magnitude)) = bytes.split_first() else { return Ok(BigInt::ZERO) };
    let sign = match sign {
        0 => Sign::Plus,
        1 => Sign::Minus,
        found => return Err(MessageError::Sign { member, found: *found }),
    };
    if magnitude.first().is_none_or(|first| *first == 0) {
        return Err(MessageError::LeadingZero { member });
    }
    Ok(BigInt::from_bytes_be(sign, magnitude))
}

/// The members of an encoded message, one after the other.
struct Members<'a, 'n>(Reader<'a, 'n>);

impl<'a, 'n> Members<'a, 'n> {
    fn open(bytes: &'a [u8], names: &'n mut Distinct) -> Result<Self, MessageError> {
        let whole = "array";
        let reader =
            Reader::new(bytes, 1, names).map_err(|fault| MessageError::Cbor { member: whole, fault })?;
        let mut members = Self(reader);
        members.expect(whole, "an array of 10", |item| matches!(item, Item::Array(MEMBERS)).then_some(()))?;
        Ok(members)
    }

    fn expect<T>(
        &mut self,
        member: &'static str,
        expected: &'static str,
        read: impl FnOnce(&Item<'a>) -> Option<T>,
    ) -> Result<T, MessageError> {
        let offset = self.0.offset();
        let item = self.0.item().map_err(|fault| MessageError::Cbor { member, fault })?;
        read(&item).ok_or_else(|| {
            let fault = match item {
                Item::Unsigned(found) | Item::Array(found) => Fault::number(offset, expected, found),
                other => Fault::named(offset, expected, other.kind()),
            };
            MessageError::Cbor { member, fault }
        })
    }

    fn unsigned(&mut self, member: &'static str) -> Result<u64, MessageError> {
        self.expect(member, "an integer from 0 on", |item| match item {
            Item::Unsigned(value) => Some(*value),
            _ => None,
        })
    }

    fn bytes(&mut self, member: &'static str) -> Result<&'a [u8], MessageError> {
        self.expect(member, "a byte string", |item| match item {
            Item::Bytes(bytes) => Some(*bytes),
            _ => None,
        })
    }

    fn address(&mut self, member: &'static str) -> Result<Address, MessageError> {
        Address::from_bytes(self.bytes(member)?).map_err(|error| MessageError::Address { member, error })
    }

    fn big_integer(&mut self, member: &'static str) -> Result<BigInt, MessageError> {
        read_big_integer(member, self.bytes(member)?)
    }

    fn finish(self) -> Result<(), MessageError> {
        self.0.finish().map_err(|fault| MessageError::Cbor { member: "end", fault })
    }
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
