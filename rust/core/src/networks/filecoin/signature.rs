//! Signatures of Filecoin's accounts.
//!
//! In: a signer's address, the signed bytes and a [`Signature`], or many of them; or the keys and messages of an
//! aggregate. Out: a [`Verdict`]. Rule: Filecoin, E3 and E4; for a message of the chain the signed bytes are its CID.
//! Invariant: a secp256k1 signature is valid if the key that it recovers has the signer's address, a BLS signature if
//! the key in the address made it. Equal messages of an aggregate are always reported: nobody has proved here that he
//! possesses his key, and who chooses a key after seeing another can sign the same message for both.

use std::collections::BTreeMap;

use secp256k1::Message as Digest;
use secp256k1::ecdsa::{RecoverableSignature, RecoveryId};

use super::address::{Address, Protocol};
use super::blake2b::blake2b;
use super::message::Message;
use crate::signature::{
    BlsAggregation, BlsKeyRegistry, BlsVariant, ByteColumn, Items, SignatureVerdict, bls_aggregate_verify,
    bls_verify, bls_verify_items,
};

/// The domain tag of BLS signatures.
pub const BLS_TAG: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_";

/// Bytes of the longest signature that the chain takes.
const MAX_DELEGATED: usize = 200;

/// How a signature was made; the numbers are those of the byte in front of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// ECDSA over secp256k1 with a recovery id, 65 bytes.
    Secp256k1 = 1,
    /// BLS, 96 bytes.
    Bls = 2,
    /// An Ethereum account's, over an Ethereum transaction.
    Delegated = 3,
}

/// Why bytes are no signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There are no bytes.
    #[error("signature: expected a type byte, found no bytes")]
    Empty,
    /// The first byte names no kind.
    #[error("signature: expected type 1 (secp256k1), 2 (BLS) or 3 (delegated), found {found}")]
    Kind {
        /// The first byte.
        found: u8,
    },
    /// The rest has not the length of its kind.
    #[error("signature of kind {kind:?}: expected {expected} bytes, found {found}")]
    Length {
        /// Its kind.
        kind: Kind,
        /// Bytes of such a signature.
        expected: &'static str,
        /// Bytes found.
        found: usize,
    },
}

/// A signature with its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signature {
    /// r, s and the recovery id, 0 to 3.
    Secp256k1([u8; 65]),
    /// A compressed point.
    Bls([u8; 96]),
    /// An Ethereum account's; read, and not checked.
    Delegated(Vec<u8>),
}

impl Signature {
    /// Reads a type byte and the signature behind it from all of `bytes`.
    pub fn from_wire(bytes: &[u8]) -> Result<Self, SignatureError> {
        let (kind, rest) = bytes.split_first().ok_or(SignatureError::Empty)?;
        let length = |kind, expected| SignatureError::Length { kind, expected, found: rest.len() };
        Ok(match kind {
            1 => Self::Secp256k1(rest.try_into().map_err(|_| length(Kind::Secp256k1, "65"))?),
            2 => Self::Bls(rest.try_into().map_err(|_| length(Kind::Bls, "96"))?),
            3 if (1..=MAX_DELEGATED).contains(&rest.len()) => Self::Delegated(rest.to_vec()),
            3 => return Err(length(Kind::Delegated, "1 to 200")),
            found => return Err(SignatureError::Kind { found: *found }),
        })
    }

    /// The type byte and the signature.
    pub fn to_wire(&self) -> Vec<u8> {
        [&[self.kind() as u8], self.bytes()].concat()
    }

    /// How it was made.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Secp256k1(_) => Kind::Secp256k1,
            Self::Bls(_) => Kind::Bls,
            Self::Delegated(_) => Kind::Delegated,
        }
    }

    /// The signature without its type byte.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Secp256k1(bytes) => bytes,
            Self::Bls(bytes) => bytes,
            Self::Delegated(bytes) => bytes,
        }
    }
}

/// What a signature is found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The signer made it.
    Valid,
    /// Accounts of the signer's protocol make no signatures of this kind.
    SignerProtocol {
        /// The protocol of the signer's address.
        found: Protocol,
    },
    /// Its numbers or its point are out of range, not canonical or outside their group.
    Encoding,
    /// The signer's key is no point of its group, or infinite.
    Key,
    /// It is another key's.
    OtherSigner {
        /// Whose it is.
        found: Address,
    },
    /// The signer did not make it for these bytes.
    NotSigned,
    /// Delegated signatures sign an Ethereum transaction, which is not rebuilt here.
    NotChecked,
}

impl Verdict {
    /// Whether the signer made the signature.
    pub const fn is_valid(&self) -> bool {
        matches!(self, Self::Valid)
    }
}

impl From<SignatureVerdict> for Verdict {
    fn from(verdict: SignatureVerdict) -> Self {
        match verdict {
            SignatureVerdict::Good => Self::Valid,
            SignatureVerdict::BadKey | SignatureVerdict::UnknownKeyId => Self::Key,
            SignatureVerdict::BadEncoding => Self::Encoding,
            _ => Self::NotSigned,
        }
    }
}

/// Verdict of a signature of `signed` by `signer`.
pub fn verify(signer: &Address, signed: &[u8], signature: &Signature) -> Verdict {
    match signature {
        Signature::Secp256k1(signature) => verify_secp256k1(signer, signed, signature),
        Signature::Bls(signature) => {
            signer.bls_key().map_or(Verdict::SignerProtocol { found: signer.protocol() }, |key| {
                bls_verify(BlsVariant::MinPk, BLS_TAG, key, signed, signature).into()
            })
        }
        Signature::Delegated(_) => Verdict::NotChecked,
    }
}

