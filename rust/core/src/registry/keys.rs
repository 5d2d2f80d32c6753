//! Public keys as did:key text and as raw bytes; what other spellings people have is read in Python.
//!
//! In: a did:key, or bytes of a named kind. Out: its kind and its one canonical spelling, points compressed. Rule: "uptime proof",
//! section 1.5. Invariant: a key that is read and written again is the same text; a point that comes with both coordinates
//! is on its curve.

use std::borrow::Cow;

use crate::hash::sha256;
use crate::signature::Scheme;

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// Signs proofs and events.
    Signing(Scheme),
    /// BLS12-381 with keys in G1: beacons.
    BlsG1,
    /// BLS12-381 with keys in G2: beacons.
    BlsG2,
}

impl KeyKind {
    const ALL: [Self; 5] = [
        Self::Signing(Scheme::Ed25519),
        Self::Signing(Scheme::P256),
        Self::Signing(Scheme::Secp256k1),
        Self::BlsG1,
        Self::BlsG2,
    ];

    /// The multicodec prefix of a key of this kind.
    pub const fn prefix(self) -> [u8; 2] {
        match self {
            Self::Signing(Scheme::Ed25519) => [0xed, 0x01],
            Self::Signing(Scheme::P256) => [0x80, 0x24],
            Self::Signing(Scheme::Secp256k1) => [0xe7, 0x01],
            Self::BlsG1 => [0xea, 0x01],
            Self::BlsG2 => [0xeb, 0x01],
        }
    }

    /// Length of the canonical key bytes.
    pub const fn length(self) -> usize {
        match self {
            Self::Signing(Scheme::Ed25519) => 32,
            Self::Signing(_) => 33,
            Self::BlsG1 => 48,
            Self::BlsG2 => 96,
        }
    }

    /// The kind's name in messages, on the command line and in Python.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Signing(scheme) => scheme.name(),
            Self::BlsG1 => "bls12381g1",
            Self::BlsG2 => "bls12381g2",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Why something is no public key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found {found}")]
pub struct KeyError {
    expected: Cow<'static, str>,
    found: Cow<'static, str>,
}

fn wrong(expected: impl Into<Cow<'static, str>>, found: impl Into<Cow<'static, str>>) -> KeyError {
    KeyError { expected: expected.into(), found: found.into() }
}

/// A public key in its canonical bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey {
    kind: KeyKind,
    bytes: Vec<u8>,
}

impl PublicKey {
    /// A key of this kind from its canonical bytes.
    fn canonical(kind: KeyKind, bytes: &[u8]) -> Result<Self, KeyError> {
        let has_form = match kind {
            KeyKind::Signing(Scheme::P256 | Scheme::Secp256k1) => matches!(bytes.first(), Some(2 | 3)),
            KeyKind::Signing(Scheme::Ed25519) => true,
            // The first bit of a point in its compressed form is set.
            KeyKind::BlsG1 | KeyKind::BlsG2 => bytes.first().is_some_and(|byte| byte & 0x80 != 0),
        };
        if bytes.len() != kind.length() || !has_form {
            let found = format!("{} bytes of another form", bytes.len());
            return Err(wrong(format!("a {} key of {} bytes", kind.name(), kind.length()), found));
        }
        Ok(Self { kind, bytes: bytes.to_vec() })
    }

    /// What the key is for.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The scheme, unless this is a key of a beacon.
    pub fn scheme(&self) -> Option<Scheme> {
        match self.kind {
            KeyKind::Signing(scheme) => Some(scheme),
            KeyKind::BlsG1 | KeyKind::BlsG2 => None,
        }
    }

    /// The canonical bytes, points compressed.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn multicodec(&self) -> Vec<u8> {
        [self.kind.prefix().as_slice(), &self.bytes].concat()
    }

    /// The canonical text, `did:key:z...`.
    pub fn did(&self) -> String {
        format!("did:key:z{}", bs58::encode(self.multicodec()).into_string())
    }

    /// The kid that the key has unless the registry names another: 16 bytes of the SHA-256 of its multicodec bytes.
    pub fn kid(&self) -> [u8; 16] {
        let mut kid = [0; 16];
        kid.copy_from_slice(&sha256(&self.multicodec())[..16]);
        kid
    }
}

/// Reads `did:key:z...`.
pub fn parse_did_key(text: &str) -> Result<PublicKey, KeyError> {
    const EXPECTED: &str = "did:key:z and base58btc of an ed25519, P-256, secp256k1 or BLS12-381 key";
    // The longest key has 98 bytes; nothing longer is worth decoding.
    let encoded = text
        .strip_prefix("did:key:z")
        .filter(|encoded| encoded.len() <= 140)
        .ok_or_else(|| wrong(EXPECTED, "another text"))?;
    let bytes = bs58::decode(encoded).into_vec().map_err(|_| wrong(EXPECTED, "no base58btc"))?;
    let (prefix, key) = bytes.split_at_checked(2).ok_or_else(|| wrong(EXPECTED, "too few bytes"))?;
    let kind = KeyKind::ALL
        .into_iter()
        .find(|kind| kind.prefix() == prefix)
        .ok_or_else(|| wrong(EXPECTED, format!("multicodec prefix {:02x}{:02x}", bytes[0], bytes[1])))?;
    PublicKey::canonical(kind, key)
}

/// The compressed form of a SEC1 point that is on its curve.
fn compress(scheme: Scheme, sec1: &[u8]) -> Option<Vec<u8>> {
    match scheme {
        Scheme::Ed25519 => None,
        Scheme::P256 => {
            use p256::elliptic_curve::sec1::ToSec1Point;
            let key = p256::PublicKey::from_sec1_bytes(sec1).ok()?;
            Some(key.to_sec1_point(true).as_bytes().to_vec())
        }
        Scheme::Secp256k1 => {
            use k256::elliptic_curve::sec1::ToSec1Point;
            let key = k256::PublicKey::from_sec1_bytes(sec1).ok()?;
            Some(key.to_sec1_point(true).as_bytes().to_vec())
        }
    }
}

/// Reads key bytes of a named kind: 32 bytes of Ed25519, SEC1 points in either form, compressed BLS points.
pub fn parse_raw_key(kind: KeyKind, bytes: &[u8]) -> Result<PublicKey, KeyError> {
    if let KeyKind::Signing(scheme @ (Scheme::P256 | Scheme::Secp256k1)) = kind {
        // SEC1 also has a form of one byte, the point at infinity, and hybrid forms; none of them is a key.
        let is_sec1 = matches!((bytes.first(), bytes.len()), (Some(2 | 3), 33) | (Some(4), 65));
        let compressed = is_sec1.then(|| compress(scheme, bytes)).flatten();
        let compressed = compressed.ok_or_else(|| {
            wrong(
                format!("a SEC1 point on the curve of {}", kind.name()),
                format!("{} other bytes", bytes.len()),
            )
        })?;
        return PublicKey::canonical(kind, &compressed);
    }
    PublicKey::canonical(kind, bytes)
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
