use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaSignatureEncoding};
use proptest::prelude::*;

use super::super::columns::ByteColumn;
use super::*;

static WITH_32: RsaSignatureEncoding = RSA_PSS_SHA256;
static WITH_0: RsaSignatureEncoding = RSA_PSS_SHA256.with_pss_salt_length(RsaPssSaltLength::Custom(0));
static WITH_20: RsaSignatureEncoding = RSA_PSS_SHA256.with_pss_salt_length(RsaPssSaltLength::Custom(20));
static WITH_MOST: RsaSignatureEncoding = RSA_PSS_SHA256.with_pss_salt_length(RsaPssSaltLength::Max);

/// A key made for a test, with its public numbers.
struct Signer {
    pair: KeyPair,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

impl Signer {
    fn new(size: KeySize) -> Self {
        let pair = KeyPair::generate(size).unwrap();
        // SEQUENCE of two INTEGERs: nine bytes stand before the modulus, two between it and the exponent.
        let der = pair.public_key().as_ref();
        let (modulus, rest) = der[9..].split_at(pair.public_modulus_len());
        let (modulus, exponent) = (modulus.to_vec(), rest[2..].to_vec());
        Self { pair, modulus, exponent }
    }

    fn sign(&self, how: &'static RsaSignatureEncoding, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(how, &SystemRandom::new(), message, &mut signature).unwrap();
        signature
    }

    fn verdict(&self, profile: RsaProfile, message: &[u8], signature: &[u8]) -> SignatureVerdict {
        rsa_pss_verify_one(profile, &self.modulus, &self.exponent, message, signature)
    }
}

fn a_signer() -> &'static Signer {
    static SIGNER: OnceLock<Signer> = OnceLock::new();
    SIGNER.get_or_init(|| Signer::new(KeySize::Rsa2048))
}

#[test]
fn the_profile_fixes_the_salt() {
    use RsaProfile::{AnySalt, Salt0, Salt32};
    let signer = a_signer();
    for (how, accepted) in [
        (&WITH_32, &[Salt32, AnySalt][..]),
        (&WITH_0, &[Salt0, AnySalt]),
        (&WITH_20, &[AnySalt]),
        (&WITH_MOST, &[AnySalt]),
        (&RSA_PKCS1_SHA256, &[]),
    ] {
        let signature = signer.sign(how, b"message");
        for profile in RsaProfile::ALL {
            let good = signer.verdict(profile, b"message", &signature).is_good();
            assert_eq!(good, accepted.contains(&profile), "{how:?} under {}", profile.name());
            assert_eq!(signer.verdict(profile, b"massage", &signature), SignatureVerdict::Equation);
        }
    }
    for profile in RsaProfile::ALL {
        assert_eq!(RsaProfile::from_name(profile.name()), Some(profile));
    }
    assert_eq!(RsaProfile::from_name("sha256"), None);
}

#[test]
fn larger_keys_work_under_every_profile() {
    let signer = Signer::new(KeySize::Rsa3072);
    assert!(signer.verdict(RsaProfile::AnySalt, b"m", &signer.sign(&WITH_MOST, b"m")).is_good());
    assert!(signer.verdict(RsaProfile::Salt0, b"m", &signer.sign(&WITH_0, b"m")).is_good());
    assert!(signer.verdict(RsaProfile::Salt32, b"m", &signer.sign(&WITH_32, b"m")).is_good());
}

#[test]
fn keys_outside_the_bounds_are_bad_keys() {
    let signer = a_signer();
    let signature = signer.sign(&WITH_32, b"m");
    let verdict = |modulus: &[u8], exponent: &[u8]| {
        rsa_pss_verify_one(RsaProfile::Salt32, modulus, exponent, b"m", &signature)
    };
    let padded = [&[0, 0], &signer.modulus[..]].concat();
    assert_eq!(verdict(&padded, &[0, 1, 0, 1]), SignatureVerdict::Good);
    let odd = |bytes: usize, first: u8| {
        let mut number = vec![0xff; bytes];
        number[0] = first;
        number
    };
    let mut even = signer.modulus.clone();
    *even.last_mut().unwrap() &= 0xfe;
    for modulus in [&odd(256, 0x7f), &odd(513, 1), &odd(255, 0xff), &even, &Vec::new(), &vec![0; 300]] {
        assert_eq!(verdict(modulus, &[3]), SignatureVerdict::BadKey);
    }
    for exponent in [&[][..], &[0], &[1], &[2], &[1, 0], &[1, 0, 0, 0, 1], &[1, 0, 0, 0, 0, 0, 0, 0, 3]] {
        assert_eq!(verdict(&signer.modulus, exponent), SignatureVerdict::BadKey);
    }
    // Within the bounds, so that the equation is asked.
    for modulus in [&odd(256, 0x80), &signer.modulus] {
        for exponent in [&[3][..], &[0xff, 0xff, 0xff, 0xff]] {
            let mut small = signature.clone();
            small[0] = 0;
            let found = rsa_pss_verify_one(RsaProfile::AnySalt, modulus, exponent, b"m", &small);
            assert_eq!(found, SignatureVerdict::Equation);
        }
    }
    assert!(PublicKey::parse(&odd(512, 0xff), &[3]).is_some());
    assert!(PublicKey::parse(&odd(257, 1), &[3]).is_some());
}

