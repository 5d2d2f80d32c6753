//! Signatures per second in one thread: the engine beside the libraries it is built on, called one by one.
//!
//! 1,024 items of 16 keys with messages of 128 bytes; all good, unless the name says otherwise.
#![allow(clippy::unwrap_used, reason = "a bench that cannot run should stop")]
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

use std::hint::black_box;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, UnparsedPublicKey,
};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use depinverify_core::signature::{
    BlsPublicKey, BlsVariant, ByteColumn, EcdsaEncoding, EcdsaRule, Ed25519Profile, Items, KeyId,
    KeyRegistry, Rules, SPolicy, Scheme, SignatureVerdict, bls_public_key, bls_secret_key, bls_sign,
    verify_items,
};
use secp256k1::ecdsa::RecoverableSignature;
use secp256k1::{Message, PublicKey, SecretKey};
use sha2::{Digest, Sha256};

const ITEMS: usize = 1024;
const KEYS: u8 = 16;
const LENGTH: usize = 128;

/// Items of one scheme.
struct Batch {
    registry: KeyRegistry,
    ids: Vec<KeyId>,
    keys: Vec<Vec<u8>>,
    messages: Vec<u8>,
    signatures: Vec<u8>,
    width: usize,
}

impl Batch {
    /// `sign` gives the signature of a message by a key; `key` the key's public bytes.
    fn new(scheme: Scheme, key: impl Fn(u8) -> Vec<u8>, sign: impl Fn(u8, &[u8]) -> Vec<u8>) -> Self {
        let mut registry = KeyRegistry::new();
        let keys: Vec<Vec<u8>> = (1..=KEYS).map(key).collect();
        let mut batch = Self {
            ids: Vec::new(),
            messages: Vec::new(),
            signatures: Vec::new(),
            width: 0,
            registry: KeyRegistry::new(),
            keys,
        };
        for (item, number) in (0..ITEMS).zip((1..=KEYS).cycle()) {
            let message: Vec<u8> = item.to_le_bytes().into_iter().cycle().take(LENGTH).collect();
            let signature = sign(number, &message);
            batch.width = signature.len();
            batch.signatures.extend(signature);
            batch.messages.extend(message);
            batch.ids.push(registry.register(scheme, &batch.keys[usize::from(number) - 1]));
        }
        batch.registry = registry;
        batch
    }

    fn spoil(mut self) -> Self {
        // The last byte of r, so that each item fails at the equation and not before.
        for signature in self.signatures.chunks_exact_mut(self.width) {
            signature[31] ^= 1;
        }
        self
    }

    fn run(&self, rules: Rules, out: &mut [SignatureVerdict]) {
        let messages = ByteColumn::fixed(&self.messages, LENGTH, ITEMS).unwrap();
        let signatures = ByteColumn::fixed(&self.signatures, self.width, ITEMS).unwrap();
        let items = Items::new(&self.ids, messages, signatures).unwrap();
        verify_items(&self.registry, &rules, &items, out).unwrap();
    }

    fn items(&self) -> impl Iterator<Item = (&[u8], &[u8], &[u8])> {
        let signatures = self.signatures.chunks_exact(self.width);
        let keys = self.keys.iter().map(Vec::as_slice).cycle();
        keys.zip(self.messages.chunks_exact(LENGTH))
            .zip(signatures)
            .map(|((key, message), signature)| (key, message, signature))
    }
}

fn ed25519() -> Batch {
    let signer = |number| ed25519_dalek::SigningKey::from_bytes(&[number; 32]);
    Batch::new(
        Scheme::Ed25519,
        |number| signer(number).verifying_key().to_bytes().to_vec(),
        |number, message| ed25519_dalek::Signer::sign(&signer(number), message).to_bytes().to_vec(),
    )
}

fn p256() -> Batch {
    let random = SystemRandom::new();
    let pairs: Vec<EcdsaKeyPair> =
        (0..KEYS).map(|_| EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap()).collect();
    let pair = |number: u8| &pairs[usize::from(number) - 1];
    Batch::new(
        Scheme::P256,
        |number| pair(number).public_key().as_ref().to_vec(),
        |number, message| pair(number).sign(&random, message).unwrap().as_ref().to_vec(),
    )
}

