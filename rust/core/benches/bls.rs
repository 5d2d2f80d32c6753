//! BLS signatures per second in one thread: batches beside single checks, good ones and with bad ones among them.
//!
//! 256 items with messages of 128 bytes: 16 and 64 messages a key, one message of many keys, and every key once.
#![allow(clippy::unwrap_used, reason = "a bench that cannot run should stop")]
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use depinverify_core::signature::{
    BlsKeyRegistry, BlsPublicKey, BlsVariant, ByteColumn, Items, KeyId, SignatureVerdict, bls_public_key,
    bls_secret_key, bls_sign, bls_verify_items,
};

const TAG: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_";
const ITEMS: usize = 256;

/// Items of one variant; every item has its own message unless there are fewer messages.
struct Batch {
    registry: BlsKeyRegistry,
    keys: Vec<BlsPublicKey>,
    ids: Vec<KeyId>,
    messages: Vec<Vec<u8>>,
    signatures: Vec<Vec<u8>>,
}

impl Batch {
    fn new(variant: BlsVariant, keys: usize, messages: usize) -> Self {
        let mut batch = Self {
            registry: BlsKeyRegistry::new(variant),
            keys: Vec::new(),
            ids: Vec::new(),
            messages: Vec::new(),
            signatures: Vec::new(),
        };
        for item in 0..ITEMS {
            let mut seed = [7; 32];
            seed[..8].copy_from_slice(&(item % keys).to_le_bytes());
            let secret = bls_secret_key(&seed).unwrap();
            let key = bls_public_key(variant, &secret).unwrap();
            let message: Vec<u8> = (item % messages).to_le_bytes().into_iter().cycle().take(128).collect();
            batch.signatures.push(bls_sign(variant, TAG, &secret, &message).unwrap());
            batch.messages.push(message);
            batch.ids.push(batch.registry.register(&key));
            batch.keys.push(BlsPublicKey::parse(variant, &key).unwrap());
        }
        batch
    }

    /// Spoils every item whose number leaves this rest.
    fn spoil(mut self, one_in: usize) -> Self {
        for (item, message) in self.messages.iter_mut().enumerate() {
            if item % one_in == one_in - 1 {
                message[0] ^= 0x80;
            }
        }
        self
    }

    fn all_at_once(&self) -> usize {
        let messages: Vec<&[u8]> = self.messages.iter().map(Vec::as_slice).collect();
        let signatures: Vec<&[u8]> = self.signatures.iter().map(Vec::as_slice).collect();
        let items =
            Items::new(&self.ids, ByteColumn::slices(&messages), ByteColumn::slices(&signatures)).unwrap();
        let mut out = vec![SignatureVerdict::UnknownKeyId; ITEMS];
        bls_verify_items(&self.registry, TAG, &items, &mut out).unwrap();
        out.iter().filter(|verdict| verdict.is_good()).count()
    }

    fn singly(&self) -> usize {
        let verify =
            |at: &usize| self.keys[*at].verify(TAG, &self.messages[*at], &self.signatures[*at]).is_good();
        (0..ITEMS).filter(verify).count()
    }
}

fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("bls");
    group.sample_size(10).throughput(Throughput::Elements(ITEMS as u64));
    for (name, variant) in [("min_pk", BlsVariant::MinPk), ("min_sig", BlsVariant::MinSig)] {
        let by_16 = Batch::new(variant, ITEMS / 16, ITEMS);
        assert_eq!((by_16.all_at_once(), by_16.singly()), (ITEMS, ITEMS));
        group.bench_function(BenchmarkId::new(name, "single"), |bench| {
            bench.iter(|| black_box(by_16.singly()));
        });
        group.bench_function(BenchmarkId::new(name, "16 a key"), |bench| {
            bench.iter(|| black_box(by_16.all_at_once()));
        });
        for (shape, batch) in [
            ("64 a key", Batch::new(variant, ITEMS / 64, ITEMS)),
            ("one message", Batch::new(variant, ITEMS, 1)),
            ("every key once", Batch::new(variant, ITEMS, ITEMS)),
            ("16 a key, one bad", Batch::new(variant, ITEMS / 16, ITEMS).spoil(ITEMS)),
            ("16 a key, one in ten bad", Batch::new(variant, ITEMS / 16, ITEMS).spoil(10)),
            ("16 a key, all bad", Batch::new(variant, ITEMS / 16, ITEMS).spoil(1)),
        ] {
            group.bench_function(BenchmarkId::new(name, shape), |bench| {
                bench.iter(|| black_box(batch.all_at_once()));
            });
        }
    }
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
