//! RSA-PSS with SHA-256, for storage networks that sign with RSA keys.
//!
//! In: modulus and exponent as big-endian numbers, registered once; items in columns. Out: one [`SignatureVerdict`] per
//! item. Rule: signature verification, section 4: a modulus of 2048 to 4096 bits, odd; an exponent odd, at least 3, below
//! 2^32; a signature as long as the modulus and smaller; MGF1 with SHA-256; the salt's length fixed by the profile.
//! Invariant: aws-lc says yes or no to every signature. Under a profile that takes any salt, what is computed here only
//! finds the length to ask it for, because its interface wants a definite one; it can refuse, but never accept.

use std::collections::HashMap;
use std::sync::OnceLock;

use aws_lc_rs::signature::{
    ParsedPublicKey, RSA_PSS_2048_8192_SHA256, RsaParameters, RsaPssSaltLength, RsaPublicKeyComponents,
};
use rayon::prelude::*;
use ruint::Uint;
use sha2::{Digest, Sha256};

use super::columns::{Items, ItemsError};
use super::keys::KeyId;
use super::scheme::SignatureVerdict;

/// Largest modulus.
type Number = Uint<4096, 64>;

const BITS: core::ops::RangeInclusive<usize> = 2048..=4096;
const DIGEST: usize = 32;
static SALT_OF_32: RsaParameters =
    RSA_PSS_2048_8192_SHA256.with_pss_salt_length(RsaPssSaltLength::Custom(32));
static NO_SALT: RsaParameters = RSA_PSS_2048_8192_SHA256.with_pss_salt_length(RsaPssSaltLength::Custom(0));

/// Which salts a network takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RsaProfile {
    /// Exactly 32 bytes, as long as the digest.
    Salt32,
    /// None.
    Salt0,
    /// Any length that fits.
    AnySalt,
}

impl RsaProfile {
    /// All profiles.
    pub const ALL: [Self; 3] = [Self::Salt32, Self::Salt0, Self::AnySalt];

    /// As written in rulesets and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Salt32 => "sha256-salt32",
            Self::Salt0 => "sha256-salt0",
            Self::AnySalt => "sha256-any_salt",
        }
    }

    /// The profile with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }
}

/// A public key within the rule's bounds.
#[derive(Debug)]
struct PublicKey {
    modulus: Box<[u8]>,
    exponent: u32,
    // Parsed for the library when a profile is first asked for.
    salt_of_32: OnceLock<Option<ParsedPublicKey>>,
    no_salt: OnceLock<Option<ParsedPublicKey>>,
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

impl PublicKey {
    fn parse(modulus: &[u8], exponent: &[u8]) -> Option<Self> {
        let (modulus, exponent) = (without_zeros(modulus), without_zeros(exponent));
        let exponent = exponent
            .iter()
            .try_fold(0_u32, |value, byte| value.checked_mul(256).map(|value| value | u32::from(*byte)))?;
        let bits = 8 * modulus.len() - usize::try_from(modulus.first()?.leading_zeros()).ok()?;
        let is_odd = modulus.last()? & 1 == 1;
        (BITS.contains(&bits) && is_odd && exponent >= 3 && exponent % 2 == 1).then(|| Self {
            modulus: modulus.into(),
            exponent,
            salt_of_32: OnceLock::new(),
            no_salt: OnceLock::new(),
        })
    }

    fn components(&self) -> RsaPublicKeyComponents<Vec<u8>> {
        let exponent = without_zeros(&self.exponent.to_be_bytes()).to_vec();
        RsaPublicKeyComponents { n: self.modulus.to_vec(), e: exponent }
    }

    fn verify(&self, profile: RsaProfile, message: &[u8], signature: &[u8]) -> SignatureVerdict {
        if signature.len() != self.modulus.len() {
            return SignatureVerdict::BadEncoding;
        }
        // Of equal length, so that the order of the bytes is that of the numbers.
        if signature >= &*self.modulus {
            return SignatureVerdict::ScalarRange;
        }
        let parsed = |kept: &OnceLock<Option<ParsedPublicKey>>, parameters: &'static RsaParameters| {
            kept.get_or_init(|| self.components().to_parsed_public_key(parameters).ok())
                .as_ref()
                .is_some_and(|key| key.verify_sig(message, signature).is_ok())
        };
        let good = match profile {
            RsaProfile::Salt32 => parsed(&self.salt_of_32, &SALT_OF_32),
            RsaProfile::Salt0 => parsed(&self.no_salt, &NO_SALT),
            RsaProfile::AnySalt => self.salt_length(signature).is_some_and(|length| {
                let parameters =
                    RSA_PSS_2048_8192_SHA256.with_pss_salt_length(RsaPssSaltLength::Custom(length));
                self.components().verify(&parameters, message, signature).is_ok()
            }),
        };
        if good { SignatureVerdict::Good } else { SignatureVerdict::Equation }
    }

