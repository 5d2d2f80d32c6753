//! Inputs that come in other orders, twice, or not at all.

#![allow(clippy::unwrap_used)]

use super::{
    InputsError, ORDER, PostKind, PostType, Sector, SectorSize, challenge, challenges, is_canonical,
    partition_inputs, proof_randomness, public_inputs,
};

const WINDOW: PostType = PostType { kind: PostKind::WindowV1P1, sector_size: SectorSize::Kib2 };

fn sector(number: u64) -> Sector {
    let mut comm_r = [0; 32];
    comm_r[..8].copy_from_slice(&number.to_le_bytes());
    Sector { number, comm_r }
}

#[test]
fn numbers_of_types() {
    let expected = [
        (0, PostKind::Winning, SectorSize::Kib2, 132),
        (3, PostKind::Winning, SectorSize::Gib32, 132),
        (5, PostKind::WindowV1, SectorSize::Kib2, 22),
        (8, PostKind::WindowV1, SectorSize::Gib32, 25_839),
        (9, PostKind::WindowV1, SectorSize::Gib64, 25_300),
        (12, PostKind::WindowV1P1, SectorSize::Mib512, 22),
        (13, PostKind::WindowV1P1, SectorSize::Gib32, 25_839),
        (14, PostKind::WindowV1P1, SectorSize::Gib64, 25_300),
    ];
    for (number, kind, sector_size, inputs) in expected {
        let post = PostType { kind, sector_size };
        assert_eq!(PostType::from_number(number), Some(post));
        assert_eq!(post.inputs(), inputs);
    }
    for number in 0..15 {
        assert_eq!(PostType::from_number(number).unwrap().number(), number);
    }
    assert_eq!(PostType::from_number(15), None);
    assert_eq!(PostType::from_number(u64::MAX), None);
}

#[test]
fn sizes() {
    for (size, exponent) in SectorSize::ALL.into_iter().zip([6, 18, 24, 30, 31]) {
        assert_eq!(size.leaves(), 1 << exponent);
        assert_eq!(SectorSize::from_bytes(size.bytes()), Some(size));
    }
    assert_eq!(SectorSize::from_bytes(1024), None);
}

#[test]
fn order_and_repetition_do_not_matter() {
    let two = partition_inputs(WINDOW, &[1; 32], &[sector(4), sector(9)]).unwrap();
    assert_eq!(partition_inputs(WINDOW, &[1; 32], &[sector(9), sector(4)]).unwrap(), two);
    // Where sector 7 is faulty and 4 stands in for it.
    assert_eq!(partition_inputs(WINDOW, &[1; 32], &[sector(4), sector(4), sector(9)]).unwrap(), two);
    let one = partition_inputs(WINDOW, &[1; 32], &[sector(4), sector(4)]).unwrap();
    assert_eq!(one[..11], two[..11]);
    assert_eq!(one[..11], one[11..]);
    assert_eq!(one[0], sector(4).comm_r);
}

#[test]
fn top_bits_of_the_randomness_do_not_count() {
    let mut high = [0xff; 32];
    assert_eq!(proof_randomness(high)[31], 0x3f);
    let with = partition_inputs(WINDOW, &high, &[sector(1)]).unwrap();
    high[31] = 0x3f;
    assert_eq!(partition_inputs(WINDOW, &high, &[sector(1)]).unwrap(), with);
}

#[test]
fn winning_inputs_are_pairs() {
    let post = PostType { kind: PostKind::Winning, sector_size: SectorSize::Gib32 };
    let inputs = partition_inputs(post, &[3; 32], &[sector(12)]).unwrap();
    assert_eq!(inputs.len(), 132);
    for (index, pair) in (0..).zip(inputs.chunks(2)) {
        assert_eq!(pair[0], sector(12).comm_r);
        let leaf = challenge(&[3; 32], 12, index, SectorSize::Gib32);
        assert_eq!(pair[1][..8], leaf.to_le_bytes());
    }
    let two = partition_inputs(post, &[3; 32], &[sector(12), sector(13)]);
    assert_eq!(two, Err(InputsError::NotOne { found: 2 }));
}

#[test]
fn first_version_counts_on_over_partitions() {
    let first = PostType { kind: PostKind::WindowV1, sector_size: SectorSize::Kib2 };
    let sectors: Vec<_> = (1..=5).map(sector).collect();
    let partitions = public_inputs(first, &[2; 32], &sectors).unwrap();
    assert_eq!(partitions.len(), 3);
    let leaves = challenges(first, &[2; 32], 5, 4);
    let found: Vec<_> =
        partitions[2][1..11].iter().map(|input| u64::from_le_bytes(input[..8].try_into().unwrap())).collect();
    assert_eq!(found, leaves);
    assert_eq!(leaves[3], challenge(&[2; 32], 5, 43, SectorSize::Kib2));
}

#[test]
fn sectors_that_nothing_can_be_proved_about() {
    let inputs = |sectors: &[Sector]| partition_inputs(WINDOW, &[0; 32], sectors);
    assert_eq!(inputs(&[]), Err(InputsError::NoSectors));
    let three = [sector(1), sector(2), sector(3)];
    assert_eq!(inputs(&three), Err(InputsError::TooMany { expected: 2, found: 3 }));
    let other = Sector { number: 1, comm_r: [0; 32] };
    assert_eq!(inputs(&[sector(1), other]), Err(InputsError::Contradiction { number: 1 }));
    let large = Sector { number: 6, comm_r: ORDER };
    assert_eq!(inputs(&[sector(1), large]), Err(InputsError::CommitmentTooLarge { number: 6 }));
}

#[test]
fn canonical_scalars() {
    let mut below = ORDER;
    below[0] -= 1;
    assert!(is_canonical(&below) && is_canonical(&[0; 32]));
    assert!(!is_canonical(&ORDER) && !is_canonical(&[0xff; 32]));
    let mut above = ORDER;
    above[31] += 1;
    above[..31].fill(0);
    assert!(!is_canonical(&above));
}
