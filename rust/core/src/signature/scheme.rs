//! Names of what can be checked: schemes, acceptance profiles and the verdict of one signature.
//!
//! In: names and numbers as they stand in rulesets and registries. Out: the types the engine works with. Rule: signature
//! verification, sections 2 and 3; the profile belongs to a network's rules and is never guessed from the data.
//! Invariant: the numbers of [`Scheme`] and [`SignatureVerdict`] are written into results and never change.

use core::fmt;

/// A signature scheme whose keys a device can have; the numbers are those of the verdicts' evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Scheme {
    /// Ed25519, RFC 8032.
    Ed25519 = 1,
    /// ECDSA over P-256.
    P256 = 2,
    /// ECDSA over secp256k1.
    Secp256k1 = 3,
}

impl Scheme {
    /// All schemes, by number.
    pub const ALL: [Self; 3] = [Self::Ed25519, Self::P256, Self::Secp256k1];

    /// The scheme with this number.
    pub const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Ed25519,
            2 => Self::P256,
            3 => Self::Secp256k1,
            _ => return None,
        })
    }

    /// The scheme's number.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// As written in tables and in Python.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::P256 => "p256",
            Self::Secp256k1 => "secp256k1",
        }
    }

    /// The scheme with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.name() == name)
    }
}

/// Which Ed25519 signatures are accepted at the edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ed25519Profile {
    /// ZIP 215: points may be non-canonical, the equation is multiplied by the cofactor.
    Zip215,
    /// The plain equation, with R compared byte for byte: what OpenSSL and Go accept.
    Cofactorless,
    /// `Cofactorless`, and neither A nor R of small order: what libsodium and Solana accept.
    Strict,
    /// `Zip215` without the all-zero and the neutral key: what ed25519-compact accepts.
    Compact {
        /// Refuse non-canonical A and R as well, as that library does from 2.4.0 on.
        canonical_points: bool,
    },
}

impl Ed25519Profile {
    /// All profiles.
    pub const ALL: [Self; 5] = [
        Self::Zip215,
        Self::Cofactorless,
        Self::Strict,
        Self::Compact { canonical_points: false },
        Self::Compact { canonical_points: true },
    ];

    /// Whether the equation is multiplied by the cofactor.
    pub const fn is_cofactored(self) -> bool {
        matches!(self, Self::Zip215 | Self::Compact { .. })
    }

    /// As written in rulesets and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Zip215 => "zip215",
            Self::Cofactorless => "cofactorless",
            Self::Strict => "strict",
            Self::Compact { canonical_points: false } => "compact",
            Self::Compact { canonical_points: true } => "compact-canonical_points",
        }
    }

    /// The profile with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }
}

/// How an ECDSA signature is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EcdsaEncoding {
    /// DER SEQUENCE of two INTEGERs, at most 72 bytes, no leniency.
    Der,
    /// r and s, 32 bytes each, big endian (IEEE P1363, JOSE, COSE).
    P1363,
    /// r, s and a recovery byte: 0, 1, 27 or 28. secp256k1 only.
    Recoverable,
}

impl EcdsaEncoding {
    /// All encodings.
    pub const ALL: [Self; 3] = [Self::Der, Self::P1363, Self::Recoverable];

    /// As written in rulesets and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Der => "der",
            Self::P1363 => "p1363",
            Self::Recoverable => "recoverable",
        }
    }
}

/// Which half of the range s may lie in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SPolicy {
    /// Both halves.
    AnyS,
    /// Only s <= (n-1)/2; the upper half is refused, not normalised.
    LowS,
}

impl SPolicy {
    /// Both policies.
    pub const ALL: [Self; 2] = [Self::AnyS, Self::LowS];

    /// As written in rulesets and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AnyS => "any_s",
            Self::LowS => "low_s",
        }
    }
}

/// How the 32-byte digest of an ECDSA message is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EcdsaDigest {
    /// SHA-256 of the message.
    Sha256,
    /// Keccak-256 of the message.
    Keccak256,
    /// Keccak-256 of the message behind Ethereum's prefix for signed messages.
    EthereumMessage,
    /// The message is the digest, 32 bytes.
    Given,
}

