use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;

/// A2 as it is written: bit by bit, and the whole tree at once.
fn by_the_book(payload: &[u8]) -> CommP {
    let mut quads = 1;
    while quads * 127 < payload.len() {
        quads *= 2;
    }
    let bit = |at: usize| payload.get(at / 8).map_or(0, |byte| byte >> (at % 8) & 1);
    let mut level = vec![[0; 32]; 4 * quads];
    for (number, leaf) in level.iter_mut().enumerate() {
        for at in 0..254 {
            leaf[at / 8] |= bit(254 * number + at) << (at % 8);
        }
    }
    let mut height = 0;
    while level.len() > 1 {
        let parents = level.chunks(2).map(|children| {
            let mut parent: Hash = Sha256::digest(children.as_flattened()).into();
            parent[31] %= 64;
            parent
        });
        level = parents.collect();
        height += 1;
    }
    let (padding, raw_size) = (127 * quads - payload.len(), payload.len());
    CommP { root: level[0], height, padding: padding as u64, raw_size: raw_size as u64 }
}

fn payload(size: usize) -> Vec<u8> {
    (0..size as u64).map(|at| (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect()
}

fn in_steps(payload: &[u8], step: usize) -> CommP {
    let mut hasher = Hasher::default();
    for bytes in payload.chunks(step) {
        hasher.update(bytes);
    }
    hasher.finish().unwrap()
}

#[test]
fn sizes_around_quads_blocks_and_powers_of_two() {
    let small = [0, 1, 31, 32, 64, 65, 126, 127, 128, 253, 254, 255, 381, 382, 508, 509];
    let large = [1, 2, 3, 4, 5].map(|blocks| [blocks * BLOCK - 1, blocks * BLOCK, blocks * BLOCK + 1]);
    for size in small.into_iter().chain(large.into_iter().flatten()) {
        let payload = payload(size);
        let expected = by_the_book(&payload);
        assert_eq!(commp(&payload), Ok(expected), "{size}");
        for step in [127, 10_007, BLOCK - 1, BLOCK, BLOCK + 1] {
            assert_eq!(in_steps(&payload, step), expected, "{size} in steps of {step}");
        }
    }
}

#[test]
fn byte_by_byte() {
    let payload = payload(1000);
    assert_eq!(in_steps(&payload, 1), by_the_book(&payload));
}

#[test]
fn nothing_but_zeros() {
    for size in [0, 1, 127, 128, BLOCK, BLOCK + 1, 40 * BLOCK] {
        let found = commp(&vec![0; size]).unwrap();
        assert_eq!(found.root, ZERO_ROOTS[usize::from(found.height)], "{size}");
        assert_eq!(found.raw_size + found.padding, 127 << (found.height - 2), "{size}");
    }
}

#[test]
fn every_byte_counts_but_for_zeros_at_the_end() {
    let whole = payload(3 * BLOCK + 500);
    let expected = commp(&whole).unwrap();
    for at in [0, 126, 127, BLOCK - 1, BLOCK, 3 * BLOCK, whole.len() - 1] {
        let mut changed = whole.clone();
        changed[at] ^= 0x80;
        assert_ne!(commp(&changed).unwrap().root, expected.root, "{at}");
    }
    let longer = commp(&[&whole[..], &[0]].concat()).unwrap();
    assert_eq!((longer.root, longer.height), (expected.root, expected.height));
    assert_eq!((longer.raw_size, longer.padding), (expected.raw_size + 1, expected.padding - 1));
}

#[test]
fn memory_does_not_grow_with_the_payload() {
    let mut hasher = Hasher::default();
    let zeros = vec![0; 7 * BLOCK];
    for step in 1..200_u64 {
        hasher.update(&zeros);
        assert_eq!(hasher.subtrees.len(), (7 * step).count_ones() as usize);
        assert!(hasher.subtrees.is_sorted_by(|left, right| left.0 > right.0));
    }
    hasher.update(&[1]);
    assert_eq!(hasher.begun, [1]);
}

#[test]
fn longer_than_any_piece() {
    assert_eq!(MAX_PAYLOAD, 127 << 48);
    for before in [MAX_PAYLOAD, u64::MAX] {
        let mut hasher = Hasher { raw_size: before, ..Hasher::default() };
        hasher.update(&[0]);
        assert_eq!(hasher.finish(), Err(PayloadTooLong));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any bytes with any run of zeros, cut anywhere.
    #[test]
    fn as_by_the_book(
        seed in prop::collection::vec(any::<u8>(), 1..300),
        size in 0..3 * BLOCK,
        zeros in any::<[prop::sample::Index; 2]>(),
        cuts in prop::collection::vec(any::<(prop::sample::Index, bool)>(), 0..6),
    ) {
        let mut payload: Vec<u8> = seed.iter().copied().cycle().take(size).collect();
        let [from, to] = zeros.map(|index| index.index(size + 1));
        payload[from.min(to)..from.max(to)].fill(0);
        let mut cuts: Vec<_> = cuts.iter().map(|(index, parallel)| (index.index(size + 1), *parallel)).collect();
        cuts.push((size, false));
        cuts.sort_unstable();
        let (mut hasher, mut from) = (Hasher::default(), 0);
        for (to, parallel) in cuts {
            let part = &payload[from..to];
            if parallel { hasher.update_parallel(part) } else { hasher.update(part) }
            from = to;
        }
        prop_assert_eq!(hasher.finish().unwrap(), by_the_book(&payload));
    }
}
