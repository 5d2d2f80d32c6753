//! Division of a pool and the claim tree, for a million devices and payees.

#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;
use std::io;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use depinverify_core::hash::Domain;
use depinverify_core::registry::Payee;
use depinverify_core::reward::{Claim, ClaimTree, Mode, Share, allocate};
use ruint::aliases::{U256, U512};

/// Payees and amounts that look drawn but are the same in every run.
fn claims(count: u64) -> Vec<Claim> {
    (0..count)
        .map(|n| {
            let hash = Domain::new("bench/claim").u64(n).finish();
            let mut payee = [0; 20];
            payee.copy_from_slice(&hash[..20]);
            Claim { payee: Payee::Address(payee), amount: U256::from_be_slice(&hash[20..]) }
        })
        .collect()
}

fn tree(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("claim tree");
    group.sample_size(10);
    for count in [10_000, 1_000_000] {
        let claims = claims(count);
        group.throughput(Throughput::Elements(count));
        group.bench_with_input(BenchmarkId::new("build", count), &claims, |bench, claims| {
            bench.iter(|| ClaimTree::from_claims(claims.clone(), false).unwrap().root());
        });
        let tree = ClaimTree::from_claims(claims, false).unwrap();
        group.bench_with_input(BenchmarkId::new("dump", count), &tree, |bench, tree| {
            bench.iter(|| tree.dump(&mut io::sink()).unwrap());
        });
        let mut file = Vec::new();
        tree.dump(&mut file).unwrap();
        group.bench_with_input(BenchmarkId::new("load", count), &file, |bench, file| {
            bench.iter(|| ClaimTree::load(black_box(file)).unwrap().root());
        });
        group.bench_with_input(BenchmarkId::new("proofs", count), &tree, |bench, tree| {
            bench.iter(|| tree.write_proofs(&mut io::sink()).unwrap());
        });
    }
}

fn division(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("allocation");
    group.sample_size(10);
    let claims = claims(1_000_000);
    let pool = U256::MAX >> 64;
    group.throughput(Throughput::Elements(1_000_000));
    for (name, is_capped) in [("free", false), ("capped", true)] {
        let shares: Vec<Share<'_>> = claims
            .iter()
            .map(|claim| Share {
                id: claim.payee.as_bytes(),
                weight: U512::from(claim.amount),
                cap: is_capped.then_some(pool / U256::from(900_000)),
            })
            .collect();
        group.bench_with_input(BenchmarkId::new(name, shares.len()), &shares, |bench, shares| {
            bench.iter(|| allocate(pool, shares, Mode::LargestRemainder).unwrap());
        });
    }
}

criterion_group!(benches, tree, division);
criterion_main!(benches);