    /// Length of the salt that a signature carries; `None` if what it encodes is not of the scheme's form.
    fn salt_length(&self, signature: &[u8]) -> Option<u16> {
        let modulus = Number::try_from_be_slice(&self.modulus)?;
        let encoded = Number::try_from_be_slice(signature)?.pow_mod(Number::from(self.exponent), modulus);
        // One bit less than the modulus, which is a byte less where the modulus has one bit in its first.
        let bits = modulus.bit_len() - 1;
        let bytes: [u8; 512] = encoded.to_be_bytes();
        let (above, encoded) = bytes.split_at(bytes.len() - bits.div_ceil(8));
        if above.iter().any(|byte| *byte != 0) {
            return None;
        }
        let (encoded, trailer) = encoded.split_at(encoded.len() - 1);
        let (masked, digest) = encoded.split_at(encoded.len() - DIGEST);
        let top = 0xff_u8 >> (8 * (encoded.len() + 1) - bits);
        if trailer != [0xbc] || masked.first()? & !top != 0 {
            return None;
        }
        let mut block: Vec<u8> = masked.iter().zip(mask(digest)).map(|(byte, mask)| byte ^ mask).collect();
        *block.first_mut()? &= top;
        let one = block.iter().position(|byte| *byte != 0)?;
        (block[one] == 1).then(|| block.len() - one - 1).and_then(|length| length.try_into().ok())
    }
}

/// The mask that MGF1 makes of a seed.
fn mask(seed: &[u8]) -> impl Iterator<Item = u8> {
    let start = Sha256::new_with_prefix(seed);
    (0_u32..).flat_map(move |counter| start.clone().chain_update(counter.to_be_bytes()).finalize())
}

/// Modulus and exponent.
type Numbers = (Box<[u8]>, Box<[u8]>);

/// All RSA keys of a run.
#[derive(Debug, Default)]
pub struct RsaKeyRegistry {
    // By modulus and exponent without leading zeros; looked up, never walked.
    ids: HashMap<Numbers, KeyId>,
    keys: Vec<Option<PublicKey>>,
}

impl RsaKeyRegistry {
    /// An empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// The id of a key, given as big-endian numbers; leading zeros do not count. One that cannot be used gets an id too.
    pub fn register(&mut self, modulus: &[u8], exponent: &[u8]) -> KeyId {
        let numbers = (without_zeros(modulus).into(), without_zeros(exponent).into());
        if let Some(id) = self.ids.get(&numbers) {
            return *id;
        }
        match u32::try_from(self.keys.len()).map(KeyId) {
            Ok(id) if id != KeyId::NONE => {
                self.ids.insert(numbers, id);
                self.keys.push(PublicKey::parse(modulus, exponent));
                id
            }
            _ => KeyId::NONE,
        }
    }

    /// The id of a key that has been registered before.
    pub fn find(&self, modulus: &[u8], exponent: &[u8]) -> Option<KeyId> {
        self.ids.get(&(without_zeros(modulus).into(), without_zeros(exponent).into())).copied()
    }

    /// Whether a key can be used; `None` for an id that was never given.
    pub fn is_usable(&self, id: KeyId) -> Option<bool> {
        self.record(id).map(Option::is_some)
    }

    /// How many keys there are; every id is below.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether no key is registered.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    fn record(&self, id: KeyId) -> Option<&Option<PublicKey>> {
        self.keys.get(usize::try_from(id.0).ok()?)
    }
}

/// Writes the verdict of each item to the same place of `out`, which must have as many places as there are items. All
/// threads of the current pool take part.
pub fn rsa_pss_verify_items(
    registry: &RsaKeyRegistry,
    profile: RsaProfile,
    items: &Items<'_>,
    out: &mut [SignatureVerdict],
) -> Result<(), ItemsError> {
    if out.len() != items.len() {
        return Err(ItemsError::Rows { column: "verdicts", expected: items.len(), found: out.len() });
    }
    out.par_iter_mut().enumerate().with_min_len(16).for_each(|(row, verdict)| {
        let (id, message, signature) = items.get(row);
        *verdict = match registry.record(id) {
            None => SignatureVerdict::UnknownKeyId,
            Some(None) => SignatureVerdict::BadKey,
            Some(Some(key)) => key.verify(profile, message, signature),
        };
    });
    Ok(())
}

/// Verdict of one signature, with a key that is used once.
pub fn rsa_pss_verify_one(
    profile: RsaProfile,
    modulus: &[u8],
    exponent: &[u8],
    message: &[u8],
    signature: &[u8],
) -> SignatureVerdict {
    PublicKey::parse(modulus, exponent)
        .map_or(SignatureVerdict::BadKey, |key| key.verify(profile, message, signature))
}

#[cfg(test)]
#[path = "rsa_pss_tests.rs"]
mod tests;