fn secp256k1(is_recoverable: bool) -> Batch {
    let secret = |number| SecretKey::from_secret_bytes([number; 32]).unwrap();
    Batch::new(
        Scheme::Secp256k1,
        |number| PublicKey::from_secret_key(&secret(number)).serialize().to_vec(),
        |number, message| {
            let digest = Message::from_digest(Sha256::digest(message).into());
            let (v, rs) =
                RecoverableSignature::sign_ecdsa_recoverable(digest, &secret(number)).serialize_compact();
            if is_recoverable { [rs.as_slice(), &[v.to_u8()]].concat() } else { rs.to_vec() }
        },
    )
}

fn engine(criterion: &mut Criterion) {
    let recoverable =
        EcdsaRule { encoding: EcdsaEncoding::Recoverable, s: SPolicy::LowS, ..EcdsaRule::P1363_ANY_S };
    let rules = Rules::UPTIME_PROOF;
    let zip215 = Rules { ed25519: Ed25519Profile::Zip215, ..rules };
    let batches = [
        ("ed25519 strict", ed25519(), rules, true),
        ("ed25519 zip215", ed25519(), zip215, true),
        ("ed25519 strict, all bad", ed25519().spoil(), rules, false),
        ("ed25519 zip215, all bad", ed25519().spoil(), zip215, false),
        ("p256 p1363-any_s", p256(), rules, true),
        ("p256 p1363-any_s, all bad", p256().spoil(), rules, false),
        ("secp256k1 p1363-any_s", secp256k1(false), rules, true),
        ("secp256k1 recoverable-low_s", secp256k1(true), Rules { secp256k1: recoverable, ..rules }, true),
    ];
    let mut group = criterion.benchmark_group("engine");
    group.throughput(Throughput::Elements(ITEMS as u64));
    for (name, batch, rules, are_good) in &batches {
        let mut out = vec![SignatureVerdict::UnknownKeyId; ITEMS];
        batch.run(*rules, &mut out);
        assert!(out.iter().all(|verdict| verdict.is_good() == *are_good), "{name}");
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| batch.run(*rules, black_box(&mut out)));
        });
    }
    group.finish();
}

fn one_by_one(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("library, one by one");
    group.throughput(Throughput::Elements(ITEMS as u64));
    let batch = ed25519();
    group.bench_function("ed25519-dalek verify_strict", |bencher| {
        bencher.iter(|| {
            batch.items().all(|(key, message, signature)| {
                let key = ed25519_dalek::VerifyingKey::from_bytes(key.try_into().unwrap()).unwrap();
                let signature = ed25519_dalek::Signature::from_slice(signature).unwrap();
                key.verify_strict(message, &signature).is_ok()
            })
        });
    });
    let batch = p256();
    group.bench_function("aws-lc-rs P-256", |bencher| {
        bencher.iter(|| {
            batch.items().all(|(key, message, signature)| {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key).verify(message, signature).is_ok()
            })
        });
    });
    let batch = secp256k1(false);
    group.bench_function("libsecp256k1", |bencher| {
        bencher.iter(|| {
            batch.items().all(|(key, message, signature)| {
                let key = PublicKey::from_slice(key).unwrap();
                let signature = secp256k1::ecdsa::Signature::from_compact(signature).unwrap();
                let digest = Message::from_digest(Sha256::digest(message).into());
                signature.verify(digest, &key).is_ok()
            })
        });
    });
    group.finish();
}

fn bls(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("bls12-381, key kept");
    group.throughput(Throughput::Elements(1));
    let secret = bls_secret_key(&[1; 32]).unwrap();
    let tag = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";
    for (name, variant) in [("min_pk", BlsVariant::MinPk), ("min_sig", BlsVariant::MinSig)] {
        let key = BlsPublicKey::parse(variant, &bls_public_key(variant, &secret).unwrap()).unwrap();
        let signature = bls_sign(variant, tag, &secret, &[7; 32]).unwrap();
        group.bench_function(name, |bencher| {
            bencher.iter(|| assert!(key.verify(tag, &[7; 32], black_box(&signature)).is_good()));
        });
    }
    group.finish();
}

fn registry(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("register a key");
    group.throughput(Throughput::Elements(u64::from(KEYS)));
    for (scheme, batch) in
        [(Scheme::Ed25519, ed25519()), (Scheme::P256, p256()), (Scheme::Secp256k1, secp256k1(false))]
    {
        group.bench_function(scheme.name(), |bencher| {
            bencher.iter(|| {
                let mut registry = KeyRegistry::new();
                for key in &batch.keys {
                    registry.register(scheme, key);
                }
                registry
            });
        });
    }
    group.finish();
}

criterion_group!(benches, engine, one_by_one, bls, registry);
criterion_main!(benches);