impl EcdsaDigest {
    /// All ways.
    pub const ALL: [Self; 4] = [Self::Sha256, Self::Keccak256, Self::EthereumMessage, Self::Given];

    /// As written in rulesets and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Keccak256 => "keccak256",
            Self::EthereumMessage => "ethereum_message",
            Self::Given => "digest",
        }
    }
}

/// Which ECDSA signatures are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EcdsaRule {
    /// How the signature is written.
    pub encoding: EcdsaEncoding,
    /// Which half s may lie in.
    pub s: SPolicy,
    /// How the digest is made.
    pub digest: EcdsaDigest,
}

impl EcdsaRule {
    /// 64 bytes, both halves of s, SHA-256: JOSE, COSE and the uptime proof.
    pub const P1363_ANY_S: Self =
        Self { encoding: EcdsaEncoding::P1363, s: SPolicy::AnyS, digest: EcdsaDigest::Sha256 };

    /// The rule with this name: encoding, s policy and, unless it is `sha256`, digest, joined by `-`, such as
    /// `p1363-any_s` or `recoverable-low_s-ethereum_message`.
    pub fn from_name(name: &str) -> Option<Self> {
        let mut words = name.split('-');
        let (encoding, s) = (words.next()?, words.next()?);
        let digest = words.next().unwrap_or(EcdsaDigest::Sha256.name());
        if words.next().is_some() {
            return None;
        }
        Some(Self {
            encoding: EcdsaEncoding::ALL.into_iter().find(|each| each.name() == encoding)?,
            s: SPolicy::ALL.into_iter().find(|each| each.name() == s)?,
            digest: EcdsaDigest::ALL.into_iter().find(|each| each.name() == digest)?,
        })
    }
}

impl fmt::Display for EcdsaRule {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}-{}", self.encoding.name(), self.s.name())?;
        match self.digest {
            EcdsaDigest::Sha256 => Ok(()),
            other => write!(out, "-{}", other.name()),
        }
    }
}

/// The acceptance rule of every scheme, as a network states them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rules {
    /// For Ed25519 keys.
    pub ed25519: Ed25519Profile,
    /// For P-256 keys. There is no recoverable form on this curve: under it every item is `BadEncoding`.
    pub p256: EcdsaRule,
    /// For secp256k1 keys.
    pub secp256k1: EcdsaRule,
}

impl Rules {
    /// The rules of the open uptime proof, its section 1.4.
    pub const UPTIME_PROOF: Self = Self {
        ed25519: Ed25519Profile::Strict,
        p256: EcdsaRule::P1363_ANY_S,
        secp256k1: EcdsaRule::P1363_ANY_S,
    };
}

/// Verdict of one signature: 0 is good, everything else says what was wrong first.
///
/// Checks run in this order: key, encoding, range of the scalars, order of the points or half of s, equation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum SignatureVerdict {
    /// The signature is valid.
    Good = 0,
    /// The public key cannot be used.
    BadKey = 1,
    /// The signature's length or encoding is not allowed.
    BadEncoding = 2,
    /// A number of the signature is outside its range.
    ScalarRange = 3,
    /// The key or the signature's point has small order.
    SmallOrder = 4,
    /// The signature's s is in the upper half, which this policy refuses.
    HighS = 5,
    /// The signature equation does not hold.
    Equation = 6,
    /// No key is registered under this id.
    UnknownKeyId = 7,
}

impl SignatureVerdict {
    /// All verdicts, by number.
    pub const ALL: [Self; 8] = [
        Self::Good,
        Self::BadKey,
        Self::BadEncoding,
        Self::ScalarRange,
        Self::SmallOrder,
        Self::HighS,
        Self::Equation,
        Self::UnknownKeyId,
    ];

    /// Whether the signature is valid.
    pub const fn is_good(self) -> bool {
        matches!(self, Self::Good)
    }

    /// The number in the catalogue's family `signature`.
    pub const fn number(self) -> u8 {
        self as u8
    }
}

#[cfg(test)]
#[path = "scheme_tests.rs"]
mod tests;