#[test]
fn signatures_have_the_length_of_the_modulus_and_are_smaller() {
    let signer = a_signer();
    let signature = signer.sign(&WITH_32, b"m");
    let verdict = |signature: &[u8]| signer.verdict(RsaProfile::Salt32, b"m", signature);
    assert_eq!(verdict(&signature[1..]), SignatureVerdict::BadEncoding);
    assert_eq!(verdict(&[&[0], &signature[..]].concat()), SignatureVerdict::BadEncoding);
    assert_eq!(verdict(&[]), SignatureVerdict::BadEncoding);
    assert_eq!(verdict(&signer.modulus), SignatureVerdict::ScalarRange);
    assert_eq!(verdict(&[0xff; 256]), SignatureVerdict::ScalarRange);
    assert_eq!(verdict(&[0; 256]), SignatureVerdict::Equation);
    for profile in RsaProfile::ALL {
        let mut less = signer.modulus.clone();
        *less.last_mut().unwrap() -= 1;
        assert_eq!(signer.verdict(profile, b"m", &less), SignatureVerdict::Equation);
    }
}

#[test]
fn the_length_of_the_salt_is_read_as_it_was_written() {
    let signer = a_signer();
    let key = PublicKey::parse(&signer.modulus, &signer.exponent).unwrap();
    let most = u16::try_from(256 - DIGEST - 2).unwrap();
    for (how, length) in [(&WITH_32, 32), (&WITH_0, 0), (&WITH_20, 20), (&WITH_MOST, most)] {
        assert_eq!(key.salt_length(&signer.sign(how, b"m")), Some(length));
    }
    assert_eq!(key.salt_length(&signer.sign(&RSA_PKCS1_SHA256, b"m")), None);
    assert_eq!(key.salt_length(&[0; 256]), None);
}

#[test]
fn items_stand_at_their_places() {
    let signer = a_signer();
    let mut registry = RsaKeyRegistry::new();
    assert!(registry.is_empty());
    let good = registry.register(&signer.modulus, &signer.exponent);
    let bad = registry.register(&signer.modulus, &[2]);
    let zeros = [&[0], &signer.modulus[..]].concat();
    assert_eq!(registry.register(&zeros, &[0, 1, 0, 1]), good);
    assert_eq!(
        (registry.len(), registry.find(&zeros, &[2]), registry.find(&zeros, &[3])),
        (2, Some(bad), None)
    );
    assert_eq!(
        (registry.is_usable(good), registry.is_usable(bad), registry.is_usable(KeyId(2))),
        (Some(true), Some(false), None)
    );
    let signature = signer.sign(&WITH_32, b"m");
    let ids: Vec<KeyId> = (0..60).map(|at| [good, bad, KeyId::NONE][at % 3]).collect();
    let messages: Vec<&[u8]> = (0..60).map(|at| if at == 30 { &b"x"[..] } else { b"m" }).collect();
    let signatures = vec![signature.as_slice(); 60];
    let items = Items::new(&ids, ByteColumn::slices(&messages), ByteColumn::slices(&signatures)).unwrap();
    let mut out = vec![SignatureVerdict::HighS; 60];
    rsa_pss_verify_items(&registry, RsaProfile::Salt32, &items, &mut out).unwrap();
    for (at, verdict) in out.iter().enumerate() {
        let expected = match at {
            30 => SignatureVerdict::Equation,
            _ => [SignatureVerdict::Good, SignatureVerdict::BadKey, SignatureVerdict::UnknownKeyId][at % 3],
        };
        assert_eq!(*verdict, expected, "item {at}");
    }
    assert!(rsa_pss_verify_items(&registry, RsaProfile::Salt32, &items, &mut out[1..]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A changed signature is refused under every profile.
    #[test]
    fn a_changed_bit_is_refused(bit in 0_usize..2048, with_salt: bool) {
        let signer = a_signer();
        let mut signature = signer.sign(if with_salt { &WITH_32 } else { &WITH_0 }, b"m");
        signature[bit / 8] ^= 1 << (bit % 8);
        for profile in RsaProfile::ALL {
            prop_assert!(!signer.verdict(profile, b"m", &signature).is_good());
        }
    }
}
