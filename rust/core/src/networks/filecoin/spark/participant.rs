//! Who is paid for a measurement.
//!
//! In: the text of an Ethereum address, or of the Filecoin address that stands for one. Out: its 20 bytes. Rule: Filecoin,
//! C1 and E1.
//! Invariant: letters of both cases must be those of the checksum that Ethereum's wallets write; a Filecoin address must
//! carry its own checksum. One address has one participant, however it is written.

use std::fmt;

use ahash::AHashMap;
use data_encoding::HEXLOWER;
use sha3::{Digest, Keccak256};

use super::super::address::Address;

/// An Ethereum address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Participant(pub [u8; 20]);

impl Participant {
    /// The address that nobody holds: what is sent there is burnt.
    pub const BURN: Self = Self([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xde, 0xad]);

    /// Reads `0x` and 40 hex digits, or `f410f` (on test networks `t410f`) and base32.
    pub fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix("0x") {
            Some(digits) => of_hex(digits),
            None => Address::parse(text).ok()?.address.ethereum().map(Self),
        }
    }
}

/// Participants by the texts that name them.
///
/// A round names each of them many times, and checking a text's checksum costs more than finding it here.
#[derive(Debug, Default)]
pub struct Participants(AHashMap<String, Participant>);

impl Participants {
    /// The participant of a text, as by [`Participant::parse`].
    pub fn parse(&mut self, text: &str) -> Option<Participant> {
        if let Some(known) = self.0.get(text) {
            return Some(*known);
        }
        let participant = Participant::parse(text)?;
        self.0.insert(text.to_owned(), participant);
        Some(participant)
    }
}

fn of_hex(digits: &str) -> Option<Participant> {
    let mut bytes = [0; 20];
    if digits.len() != 40 {
        return None;
    }
    data_encoding::HEXLOWER_PERMISSIVE.decode_mut(digits.as_bytes(), &mut bytes).ok()?;
    let is_mixed = digits.bytes().any(|byte| byte.is_ascii_uppercase())
        && digits.bytes().any(|byte| byte.is_ascii_lowercase());
    (!is_mixed || has_checksum(digits, &bytes)).then_some(Participant(bytes))
}

/// Whether exactly those letters are upper case over which the hash of the lower-case digits has a digit of 8 or more.
fn has_checksum(digits: &str, bytes: &[u8; 20]) -> bool {
    let hash = HEXLOWER.encode(&Keccak256::digest(HEXLOWER.encode(bytes)));
    digits
        .bytes()
        .zip(hash.bytes())
        .all(|(digit, over)| !digit.is_ascii_alphabetic() || digit.is_ascii_uppercase() == (over >= b'8'))
}

impl fmt::Display for Participant {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "0x{}", HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Participant {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

#[cfg(test)]
#[path = "participant_tests.rs"]
mod tests;