/// A signature with what it is of.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// Whose it is to be.
    pub signer: &'a Address,
    /// The signed bytes.
    pub bytes: &'a [u8],
    /// The signature.
    pub signature: &'a Signature,
}

/// Verdicts of many signatures, in their order and independent of each other; those of BLS are checked together.
pub fn verify_many(rows: &[Signed<'_>]) -> Vec<Verdict> {
    let (mut keys, mut messages, mut signatures, mut places) = (vec![], vec![], vec![], vec![]);
    let mut verdicts: Vec<Verdict> = (rows.iter().enumerate())
        .map(|(place, row)| match (row.signature, row.signer.bls_key()) {
            (Signature::Bls(signature), Some(key)) => {
                keys.push(key.as_slice());
                messages.push(row.bytes);
                signatures.push(signature.as_slice());
                places.push(place);
                Verdict::NotSigned
            }
            _ => verify(row.signer, row.bytes, row.signature),
        })
        .collect();
    let mut registry = BlsKeyRegistry::new(BlsVariant::MinPk);
    let ids = registry.register_many(&keys);
    let mut found = vec![SignatureVerdict::UnknownKeyId; ids.len()];
    let together = Items::new(&ids, ByteColumn::slices(&messages), ByteColumn::slices(&signatures))
        .and_then(|items| bls_verify_items(&registry, BLS_TAG, &items, &mut found));
    for (place, found) in places.into_iter().zip(found) {
        if let (Some(verdict), Some(row)) = (verdicts.get_mut(place), rows.get(place)) {
            // The columns have one length, so that nothing speaks against checking them together.
            *verdict = match together {
                Ok(()) => found.into(),
                Err(_) => verify(row.signer, row.bytes, row.signature),
            };
        }
    }
    verdicts
}

/// Verdict of the signature that a message's sender has put to it.
pub fn verify_message(message: &Message, signature: &Signature) -> Verdict {
    verify(&message.from, &message.cid(), signature)
}

fn verify_secp256k1(signer: &Address, signed: &[u8], signature: &[u8; 65]) -> Verdict {
    if signer.protocol() != Protocol::Secp256k1 {
        return Verdict::SignerProtocol { found: signer.protocol() };
    }
    match recover_secp256k1(signed, signature) {
        None => Verdict::Encoding,
        Some(key) => match Address::of_secp256k1_key(&key) {
            found if found == *signer => Verdict::Valid,
            found => Verdict::OtherSigner { found },
        },
    }
}

/// The uncompressed key that made a signature of `signed`; `None` if no key did.
pub fn recover_secp256k1(signed: &[u8], signature: &[u8; 65]) -> Option<[u8; 65]> {
    let (scalars, [id]) = signature.split_last_chunk::<1>()?;
    let id = RecoveryId::try_from(i32::from(*id)).ok()?;
    let signature = RecoverableSignature::from_compact(scalars, id).ok()?;
    let key = signature.recover(Digest::from_digest(blake2b(&[signed]))).ok()?;
    Some(key.serialize_uncompressed())
}

/// A call that cannot be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("aggregate: expected one message of each of {keys} keys, found {messages}")]
pub struct AggregateError {
    /// Keys given.
    pub keys: usize,
    /// Messages given.
    pub messages: usize,
}

/// What is found about an aggregate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aggregate {
    /// Whether the signature is the sum of one signature of each key for its message; equal messages count each.
    pub verdict: Verdict,
    /// Messages that occur more than once, in the order of their first row.
    pub equal: Vec<EqualMessages>,
}

/// Rows of an aggregate that sign the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EqualMessages {
    /// The rows, ascending.
    pub rows: Vec<usize>,
    /// Whether more than one key signs them: then one may have been chosen to cancel the other.
    pub has_different_keys: bool,
}

impl Aggregate {
    /// Whether a signer may have chosen his key so that he could sign for another one.
    pub fn has_rogue_key_risk(&self) -> bool {
        self.equal.iter().any(|messages| messages.has_different_keys)
    }
}

/// What one signature for one message of each key is worth.
///
/// An aggregate of nothing is `NotSigned`.
pub fn verify_aggregate(
    keys: &[&[u8]],
    messages: &[&[u8]],
    signature: &[u8],
) -> Result<Aggregate, AggregateError> {
    if keys.len() != messages.len() {
        return Err(AggregateError { keys: keys.len(), messages: messages.len() });
    }
    let mut registry = BlsKeyRegistry::new(BlsVariant::MinPk);
    let ids = registry.register_many(keys);
    // What the engine would otherwise refuse is reported below.
    let aggregation = BlsAggregation::KeysAreProven;
    let messages_column = ByteColumn::slices(messages);
    let verdict = bls_aggregate_verify(&registry, BLS_TAG, &ids, messages_column, signature, aggregation);
    Ok(Aggregate { verdict: verdict.into(), equal: equal_messages(keys, messages) })
}

fn equal_messages(keys: &[&[u8]], messages: &[&[u8]]) -> Vec<EqualMessages> {
    let mut rows_of: BTreeMap<&[u8], Vec<usize>> = BTreeMap::new();
    for (row, message) in messages.iter().enumerate() {
        rows_of.entry(message).or_default().push(row);
    }
    let mut equal: Vec<EqualMessages> = rows_of
        .into_values()
        .filter(|rows| rows.len() > 1)
        .map(|rows| {
            let mut keys = rows.iter().map(|&row| keys.get(row));
            let first = keys.next();
            EqualMessages { has_different_keys: keys.any(|key| Some(key) != first), rows }
        })
        .collect();
    equal.sort_by(|one, other| one.rows.cmp(&other.rows));
    equal
}

#[cfg(test)]
#[path = "signature_tests.rs"]
mod tests;
