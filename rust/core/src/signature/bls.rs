//! BLS signatures over BLS12-381, one at a time, for beacons; and signing for a beacon of one's own.
//!
//! In: compressed points and a domain tag. Out: a verdict, or bytes. Rule: signature verification, section 4; hashing to
//! the curve by RFC 9380; the domain tag is always given, never assumed.
//! Invariant: key and signature are checked to lie in the prime-order subgroup and not to be infinity, each by itself.

use blst::{BLST_ERROR, Pairing, min_pk, min_sig};

use super::scheme::SignatureVerdict;

/// Which group the keys are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BlsVariant {
    /// Keys of 48 bytes in G1, signatures of 96 bytes in G2.
    MinPk,
    /// Keys of 96 bytes in G2, signatures of 48 bytes in G1.
    MinSig,
}

#[derive(Clone, Debug)]
enum Point {
    G1(Box<min_pk::PublicKey>),
    G2(Box<min_sig::PublicKey>),
}

/// A public key whose subgroup has been checked.
#[derive(Clone, Debug)]
pub struct BlsPublicKey(Point);

impl BlsPublicKey {
    /// Reads a compressed point; `None` if it is infinity, off the curve or outside the subgroup.
    pub fn parse(variant: BlsVariant, bytes: &[u8]) -> Option<Self> {
        Some(Self(match variant {
            BlsVariant::MinPk => {
                let point = min_pk::PublicKey::uncompress(bytes).ok()?;
                point.validate().ok()?;
                Point::G1(Box::new(point))
            }
            BlsVariant::MinSig => {
                let point = min_sig::PublicKey::uncompress(bytes).ok()?;
                point.validate().ok()?;
                Point::G2(Box::new(point))
            }
        }))
    }

    /// The key's point if keys are in G1.
    pub(super) fn in_g1(&self) -> Option<&min_pk::PublicKey> {
        match &self.0 {
            Point::G1(key) => Some(key),
            Point::G2(_) => None,
        }
    }

    /// The key's point if keys are in G2.
    pub(super) fn in_g2(&self) -> Option<&min_sig::PublicKey> {
        match &self.0 {
            Point::G1(_) => None,
            Point::G2(key) => Some(key),
        }
    }

    /// Verdict of one signature under the domain tag `dst`.
    pub fn verify(&self, dst: &[u8], message: &[u8], signature: &[u8]) -> SignatureVerdict {
        // The library's own `verify` would start a thread pool of its own, which a fork does not survive.
        let mut pairing = Pairing::new(true, dst);
        let answer = match &self.0 {
            Point::G1(key) => {
                let Some(signature) = signature_in_g2(signature) else {
                    return SignatureVerdict::BadEncoding;
                };
                let key: &blst::blst_p1_affine = key.as_ref().into();
                let signature: &blst::blst_p2_affine = (&signature).into();
                pairing.aggregate(key, false, signature, false, message, &[])
            }
            Point::G2(key) => {
                let Some(signature) = signature_in_g1(signature) else {
                    return SignatureVerdict::BadEncoding;
                };
                let key: &blst::blst_p2_affine = key.as_ref().into();
                let signature: &blst::blst_p1_affine = (&signature).into();
                pairing.aggregate(key, false, signature, false, message, &[])
            }
        };
        pairing.commit();
        if answer == BLST_ERROR::BLST_SUCCESS && pairing.finalverify(None) {
            SignatureVerdict::Good
        } else {
            SignatureVerdict::Equation
        }
    }
}

fn signature_in_g2(bytes: &[u8]) -> Option<min_pk::Signature> {
    let signature = min_pk::Signature::uncompress(bytes).ok()?;
    signature.validate(true).ok().map(|()| signature)
}

fn signature_in_g1(bytes: &[u8]) -> Option<min_sig::Signature> {
    let signature = min_sig::Signature::uncompress(bytes).ok()?;
    signature.validate(true).ok().map(|()| signature)
}

/// Verdict of one signature under the domain tag `dst`, with a key that is used once.
pub fn bls_verify(
    variant: BlsVariant,
    dst: &[u8],
    public_key: &[u8],
    message: &[u8],
    signature: &[u8],
) -> SignatureVerdict {
    BlsPublicKey::parse(variant, public_key)
        .map_or(SignatureVerdict::BadKey, |key| key.verify(dst, message, signature))
}

/// A secret key made from a seed by the draft's `KeyGen`; the same seed gives the same key.
pub fn bls_secret_key(seed: &[u8; 32]) -> Option<[u8; 32]> {
    min_pk::SecretKey::key_gen(seed, &[]).ok().map(|key| key.to_bytes())
}

/// The compressed public key of a secret key; `None` unless the secret is in [1, r).
pub fn bls_public_key(variant: BlsVariant, secret_key: &[u8; 32]) -> Option<Vec<u8>> {
    Some(match variant {
        BlsVariant::MinPk => min_pk::SecretKey::from_bytes(secret_key).ok()?.sk_to_pk().compress().to_vec(),
        BlsVariant::MinSig => min_sig::SecretKey::from_bytes(secret_key).ok()?.sk_to_pk().compress().to_vec(),
    })
}

/// The compressed signature of a message under the domain tag `dst`; `None` unless the secret is in [1, r).
pub fn bls_sign(variant: BlsVariant, dst: &[u8], secret_key: &[u8; 32], message: &[u8]) -> Option<Vec<u8>> {
    Some(match variant {
        BlsVariant::MinPk => {
            min_pk::SecretKey::from_bytes(secret_key).ok()?.sign(message, dst, &[]).compress().to_vec()
        }
        BlsVariant::MinSig => {
            min_sig::SecretKey::from_bytes(secret_key).ok()?.sign(message, dst, &[]).compress().to_vec()
        }
    })
}

#[cfg(test)]
#[path = "bls_tests.rs"]
mod tests;
